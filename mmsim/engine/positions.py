"""Rows of positions: the options at the end of a path, with the theo and Greeks of one unit."""

from __future__ import annotations

from typing import Any

from mmsim.engine.state import State
from mmsim.engine.valuation import delta_now, greeks_now, has_mark, market_fair, years_left
from mmsim.kernel import internal


@internal
def write_positions(state: State) -> None:
    """A row for every option that is held, or has been and is not settled, where the path is kept."""
    if state.rules[0]["keep"] == 0:
        return
    for i in range(state.options.shape[0]):
        option = state.options[i]
        if option["active"] != 0 and option["settled"] == 0:
            _write_position(state, i, option)


@internal
def _write_position(state: State, i: int, option: Any) -> None:
    """The row of option `i`, now; what has no price without a mark is NaN."""
    desk = state.desk[0]
    row = state.positions[desk["positions"]]
    desk["positions"] += 1
    row["ts"], row["path"], row["option"] = desk["now"], state.rules[0]["path"], i
    row["position"], row["spot"] = option["position"], state.underlyings[option["underlying"]]["spot"]
    row["bid"], row["ask"], row["volatility"] = option["bid"], option["ask"], option["volatility"]
    row["years"] = years_left(state, option, desk["now"])
    if has_mark(state, option):
        at = greeks_now(state, i)
        row["fair"], row["theo"] = market_fair(state, option, at.theo), at.theo
        row["delta"], row["gamma"] = delta_now(state, i, at.delta), at.gamma
        row["vega"], row["theta"] = at.vega, at.theta
    else:
        row["fair"] = row["theo"] = row["delta"] = row["gamma"] = row["vega"] = row["theta"] = float("nan")
