"""Weighted least squares of raw SVI on the volatilities of one slice, compiled.

For given m and σ the rest of the parameters (see `svi_residuals`) is a linear problem, which makes good starts from a
coarse grid of two dimensions; then all five are refined by the method of Levenberg and Marquardt inside the bounds. The
penalties of what a smile must keep clear of are made stiffer while it is violated.

Sources: S. De Marco and C. Martini, Quasi-explicit calibration of Gatheral's SVI model, Zeliade white paper (2009), for
the reduction; K. Madsen, H. B. Nielsen and O. Tingleff, Methods for non-linear least squares problems (2004), for the
iteration.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F1, F2, F64, I64, VOID, entry, njit
from mmsim.surface.least_squares import STIFFNESS, add_row, solve
from mmsim.surface.svi_residuals import LINEAR, SIZE, A, C, M, P, S, accumulate, into_bounds, is_clear

Floats = npt.NDArray[np.float64]

_STEPS_MAX = 60
_DAMPING, _DAMPING_MAX = 1e-3, 1e8
_LAST_DECREASE = 1e-7  # of the cost, relative
_DEAR = 1.25  # sum of squares of a repaired fit, relative to that of the free one, above which others are tried
_CENTRES = (-1.0, -0.5, 0.0, 0.5, 1.0)  # m of a start, in standard deviations
_WIDTHS = (0.1, 0.3, 0.8, 2.0)  # σ of a start, in standard deviations


@njit
def _step(
    at: Floats,
    lower: Floats,
    upper: Floats,
    moving: int,
    damping: float,
    normal: Floats,
    gradient: Floats,
    factor: Floats,
    trial: Floats,
) -> None:
    """A damped step of the first ``moving`` parameters, from ``at`` to ``trial``.

    A parameter that would leave its bounds at once stays where it is.
    """
    factor[:] = normal
    for i in range(SIZE):
        trial[i] = -gradient[i]
        factor[i, i] *= 1.0 + damping
        at_bound = (at[i] <= lower[i] and gradient[i] > 0.0) or (at[i] >= upper[i] and gradient[i] < 0.0)
        if i >= moving or (at_bound and i != A):
            factor[i, :] = 0.0
            factor[:, i] = 0.0
            trial[i] = 0.0
        if factor[i, i] == 0.0:
            factor[i, i] = 1.0
    solve(factor, trial)
    for i in range(SIZE):
        trial[i] += at[i]
    into_bounds(trial, lower, upper)


@njit
def _refine(
    quotes: Floats, years: float, lattice: Floats, stiffness: float, lower: Floats, upper: Floats, at: Floats
) -> float:
    """Levenberg–Marquardt from ``at``, in place, inside the bounds; returns the sum of squares.

    After each step the linear parameters settle where they are best for its m and σ: the sum of squares is a valley so
    narrow and bent that steps of all five alone would creep along it (the idea of variable projection).
    """
    normal, gradient = np.empty((SIZE, SIZE)), np.empty(SIZE)
    next_normal, next_gradient = np.empty((SIZE, SIZE)), np.empty(SIZE)
    row, factor, step, trial = np.empty(SIZE), np.empty((SIZE, SIZE)), np.empty(SIZE), np.empty(SIZE)
    cost = accumulate(quotes, years, lattice, stiffness, at, normal, gradient, row)
    damping = _DAMPING
    for _ in range(_STEPS_MAX):
        _step(at, lower, upper, SIZE, damping, normal, gradient, factor, step)
        accumulate(quotes, years, lattice, stiffness, step, next_normal, next_gradient, row)
        _step(step, lower, upper, LINEAR, 0.0, next_normal, next_gradient, factor, trial)
        next_cost = accumulate(quotes, years, lattice, stiffness, trial, next_normal, next_gradient, row)
        if next_cost < cost:
            small = cost - next_cost <= _LAST_DECREASE * cost
            at[:], normal[:], gradient[:] = trial, next_normal, next_gradient
            cost = next_cost
            damping *= 0.1
            if small:
                break
        else:
            damping = max(damping, 1e-9) * 8.0
            if not damping < _DAMPING_MAX:
                break
    return cost


@njit
def _ranked_starts(quotes: Floats, years: float, lower: Floats, upper: Floats, count: int) -> Floats:
    """The ``count`` best starts of the coarse grid, (count, 5), the best first."""
    found = np.empty((len(_CENTRES) * len(_WIDTHS), SIZE))
    costs = np.empty(len(found))
    normal, gradient, row = np.empty((3, 3)), np.empty(3), np.empty(3)
    deviation = _deviation(quotes, years)
    n = 0
    for centre in _CENTRES:
        for width in _WIDTHS:
            at = found[n]
            at[M], at[S] = centre * deviation, width * deviation
            at[M] = min(max(at[M], lower[M]), upper[M])
            at[S] = min(max(at[S], lower[S]), upper[S])
            costs[n] = _linear(quotes, years, lower, upper, at, normal, gradient, row)
            n += 1
    chosen = np.empty((count, SIZE))
    for n in range(count):
        i = costs.argmin()
        chosen[n] = found[i]
        costs[i] = math.inf
    return chosen


@njit
def _deviation(quotes: Floats, years: float) -> float:
    """σ√T of the quote nearest the money."""
    nearest = 0
    for n in range(quotes.shape[1]):
        if abs(quotes[0, n]) < abs(quotes[0, nearest]):
            nearest = n
    deviation: float = quotes[1, nearest] * math.sqrt(years)
    return deviation


@njit
def _linear(
    quotes: Floats,
    years: float,
    lower: Floats,
    upper: Floats,
    at: Floats,
    normal: Floats,
    gradient: Floats,
    row: Floats,
) -> float:
    """The best a, p and c for the m and σ of ``at``, moved into their bounds; returns about their sum of squares."""
    normal[:] = 0.0
    gradient[:] = 0.0
    total = 0.0
    for n in range(quotes.shape[1]):
        x = quotes[0, n] - at[M]
        r = math.sqrt(x * x + at[S] * at[S])
        scale = quotes[2, n] * 0.5 / (quotes[1, n] * years)
        row[0], row[1], row[2] = scale, 0.5 * scale * (r - x), 0.5 * scale * (r + x)
        total += add_row(row, -scale * quotes[1, n] * quotes[1, n] * years, normal, gradient)
    for i in range(3):
        at[i] = -gradient[i]
    factor = normal.copy()
    for i in range(3):
        factor[i, i] *= 1.0 + 1e-9
    solve(factor, at[:3])
    for i in range(1, 3):
        at[i] = min(max(at[i], lower[i]), upper[i])
    at[A] = -(gradient[0] + normal[0, 1] * at[P] + normal[0, 2] * at[C]) / normal[0, 0]
    into_bounds(at, lower, upper)
    cost: float = total
    for i in range(3):
        cost += 2.0 * gradient[i] * at[i]
        for j in range(3):
            cost += normal[i, j] * at[i] * at[j]
    return cost


@njit
def _cost(quotes: Floats, years: float, lattice: Floats, at: Floats) -> float:
    """The weighted sum of squares of the quotes alone."""
    return accumulate(quotes, years, lattice, 0.0, at, np.empty((SIZE, SIZE)), np.empty(SIZE), np.empty(SIZE))


@njit
def _stiffened(quotes: Floats, years: float, lattice: Floats, lower: Floats, upper: Floats, at: Floats) -> bool:
    """Refine under ever stiffer penalties, in place; returns whether nothing is violated in the end."""
    for stiffness in STIFFNESS:
        _refine(quotes, years, lattice, stiffness, lower, upper, at)
        if is_clear(lattice, at):
            return True
    return False


@entry(VOID(F2, F64, F2, F1, F1, I64, F1))
def fit_svi(
    quotes: Floats, years: float, lattice: Floats, lower: Floats, upper: Floats, starts: int, parameters: Floats
) -> None:
    """Fit ``parameters`` (a, p, c, m, σ) in place.

    quotes (3, n): log-moneyness, volatility, weight. lattice (2, m): log-moneyness and the ceiling of total variance
    there, infinite where there is none. lower, upper (5,): bounds, of which the first is for the least total variance.
    starts: how many of the coarse grid are refined, beside ``parameters`` as they come, where the first is a number.
    """
    tried = _ranked_starts(quotes, years, lower, upper, max(starts, 1))
    best, best_cost = tried[0].copy(), math.inf
    if not math.isnan(parameters[0]):
        best[:] = parameters
        into_bounds(best, lower, upper)
        best_cost = _refine(quotes, years, lattice, 0.0, lower, upper, best)
    for n in range(starts):
        cost = _refine(quotes, years, lattice, 0.0, lower, upper, tried[n])
        if cost < best_cost:
            best_cost = cost
            best[:] = tried[n]
    parameters[:] = best


@entry(VOID(F2, F64, F2, F1, F1, I64, F1))
def repair_svi(
    quotes: Floats, years: float, lattice: Floats, lower: Floats, upper: Floats, starts: int, parameters: Floats
) -> None:
    """Refit ``parameters`` in place so that nothing on the lattice is violated, if it is; arguments as of `fit_svi`.

    Penalties are made stiffer until all is clear. Where that fails, or costs much of the fit, the same is done from the
    ``starts`` best of the coarse grid; what is clear and nearest to the quotes stays, or where nothing is, what came
    from the given ones.
    """
    if is_clear(lattice, parameters):
        return
    free_cost = _cost(quotes, years, lattice, parameters)
    kept_clear = _stiffened(quotes, years, lattice, lower, upper, parameters)
    kept_cost = _cost(quotes, years, lattice, parameters)
    if kept_clear and kept_cost <= _DEAR * free_cost:
        return
    tried = _ranked_starts(quotes, years, lower, upper, starts)
    for n in range(starts):
        clear = _stiffened(quotes, years, lattice, lower, upper, tried[n])
        cost = _cost(quotes, years, lattice, tried[n])
        if clear and (cost < kept_cost or not kept_clear):
            kept_clear, kept_cost = True, cost
            parameters[:] = tried[n]
