"""Rows of marks: where every bucket stands, by underlying and for the whole desk."""

from __future__ import annotations

from mmsim.engine.greeks import net_delta
from mmsim.engine.limits import equity
from mmsim.engine.settlement import liquidation
from mmsim.engine.state import State
from mmsim.kernel import njit


@njit
def write_marks(state: State) -> None:
    """One row an underlying and one for the desk, now."""
    if state.rules[0]["keep"] == 0:
        return
    for u in range(state.underlyings.shape[0]):
        underlying = state.underlyings[u]
        row = _next_row(state, u)
        row["spot"], row["hedge"] = underlying["spot"], underlying["hedge"]
        row["net_delta"], row["gamma"] = net_delta(underlying), underlying["book_gamma"]
        row["vega"], row["theta"] = underlying["book_vega"], underlying["book_theta"]
        row["equity_at_mid"] = row["equity_at_liquidation"] = 0
        for account in range(state.balances.shape[1]):
            row["balances"][account] = state.balances[u, account]
    _write_desk(state)


@njit
def _next_row(state: State, underlying: int):  # type: ignore[no-untyped-def]
    """The next row of marks, with its time and owner."""
    desk = state.desk[0]
    row = state.marks[desk["marks"]]
    desk["marks"] += 1
    row["ts"], row["path"], row["underlying"] = desk["now"], state.rules[0]["path"], underlying
    return row


@njit
def _write_desk(state: State) -> None:
    """The desk's own row: sums over the underlyings, and equity at the three marks."""
    row = _next_row(state, -1)
    row["spot"] = row["hedge"] = row["net_delta"] = row["gamma"] = float("nan")
    row["vega"] = row["theta"] = 0.0
    for u in range(state.underlyings.shape[0]):
        row["vega"] += state.underlyings[u]["book_vega"]
        row["theta"] += state.underlyings[u]["book_theta"]
    for account in range(state.balances.shape[1]):
        total = 0
        for owner in range(state.balances.shape[0]):
            total += state.balances[owner, account]
        row["balances"][account] = total
    at_mid, at_liquidation, _ = liquidation(state)
    worth = equity(state)
    row["equity_at_mid"], row["equity_at_liquidation"] = worth + at_mid, worth + at_liquidation
