"""The weights of a mark's correction: smooth, inside the quotes, clear of arbitrage; compiled.

Minimised, by the method of Levenberg and Marquardt, are the squares of

- how far the mark is outside the bid–ask, or near its edge, in half-widths (this leads),
- its distance to the mid, in the units of the quote's uncertainty (this is weak),
- the third differences of the weights, which is what a cubic spline's roughness is,
- Durrleman's g below zero and total variance above a ceiling on a lattice, ever stiffer while violated.

Every residual knows four neighbouring weights only, so that the normal matrix has seven diagonals.
Source of the roughness: P. Eilers and B. Marx, Flexible smoothing with B-splines and penalties, Statistical Science 11
(1996).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F1, F2, F64, I1, VOID, entry, njit
from mmsim.surface.durrleman import compiled_durrleman, durrleman_gradient
from mmsim.surface.least_squares import MARGIN, STIFFNESS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_SPAN = 4
_DIFFERENCES = (-1.0, 3.0, -3.0, 1.0)
_STEPS_MAX = 40
_DAMPING, _DAMPING_MAX = 1e-6, 1e8
_LAST_DECREASE = 1e-4  # of the cost, relative


@njit
def _add(first: int, row: Floats, residual: float, normal: Floats, gradient: Floats) -> float:
    """Add one residual with its four derivatives; returns its square. ``normal[i, d]`` is of weights i and i + d."""
    for i in range(_SPAN):
        gradient[first + i] += row[i] * residual
        for j in range(i, _SPAN):
            normal[first + i, j - i] += row[i] * row[j]
    return residual * residual


@njit
def _factor(normal: Floats) -> None:
    """Cholesky's factor of the banded positive definite matrix, in its place."""
    size = len(normal)
    for i in range(size):
        for d in range(min(_SPAN, size - i)):
            rest = normal[i, d]
            for m in range(1, min(_SPAN - d, i + 1)):
                rest -= normal[i - m, m] * normal[i - m, m + d]
            normal[i, d] = math.sqrt(rest) if d == 0 else rest / normal[i, 0]


@njit
def _solve(factor: Floats, right: Floats) -> None:
    """Solve the system of which ``factor`` is Cholesky's factor, in place."""
    size = right.size
    for i in range(size):
        for m in range(1, min(_SPAN, i + 1)):
            right[i] -= factor[i - m, m] * right[i - m]
        right[i] /= factor[i, 0]
    for i in range(size - 1, -1, -1):
        for m in range(1, min(_SPAN, size - i)):
            right[i] -= factor[i, m] * right[i + m]
        right[i] /= factor[i, 0]


@njit
def _sum(first: int, values: Floats, n: int, offset: int, weights: Floats) -> float:
    """Σ of four weights times column ``n`` of rows ``offset`` to ``offset + 3``."""
    total = 0.0
    for i in range(_SPAN):
        total += weights[first + i] * values[offset + i, n]
    return total


@njit
def _accumulate(
    quotes: Floats,
    quote_first: Integers,
    quote_basis: Floats,
    years: float,
    lattice: Floats,
    lattice_first: Integers,
    lattice_basis: Floats,
    roughness: float,
    ridge: float,
    stiffness: float,
    weights: Floats,
    normal: Floats,
    gradient: Floats,
) -> float:
    """The sum of squares with its half gradient and its normal matrix."""
    normal[:] = 0.0
    gradient[:] = 0.0
    row = np.empty(_SPAN)
    cost = 0.0
    for n in range(quote_first.size):
        first = quote_first[n]
        w = max(quotes[0, n] + _sum(first, quote_basis, n, 0, weights), 1e-3 * quotes[0, n])
        volatility = math.sqrt(w / years)
        by_weight = 0.5 / (volatility * years)
        for i in range(_SPAN):
            row[i] = quotes[4, n] * by_weight * quote_basis[i, n]
        cost += _add(first, row, quotes[4, n] * (volatility - quotes[2, n]), normal, gradient)
        outside = min(volatility - quotes[1, n], 0.0) + max(volatility - quotes[3, n], 0.0)
        if outside != 0.0:
            for i in range(_SPAN):
                row[i] = quotes[5, n] * by_weight * quote_basis[i, n]
            cost += _add(first, row, quotes[5, n] * outside, normal, gradient)
    for i in range(weights.size):
        cost += ridge * ridge * weights[i] * weights[i]
        gradient[i] += ridge * ridge * weights[i]
        normal[i, 0] += ridge * ridge
    for first in range(weights.size - _SPAN + 1):
        difference = 0.0
        for i in range(_SPAN):
            row[i] = roughness * _DIFFERENCES[i]
            difference += row[i] * weights[first + i]
        cost += _add(first, row, difference, normal, gradient)
    for n in range(lattice_first.size):
        cost += _penalty(lattice, lattice_first[n], lattice_basis, n, stiffness, weights, row, normal, gradient)
    _hold_ends(normal, gradient)
    return cost


