"""The obligation to quote: for how much of its time each option has had a standing quote that met it."""

from __future__ import annotations

from typing import Any

from mmsim.engine.state import State
from mmsim.kernel import internal


@internal
def note_quote(state: State, option: Any) -> None:
    """Whether the standing quote meets the obligation, from here on."""
    rules = state.rules[0]
    if rules["obliged"] == 0:
        return
    bid_size = option["stand_bid_size"] - option["consumed_bid"]
    ask_size = option["stand_ask_size"] - option["consumed_ask"]
    is_there = min(bid_size, ask_size) >= rules["least_size"] and min(bid_size, ask_size) > 0.0
    width = option["stand_ask"] - option["stand_bid"]
    option["met"] = 1 if is_there and width <= _most(state, option["stand_bid"]) + 1e-9 else 0


@internal
def _most(state: State, bid: float) -> float:
    """The width that a quote with this bid may have."""
    first = state.rules[0]["first_width"]
    row = first
    for k in range(first + 1, state.ticks.shape[0]):
        if bid >= state.ticks[k]["level"]:
            row = k
    return state.ticks[row]["step"]


@internal
def account(state: State, option: Any, ts: int) -> None:
    """The time since the last look is one in which the option could be dealt, and was quoted as owed or not."""
    if ts <= option["duty_ts"]:
        return
    end = min(ts, option["last_trade"], option["expiry"])
    span = end - option["duty_ts"]
    if option["stands"] != 0 and state.desk[0]["open"] != 0 and span > 0:
        option["duty_time"] += span
        if option["met"] != 0:
            option["duty_met"] += span
    option["duty_ts"] = ts


@internal
def account_all(state: State, ts: int) -> None:
    """Bring every option's time up to `ts`."""
    if state.rules[0]["obliged"] != 0:
        for i in range(state.options.shape[0]):
            account(state, state.options[i], ts)
