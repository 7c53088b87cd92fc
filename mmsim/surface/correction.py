"""The desk's mark: raw SVI and a smooth correction of total variance.

    w(k) = w_SVI(k) + Σ c_l·B_l(k)

with B_l the cubic B-splines on equally spaced knots, which reach past the outermost quotes. The outermost three weights
of either side are zero: the correction and its two derivatives are continuous and end as zero, and the wings are those
of SVI.
Source: C. de Boor, A Practical Guide to Splines (1978), chapter IX.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.surface.svi import Svi

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SPAN = 4  # how many of the B-splines are not zero at a point
# The four cubic pieces over one interval, t from 0 to 1: the last of the first B-spline to the first of the last, in
# powers of t from 0 to 3; then their first and second derivatives by t.
_CUBIC = np.array([[1, -3, 3, -1], [4, 0, -6, 3], [1, 3, 3, -3], [0, 0, 0, 1]]) / 6.0
_SHIFT = np.diag([1.0, 2.0, 3.0], -1)
_PIECES = np.concatenate([_CUBIC, _CUBIC @ _SHIFT, _CUBIC @ _SHIFT @ _SHIFT])


class Knots(NamedTuple):
    """Equally spaced knots: interval n is from low + n·step, and has the B-splines n to n + 3."""

    low: float
    step: float
    intervals: int

    @property
    def coefficients(self) -> int:
        """How many B-splines there are."""
        return self.intervals + SPAN - 1


def basis(knots: Knots, k: Floats) -> tuple[Integers, Floats]:
    """The first B-spline that is not zero at each ``k``, (n,), and what it and the next three are there, (12, n).

    Four rows are their values, four the first and four the second derivatives by k; all zero outside the knots.
    """
    position = (k - knots.low) * (1.0 / knots.step)
    first = np.clip(position.astype(np.int64), 0, knots.intervals - 1)
    t = position - first
    values = _PIECES @ np.stack([np.ones_like(t), t, t * t, t * t * t])
    values[SPAN : 2 * SPAN] /= knots.step
    values[2 * SPAN :] /= knots.step * knots.step
    values[:, (t < 0.0) | (t > 1.0)] = 0.0
    return first, values


class Corrected(NamedTuple):
    """A mark: raw SVI plus its correction."""

    svi: Svi
    knots: Knots
    weights: Floats  # (knots.coefficients,) of the B-splines, in total variance

    def derivatives(self, k: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
        """w, w' and w'' at log-moneyness ``k``, in its shape."""
        points = np.asarray(k, dtype=float)
        first, values = basis(self.knots, points.ravel())
        weights = self.weights[first + np.arange(SPAN)[:, np.newaxis]]
        added = (values.reshape(3, SPAN, -1) * weights).sum(axis=1).reshape(3, *points.shape)
        total, slope, curvature = self.svi.derivatives(points)
        return total + added[0], slope + added[1], curvature + added[2]

    def scaled(self, factor: float) -> Corrected:
        """The smile of total variance ``factor``·w."""
        return Corrected(self.svi.scaled(factor), self.knots, self.weights * factor)
