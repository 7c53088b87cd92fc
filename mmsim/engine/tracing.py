"""What a policy is shown and what becomes of its answer, kept of the one event that is to be explained."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from mmsim.engine.state import State
from mmsim.engine.valuation import delta_now, greeks_now, has_mark, market_fair
from mmsim.kernel import fields_of, internal
from mmsim.policy import Quote


class Traced(IntEnum):
    """How much is traced."""

    NOTHING = 0
    STANDING = 1  # the decision behind each quote that stands
    ALL = 2  # and every decision, and the options before and after


class Asked(IntEnum):
    """What a policy was asked for."""

    QUOTE = 0
    HEDGE = 1
    OFFLOAD = 2


@internal
def _next_row(state: State, asked: Asked, view: Any) -> Any:
    """The row for a decision on a view: behind those of the options' standing quotes, the last one if there is no room.

    Unless all is traced it is the same row again and again.
    """
    desk, first = state.desk[0], state.options.shape[0]
    if state.rules[0]["traced"] == Traced.ALL and first + desk["traces"] + 1 < state.trace.shape[0]:
        desk["traces"] += 1
    row = state.trace[first + desk["traces"]]
    row["ts"], row["asked"] = view.ts_ns, asked
    k = 0
    for field in fields_of(view):
        row["view"][k] = field
        k += 1  # noqa: SIM113  (enumerate does not unroll)
    return row


@internal
def trace_quote(
    state: State, view: Any, answer: Quote, kept: Quote, rounded_bid: float, rounded_ask: float, in_force: Any
) -> None:
    """A quote decided on: the policy's answer, what the alarms left of it, its prices on the grid, and in force."""
    row = _next_row(state, Asked.QUOTE, view)
    for k in range(4):
        row["answer"][k] = (answer.bid, answer.ask, answer.bid_size, answer.ask_size)[k]
        row["kept"][k] = (kept.bid, kept.ask, kept.bid_size, kept.ask_size)[k]
        row["in_force"][k] = (in_force.bid, in_force.ask, in_force.bid_size, in_force.ask_size)[k]
    row["rounded"][0], row["rounded"][1] = rounded_bid, rounded_ask


@internal
def trace_trade(state: State, asked: Asked, view: Any, answer: float, size: float) -> None:
    """A trade that the hedging policy asked for: its answer, and what that is in whole lots."""
    row = _next_row(state, asked, view)
    row["answer"][0], row["in_force"][0] = answer, size


@internal
def trace_placed(state: State, i: int) -> None:
    """The quote decided on last is the one of option `i` that stands."""
    if state.rules[0]["traced"] != Traced.NOTHING:
        state.trace[i] = state.trace[state.options.shape[0] + state.desk[0]["traces"]]


@internal
def look(state: State, first: int) -> None:
    """Theo, Greeks and the market's fair value of one unit of every option, now, into rows from `first` on.

    NaN where an option has no theo.
    """
    for i in range(state.options.shape[0]):
        option, row = state.options[i], state.looks[first + i]
        row["theo"] = row["delta"] = row["gamma"] = row["vega"] = row["theta"] = row["fair"] = float("nan")
        if option["settled"] == 0 and has_mark(state, option):
            at = greeks_now(state, i)
            row["theo"], row["delta"], row["gamma"] = at.theo, delta_now(state, i, at.delta), at.gamma
            row["vega"], row["theta"], row["fair"] = at.vega, at.theta, market_fair(state, option, at.theo)
