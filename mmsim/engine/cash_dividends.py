"""Options with cash dividends ahead: the loop's schedule as `pricing.cash_dividends` takes it."""

from __future__ import annotations

from typing import Any

from mmsim.engine.state import State
from mmsim.kernel import internal
from mmsim.pricing import cash_dividends
from mmsim.pricing.black_scholes import Greeks


@internal
def are_ahead(state: State, underlying: Any, option: Any) -> bool:
    """Whether a dividend is to be paid until the option's expiry."""
    k = underlying["first_dividend"]
    return k < underlying["last_dividend"] and state.dividends[k]["ex"] <= option["expiry"]


@internal
def _schedule(state: State, underlying: Any, pace: float, ts: int) -> tuple[Any, Any]:
    """Years to the dividends ahead, over which the stretched rate discounts them by the calendar; and their amounts."""
    year = state.rules[0]["discount_year"] * pace
    first, last = underlying["first_dividend"], underlying["last_dividend"]
    for k in range(first, last):
        state.schedule[0, k - first] = max(state.dividends[k]["ex"] - ts, 0) / year
        state.schedule[1, k - first] = state.dividends[k]["amount"]
    return state.schedule[0, : last - first], state.schedule[1, : last - first]


@internal
def value_with(
    state: State, underlying: Any, option: Any, spot: float, years: float, pace: float, ts: int, volatility: float
) -> float:
    """Theo of one unit of an option with dividends ahead."""
    times, amounts = _schedule(state, underlying, pace, ts)
    rate, carry, right = option["rate"] * pace, option["carry"] * pace, option["right"]
    is_escrowed, is_american = state.rules[0]["spot_dividends"] == 0, option["american"] != 0
    return cash_dividends.value(
        spot, option["strike"], years, volatility, rate, carry, right, times, amounts, is_escrowed, is_american
    )


@internal
def greeks_with(
    state: State, underlying: Any, option: Any, spot: float, years: float, pace: float, ts: int, volatility: float
) -> Greeks:
    """Theo and Greeks of one unit of an option with dividends ahead."""
    times, amounts = _schedule(state, underlying, pace, ts)
    rate, carry, right = option["rate"] * pace, option["carry"] * pace, option["right"]
    is_escrowed, is_american = state.rules[0]["spot_dividends"] == 0, option["american"] != 0
    return cash_dividends.greeks(
        spot, option["strike"], years, volatility, rate, carry, right, times, amounts, is_escrowed, is_american
    )


@internal
def is_exercised_before(
    state: State, underlying: Any, option: Any, spot: float, years: float, pace: float, ts: int, volatility: float
) -> bool:
    """Whether an American option with dividends ahead is best exercised at once."""
    times, amounts = _schedule(state, underlying, pace, ts)
    rate, carry, right = option["rate"] * pace, option["carry"] * pace, option["right"]
    is_escrowed = state.rules[0]["spot_dividends"] == 0
    return cash_dividends.is_exercised(
        spot, option["strike"], years, volatility, rate, carry, right, times, amounts, is_escrowed
    )
