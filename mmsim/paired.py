"""The difference between two policies that met the same draws, with an interval that leaves out what they share."""

from __future__ import annotations

from math import nan
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

Floats = npt.NDArray[np.float64]

LEVEL = 0.95
RESAMPLES = 2_000
_AT_ONCE = 2_000_000  # draws of a bootstrap held in memory


class Difference(NamedTuple):
    """What the second of two has more than the first, and what is known of it: `LEVEL` intervals."""

    difference: float
    standard_error: float
    low: float
    high: float
    unpaired_low: float  # as if the two had not met the same draws
    unpaired_high: float


def over_paths(first: Floats, second: Floats) -> Difference:
    """The difference of the means of ``second`` and ``first``, both of shape (paths,), path for path on common draws.

    Paired: d ± t(n − 1)·sd(d)/√n with d = second − first. Unpaired: Welch's interval, in which the variances add up.
    NaN but for the difference with fewer than two paths. Source: Glasserman, Monte Carlo Methods in Financial
    Engineering (2003), section 4.2 for common random numbers; Welch, Biometrika 34 (1947) 28–35.
    """
    count, mean = len(first), float(np.mean(second) - np.mean(first))
    if count < 2:
        return Difference(mean, nan, nan, nan, nan, nan)
    error = float(np.std(second - first, ddof=1)) / count**0.5
    reach = _quantile(count - 1) * error
    shares = np.array([np.var(first, ddof=1), np.var(second, ddof=1)]) / count
    freedom = shares.sum() ** 2 * (count - 1) / (shares**2).sum() if shares.any() else count - 1.0
    unpaired = _quantile(freedom) * float(shares.sum()) ** 0.5
    return Difference(mean, error, mean - reach, mean + reach, mean - unpaired, mean + unpaired)


def over_time(first: Floats, second: Floats, draws: np.random.Generator) -> list[Difference]:
    """The differences of sums over time, from increments of shape (times, figures) at the same times, a figure each.

    The stationary bootstrap: blocks of random length, n^(1/3) on average, are drawn around the clock until there are n
    increments; the interval is sum − (its quantiles about the sum), of `RESAMPLES`. Unpaired: both are resampled
    alone. It takes what one day shows for typical: it says nothing of days unlike it. NaN but for the difference with
    fewer than eight times. Source: Politis and Romano, The stationary bootstrap, JASA 89 (1994) 1303–1313.
    """
    sums = (second - first).sum(axis=0)
    if len(first) < 8:
        return [Difference(float(value), nan, nan, nan, nan, nan) for value in sums]
    figures = first.shape[1]
    paired = _resampled(second - first, draws)
    unpaired = _resampled(second, draws) - _resampled(first, draws)
    tails = np.array([0.5 + 0.5 * LEVEL, 0.5 - 0.5 * LEVEL])
    reach, unpaired_reach = (np.quantile(sample - sums, tails, axis=0) for sample in (paired, unpaired))
    errors = paired.std(axis=0, ddof=1)
    return [
        Difference(*map(float, (sums[k], errors[k], *(sums[k] - reach[:, k]), *(sums[k] - unpaired_reach[:, k]))))
        for k in range(figures)
    ]


def _quantile(freedom: float) -> float:
    """Student's t that is exceeded on each side by half of what is beyond the level."""
    return float(stdtrit(freedom, 0.5 + 0.5 * LEVEL))


def _resampled(increments: Floats, draws: np.random.Generator) -> Floats:
    """Sums of `RESAMPLES` stationary bootstraps of increments (times, figures): (RESAMPLES, figures)."""
    count = len(increments)
    restart = count ** (-1.0 / 3.0)
    together = max(1, _AT_ONCE // increments.size)
    sums = []
    for start in range(0, RESAMPLES, together):
        shape = (min(together, RESAMPLES - start), count)
        begins = draws.random(shape) < restart
        begins[:, 0] = True
        place = np.arange(count)
        block = np.maximum.accumulate(np.where(begins, place, 0), axis=1)  # where the block of each increment began
        origin = np.take_along_axis(draws.integers(count, size=shape), block, axis=1)
        sums.append(increments[(origin + place - block) % count].sum(axis=1))
    return np.concatenate(sums)
