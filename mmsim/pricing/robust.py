"""A level, or a straight line, through points of known half-widths, of which some may be quite wrong; compiled.

The start is one that half of the points may be wrong without moving: the weighted median, or the repeated median line.
From there reweighted least squares lead to the M-estimate with Tukey's biweight, whose reach follows the median
deviation. A point's weight is 1/h², h being its half-width; deviations are counted in half-widths.

Sources: P. J. Huber and E. M. Ronchetti, Robust Statistics, 2nd ed. (2009), chapter 7; A. F. Siegel, Robust Regression
using Repeated Medians (1982).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F1, I64, VOID, entry, njit

Floats = npt.NDArray[np.float64]

_BIWEIGHT = 4.685  # in standard deviations: 95 % efficient where errors are normal
_NORMAL_MAD = 1.4826  # standard deviation over median absolute deviation
_SCALE_MIN = 0.05  # half-widths: points that agree better than that say nothing about a bad one
_UNIFORM_VARIANCE = 1.0 / 3.0  # half-widths squared: of what lies anywhere between two ends
_STEPS_MAX = 100
_SETTLED = 1e-10  # half-widths: the last step
_SLOPE_MIN = 0.1  # of ψ: where most points are outliers, the error is wide and not without end


class Line(NamedTuple):
    """y = level + slope·x, and the covariance of the two; without a slope the last three are zero."""

    level: float
    level_variance: float
    slope: float
    slope_variance: float
    covariance: float


def fit(x: Floats, y: Floats, half_width: Floats, *, with_slope: bool) -> Line:
    """The level of ``y`` or its line over ``x``, arrays (points,), half-widths above zero.

    A line needs three points or more with different x, a level one. With as many points as coefficients, the errors
    are those of what lies evenly anywhere within a half-width.

    >>> y = np.array([1.0, 1.1, 0.9, 1.0, 50.0])
    >>> round(fit(np.zeros(5), y, np.full(5, 0.1), with_slope=False).level, 3)
    1.0
    """
    figures = np.empty(len(Line._fields))
    fill_fit(x, y, half_width, int(with_slope), figures)
    return Line(*figures.tolist())


@njit
def _median(values: Floats) -> float:
    """The median of values, which are sorted by it."""
    values.sort()
    half = len(values) // 2
    middle: float = values[half] if len(values) % 2 == 1 else 0.5 * (values[half - 1] + values[half])
    return middle


@njit
def _weighted_median(values: Floats, half_width: Floats) -> float:
    """The least value at which half of the weight lies at or below it."""
    total = 0.0
    for n in range(len(values)):
        total += 1.0 / (half_width[n] * half_width[n])
    order = np.argsort(values)
    below = 0.0
    middle: float = values[order[-1]]
    for n in order:
        below += 1.0 / (half_width[n] * half_width[n])
        if below >= 0.5 * total:
            middle = values[n]
            break
    return middle


@njit
def _repeated_median_slope(x: Floats, y: Floats) -> float:
    """The median over points of the median slope to all others."""
    count = len(x)
    through, slopes = np.empty(count), np.empty(count - 1)
    for i in range(count):
        m = 0
        for j in range(count):
            if j != i:
                slopes[m] = (y[j] - y[i]) / (x[j] - x[i])
                m += 1
        through[i] = _median(slopes)
    return _median(through)


@njit
def _inverse(x: Floats, half_width: Floats, robust: Floats, with_slope: int) -> tuple[float, float, float]:
    """The inverse of the normal matrix: its entries of level, of slope and of both."""
    s0 = s1 = s2 = 0.0
    for n in range(len(x)):
        weight = robust[n] / (half_width[n] * half_width[n])
        s0 += weight
        s1 += weight * x[n]
        s2 += weight * x[n] * x[n]
    if with_slope == 0:
        return 1.0 / s0, 0.0, 0.0
    determinant = s0 * s2 - s1 * s1
    return s2 / determinant, s0 / determinant, -s1 / determinant


@njit
def _least_squares(x: Floats, y: Floats, half_width: Floats, robust: Floats, with_slope: int) -> tuple[float, float]:
    """Level and slope of the weighted least squares."""
    by_level, by_slope, by_both = _inverse(x, half_width, robust, with_slope)
    t0 = t1 = 0.0
    for n in range(len(x)):
        weight = robust[n] / (half_width[n] * half_width[n])
        t0 += weight * y[n]
        t1 += weight * x[n] * y[n]
    return by_level * t0 + by_both * t1, by_both * t0 + by_slope * t1


@njit
def _variance(off: Floats, inside: Floats, coefficients: int) -> float:
    """The variance of an M-estimate's errors over that of weighted means, with Huber's correction for few points.

    ``off`` are the deviations and ``inside`` 1 − (off/reach)², 0 beyond: ψ = off·inside², ψ' = inside·(5·inside − 4).
    """
    count, scatter, first, second = len(off), 0.0, 0.0, 0.0
    for n in range(count):
        psi = off[n] * inside[n] * inside[n]
        slope = inside[n] * (5.0 * inside[n] - 4.0)
        scatter += psi * psi
        first += slope
        second += slope * slope
    mean = first / count
    spread = max(second / count - mean * mean, 0.0)
    mean = max(mean, _SLOPE_MIN)
    few = 1.0 + coefficients / count * spread / (mean * mean)
    return (few / mean) * (few / mean) * scatter / (count - coefficients)


@entry(VOID(F1, F1, F1, I64, F1))
def fill_fit(x: Floats, y: Floats, half_width: Floats, with_slope: int, figures: Floats) -> None:
    """The fields of `Line` into ``figures``: see `fit`."""
    count, coefficients = len(x), 2 if with_slope else 1
    robust, off, inside = np.ones(count), np.zeros(count), np.ones(count)
    slope = _repeated_median_slope(x, y) if with_slope else 0.0
    level = _weighted_median(y - slope * x, half_width)
    variance = _UNIFORM_VARIANCE
    if count > coefficients:
        for _ in range(_STEPS_MAX):
            off = (y - level - slope * x) / half_width
            reach = _BIWEIGHT * max(_NORMAL_MAD * _median(np.abs(off)), _SCALE_MIN)
            inside = np.maximum(1.0 - (off / reach) * (off / reach), 0.0)
            robust = inside * inside
            new_level, new_slope = _least_squares(x, y, half_width, robust, with_slope)
            moved = 0.0
            for n in range(count):
                moved = max(moved, abs(new_level - level + (new_slope - slope) * x[n]) / half_width[n])
            level, slope = new_level, new_slope
            if moved <= _SETTLED:
                break
        variance = _variance(off, inside, coefficients)
        robust[:] = 1.0
    by_level, by_slope, by_both = _inverse(x, half_width, robust, with_slope)
    figures[0], figures[1] = level, variance * by_level
    figures[2], figures[3], figures[4] = slope, variance * by_slope, variance * by_both
