"""The fallback that never fails: volatility through the quotes, a spline in delta, flat beyond the outermost.

Delta is N(−k/d), with one deviation d = σ√T at the money for all strikes: a fixed map of moneyness to (0, 1), so that
the spline bends where options have vega. It goes no higher and no lower than the quotes, and total
variance is held to what the neighbouring expiries leave.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.surface.arbitrage import Curve

Floats = npt.NDArray[np.float64]

_DELTA_MIN = 1e-9  # strikes nearer than that in delta are one
_SQRT_HALF = math.sqrt(0.5)
_erf = np.frompyfunc(math.erf, 1, 1)


class Spline(NamedTuple):
    """A cubic spline of volatility in delta with level ends, bounded by the curves of the neighbouring expiries."""

    years: float
    deviation: float  # d
    deltas: Floats  # (n,) increasing
    volatilities: Floats  # (n,)
    bends: Floats  # (n,) second derivatives
    earlier: Curve | None
    later: Curve | None

    def derivatives(self, k: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
        """w, w' and w'' at log-moneyness ``k``, in its shape; where a neighbour bounds it, those of the neighbour."""
        points = np.asarray(k, dtype=float)
        total, slope, curvature = self._free(points)
        for bound, sign in ((self.earlier, 1.0), (self.later, -1.0)):
            if bound is not None:
                other = bound.derivatives(points)
                beyond = sign * (other[0] - total) > 0.0
                total, slope, curvature = (
                    np.where(beyond, its, own) for its, own in zip(other, (total, slope, curvature), strict=True)
                )
        return total, slope, curvature

    def scaled(self, factor: float) -> Spline:
        """The smile of total variance ``factor``·w: at another time, the same volatility by moneyness."""
        bounds = [None if bound is None else bound.scaled(factor) for bound in (self.earlier, self.later)]
        return self._replace(years=self.years * factor, earlier=bounds[0], later=bounds[1])

    def _free(self, k: Floats) -> tuple[Floats, Floats, Floats]:
        """w, w' and w'' without bounds."""
        z = -k / self.deviation
        delta = 0.5 * (1.0 + np.asarray(_erf(_SQRT_HALF * z), dtype=float))
        by_k = -np.exp(-0.5 * z * z) / (math.sqrt(2.0 * math.pi) * self.deviation)
        vol, slope, bend = self._in_delta(delta)
        slope, bend = slope * by_k, bend * by_k * by_k + slope * by_k * z / self.deviation
        return (
            self.years * vol * vol,
            2.0 * self.years * vol * slope,
            2.0 * self.years * (slope * slope + vol * bend),
        )

    def _in_delta(self, delta: Floats) -> tuple[Floats, Floats, Floats]:
        """Volatility and its derivatives by delta."""
        if self.deltas.size == 1:
            level = np.full(delta.shape, self.volatilities[0])
            return level, np.zeros_like(level), np.zeros_like(level)
        inside = np.clip(delta, self.deltas[0], self.deltas[-1])
        i = np.clip(np.searchsorted(self.deltas, inside, side="right") - 1, 0, self.deltas.size - 2)
        width = self.deltas[i + 1] - self.deltas[i]
        right = (inside - self.deltas[i]) / width
        left = 1.0 - right
        v0, v1, b0, b1 = self.volatilities[i], self.volatilities[i + 1], self.bends[i], self.bends[i + 1]
        vol = left * v0 + right * v1 + ((left**3 - left) * b0 + (right**3 - right) * b1) * width * width / 6.0
        slope = (v1 - v0) / width + ((3 * right * right - 1) * b1 - (3 * left * left - 1) * b0) * width / 6.0
        bounded = np.clip(vol, self.volatilities.min(), self.volatilities.max())
        beyond = (delta != inside) | (vol != bounded)
        return bounded, np.where(beyond, 0.0, slope), np.where(beyond, 0.0, left * b0 + right * b1)


def spline(k: Floats, volatility: Floats, years: float, earlier: Curve | None, later: Curve | None) -> Spline:
    """The spline through one volatility a strike, ``k`` increasing, one point or more."""
    deviation = float(volatility[np.abs(k).argmin()]) * math.sqrt(years)
    delta = 0.5 * (1.0 + np.asarray(_erf(-_SQRT_HALF * k[::-1] / deviation), dtype=float))
    apart = np.concatenate([[True], np.diff(delta) > _DELTA_MIN])
    deltas, volatilities = delta[apart], volatility[::-1][apart]
    return Spline(years, deviation, deltas, volatilities, _bends(deltas, volatilities), earlier, later)


def _bends(x: Floats, y: Floats) -> Floats:
    """The second derivatives at the knots of the cubic spline that is level at both ends."""
    size = x.size
    if size == 1:
        return np.zeros(1)
    width = np.diff(x)
    rise = np.diff(y) / width
    matrix, right = np.zeros((size, size)), np.zeros(size)
    for i in range(size):
        if i > 0:
            matrix[i, i - 1], right[i] = width[i - 1], right[i] - 6.0 * rise[i - 1]
            matrix[i, i] += 2.0 * width[i - 1]
        if i < size - 1:
            matrix[i, i + 1], right[i] = width[i], right[i] + 6.0 * rise[i]
            matrix[i, i] += 2.0 * width[i]
    return np.asarray(np.linalg.solve(matrix, right), dtype=float)
