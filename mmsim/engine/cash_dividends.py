"""Options with cash dividends ahead: which lognormal price they are written on, and early exercise around ex-dates.

Escrowed model: what moves is the spot less the present value of the dividends that go ex until expiry. Spot model:
the spot itself moves, and falls by each dividend D at its ex-date t; by Bos and Vandermark D·e^{−rt} is taken from the
spot in the share (T − t)/T and added to the strike, compounded to expiry, in the share t/T.

A call is exercised just before an ex-date if ever (Black 1975): it is worth the most of a European call until each of
them, exercise at once, and the option that is held to its expiry. A put is exercised after an ex-date if ever: of the
premium for early exercise stays the part (e^{−rt} − e^{−rT})/(1 − e^{−rT}) that interest earns after the last one, t.

Sources: F. Black, Fact and fantasy in the use of options (1975); M. Bos and S. Vandermark, Finessing fixed dividends,
Risk (2002).
"""

from __future__ import annotations

from math import exp, expm1
from typing import Any, NamedTuple

from mmsim.engine.state import State
from mmsim.kernel import internal
from mmsim.pricing import american, black_scholes
from mmsim.pricing.black_scholes import Greeks


class Written(NamedTuple):
    """What a European option with dividends ahead is priced as: one without, on another price and strike."""

    spot: float
    strike: float
    years: float


@internal
def years_until(state: State, instant: int, ts: int) -> float:
    """Years from `ts` to an instant by the volatility day count, never negative."""
    return max(instant - ts, 0) / state.rules[0]["volatility_year"]


@internal
def are_ahead(state: State, underlying: Any, option: Any) -> bool:
    """Whether a dividend is paid until the option's expiry."""
    k = underlying["first_dividend"]
    return k < underlying["last_dividend"] and state.dividends[k]["ex"] <= option["expiry"]


@internal
def held_to_expiry(state: State, underlying: Any, option: Any, spot: float, ts: int) -> Written:
    """The option without the right to exercise early."""
    years = years_until(state, option["expiry"], ts)
    return _held_until(state, underlying, option, underlying["last_dividend"], spot, ts, years)


@internal
def _held_until(state: State, underlying: Any, option: Any, last: int, spot: float, ts: int, years: float) -> Written:
    """The option that is exercised, if it is worth it, in so many years, just before dividend number `last`."""
    rate, strike = option["rate"], option["strike"]
    for k in range(underlying["first_dividend"], underlying["last_dividend"]):
        dividend = state.dividends[k]
        if dividend["ex"] > option["expiry"]:
            break
        wait = years_until(state, dividend["ex"], ts)
        worth = dividend["amount"] * exp(-rate * wait)
        if state.rules[0]["spot_dividends"] == 0:
            spot -= worth
            if k >= last:
                strike -= dividend["amount"] * exp(-rate * (wait - years))
        elif k < last:
            later = wait / years if years > 0.0 else 0.0
            spot -= worth * (1.0 - later)
            strike += worth * later * exp(rate * years)
    return Written(spot, max(strike, 0.0), years)


@internal
def american_value(state: State, underlying: Any, option: Any, spot: float, ts: int, volatility: float) -> float:
    """The value of one unit of an American option: at least what exercise at once brings."""
    waiting = value_of_waiting(state, underlying, option, spot, ts, volatility)
    return max(option["right"] * (spot - option["strike"]), waiting)


@internal
def value_of_waiting(state: State, underlying: Any, option: Any, spot: float, ts: int, volatility: float) -> float:
    """The value of one unit of an American option that is not exercised at once."""
    rate, carry, right = option["rate"], option["carry"], option["right"]
    whole = held_to_expiry(state, underlying, option, spot, ts)
    kept = american.value(whole.spot, whole.strike, whole.years, volatility, rate, carry, right)
    if right < 0.0:
        european = black_scholes.value(whole.spot, whole.strike, whole.years, volatility, rate, carry, right)
        return european + _share_left(state, underlying, option, ts) * (kept - european)
    best = _best_exercise(state, underlying, option, spot, ts, volatility)
    until = _until(state, underlying, option, best, spot, ts)
    if best < 0:
        return kept
    return max(kept, black_scholes.value(until.spot, until.strike, until.years, volatility, rate, carry, right))


