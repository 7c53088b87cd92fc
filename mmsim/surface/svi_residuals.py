"""What a fit of raw SVI minimises, and its derivatives by the parameters, compiled.

The parameters here are a, the slopes of the wings p = b·(1 − ρ) and c = b·(1 + ρ), m and σ:

    w = a + p·(r − x)/2 + c·(r + x)/2,   x = k − m,   r = √(x² + σ²)

in which Lee's bound is 0 ≤ p, c ≤ 2 and total variance is not negative where a ≥ −σ·√(p·c). What a smile must keep
clear of, Durrleman's g below zero and a total variance above a ceiling, is a quadratic penalty.
Source of the bound: R. Lee, The moment formula for implied volatility at extreme strikes, Mathematical Finance 14
(2004).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mmsim.kernel import njit
from mmsim.surface.durrleman import compiled_durrleman, durrleman_gradient
from mmsim.surface.least_squares import MARGIN, add_row

Floats = npt.NDArray[np.float64]

SIZE = 5
A, P, C, M, S = range(SIZE)
LINEAR = 3  # the first of them
SLOPE_MIN, SLOPE_MAX = 1e-6, 1.999  # of the wings
_VARIANCE_MIN = 1e-10


@njit
def wing_derivatives(k: float, at: Floats) -> tuple[float, float, float, float, float]:
    """x, r, w, w' and w'' of the smile ``at``."""
    x = k - at[M]
    r = math.sqrt(x * x + at[S] * at[S])
    w = at[A] + 0.5 * (at[P] * (r - x) + at[C] * (r + x))
    slope = 0.5 * (at[C] * (1.0 + x / r) - at[P] * (1.0 - x / r))
    return x, r, w, slope, 0.5 * (at[P] + at[C]) * at[S] * at[S] / (r * r * r)


@njit
def is_clear(lattice: Floats, at: Floats) -> bool:
    """Whether nothing on the lattice is violated."""
    for j in range(lattice.shape[1]):
        _, _, w, slope, curvature = wing_derivatives(lattice[0, j], at)
        if w <= 0.0 or compiled_durrleman(lattice[0, j], w, slope, curvature) < 0.0 or w > lattice[1, j]:
            return False
    return True


@njit
def accumulate(
    quotes: Floats,
    years: float,
    lattice: Floats,
    stiffness: float,
    at: Floats,
    normal: Floats,
    gradient: Floats,
    row: Floats,
) -> float:
    """The sum of squares ``at`` the parameters, with its half gradient and its normal matrix."""
    normal[:] = 0.0
    gradient[:] = 0.0
    cost = 0.0
    for n in range(quotes.shape[1]):
        x, r, w, slope, _ = wing_derivatives(quotes[0, n], at)
        volatility = math.sqrt(max(w, _VARIANCE_MIN) / years)
        scale = quotes[2, n] * 0.5 / (volatility * years)
        row[A], row[P], row[C] = scale, 0.5 * scale * (r - x), 0.5 * scale * (r + x)
        row[M], row[S] = -scale * slope, 0.5 * scale * (at[P] + at[C]) * at[S] / r
        cost += add_row(row, quotes[2, n] * (volatility - quotes[1, n]), normal, gradient)
    if stiffness > 0.0:
        for j in range(lattice.shape[1]):
            cost += _penalty(lattice[0, j], lattice[1, j], stiffness, at, normal, gradient, row)
    return cost


@njit
def _penalty(
    k: float, ceiling: float, stiffness: float, at: Floats, normal: Floats, gradient: Floats, row: Floats
) -> float:
    """The squares of what is violated at one point of the lattice."""
    x, r, w, slope, curvature = wing_derivatives(k, at)
    w = max(w, _VARIANCE_MIN)
    cost = 0.0
    short = compiled_durrleman(k, w, slope, curvature) - MARGIN
    b, s = 0.5 * (at[P] + at[C]), at[S]
    over_r = 1.0 / r
    if short < 0.0:
        by_w, by_slope = durrleman_gradient(k, w, slope)
        cube = over_r * over_r * over_r
        bowl = 0.25 * s * s * cube
        row[A] = stiffness * by_w
        row[P] = stiffness * (0.5 * (r - x) * by_w - 0.5 * (1.0 - x * over_r) * by_slope + bowl)
        row[C] = stiffness * (0.5 * (r + x) * by_w + 0.5 * (1.0 + x * over_r) * by_slope + bowl)
        third = -3.0 * curvature * x * over_r * over_r
        row[M] = -stiffness * (slope * by_w + curvature * by_slope + 0.5 * third)
        by_s = s * over_r * by_w - s * x * cube * by_slope
        row[S] = stiffness * b * (by_s + s * (x * x - 0.5 * s * s) * cube * over_r * over_r)
        cost += add_row(row, stiffness * short, normal, gradient)
    over = w / ceiling - 1.0 + MARGIN
    if over > 0.0:
        scale = stiffness / ceiling
        row[A], row[P], row[C] = scale, 0.5 * scale * (r - x), 0.5 * scale * (r + x)
        row[M], row[S] = -scale * slope, scale * b * s * over_r
        cost += add_row(row, stiffness * over, normal, gradient)
    return cost


@njit
def into_bounds(at: Floats, lower: Floats, upper: Floats) -> None:
    """Move parameters into their bounds; that of a is for the least total variance, a + σ·√(p·c)."""
    for i in range(1, SIZE):
        at[i] = min(max(at[i], lower[i]), upper[i])
    at[A] = max(at[A], lower[A] - at[S] * math.sqrt(at[P] * at[C]))
