"""Rows of marks: where every bucket stands, by underlying and for the whole desk."""

from __future__ import annotations

from typing import Any

from mmsim.engine.greeks import book_at
from mmsim.engine.limits import equity
from mmsim.engine.state import State, micros
from mmsim.engine.valuation import has_mark, theo_at
from mmsim.kernel import internal


@internal
def write_marks(state: State) -> None:
    """One row an underlying and one for the desk, now."""
    if state.rules[0]["keep"] == 0:
        return
    for u in range(state.underlyings.shape[0]):
        underlying = state.underlyings[u]
        row = _next_row(state, u)
        row["spot"], row["hedge"], row["pending"] = underlying["spot"], underlying["hedge"], underlying["pending"]
        book = book_at(state, underlying, state.desk[0]["now"])
        row["net_delta"] = book.delta + underlying["hedge"] + underlying["pending"]
        row["gamma"], row["vega"], row["theta"] = book.gamma, book.vega, underlying["book_theta"]
        row["equity_at_mid"] = row["equity_at_liquidation"] = 0
        for account in range(state.balances.shape[1]):
            row["balances"][account] = state.balances[u, account]
    _write_desk(state)


@internal
def _next_row(state: State, underlying: int) -> Any:
    """The next row of marks, with its time and owner."""
    desk = state.desk[0]
    row = state.marks[desk["marks"]]
    desk["marks"] += 1
    row["ts"], row["path"], row["underlying"] = desk["now"], state.rules[0]["path"], underlying
    return row


@internal
def _write_desk(state: State) -> None:
    """The desk's own row: sums over the underlyings, and equity at the three marks."""
    row = _next_row(state, -1)
    row["spot"] = row["hedge"] = row["pending"] = row["net_delta"] = row["gamma"] = float("nan")
    row["vega"] = row["theta"] = 0.0
    for u in range(state.underlyings.shape[0]):
        underlying = state.underlyings[u]
        row["vega"] += book_at(state, underlying, state.desk[0]["now"]).vega
        row["theta"] += underlying["book_theta"]
    for account in range(state.balances.shape[1]):
        total = 0
        for owner in range(state.balances.shape[0]):
            total += state.balances[owner, account]
        row["balances"][account] = total
    at_mid, at_liquidation, _ = elsewhere(state)
    worth = equity(state)
    row["equity_at_mid"], row["equity_at_liquidation"] = worth + at_mid, worth + at_liquidation


@internal
def elsewhere(state: State) -> tuple[int, int, int]:
    """What marking the options elsewhere than at theo would add to equity, and how many could not be liquidated.

    Micro-units: at market mid; at liquidation (bid for longs, ask for shorts); and the number of positions with no
    market to sell to, which are left at mid.
    """
    at_mid = at_liquidation = unquoted = 0
    for i in range(state.options.shape[0]):
        option = state.options[i]
        if option["position"] == 0.0 or option["settled"] != 0 or not has_mark(state, option):
            continue
        units = option["position"] * option["multiplier"]
        spot = state.underlyings[option["underlying"]]["spot"]
        theo = theo_at(state, option, spot, state.desk[0]["now"], option["volatility"])
        mid = theo
        if option["fair_volatility"] == option["fair_volatility"]:
            mid = theo_at(state, option, spot, state.desk[0]["now"], option["fair_volatility"])
        elif option["bid"] == option["bid"] and option["ask"] == option["ask"]:
            mid = 0.5 * (option["bid"] + option["ask"])
        touch = option["bid"] if units > 0.0 else option["ask"]
        if touch != touch:
            unquoted += 1
            touch = mid
        at_mid += micros(state, units * (mid - theo))
        at_liquidation += micros(state, units * (touch - theo))
    return at_mid, at_liquidation, unquoted
