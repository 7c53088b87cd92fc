"""The book's Greeks by underlying: aggregates, expanded to the present spot and time between exact refreshes."""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

from mmsim.engine.clock import clock_at, clock_between, years_between
from mmsim.engine.state import State
from mmsim.engine.valuation import delta_now, greeks_at, has_mark, years_left
from mmsim.kernel import internal
from mmsim.pricing.black_scholes import Greeks

_OF_LIFE = 100  # Greeks serve for a hundredth of the life that is left of the nearest option ever held, at most
_OF_DEVIATION = 40.0  # and within a fortieth of the least standard deviation of the spot until an option's expiry


class Book(NamedTuple):
    """Greeks of the options held on one underlying, in its units."""

    delta: float
    gamma: float
    vega: float


@internal
def refresh(state: State, u: int, spot: float, ts: int) -> None:
    """Price the options held at a spot and time, with the volatilities in force, and sum their Greeks."""
    underlying, rules = state.underlyings[u], state.rules[0]
    delta = gamma = speed = charm = vega = vanna = zomma = veta = theta = 0.0
    shown = clock_at(state, ts)
    nearest, reach = shown + _OF_LIFE * rules["refresh_every"], _OF_DEVIATION * rules["refresh_spot"]
    for k in range(underlying["active"]):
        i = state.options[underlying["first"] + k]["held"]
        option = state.options[i]
        if option["settled"] != 0 or not has_mark(state, option):
            continue
        now = greeks_at(state, option, spot, ts, option["volatility"])
        units = option["position"] * option["multiplier"]
        option["book_delta"], option["book_gamma"] = delta_now(state, i, now.delta), now.gamma
        option["book_speed"], option["book_charm"] = now.speed, now.charm
        delta += units * option["book_delta"]
        gamma += units * now.gamma
        speed += units * now.speed
        charm += units * now.charm
        vega += units * now.vega
        vanna += units * now.vanna
        zomma += units * now.zomma
        veta += units * now.veta
        theta += units * now.theta
        nearest = min(nearest, option["expiry_clock"])  # also where none is held now: it may be dealt again
        reach = min(reach, option["volatility"] * sqrt(years_left(state, option, ts)))
    underlying["fresh_for"] = (nearest - shown) // _OF_LIFE
    underlying["fresh_within"] = spot * reach / _OF_DEVIATION
    underlying["book_delta"], underlying["book_gamma"] = delta, gamma
    underlying["book_speed"], underlying["book_charm"] = speed, charm
    underlying["book_vega"], underlying["book_vanna"] = vega, vanna
    underlying["book_zomma"], underlying["book_veta"] = zomma, veta
    underlying["book_theta"] = theta
    underlying["book_spot"], underlying["book_ts"] = spot, ts
    underlying["stale"], underlying["untold"] = 0, 1


@internal
def is_priced_at(underlying: Any, spot: float, ts: int) -> bool:
    """Whether the aggregates are exact at this spot and time."""
    return underlying["stale"] == 0 and underlying["book_spot"] == spot and underlying["book_ts"] == ts


@internal
def is_exact(state: State) -> bool:
    """Whether nothing may be expanded: by the rules, or because deltas are given by a script."""
    return state.rules[0]["exact"] != 0 or state.rules[0]["scripted"] != 0


@internal
def keep_fresh(state: State, u: int) -> None:
    """Refresh the aggregates if they are further from the present than the rules allow."""
    if state.underlyings[u]["active"] != 0:
        freshen(state, u, state.underlyings[u]["spot"], state.desk[0]["now"])


@internal
def freshen(state: State, u: int, spot: float, ts: int) -> None:
    """Refresh the aggregates if they are further from a spot and time than the rules allow."""
    underlying = state.underlyings[u]
    if is_exact(state):
        is_fresh = is_priced_at(underlying, spot, ts)
    else:
        is_near = abs(spot - underlying["book_spot"]) <= underlying["fresh_within"]
        is_recent = abs(clock_between(state, underlying["book_ts"], ts)) <= underlying["fresh_for"]
        is_fresh = is_near and is_recent and underlying["stale"] == 0
    if not is_fresh:
        refresh(state, u, spot, ts)


@internal
def expanded_delta(row: Any, move: float, wait: float) -> float:
    """Delta of a book, or of one unit of an option, after a move of the spot and a wait in years."""
    return row["book_delta"] + move * (row["book_gamma"] + 0.5 * row["book_speed"] * move) + row["book_charm"] * wait


@internal
def book_at(state: State, underlying: Any, ts: int) -> Book:
    """The book's Greeks at its underlying's spot, at `ts`: of delta to the third order, else to the second."""
    if underlying["book_spot"] != underlying["book_spot"]:  # no option has ever been held
        return Book(0.0, 0.0, 0.0)
    move, wait = underlying["spot"] - underlying["book_spot"], years_since(state, underlying, ts)
    vega = underlying["book_vega"] + move * (underlying["book_vanna"] + 0.5 * underlying["book_zomma"] * move)
    return Book(
        delta=expanded_delta(underlying, move, wait),
        gamma=underlying["book_gamma"] + underlying["book_speed"] * move,
        vega=vega + underlying["book_veta"] * wait,
    )


@internal
def net_delta(state: State, underlying: Any) -> float:
    """Present delta of options, hedge and hedges under way."""
    return book_at(state, underlying, state.desk[0]["now"]).delta + underlying["hedge"] + underlying["pending"]


@internal
def years_since(state: State, underlying: Any, ts: int) -> float:
    """Years of volatility from the last refresh of the aggregates to `ts`."""
    return years_between(state, underlying["book_ts"], ts)


@internal
def delta_before_tick(state: State, u: int) -> float:
    """Delta of the options held at the underlying's previous tick, which the move to the new tick is measured by."""
    underlying = state.underlyings[u]
    if underlying["active"] == 0:
        return 0.0
    spot, ts = underlying["spot"], underlying["tick_ts"]
    freshen(state, u, spot, ts)
    move, wait = spot - underlying["book_spot"], years_since(state, underlying, ts)
    return expanded_delta(underlying, move, wait)


@internal
def add_fill(state: State, underlying: Any, units: float, at: Greeks) -> None:
    """A fill enters the aggregates by its own present Greeks, expanded back to the last refresh."""
    move = underlying["spot"] - underlying["book_spot"]
    wait = years_since(state, underlying, state.desk[0]["now"])
    delta = at.delta - move * (at.gamma - 0.5 * at.speed * move) - at.charm * wait
    vega = at.vega - move * (at.vanna - 0.5 * at.zomma * move) - at.veta * wait
    underlying["book_delta"] += units * delta
    underlying["book_gamma"] += units * (at.gamma - at.speed * move)
    underlying["book_speed"] += units * at.speed
    underlying["book_charm"] += units * at.charm
    underlying["book_vega"] += units * vega
    underlying["book_vanna"] += units * (at.vanna - at.zomma * move)
    underlying["book_zomma"] += units * at.zomma
    underlying["book_veta"] += units * at.veta
    underlying["book_theta"] += units * at.theta
