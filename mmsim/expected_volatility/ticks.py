"""Realised variance from ticks, and what the noise of the market's microstructure adds to it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class TwoScale(NamedTuple):
    """What `two_scale_variance` finds. The volatility a year is √(variance / years), the years those of the ticks."""

    variance: float  # of the logarithm of the price from the first tick to the last, without noise; may be below zero
    noise: float  # variance of the noise that each tick's logarithm carries
    every: int  # ticks between two prices of the slow scale


def realised_variance(prices: npt.ArrayLike, *, every: int = 1) -> float:
    """The sum of squared log returns over ``every`` ticks, averaged over the ``every`` grids that they can stand on.

    It is the variance from the first tick to the last, in total: divide by the years between them for that of a year.
    With ``every`` 1, the plain realised variance, each tick's noise ε adds 2·E[ε²]; with more, subsampling, it adds
    less often. ``prices``: (ticks,), numbers above zero, more than ``every`` of them; ValueError otherwise.

    Source: Zhang, Mykland and Aït-Sahalia, Journal of the American Statistical Association 100 (2005) 1394–1411.

    >>> round(realised_variance([100.0, 101.0, 100.0]), 8), round(realised_variance([100.0, 101.0, 100.0], every=2), 8)
    (0.00019802, 0.0)
    """
    return _averaged(_logarithms(prices, every), every)


def two_scale_variance(prices: npt.ArrayLike, *, every: int | None = None) -> TwoScale:
    """The realised variance without the noise that bid-ask bounce, ticks and the like put on each price.

    The noise is what the plain realised variance shows, and is taken out of a slower one:

        ([Y,Y]^(K) − (n̄/n)·[Y,Y]^(1)) / (1 − n̄/n),   n̄ = (n − K + 1) / K,

    where [Y,Y]^(K) is `realised_variance` at every K ticks and n the number of returns. It is unbiased for noise that
    is independent from tick to tick. ``every`` is K; left out, it is the best for constant volatility,
    K = (12·(E[ε²] / variance)²)^(1/3)·n^(2/3), from a first estimate. ``prices`` as for `realised_variance`, four at
    least; ValueError otherwise.

    Source: Zhang, Mykland and Aït-Sahalia (2005): the two scales, the best number of grids, and the adjustment for
    small samples.
    """
    logs = _logarithms(prices, 3 if every is None else every)
    if every == 1:
        raise ValueError("two scales differ: `every` must be at least 2")
    count = len(logs) - 1
    plain = _averaged(logs, 1)
    if every is None:
        first = max(2, round(count ** (2.0 / 3.0) / 4.0))
        pilot = max(_corrected(logs, first, plain), plain / count)
        share = plain / (2.0 * count) / pilot if pilot > 0.0 else 0.0
        every = min(max(2, round((12.0 * share * share) ** (1.0 / 3.0) * count ** (2.0 / 3.0))), count // 2 + 1)
    variance = _corrected(logs, every, plain)
    return TwoScale(variance, max((plain - variance) / (2.0 * count), 0.0), every)


def _corrected(logs: Floats, every: int, plain: float) -> float:
    """The two-scale estimate, adjusted for small samples."""
    count = len(logs) - 1
    ratio = (count - every + 1) / every / count
    return (_averaged(logs, every) - ratio * plain) / (1.0 - ratio)


def _averaged(logs: Floats, every: int) -> float:
    return float(np.square(logs[every:] - logs[:-every]).sum()) / every


def _logarithms(prices: npt.ArrayLike, every: int) -> Floats:
    """Logarithms of sound prices, more than ``every`` of them."""
    given = np.asarray(prices, float)
    if every < 1:
        raise ValueError(f"`every` must be a number of ticks, not {every!r}")
    if given.ndim != 1 or len(given) <= every:
        raise ValueError(f"needs more than {every} prices in a row, not an array of shape {given.shape}")
    wrong = ~(np.isfinite(given) & (given > 0.0))
    if wrong.any():
        place = int(wrong.argmax())
        raise ValueError(f"price {place} is {given[place]:g}: prices are numbers above zero")
    logs: Floats = np.log(given)
    return logs
