"""What the compiled fits share: small normal equations, and how stiff a penalty is made."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mmsim.kernel import njit

Floats = npt.NDArray[np.float64]

STIFFNESS = (30.0, 300.0, 3e3, 3e4, 3e5, 3e6)  # of what must not be, in turn, until it is not
MARGIN = 1e-3  # of g, and relative to a ceiling: a penalty gives way a little


@njit
def add_row(row: Floats, residual: float, normal: Floats, gradient: Floats) -> float:
    """Add one residual with its derivatives to the normal matrix and to half the gradient; returns its square."""
    for i in range(row.size):
        gradient[i] += row[i] * residual
        for j in range(row.size):
            normal[i, j] += row[i] * row[j]
    return residual * residual


@njit
def solve(matrix: Floats, right: Floats) -> None:
    """Solve a symmetric positive definite system in place, by Cholesky; the matrix is overwritten.

    A direction that the rows leave undetermined is not moved in.
    """
    size = right.size
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i, j]
            for m in range(j):
                rest -= matrix[i, m] * matrix[j, m]
            if i == j:
                matrix[i, i] = math.sqrt(rest) if rest > 1e-14 * matrix[i, i] else math.inf
            else:
                matrix[i, j] = rest / matrix[j, j]
    for i in range(size):
        for m in range(i):
            right[i] -= matrix[i, m] * right[m]
        right[i] /= matrix[i, i]
    for i in range(size - 1, -1, -1):
        for m in range(i + 1, size):
            right[i] -= matrix[m, i] * right[m]
        right[i] /= matrix[i, i]
