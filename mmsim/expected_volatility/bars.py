"""Realised volatility from bars of open, high, low and close: each estimator as terms a bar, and their means."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.errors import nearest

Floats = npt.NDArray[np.float64]
_COLUMNS = ("open", "high", "low", "close")


class _Bars(NamedTuple):
    """Logarithms of each bar's prices against its open, and of its open against the close before."""

    gap: Floats  # NaN at the first bar
    high: Floats
    low: Floats
    close: Floats


class _Estimator(NamedTuple):
    """Variance a bar, from bars in windows: the last axis runs over the bars of a window."""

    variance: Callable[[_Bars], Floats]
    least: int  # bars


def _mean(terms: Floats) -> Floats:
    means: Floats = terms.mean(axis=-1)
    return means


def _sample_variance(terms: Floats) -> Floats:
    variances: Floats = terms.var(axis=-1, ddof=1)
    return variances


def _close_to_close(bars: _Bars) -> Floats:
    return _sample_variance((bars.gap + bars.close)[..., 1:])


def _parkinson(bars: _Bars) -> Floats:
    return _mean((bars.high - bars.low) ** 2) / (4.0 * math.log(2.0))


def _garman_klass(bars: _Bars) -> Floats:
    return _mean(0.5 * (bars.high - bars.low) ** 2 - (2.0 * math.log(2.0) - 1.0) * bars.close**2)


def _rogers_satchell(bars: _Bars) -> Floats:
    return _mean(bars.high * (bars.high - bars.close) + bars.low * (bars.low - bars.close))


def _yang_zhang(bars: _Bars) -> Floats:
    after = _Bars(*(column[..., 1:] for column in bars))
    count = after.close.shape[-1]
    share = 0.34 / (1.34 + (count + 1) / (count - 1))
    within: Floats = share * _sample_variance(after.close) + (1.0 - share) * _rogers_satchell(after)
    return _sample_variance(after.gap) + within


_ESTIMATORS = {
    "close_to_close": _Estimator(_close_to_close, 3),
    "parkinson": _Estimator(_parkinson, 1),
    "garman_klass": _Estimator(_garman_klass, 1),
    "rogers_satchell": _Estimator(_rogers_satchell, 1),
    "yang_zhang": _Estimator(_yang_zhang, 3),
}


@overload
def realised_volatility(
    bars: pd.DataFrame, *, estimator: str = ..., bars_per_year: float = ..., window: None = ...
) -> float: ...
@overload
def realised_volatility(
    bars: pd.DataFrame, *, estimator: str = ..., bars_per_year: float = ..., window: int
) -> pd.Series[float]: ...
def realised_volatility(
    bars: pd.DataFrame, *, estimator: str = "yang_zhang", bars_per_year: float = 252.0, window: int | None = None
) -> float | pd.Series[float]:
    """Volatility a year, absolute (0.20 is 20 %), from bars in order of time.

    ``bars`` has columns open, high, low, close, all prices above zero with low ≤ open, close ≤ high. The answer is one
    number for all bars, or with ``window`` a Series with that of the last ``window`` bars at each of them, NaN where
    there are fewer. With u, d, c = ln of high, low, close over the bar's open, and o = ln of the open over the close
    before, the variance a bar is

        close_to_close    sample variance of o + c: drift taken out, gaps in
        parkinson         mean of (u − d)² / (4 ln 2): without gaps and drift; 4.9 times the efficiency of one c²
        garman_klass      mean of (u − d)²/2 − (2 ln 2 − 1)·c²: without gaps and drift; 7.4 times
        rogers_satchell   mean of u(u − c) + d(d − c): without gaps, whatever the drift; 6.0 times
        yang_zhang        var(o) + k·var(c) + (1 − k)·rogers_satchell, k = 0.34 / (1.34 + (n + 1)/(n − 1)): with gaps,
                          whatever the drift. n counts the bars after the first, of which only the close is used

    and is scaled by ``bars_per_year``. "Without gaps" means that what moves between a close and the next open is not
    in the figure. Highs and lows of N ticks a bar fall short of those of the path between them, by 0.583·σ·√(bar/N)
    each: the variance of parkinson is low by 1.34/√N of itself, garman_klass and rogers_satchell by 1.86/√N.

    Raises ValueError for an unknown estimator, a missing column, too few bars, and the first bar that is none: a price
    that is not a number above zero, a high below another of its prices, a low above one.

    Source: Parkinson, Journal of Business 53 (1980) 61–65; Garman and Klass, ibid. 67–78 (their practical estimator);
    Rogers and Satchell, Annals of Applied Probability 1 (1991) 504–512; Yang and Zhang, Journal of Business 73 (2000)
    477–491. The shortfall of discrete extremes: Broadie, Glasserman and Kou, Finance and Stochastics 3 (1999) 55–82.

    >>> day = {"open": [100.0, 101.0, 99.0], "high": [102.0, 103.0, 101.0], "low": [99.0, 98.0, 98.5]}
    >>> bars = pd.DataFrame(day | {"close": [101.0, 99.0, 100.0]})
    >>> round(realised_volatility(bars, estimator="parkinson"), 4)
    0.3479
    """
    chosen = _chosen(estimator)
    columns = _checked(bars)
    width = len(bars) if window is None else window
    if width < chosen.least:
        raise ValueError(f"{estimator} needs {chosen.least} bars, not {width}")
    if not bars_per_year > 0.0:
        raise ValueError(f"bars_per_year must be above zero, not {bars_per_year!r}")
    values = np.full(len(bars), np.nan)
    if width <= len(bars):
        windows = _Bars(*(np.lib.stride_tricks.sliding_window_view(column, width) for column in columns))
        values[width - 1 :] = np.sqrt(bars_per_year * chosen.variance(windows))
    if window is None:
        return float(values[-1])
    return pd.Series(values, index=bars.index, name=estimator)


def _chosen(estimator: str) -> _Estimator:
    if estimator not in _ESTIMATORS:
        close = nearest(estimator, _ESTIMATORS)
        hint = f": did you mean {close!r}?" if close else f": there are {', '.join(_ESTIMATORS)}"
        raise ValueError(f"no estimator is called {estimator!r}{hint}")
    return _ESTIMATORS[estimator]


def _checked(bars: pd.DataFrame) -> _Bars:
    """The logarithms of sound bars."""
    missing = [name for name in _COLUMNS if name not in bars]
    if missing:
        raise ValueError(f"bars have the columns {', '.join(_COLUMNS)}: {', '.join(missing)} is missing")
    opens, highs, lows, closes = (bars[name].to_numpy(float) for name in _COLUMNS)
    for wrong, what in (
        (~np.isfinite(opens + highs + lows + closes), "has a price that is no number"),
        (np.minimum.reduce([opens, highs, lows, closes]) <= 0.0, "has a price that is not above zero"),
        (highs < np.maximum(opens, closes), "has a high below its open or close"),
        (lows > np.minimum(opens, closes), "has a low above its open or close"),
    ):
        if wrong.any():
            raise ValueError(f"the bar {bars.index[int(wrong.argmax())]} {what}")
    gap = np.full(len(bars), np.nan)
    gap[1:] = np.log(opens[1:] / closes[:-1])
    return _Bars(gap, np.log(highs / opens), np.log(lows / opens), np.log(closes / opens))
