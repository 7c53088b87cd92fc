"""The desk's mark: raw SVI and a smooth correction of total variance.

    w(k) = w_SVI(k) + Σ c_l·B_l(k)

with B_l the cubic B-splines on equally spaced knots. The correction has two continuous derivatives, and it and both of
them fall to zero past the outermost quotes, so that the wings are those of SVI.
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
# The cubic pieces of a B-spline over one interval, t from 0 to 1, from the last piece of the first to the first of the
# last: coefficients of 1, t, t², t³, times 6.
_PIECES = np.array([[1, -3, 3, -1], [4, 0, -6, 3], [1, 3, 3, -3], [0, 0, 0, 1]]) / 6.0


class Knots(NamedTuple):
    """Equally spaced knots: interval n is from low + n·step, and has the B-splines n to n + 3."""

    low: float
    step: float
    intervals: int

    @property
    def coefficients(self) -> int:
        """How many B-splines there are."""
        return self.intervals + SPAN - 1


def basis(knots: Knots, k: Floats, derivative: int = 0) -> tuple[Integers, Floats]:
    """The first B-spline that is not zero at each ``k``, (n,), and the values of that and the next three, (4, n).

    The values are of the ``derivative``-th derivative by k, zero outside the knots.
    """
    position = (k - knots.low) / knots.step
    first = np.clip(np.floor(position), 0, knots.intervals - 1).astype(np.int64)
    t = position - first
    pieces = _PIECES
    for _ in range(derivative):
        pieces = pieces[:, 1:] * np.arange(1, pieces.shape[1]) / knots.step
    values = pieces @ np.stack([t**power for power in range(pieces.shape[1])])
    return first, np.where((t >= 0.0) & (t <= 1.0), values, 0.0)


class Corrected(NamedTuple):
    """A mark: raw SVI plus its correction."""

    svi: Svi
    knots: Knots
    weights: Floats  # (knots.coefficients,) of the B-splines, in total variance

    def derivatives(self, k: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
        """w, w' and w'' at log-moneyness ``k``, in its shape."""
        points = np.asarray(k, dtype=float)
        flat = points.ravel()
        added = []
        for derivative in range(3):
            first, values = basis(self.knots, flat, derivative)
            added.append((self.weights[first + np.arange(SPAN)[:, np.newaxis]] * values).sum(axis=0))
        total, slope, curvature = self.svi.derivatives(points)
        return (
            total + added[0].reshape(points.shape),
            slope + added[1].reshape(points.shape),
            curvature + added[2].reshape(points.shape),
        )

    def scaled(self, factor: float) -> Corrected:
        """The smile of total variance ``factor``·w."""
        return Corrected(self.svi.scaled(factor), self.knots, self.weights * factor)
