"""The exponentially weighted average of squared returns: by the step, as RiskMetrics has it, or by the time passed."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim import units

Floats = npt.NDArray[np.float64]


def ewma_volatility(
    prices: pd.Series[float],
    *,
    half_life: str | None = None,
    decay: float | None = None,
    year: float = 365.0,
    initial: float | None = None,
) -> pd.Series[float]:
    """Volatility a year, absolute, at each of ``prices``, from it and those before it.

    By the time, for ticks however irregular: ``half_life`` is a duration such as ``"30m"``, ``prices`` has an index of
    times, and ``year`` is its days. Over Δt the mean of r²/Δt moves by the weight 1 − 2^(−Δt / half-life). Ticks of one
    time make one return, with the next time's. By the step, as RiskMetrics: ``decay`` is λ (0.94 for days), ``year``
    the steps in one, and σ² ← λ·σ² + (1 − λ)·r² whatever the index says.

    It starts from the volatility ``initial``; without it, from nothing: weights are scaled to sum to one, and the
    answer is NaN until returns of one half-life have come. Raises ValueError where not exactly one of ``half_life`` and
    ``decay`` is given, where times fall back, and for a price that is not a number above zero.

    Source: J.P. Morgan/Reuters, RiskMetrics Technical Document, 4th ed. (1996), section 5.2.

    >>> closes = pd.Series([100.0, 101.0, 100.0])
    >>> ewma_volatility(closes, decay=0.94, year=252.0, initial=0.20).round(4).tolist()
    [0.2, 0.1977, 0.1956]
    """
    from mmsim.expected_volatility.average import fill_averages  # compiled at import

    values = _checked(prices, initial)
    years, rate = _by_step(len(values), decay, year) if half_life is None else _by_time(prices.index, half_life, year)
    if (half_life is None) == (decay is None):
        raise ValueError("give half_life, for times, or decay, for steps: one of the two")
    found = np.empty(len(values))
    fill_averages(years, np.diff(np.log(values), prepend=np.nan), rate, math.nan if initial is None else initial, found)
    return pd.Series(found, index=prices.index, name="ewma_volatility")


def _by_step(count: int, decay: float | None, year: float) -> tuple[Floats, float]:
    """Years since the price before, and the rate of decay a year."""
    if decay is not None and not 0.0 < decay < 1.0:
        raise ValueError(f"decay must be between 0 and 1, not {decay!r}")
    return np.full(count, 1.0 / year), -math.log(decay or 0.5) * year


def _by_time(index: pd.Index, half_life: str, year: float) -> tuple[Floats, float]:
    """The same for an index of times."""
    if not isinstance(index, pd.DatetimeIndex):
        raise ValueError("with half_life, prices need an index of times")
    year_ns = year * units.DAY_NS
    times = index.as_unit("ns").asi8
    passed = np.diff(times, prepend=times[:1])
    if (passed < 0).any():
        raise ValueError(f"times must not fall back, as at {index[int((passed < 0).argmax())]}")
    length = units.parse_duration(half_life)
    if length == 0:
        raise ValueError("half_life must be longer than 0")
    return passed / year_ns, math.log(2.0) * year_ns / length


def _checked(prices: pd.Series[float], initial: float | None) -> Floats:
    """Sound prices."""
    values: Floats = np.asarray(prices, float)
    wrong = ~(np.isfinite(values) & (values > 0.0))
    if wrong.any():
        place = int(wrong.argmax())
        raise ValueError(f"the price at {prices.index[place]} is {values[place]:g}: prices are numbers above zero")
    if initial is not None and not (0.0 < initial < math.inf):
        raise ValueError(f"initial must be a volatility above zero, not {initial!r}")
    return values
