"""Options with cash dividends ahead: which lognormal price they are written on, and early exercise around ex-dates.

Escrowed model: what moves is the spot less the present value of the dividends that go ex until expiry. Spot model:
the spot itself moves, and falls by each dividend D at its ex-date t; by Bos and Vandermark D·e^{−rt} is taken from the
spot in the share (T − t)/T and added to the strike, compounded to expiry, in the share t/T.

A call is exercised at once, or just before an ex-date if ever (Black 1975): it is worth what it is held to expiry, and
the most that the right to exercise before one of them adds (`ex_dates`). A put is exercised at once, or after the last
ex-date: its premium for early exercise is what it earns from then on.

Sources: F. Black, Fact and fantasy in the use of options (1975); M. Bos and S. Vandermark, Finessing fixed dividends,
Risk (2002).
"""

from __future__ import annotations

from math import exp
from typing import Any, NamedTuple

from mmsim.engine.state import State
from mmsim.kernel import internal
from mmsim.pricing import american
from mmsim.pricing.black_scholes import Greeks
from mmsim.pricing.ex_dates import ExDate, gain

_BUMP = 1e-3  # relative


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
    return _written(state, option, underlying["first_dividend"], underlying["last_dividend"], spot, ts, years)


@internal
def _written(state: State, option: Any, first: int, last: int, spot: float, ts: int, years: float) -> Written:
    """The option that is exercised, if it is worth it, in so many years, just before dividend number `last`.

    The dividends before number `first` have been paid.
    """
    rate, strike = option["rate"], option["strike"]
    for k in range(first, state.dividends.shape[0]):
        dividend = state.dividends[k]
        if dividend["underlying"] != option["underlying"] or dividend["ex"] > option["expiry"]:
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
    return Written(spot, strike, years)


@internal
def american_value(state: State, underlying: Any, option: Any, spot: float, ts: int, volatility: float) -> float:
    """The value of one unit of an American option: at least what exercise at once brings."""
    waiting = _value_of_waiting(state, underlying, option, spot, ts, volatility)
    return max(option["right"] * (spot - option["strike"]), waiting)


@internal
def is_best_exercised(state: State, underlying: Any, option: Any, spot: float, ts: int, volatility: float) -> bool:
    """Whether exercise at once brings more than waiting."""
    intrinsic = option["right"] * (spot - option["strike"])
    return intrinsic > 0.0 and intrinsic > _value_of_waiting(state, underlying, option, spot, ts, volatility)


@internal
def _value_of_waiting(state: State, underlying: Any, option: Any, spot: float, ts: int, volatility: float) -> float:
    """The value of one unit of an American option that is not exercised at once."""
    rate, carry, right = option["rate"], option["carry"], option["right"]
    whole, wait = held_to_expiry(state, underlying, option, spot, ts), _wait(state, underlying, option, ts)
    kept = american.value(whole.spot, whole.strike, whole.years, volatility, rate, carry, right, wait)
    return kept + _gain(state, underlying, option, spot, ts, volatility)


@internal
def _wait(state: State, underlying: Any, option: Any, ts: int) -> float:
    """Years until a put may be exercised: to the last ex-date before its expiry; none for a call."""
    last = 0.0
    if option["right"] < 0.0:
        for k in range(underlying["first_dividend"], underlying["last_dividend"]):
            if state.dividends[k]["ex"] <= option["expiry"]:
                last = years_until(state, state.dividends[k]["ex"], ts)
    return last


@internal
def _gain(state: State, underlying: Any, option: Any, spot: float, ts: int, volatility: float) -> float:
    """The most that the right to exercise a call just before one ex-date adds; nothing for a put."""
    most = 0.0
    if option["right"] < 0.0:
        return most
    first, last = underlying["first_dividend"], underlying["last_dividend"]
    for k in range(first, last):
        ex = state.dividends[k]["ex"]
        if ts < ex <= option["expiry"]:
            years, left = years_until(state, ex, ts), years_until(state, option["expiry"], ex)
            until = _written(state, option, first, k, spot, ts, years)
            after = _written(state, option, k, last, 0.0, ex, left)
            strike = option["strike"]
            call = ExDate(
                strike=strike,
                rate=option["rate"],
                carry=option["carry"],
                years=years,
                left=left,
                credit=strike - until.strike,
                fall=-after.spot,
                rise=after.strike - strike,
            )
            most = max(most, gain(call, until.spot, volatility))
    return most


@internal
def american_greeks(state: State, underlying: Any, option: Any, spot: float, ts: int, volatility: float) -> Greeks:
    """`american_value` and its Greeks: of what is added to the option held to expiry they are differences."""
    rate, carry, right = option["rate"], option["carry"], option["right"]
    intrinsic = right * (spot - option["strike"])
    whole, wait = held_to_expiry(state, underlying, option, spot, ts), _wait(state, underlying, option, ts)
    kept = american.greeks(whole.spot, whole.strike, whole.years, volatility, rate, carry, right, wait)
    now = _gain(state, underlying, option, spot, ts, volatility)
    if intrinsic >= kept.theo + now:
        return american.constant(intrinsic, right)
    if now == 0.0:
        return kept
    rise, shift = _BUMP * spot, _BUMP * volatility
    later = max(round(_BUMP * (state.dividends[underlying["first_dividend"]]["ex"] - ts)), 1)
    years = later / state.rules[0]["volatility_year"]
    up2 = _gain(state, underlying, option, spot + 2.0 * rise, ts, volatility)
    up = _gain(state, underlying, option, spot + rise, ts, volatility)
    down = _gain(state, underlying, option, spot - rise, ts, volatility)
    down2 = _gain(state, underlying, option, spot - 2.0 * rise, ts, volatility)
    rich = _gain(state, underlying, option, spot, ts, volatility + shift)
    rich_up = _gain(state, underlying, option, spot + rise, ts, volatility + shift)
    rich_down = _gain(state, underlying, option, spot - rise, ts, volatility + shift)
    poor = _gain(state, underlying, option, spot, ts, volatility - shift)
    soon = _gain(state, underlying, option, spot, ts + later, volatility)
    soon_up = _gain(state, underlying, option, spot + rise, ts + later, volatility)
    soon_down = _gain(state, underlying, option, spot - rise, ts + later, volatility)
    soon_rich = _gain(state, underlying, option, spot, ts + later, volatility + shift)
    delta, gamma = 0.5 * (up - down) / rise, (up - 2.0 * now + down) / (rise * rise)
    soon_gamma, rich_gamma = soon_up - 2.0 * soon + soon_down, rich_up - 2.0 * rich + rich_down
    return Greeks(
        theo=kept.theo + now,
        delta=kept.delta + delta,
        gamma=kept.gamma + gamma,
        vega=kept.vega + 0.5 * (rich - poor) / shift,
        theta=kept.theta + (soon - now) / years,
        rho=kept.rho,
        vanna=kept.vanna + (0.5 * (rich_up - rich_down) / rise - delta) / shift,
        volga=kept.volga + (rich - 2.0 * now + poor) / (shift * shift),
        charm=kept.charm + (0.5 * (soon_up - soon_down) / rise - delta) / years,
        speed=kept.speed + 0.5 * (up2 - 2.0 * up + 2.0 * down - down2) / (rise * rise * rise),
        colour=kept.colour + (soon_gamma / (rise * rise) - gamma) / years,
        zomma=kept.zomma + (rich_gamma / (rise * rise) - gamma) / shift,
        veta=kept.veta + (soon_rich - soon - rich + now) / (shift * years),
    )
