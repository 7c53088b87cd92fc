"""The book's Greeks by underlying: aggregates, extrapolated between exact refreshes."""

from __future__ import annotations

from typing import Any

from mmsim.engine.state import State
from mmsim.engine.valuation import delta_now, greeks_at
from mmsim.kernel import internal

_OF_LIFE = 100  # Greeks serve for a hundredth of the life that is left of the nearest option held, at most


@internal
def refresh(state: State, u: int, spot: float, ts: int) -> None:
    """Price the options held at a spot and time, with the volatilities in force, and sum their Greeks."""
    underlying = state.underlyings[u]
    delta = gamma = vega = theta = 0.0
    nearest = ts + _OF_LIFE * state.rules[0]["refresh_every"]
    for k in range(underlying["active"]):
        i = state.options[underlying["first"] + k]["held"]
        option = state.options[i]
        if option["settled"] != 0:
            continue
        now = greeks_at(state, option, spot, ts, option["volatility"])
        units = option["position"] * option["multiplier"]
        option["now_delta"] = delta_now(state, i, now.delta)
        delta += units * option["now_delta"]
        gamma += units * now.gamma
        vega += units * now.vega
        theta += units * now.theta
        if units != 0.0:
            nearest = min(nearest, option["expiry"])
    underlying["fresh_for"] = (nearest - ts) // _OF_LIFE
    underlying["book_delta"], underlying["book_gamma"] = delta, gamma
    underlying["book_vega"], underlying["book_theta"] = vega, theta
    underlying["book_spot"], underlying["book_ts"] = spot, ts
    underlying["stale"] = 0


@internal
def is_priced_at(underlying: Any, spot: float, ts: int) -> bool:
    """Whether the aggregates are exact at this spot and time."""
    return underlying["stale"] == 0 and underlying["book_spot"] == spot and underlying["book_ts"] == ts


@internal
def keep_fresh(state: State, u: int) -> bool:
    """Refresh the aggregates if they are further from the present than the rules allow; whether they were."""
    underlying, rules, now = state.underlyings[u], state.rules[0], state.desk[0]["now"]
    if underlying["active"] == 0:
        return False
    spot = underlying["spot"]
    if rules["exact"] != 0 or rules["scripted"] != 0:
        if is_priced_at(underlying, spot, now):
            return False
    else:
        is_near = abs(spot - underlying["book_spot"]) <= rules["refresh_spot"] * underlying["book_spot"]
        if is_near and underlying["stale"] == 0 and now - underlying["book_ts"] <= underlying["fresh_for"]:
            return False
    refresh(state, u, spot, now)
    return True


@internal
def option_delta(underlying: Any) -> float:
    """Delta of the options held, in units of the underlying, at its spot."""
    if underlying["active"] == 0:
        return 0.0
    return underlying["book_delta"] + underlying["book_gamma"] * (underlying["spot"] - underlying["book_spot"])


@internal
def net_delta(underlying: Any) -> float:
    """Delta of options, hedge and hedges under way."""
    return option_delta(underlying) + underlying["hedge"] + underlying["pending"]


@internal
def delta_before_tick(state: State, u: int, new_ts: int) -> float:
    """Delta of the options held at the underlying's previous tick, which the move to the new tick is measured by."""
    underlying = state.underlyings[u]
    if underlying["active"] == 0:
        return 0.0
    spot, ts = underlying["spot"], underlying["tick_ts"]
    if state.rules[0]["exact"] != 0 or state.rules[0]["scripted"] != 0:
        is_due = not is_priced_at(underlying, spot, ts)
    else:
        is_due = underlying["stale"] != 0 or new_ts - underlying["book_ts"] > underlying["fresh_for"]
    if is_due:
        refresh(state, u, spot, ts)
    return option_delta(underlying)


@internal
def add_fill(underlying: Any, units: float, delta: float, gamma: float, vega: float, theta: float) -> None:
    """A fill enters the aggregates by its own Greeks at the spot, as if it had been there at the last refresh."""
    drift = underlying["spot"] - underlying["book_spot"]
    underlying["book_delta"] += units * (delta - gamma * drift)
    underlying["book_gamma"] += units * gamma
    underlying["book_vega"] += units * vega
    underlying["book_theta"] += units * theta
