"""The Sharpe ratio of increments of profit, and how well they tell it."""

from __future__ import annotations

from math import floor, nan, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FEWEST = 3  # increments, below which nothing is said
LEVEL = 1e-12  # a deviation so small against the increments is rounding


class Sharpe(NamedTuple):
    """Of one increment; NaN where the increments do not vary, or are too few."""

    ratio: float  # mean / standard deviation
    standard_error: float
    persistence: float  # deviation of long sums over that of as many independent increments; 1 without autocorrelation


def lags(count: int) -> int:
    """How many autocovariances Newey and West's rule takes in: 4·(n / 100)^(2/9), rounded down; at most n − 1.

    >>> lags(100), lags(389), lags(2)
    (4, 5, 1)
    """
    chosen: float = 4.0 * (count / 100.0) ** (2.0 / 9.0)
    return min(floor(chosen), count - 1)


def of(increments: Floats, lag_count: int) -> Sharpe:
    """The ratio of ``increments``, shape (n,), with its standard error by the generalised method of moments.

    SR = μ/σ, with σ² = Σ(x − μ)²/n. Its error is √(Ω(ψ)/n), with ψ = (x − μ)/σ − SR·((x − μ)² − σ²)/(2σ²) and Ω the
    long-run variance with ``lag_count`` autocovariances: of independent normal increments √((1 + SR²/2)/n). Nothing
    is assumed of the distribution. Source: Lo, The statistics of Sharpe ratios, Financial Analysts Journal 58 (2002)
    36–52, whose derivatives of μ/σ make ψ of his moments.
    """
    count = len(increments)
    if count < FEWEST:
        return Sharpe(nan, nan, nan)
    centred = increments - increments.mean()
    variance = float(np.mean(centred**2))
    if sqrt(variance) <= LEVEL * float(np.abs(increments).max()):
        return Sharpe(nan, nan, nan)
    deviation = sqrt(variance)
    ratio = float(increments.mean()) / deviation
    influence = centred / deviation - ratio * (centred**2 - variance) / (2.0 * variance)
    return Sharpe(
        ratio=ratio,
        standard_error=sqrt(long_run_variance(influence, lag_count) / count),
        persistence=sqrt(long_run_variance(centred, lag_count) / variance),
    )


def long_run_variance(centred: Floats, lag_count: int) -> float:
    """γ₀ + 2·Σ (1 − k / (lags + 1))·γ_k of a series of mean 0, shape (n,): never negative.

    Here γ_k = Σ x_t·x_(t−k) / n. Source: Newey and West, A simple, positive semi-definite, heteroskedasticity and
    autocorrelation consistent covariance matrix, Econometrica 55 (1987) 703–708, eq. 5.
    """
    count = len(centred)
    total = float(centred @ centred)
    for lag in range(1, lag_count + 1):
        total += 2.0 * (1.0 - lag / (lag_count + 1.0)) * float(centred[lag:] @ centred[:-lag])
    return max(total, 0.0) / count
