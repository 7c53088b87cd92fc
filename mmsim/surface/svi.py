"""Raw SVI: the total variance of one expiry as a hyperbola in log-moneyness.

    w(k) = a + b·(ρ·(k − m) + √((k − m)² + σ²))

Source: J. Gatheral and A. Jacquier, Arbitrage-free SVI volatility surfaces, Quantitative Finance 14 (2014), section 3.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Svi(NamedTuple):
    """The raw parameters of one smile, in total variance."""

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def derivatives(self, k: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
        """w, w' and w'' at log-moneyness ``k``, in its shape.

        >>> vogt = Svi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)  # section 5.1
        >>> [float(x.round(6)) for x in vogt.derivatives(0.0)]
        [0.017426, -0.046259, 0.138965]
        """
        x = np.asarray(k, dtype=float) - self.m
        root = np.sqrt(x * x + self.sigma * self.sigma)
        total = self.a + self.b * (self.rho * x + root)
        slope = self.b * (self.rho + x / root)
        return total, slope, self.b * self.sigma * self.sigma / (root * root * root)

    def scaled(self, factor: float) -> Svi:
        """The smile of total variance ``factor``·w."""
        return self._replace(a=self.a * factor, b=self.b * factor)

    @property
    def slopes(self) -> tuple[float, float]:
        """−w' far to the left and w' far to the right; Lee's bound for both is 2."""
        return self.b * (1.0 - self.rho), self.b * (1.0 + self.rho)

    @property
    def minimum(self) -> float:
        """The least total variance, a + b·σ·√(1 − ρ²)."""
        return self.a + self.b * self.sigma * math.sqrt(max(1.0 - self.rho * self.rho, 0.0))


class JumpWings(NamedTuple):
    """SVI in the terms that traders use (SVI-JW): level, skew and wings, in units that hardly change with time."""

    variance: float  # v, a year, at the money
    skew: float  # ψ: of √w by log-moneyness, at the money
    put_slope: float  # p: of the left wing of w, relative to √w at the money
    call_slope: float  # c: of the right wing
    least_variance: float  # ṽ, a year, wherever it is


def jump_wings(svi: Svi, years: float) -> JumpWings:
    """SVI-JW from raw SVI: Gatheral and Jacquier (2014), equation 3.5."""
    a, b, rho, m, sigma = svi
    root = math.sqrt(m * m + sigma * sigma)
    total = a + b * (-rho * m + root)
    deviation = math.sqrt(total)
    return JumpWings(
        variance=total / years,
        skew=0.5 * b / deviation * (rho - m / root),
        put_slope=b * (1.0 - rho) / deviation,
        call_slope=b * (1.0 + rho) / deviation,
        least_variance=svi.minimum / years,
    )


def from_jump_wings(wings: JumpWings, years: float) -> Svi:
    """Raw SVI from SVI-JW: Gatheral and Jacquier (2014), lemma 3.2.

    ValueError where there is no such smile, or where the least variance is that at the money: then they leave open how
    sharply it bends.
    """
    if not (wings.variance > 0.0 and years > 0.0 and wings.put_slope + wings.call_slope > 0.0):
        raise ValueError("variance, years and the sum of the slopes must be above zero")
    total = wings.variance * years
    deviation = math.sqrt(total)
    b = 0.5 * deviation * (wings.call_slope + wings.put_slope)
    rho = 1.0 - wings.put_slope * deviation / b
    beta = rho - 2.0 * wings.skew * deviation / b
    if not abs(beta) <= 1.0:
        raise ValueError(f"the skew {wings.skew} is outside of the slopes of the wings")
    flat = math.sqrt(max(1.0 - rho * rho, 0.0))
    drop = (wings.variance - wings.least_variance) * years
    if not drop > 0.0:
        raise ValueError("the least variance must be below that at the money")
    if beta == 0.0:
        sigma = drop / (b * (1.0 - flat))
        return Svi(total - b * sigma, b, rho, 0.0, sigma)
    alpha = math.copysign(math.sqrt(1.0 / (beta * beta) - 1.0), beta)
    m = drop / (b * (-rho + math.copysign(math.sqrt(1.0 + alpha * alpha), alpha) - alpha * flat))
    sigma = alpha * m
    return Svi(wings.least_variance * years - b * sigma * flat, b, rho, m, sigma)
