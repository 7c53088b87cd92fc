"""The grid: revaluation of the options from mark to mark, step by step, and the split of the spot's PnL."""

from __future__ import annotations

from typing import Any, NamedTuple

from mmsim.engine.clock import years_between
from mmsim.engine.journal import begin, post, post_underlying
from mmsim.engine.state import Counter, State, TransactionKind, micros
from mmsim.engine.valuation import delta_now, greeks_at, has_mark, theo_at
from mmsim.kernel import internal
from mmsim.ledger import Account
from mmsim.pricing.black_scholes import Greeks


class Steps(NamedTuple):
    """Revaluation W of one unit from its last mark to a state, step by step, and theo there."""

    time: float
    spot: float
    volatility: float
    theo: float


@internal
def steps_to(state: State, option: Any, spot: float, ts: int, volatility: float, theo: float) -> Steps:
    """W from the option's last mark: time at a fixed spot, then the spot, then the volatility, where theo is known."""
    after_time, after_spot = option["mark_theo"], theo
    if ts != option["mark_ts"]:
        after_time = theo_at(state, option, option["mark_spot"], ts, option["mark_volatility"])
    if volatility != option["mark_volatility"]:
        after_spot = theo_at(state, option, spot, ts, option["mark_volatility"])
    return Steps(after_time - option["mark_theo"], after_spot - after_time, theo - after_spot, theo)


@internal
def set_mark(state: State, option: Any, spot: float) -> None:
    """The present state becomes the option's last mark; theo and Greeks are kept only if it has ever been held."""
    option["mark_ts"], option["mark_spot"] = state.desk[0]["now"], spot
    option["mark_volatility"] = option["volatility"]
    option["marked"] = 1


@internal
def price_mark(state: State, option: Any) -> None:
    """Theo and Greeks of one unit at the option's last mark."""
    keep_mark(option, greeks_at(state, option, option["mark_spot"], option["mark_ts"], option["mark_volatility"]))


@internal
def keep_mark(option: Any, at: Greeks) -> None:
    """Keep the theo and the Greeks of one unit at the option's last mark."""
    option["mark_theo"], option["mark_delta"], option["mark_gamma"] = at.theo, at.delta, at.gamma
    option["mark_theta"], option["mark_vega"] = at.theta, at.vega
    option["mark_vanna"], option["mark_volga"] = at.vanna, at.volga


@internal
def activate(state: State, i: int) -> None:
    """The option is held for the first time: from now on its marks are priced and posted."""
    option = state.options[i]
    underlying = state.underlyings[option["underlying"]]
    option["active"] = 1
    state.options[underlying["first"] + underlying["active"]]["held"] = i
    underlying["active"] += 1
    underlying["stale"] = 1
    option["answered_spot"] = underlying["spot"]
    if option["marked"] != 0:
        price_mark(state, option)


@internal
def start_marks(state: State, i: int) -> None:
    """The option's first mark. A position that it opened with is revalued from its given mark: that is volatility."""
    option = state.options[i]
    spot = state.underlyings[option["underlying"]]["spot"]
    set_mark(state, option, spot)
    if option["active"] != 0:
        price_mark(state, option)
        units = option["position"] * option["multiplier"]
        option["first_theo"] = option["mark_theo"]
        option["early_volatility"] = units * (option["opening_mark"] - option["mark_theo"])
        option["answered_spot"] = spot
        option["hedged_delta"] = delta_now(state, i, option["mark_delta"])
        option["answered"] = units * option["hedged_delta"]


@internal
def add_taylor(state: State, option: Any, units: float, spot: float, ts: int, volatility: float, theo: float) -> None:
    """Add `units` of the second-order expansion from the option's last mark, and of the whole change of theo."""
    move = spot - option["mark_spot"]
    wait = years_between(state, option["mark_ts"], ts)
    shift = volatility - option["mark_volatility"]
    state.taylor[0, 0] += units * option["mark_delta"] * move
    state.taylor[0, 1] += units * 0.5 * option["mark_gamma"] * move * move
    state.taylor[0, 2] += units * option["mark_theta"] * wait
    state.taylor[0, 3] += units * option["mark_vega"] * shift
    state.taylor[0, 4] += units * option["mark_vanna"] * move * shift
    state.taylor[0, 5] += units * 0.5 * option["mark_volga"] * shift * shift
    state.taylor[0, 7] += units * (theo - option["mark_theo"])


