"""Mark-outs: what each client fill's option and its underlying have come to, some time after the fill.

Fills come in order of time, so that each horizon is a queue of its own: the fills wait in one array, and each horizon
has the number of the next one that it has to look at. Nothing that the loop decides on reads any of it.
"""

from __future__ import annotations

from typing import Any

from mmsim.engine.state import HORIZONS_NS, State
from mmsim.engine.valuation import theo_at
from mmsim.kernel import internal

_LAST = len(HORIZONS_NS) - 1  # the longest: who has come to it waits for nothing more
_NEVER = 9_223_372_036_854_775_807


@internal
def await_markouts(state: State, i: int, transaction: int) -> None:
    """A client fill of option `i`, now, is to be looked at again after each horizon, where the path is kept."""
    desk = state.desk[0]
    if state.rules[0]["keep"] == 0:
        return
    if desk["awaiting_tail"] == state.awaiting.shape[0]:
        _compact(state)
    fill = state.awaiting[desk["awaiting_tail"]]
    desk["awaiting_tail"] += 1
    fill["ts"], fill["transaction"], fill["option"], fill["settled"] = desk["now"], transaction, i, 0
    desk["markout_due"] = min(desk["markout_due"], desk["now"] + HORIZONS_NS[0])


@internal
def _compact(state: State) -> None:
    """Move the fills that still wait to the front."""
    desk = state.desk[0]
    first, tail = desk["awaiting_next"][_LAST], desk["awaiting_tail"]
    for k in range(first, tail):
        state.awaiting[k - first] = state.awaiting[k]
    for horizon in range(len(HORIZONS_NS)):
        desk["awaiting_next"][horizon] -= first
    desk["awaiting_tail"] = tail - first


@internal
def awaiting_has_room(state: State) -> bool:
    """Whether the queue can take what one event may add; half of it is left free, so that moving it up is rare."""
    desk = state.desk[0]
    return 2 * (desk["awaiting_tail"] - desk["awaiting_next"][_LAST]) + 8 <= state.awaiting.shape[0]


@internal
def take_markouts(state: State, ts: int) -> bool:
    """Write the mark-outs due before `ts`, the market being as it has been since the last event; False: no room left.

    Called before an event at `ts` touches anything, so that a horizon's end sees all that has happened until then.
    """
    desk = state.desk[0]
    due = _NEVER
    for horizon in range(len(HORIZONS_NS)):
        wait = HORIZONS_NS[horizon]
        k = desk["awaiting_next"][horizon]
        while k < desk["awaiting_tail"] and state.awaiting[k]["ts"] + wait < ts:
            if desk["markouts"] == state.markouts.shape[0]:
                return False
            _write_markout(state, state.awaiting[k], horizon)
            k += 1
            desk["awaiting_next"][horizon] = k
        if k < desk["awaiting_tail"]:
            due = min(due, state.awaiting[k]["ts"] + wait)
    desk["markout_due"] = due
    return True


@internal
def _write_markout(state: State, fill: Any, horizon: int) -> None:
    """The row of a fill after a horizon: theo of its option and the spot then, or what it was settled at before."""
    desk = state.desk[0]
    row = state.markouts[desk["markouts"]]
    desk["markouts"] += 1
    row["transaction"], row["path"], row["horizon"] = fill["transaction"], state.rules[0]["path"], horizon
    if fill["settled"] != 0:
        row["theo"], row["spot"], row["dividends"] = fill["theo"], fill["spot"], fill["dividends"]
        return
    option = state.options[fill["option"]]
    underlying = state.underlyings[option["underlying"]]
    then = fill["ts"] + HORIZONS_NS[horizon]
    row["theo"] = theo_at(state, option, underlying["spot"], then, option["volatility"])
    row["spot"], row["dividends"] = underlying["spot"], underlying["dividends_paid"]


@internal
def settle_markouts(state: State, i: int, price: float) -> None:
    """Option `i` is settled at a price of its underlying: the fills that wait are worth its payoff from now on."""
    option, desk = state.options[i], state.desk[0]
    paid = state.underlyings[option["underlying"]]["dividends_paid"]
    option["dividends_settled"] = paid
    for k in range(desk["awaiting_next"][_LAST], desk["awaiting_tail"]):
        fill = state.awaiting[k]
        if fill["option"] == i and fill["settled"] == 0:
            fill["settled"], fill["spot"], fill["dividends"] = 1, price, paid
            fill["theo"] = max(option["right"] * (price - option["strike"]), 0.0)