@internal
def american_greeks(state: State, underlying: Any, option: Any, spot: float, ts: int, volatility: float) -> Greeks:
    """`american_value` and the Greeks of whichever choice it is the value of."""
    rate, carry, right = option["rate"], option["carry"], option["right"]
    intrinsic = right * (spot - option["strike"])
    whole = held_to_expiry(state, underlying, option, spot, ts)
    kept = american.greeks(whole.spot, whole.strike, whole.years, volatility, rate, carry, right)
    if right < 0.0:
        european = black_scholes.greeks(whole.spot, whole.strike, whole.years, volatility, rate, carry, right)
        waiting = _between(european, kept, _share_left(state, underlying, option, ts))
    else:
        waiting = kept
        best = _best_exercise(state, underlying, option, spot, ts, volatility)
        if best >= 0:
            until = _until(state, underlying, option, best, spot, ts)
            early = black_scholes.greeks(until.spot, until.strike, until.years, volatility, rate, carry, right)
            if early.theo > kept.theo:
                waiting = early
    if intrinsic >= waiting.theo:
        return Greeks(intrinsic, right, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    return waiting


@internal
def is_best_exercised(state: State, underlying: Any, option: Any, spot: float, ts: int, volatility: float) -> bool:
    """Whether exercise at once brings more than waiting."""
    intrinsic = option["right"] * (spot - option["strike"])
    return intrinsic > 0.0 and intrinsic > value_of_waiting(state, underlying, option, spot, ts, volatility)


@internal
def _best_exercise(state: State, underlying: Any, option: Any, spot: float, ts: int, volatility: float) -> int:
    """The number of the dividend before which a call is worth the most if exercised then, -1 if none is to come."""
    best, most = -1, -1.0
    for k in range(underlying["first_dividend"], underlying["last_dividend"]):
        if ts < state.dividends[k]["ex"] <= option["expiry"]:
            until = _until(state, underlying, option, k, spot, ts)
            worth = black_scholes.value(
                until.spot, until.strike, until.years, volatility, option["rate"], option["carry"], option["right"]
            )
            if worth > most:
                best, most = k, worth
    return best


@internal
def _until(state: State, underlying: Any, option: Any, k: int, spot: float, ts: int) -> Written:
    """The option exercised just before dividend number `k`."""
    years = years_until(state, state.dividends[max(k, 0)]["ex"], ts)
    return _held_until(state, underlying, option, k, spot, ts, years)


@internal
def _share_left(state: State, underlying: Any, option: Any, ts: int) -> float:
    """The part of a put's premium for early exercise that is left to exercise after the last ex-date."""
    rate, years, last = option["rate"], years_until(state, option["expiry"], ts), 0.0
    for k in range(underlying["first_dividend"], underlying["last_dividend"]):
        if state.dividends[k]["ex"] <= option["expiry"]:
            last = years_until(state, state.dividends[k]["ex"], ts)
    if rate == 0.0:
        return 1.0 - last / years if years > 0.0 else 0.0
    return exp(-rate * last) * expm1(-rate * (years - last)) / expm1(-rate * years) if years > 0.0 else 0.0


@internal
def _between(one: Greeks, other: Greeks, share: float) -> Greeks:
    """One set of Greeks moved by a share towards another."""
    return Greeks(
        one.theo + share * (other.theo - one.theo),
        one.delta + share * (other.delta - one.delta),
        one.gamma + share * (other.gamma - one.gamma),
        one.vega + share * (other.vega - one.vega),
        one.theta + share * (other.theta - one.theta),
        one.rho + share * (other.rho - one.rho),
        one.vanna + share * (other.vanna - one.vanna),
        one.volga + share * (other.volga - one.volga),
        one.charm + share * (other.charm - one.charm),
        one.speed + share * (other.speed - one.speed),
        one.colour + share * (other.colour - one.colour),
        one.zomma + share * (other.zomma - one.zomma),
        one.veta + share * (other.veta - one.veta),
    )