@internal
def mark_option(state: State, i: int, spot: float, dividend_step: float) -> None:
    """Post the revaluation of option `i` since its last mark, within the transaction begun.

    `spot` is the underlying's, or at expiry the settlement price; `dividend_step` what taking a dividend out of
    model and spot has changed theo by (already in `mark_theo` and `mark_spot`).
    """
    option, now = state.options[i], state.desk[0]["now"]
    if option["active"] == 0:
        set_mark(state, option, spot)
        return
    at = greeks_at(state, option, spot, now, option["volatility"])
    steps = steps_to(state, option, spot, now, option["volatility"], at.theo)
    units = option["position"] * option["multiplier"]
    dividends = micros(state, units * dividend_step)
    time = micros(state, units * steps.time - option["early_time"])
    move = micros(state, units * steps.spot - option["early_spot"])
    volatility = micros(state, units * steps.volatility - option["early_volatility"])
    worth = micros(state, units * steps.theo)
    change = worth - option["value"]
    rest = change - dividends - time - move - volatility
    largest = max(abs(dividends), abs(time), abs(move), abs(volatility))
    if abs(time) == largest:
        time += rest
    elif abs(move) == largest:
        move += rest
    elif abs(volatility) == largest:
        volatility += rest
    else:
        dividends += rest
    u = option["underlying"]
    post(state, Account.OPTIONS, i, u, change)
    post(state, Account.DIVIDENDS, i, u, -dividends)
    post(state, Account.THETA, i, u, -time)
    post(state, Account.CONVEXITY, i, u, -move)
    post(state, Account.VEGA, i, u, -volatility)
    option["value"] = worth
    option["early_time"] = option["early_spot"] = option["early_volatility"] = 0.0
    option["unit_dividends"] += dividend_step
    option["unit_time"] += steps.time
    option["unit_spot"] += steps.spot
    option["unit_volatility"] += steps.volatility
    add_taylor(state, option, units, spot, now, option["volatility"], steps.theo)
    state.taylor[0, 7] += units * dividend_step
    set_mark(state, option, spot)
    keep_mark(option, at)


@internal
def settle_answered(option: Any, spot: float) -> None:
    """Bring the integral of A dS up to a spot."""
    move = spot - option["answered_spot"]
    option["answered_pnl"] += option["answered"] * move
    option["unit_answered"] += option["hedged_delta"] * move
    option["answered_spot"] = spot


@internal
def post_split(state: State, u: int) -> None:
    """Revalue the hedge and split the spot's PnL into convexity, drift and delta, within the transaction begun."""
    underlying = state.underlyings[u]
    answered = 0
    for k in range(underlying["active"]):
        option = state.options[state.options[underlying["first"] + k]["held"]]
        if option["settled"] == 0 and option["marked"] != 0:
            settle_answered(option, underlying["spot"])
        total = micros(state, option["answered_pnl"])
        answered += total - option["answered_posted"]
        option["answered_posted"] = total
    total = micros(state, underlying["waiting_pnl"])
    waiting = total - underlying["waiting_posted"]
    underlying["waiting_posted"] = total
    revalued = revalue_hedge(state, u)
    from_pricing = revalued
    if underlying["instrument"] != u:
        total = micros(state, underlying["pricing_pnl"])
        from_pricing = total - underlying["pricing_posted"]
        underlying["pricing_posted"] = total
    post_underlying(state, Account.HEDGE, u, revalued)
    post_underlying(state, Account.DELTA, u, -(answered + from_pricing))
    post_underlying(state, Account.DRIFT, u, -(waiting - answered))
    post_underlying(state, Account.CONVEXITY, u, waiting)
    post_underlying(state, Account.BASIS, u, -(revalued - from_pricing))


@internal
def revalue_hedge(state: State, u: int) -> int:
    """Bring the hedge's booked value to its mid; the change."""
    underlying = state.underlyings[u]
    worth = -underlying["hedge_base"]
    if underlying["hedge"] != 0.0:
        worth += micros(state, underlying["hedge"] * state.underlyings[underlying["instrument"]]["spot"])
    change = worth - underlying["hedge_value"]
    underlying["hedge_value"] = worth
    return change


@internal
def set_band(state: State, u: int) -> None:
    """The spots between which no option of the underlying is due a mark."""
    underlying, rule = state.underlyings[u], state.rules[0]["mark_spot"]
    low, high = 0.0, 1e300
    for i in range(underlying["first"], underlying["last"]):
        option = state.options[i]
        if option["marked"] != 0 and option["settled"] == 0:
            low = max(low, option["mark_spot"] * (1.0 - rule + 1e-9))
            high = min(high, option["mark_spot"] * (1.0 + rule - 1e-9))
    underlying["band_low"], underlying["band_high"] = low, high


@internal
def is_due(state: State, option: Any, spot: float) -> bool:
    """Whether the option's spot or volatility has left its last mark by as much as the rules say."""
    rules = state.rules[0]
    moved = abs(spot - option["mark_spot"]) >= rules["mark_spot"] * option["mark_spot"]
    shifted = abs(option["volatility"] - option["mark_volatility"]) >= rules["mark_vol"] * option["mark_volatility"]
    return moved or shifted


@internal
def mark_underlying(state: State, u: int, is_grid: bool) -> None:
    """One transaction: on the grid all options are marked, else those whose spot or volatility has moved enough.

    Options that have become known get their first mark, which posts nothing but what an opening position is due.
    """
    underlying = state.underlyings[u]
    underlying["mark_due"] = 0
    has_begun = is_grid
    if is_grid:
        begin(state, TransactionKind.MARK)
    for i in range(underlying["first"], underlying["last"]):
        option = state.options[i]
        if option["settled"] != 0 or not has_mark(state, option):
            continue
        if option["marked"] == 0:
            start_marks(state, i)
        if is_grid or is_due(state, option, underlying["spot"]):
            if not has_begun:
                begin(state, TransactionKind.MARK)
                has_begun = True
            mark_option(state, i, underlying["spot"], 0.0)
    if has_begun and underlying["spot"] == underlying["spot"]:
        post_split(state, u)
        state.counters[Counter.MARKS] += 1
    set_band(state, u)


@internal
def mark_all(state: State) -> None:
    """A mark of the grid: every option of every underlying."""
    for u in range(state.underlyings.shape[0]):
        mark_underlying(state, u, True)
