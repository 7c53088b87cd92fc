"""Surface SVI fitted to the quotes of all expiries, and the level of one expiry in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from mmsim.surface.slices import Points, points
from mmsim.surface.smile import Method, Smile
from mmsim.surface.ssvi import Ssvi

Floats = npt.NDArray[np.float64]

_RHO_MAX = 0.999
_GAMMA_MIN, _GAMMA_MAX = 0.01, 0.5
_ETA_MAX = 2.0  # of η·(1 + |ρ|)
_STEPS_MAX = 60
_DAMPING_MAX = 1e8
_LAST_DECREASE = 1e-9
_BUMP = 1e-6


def across(smiles: Iterable[Smile]) -> Ssvi | None:
    """The shape that the expiries fitted by raw SVI share, by weighted least squares on their mids.

    Free are ρ, η, γ and the levels θ, which do not fall with time, inside the bounds that keep the surface free of
    arbitrage. None where fewer than two expiries were fitted.
    """
    fitted = sorted((smile for smile in smiles if smile.method is Method.SVI), key=lambda smile: smile.years)
    if len(fitted) < 2:
        return None
    used = [points(smile.quotes, smile.quote_statuses) for smile in fitted]
    years = [smile.years for smile in fitted]
    levels = np.maximum.accumulate([float(smile.total_variance(0.0)) for smile in fitted])

    def unpacked(x: Floats) -> tuple[Ssvi, Floats]:
        shape = Ssvi(float(x[0]), float(x[1]) / (1.0 + abs(float(x[0]))), float(x[2]))
        return shape, np.cumsum(x[3:] * levels[0])

    def misses(x: Floats) -> Floats:
        shape, thetas = unpacked(x)
        given = zip(thetas.tolist(), used, years, strict=True)
        return np.concatenate([_misses(shape, theta, quotes, time) for theta, quotes, time in given])

    start = np.concatenate([[-0.3, 1.0, 0.4], np.diff(levels, prepend=0.0) / levels[0]])
    lower = np.concatenate([[-_RHO_MAX, 0.01, _GAMMA_MIN, 0.1], np.zeros(len(levels) - 1)])
    upper = np.concatenate([[_RHO_MAX, _ETA_MAX, _GAMMA_MAX], np.full(len(levels), np.inf)])
    return unpacked(_least_squares(misses, start, lower, upper))[0]


def level(shape: Ssvi, used: Points, years: float) -> float:
    """The θ at which the shape is nearest to the quotes of one expiry."""
    guess = float(np.average(used.mid, weights=used.weight)) ** 2 * years

    def misses(x: Floats) -> Floats:
        return _misses(shape, float(x[0]) * guess, used, years)

    return float(_least_squares(misses, np.ones(1), np.full(1, 0.01), np.full(1, 100.0))[0]) * guess


def _misses(shape: Ssvi, theta: float, used: Points, years: float) -> Floats:
    """Weighted differences of volatility."""
    w = shape.smile(theta).derivatives(used.log_moneyness)[0]
    return used.weight * (np.sqrt(w / years) - used.mid)


def _least_squares(misses: Callable[[Floats], Floats], start: Floats, lower: Floats, upper: Floats) -> Floats:
    """Levenberg–Marquardt inside bounds, with differences for derivatives: for few parameters and no hurry."""
    at = np.clip(start, lower, upper)
    residuals = misses(at)
    cost, damping = float(residuals @ residuals), 1e-3
    for _ in range(_STEPS_MAX):
        bumps = np.where(at + _BUMP <= upper, _BUMP, -_BUMP)
        slopes = np.stack([(misses(at + bump) - residuals) for bump in np.diag(bumps)], axis=1) / bumps
        gradient = slopes.T @ residuals
        free = ~(((at <= lower) & (gradient > 0.0)) | ((at >= upper) & (gradient < 0.0)))
        normal = (slopes.T @ slopes)[np.ix_(free, free)]
        while damping < _DAMPING_MAX:
            trial = at.copy()
            trial[free] -= np.linalg.solve(normal + damping * np.diag(np.diag(normal)), gradient[free])
            trial = np.clip(trial, lower, upper)
            next_residuals = misses(trial)
            if float(next_residuals @ next_residuals) < cost:
                break
            damping *= 10.0
        else:
            break
        decrease = cost - float(next_residuals @ next_residuals)
        at, residuals, cost, damping = trial, next_residuals, cost - decrease, 0.1 * damping
        if decrease <= _LAST_DECREASE * cost:
            break
    return at
