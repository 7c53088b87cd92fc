"""Theo: the scenario's mark of an option at a state of its market."""

from __future__ import annotations

from typing import Any

from mmsim.engine.cash_dividends import are_ahead, greeks_with, is_exercised_before, value_with
from mmsim.engine.clock import clock_at
from mmsim.engine.state import State
from mmsim.kernel import inlined, internal
from mmsim.pricing import american, black_scholes
from mmsim.pricing.black_scholes import Greeks


@inlined
def years_left(state: State, option: Any, ts: int) -> float:
    """Years of volatility from `ts` to the option's expiry, never negative."""
    return max(option["expiry_clock"] - clock_at(state, ts), 0) / state.rules[0]["volatility_year"]


@inlined
def stretch(state: State, option: Any, ts: int, years: float) -> float:
    """Years of discounting in a year of volatility, of which `years` are left at `ts`.

    An option's rate and carry a year are multiplied by it: over what is left they then come to what they come to by
    the calendar, however slowly the clock of variance goes.
    """
    if state.knots.shape[0] == 0 or years <= 0.0:
        return 1.0
    return (option["expiry"] - ts) / state.rules[0]["discount_year"] / years


@internal
def theo_at(state: State, option: Any, spot: float, ts: int, volatility: float) -> float:
    """Theo of one unit at a spot, time and volatility."""
    return _theo(state, state.underlyings[option["underlying"]], option, spot, ts, volatility)


@internal
def _theo(state: State, underlying: Any, option: Any, spot: float, ts: int, volatility: float) -> float:
    """Theo of one unit, the dividends ahead being those of an underlying's row."""
    years = years_left(state, option, ts)
    pace = stretch(state, option, ts, years)
    if are_ahead(state, underlying, option):
        return value_with(state, underlying, option, spot, years, pace, ts, volatility)
    strike, rate, carry, right = option["strike"], option["rate"] * pace, option["carry"] * pace, option["right"]
    if option["american"] != 0:
        return american.value(spot, strike, years, volatility, rate, carry, right)
    return black_scholes.value(spot, strike, years, volatility, rate, carry, right)


@internal
def _greeks(state: State, underlying: Any, option: Any, spot: float, ts: int, volatility: float) -> Greeks:
    """Theo and Greeks of one unit, the dividends ahead being those of an underlying's row."""
    years = years_left(state, option, ts)
    pace = stretch(state, option, ts, years)
    if are_ahead(state, underlying, option):
        return greeks_with(state, underlying, option, spot, years, pace, ts, volatility)
    strike, rate, carry, right = option["strike"], option["rate"] * pace, option["carry"] * pace, option["right"]
    if option["american"] != 0:
        return american.greeks(spot, strike, years, volatility, rate, carry, right)
    return black_scholes.greeks(spot, strike, years, volatility, rate, carry, right)


@internal
def greeks_at(state: State, option: Any, spot: float, ts: int, volatility: float) -> Greeks:
    """Theo and Greeks of one unit at a spot, time and volatility."""
    return _greeks(state, state.underlyings[option["underlying"]], option, spot, ts, volatility)


@internal
def greeks_now(state: State, i: int) -> Greeks:
    """Theo and Greeks of one unit of option `i` at present."""
    option = state.options[i]
    spot = state.underlyings[option["underlying"]]["spot"]
    return greeks_at(state, option, spot, state.desk[0]["now"], option["volatility"])


@internal
def greeks_seen(state: State, i: int, ts: int) -> Greeks:
    """The same as the desk, whose delayed view has come to `ts`, knows them."""
    option = state.seen_options[i]
    underlying = state.seen_underlyings[option["underlying"]]
    return _greeks(state, underlying, option, underlying["spot"], ts, option["volatility"])


@internal
def theo_seen(state: State, i: int, ts: int, volatility: float) -> float:
    """Theo of one unit of option `i` at a volatility, in the market that the desk's view had at `ts`."""
    option = state.seen_options[i]
    underlying = state.seen_underlyings[option["underlying"]]
    return _theo(state, underlying, option, underlying["spot"], ts, volatility)


@internal
def is_best_exercised(state: State, option: Any) -> bool:
    """Whether the holder of an American option gains nothing by keeping it beyond the present."""
    underlying, now = state.underlyings[option["underlying"]], state.desk[0]["now"]
    if option["american"] == 0 or option["expiry"] <= now or not has_mark(state, option):
        return False
    spot, years, volatility = underlying["spot"], years_left(state, option, now), option["volatility"]
    pace = stretch(state, option, now, years)
    if are_ahead(state, underlying, option):
        return is_exercised_before(state, underlying, option, spot, years, pace, now, volatility)
    rate, carry = option["rate"] * pace, option["carry"] * pace
    return american.is_exercised(spot, option["strike"], years, volatility, rate, carry, option["right"])


@internal
def delta_now(state: State, i: int, model_delta: float) -> float:
    """The delta that the split and the hedge use: the model's, or the script's at the underlying's current tick."""
    if state.rules[0]["scripted"] == 0:
        return model_delta
    tick = state.underlyings[state.options[i]["underlying"]]["ticks"] - 1
    return state.script[min(max(tick, 0), state.script.shape[0] - 1), i]


@internal
def market_fair(state: State, option: Any, theo: float) -> float:
    """The market's fair value of one unit: the model's in a synthetic market, the mid of a two-sided quote, or NaN.

    ``theo`` is the present one, which the model's fair value is where both have the same volatility.
    """
    if option["fair_volatility"] == option["volatility"]:
        return theo
    if option["fair_volatility"] == option["fair_volatility"]:
        spot = state.underlyings[option["underlying"]]["spot"]
        return theo_at(state, option, spot, state.desk[0]["now"], option["fair_volatility"])
    return 0.5 * (option["bid"] + option["ask"])


@internal
def has_mark(state: State, option: Any) -> bool:
    """Whether the option has a theo now: a spot and a volatility mark are known."""
    spot = state.underlyings[option["underlying"]]["spot"]
    return spot == spot and option["volatility"] == option["volatility"]