@njit
def _hold_ends(normal: Floats, gradient: Floats) -> None:
    """Take the three outermost weights of either side out of the equations: they stay zero."""
    size = gradient.size
    for i in range(size):
        for d in range(_SPAN):
            if i < _SPAN - 1 or i + d > size - _SPAN:
                normal[i, d] = 1.0 if d == 0 else 0.0
        if i < _SPAN - 1 or i > size - _SPAN:
            gradient[i] = 0.0


@njit
def _penalty(
    lattice: Floats,
    first: int,
    values: Floats,
    n: int,
    stiffness: float,
    weights: Floats,
    row: Floats,
    normal: Floats,
    gradient: Floats,
) -> float:
    """The squares of what is violated at point ``n`` of the lattice."""
    k, ceiling = lattice[0, n], lattice[4, n]
    w = max(lattice[1, n] + _sum(first, values, n, 0, weights), 1e-3 * lattice[1, n])
    slope = lattice[2, n] + _sum(first, values, n, _SPAN, weights)
    curvature = lattice[3, n] + _sum(first, values, n, 2 * _SPAN, weights)
    cost = 0.0
    short = compiled_durrleman(k, w, slope, curvature) - MARGIN
    if short < 0.0:
        by_w, by_slope = durrleman_gradient(k, w, slope)
        for i in range(_SPAN):
            by_weight = by_w * values[i, n] + by_slope * values[_SPAN + i, n] + 0.5 * values[2 * _SPAN + i, n]
            row[i] = stiffness * by_weight
        cost += _add(first, row, stiffness * short, normal, gradient)
    over = w / ceiling - 1.0 + MARGIN
    if over > 0.0:
        for i in range(_SPAN):
            row[i] = stiffness / ceiling * values[i, n]
        cost += _add(first, row, stiffness * over, normal, gradient)
    return cost


@njit
def _is_clear(lattice: Floats, lattice_first: Integers, values: Floats, weights: Floats) -> bool:
    """Whether nothing on the lattice is violated."""
    for n in range(lattice_first.size):
        first = lattice_first[n]
        w = lattice[1, n] + _sum(first, values, n, 0, weights)
        slope = lattice[2, n] + _sum(first, values, n, _SPAN, weights)
        curvature = lattice[3, n] + _sum(first, values, n, 2 * _SPAN, weights)
        if w <= 0.0 or w > lattice[4, n] or compiled_durrleman(lattice[0, n], w, slope, curvature) < 0.0:
            return False
    return True


@entry(VOID(F2, I1, F2, F64, F2, I1, F2, F64, F64, F1))
def fit_correction(
    quotes: Floats,
    quote_first: Integers,
    quote_basis: Floats,
    years: float,
    lattice: Floats,
    lattice_first: Integers,
    lattice_basis: Floats,
    roughness: float,
    ridge: float,
    weights: Floats,
) -> None:
    """Fit ``weights`` in place, from where they are.

    quotes (6, n): total variance of SVI; low, mid and high volatility; the weight of the distance to the mid and of
    that outside; with the B-splines of `correction.basis`, as for the
    lattice. lattice (5, m): log-moneyness, w, w' and w'' of SVI and the
    ceiling of total variance; roughness: the weight of a
    third difference, ridge: of the weights themselves. The three
    outermost weights of either side, which must come as zero, stay so.
    """
    size = weights.size
    normal, gradient = np.empty((size, _SPAN)), np.empty(size)
    next_normal, next_gradient = np.empty((size, _SPAN)), np.empty(size)
    for stiffness in STIFFNESS:
        cost = _accumulate(
            quotes, quote_first, quote_basis, years, lattice, lattice_first, lattice_basis,
            roughness, ridge, stiffness, weights, normal, gradient,
        )  # fmt: skip
        damping = _DAMPING
        for _ in range(_STEPS_MAX):
            factor, step = normal.copy(), -gradient
            for i in range(size):
                factor[i, 0] *= 1.0 + damping
            _factor(factor)
            _solve(factor, step)
            trial = weights + step
            next_cost = _accumulate(
                quotes, quote_first, quote_basis, years, lattice, lattice_first, lattice_basis,
                roughness, ridge, stiffness, trial, next_normal, next_gradient,
            )  # fmt: skip
            if next_cost < cost:
                small = cost - next_cost <= _LAST_DECREASE * cost
                weights[:], normal[:], gradient[:] = trial, next_normal, next_gradient
                cost = next_cost
                damping *= 0.1
                if small:
                    break
            else:
                damping = max(damping, 1e-9) * 10.0
                if not damping < _DAMPING_MAX:
                    break
        if _is_clear(lattice, lattice_first, lattice_basis, weights):
            break
