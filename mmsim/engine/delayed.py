"""The desk's delayed view: what a quote in force now was decided on, `latency.quote` ago.

A trailing cursor walks the same events behind the loop and keeps its own market and book. The desk's own changes
(fills, hedges, refreshed Greeks) wait in a queue until the cursor passes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mmsim.engine.alarms import watch_tick, watch_volatility
from mmsim.engine.expectation import observe
from mmsim.engine.impact import shift_at
from mmsim.engine.seats import Seat
from mmsim.engine.standing import decide_due, shrink
from mmsim.engine.state import State
from mmsim.events import Events, Kind
from mmsim.kernel import internal
from mmsim.policy import FillView, TickView


@internal
def tell(state: State, u: int, option: int, size: float, price: float, theo: float, delta: float, vega: float) -> None:
    """Queue a change of the desk's state for its delayed view.

    `option` is -1 for a hedge or a refresh, `size` 0 for a position that was exercised.
    """
    desk, underlying = state.desk[0], state.underlyings[u]
    underlying["untold"] = 0
    if state.rules[0]["quote_latency"] == 0:
        underlying["requote_due"] = 1
        return
    if desk["seen_tail"] == state.seen.shape[0]:
        _compact(state)
    row = state.seen[desk["seen_tail"]]
    desk["seen_tail"] += 1
    row["ts"], row["underlying"], row["option"] = desk["now"], u, option
    row["size"], row["price"], row["theo"], row["delta"], row["vega"] = size, price, theo, delta, vega
    row["spot"] = underlying["spot"]
    row["position"] = state.options[option]["position"] if option >= 0 else 0.0
    row["hedge"], row["pending"] = underlying["hedge"], underlying["pending"]
    row["moving"] = state.underlyings[underlying["instrument"]]["moving"]
    copy_book(underlying, row)


@internal
def copy_book(source: Any, target: Any) -> None:
    """The book's Greeks with their spot and time from one row into another."""
    target["book_spot"], target["book_ts"] = source["book_spot"], source["book_ts"]
    target["book_delta"], target["book_gamma"] = source["book_delta"], source["book_gamma"]
    target["book_speed"], target["book_charm"] = source["book_speed"], source["book_charm"]
    target["book_vega"], target["book_vanna"] = source["book_vega"], source["book_vanna"]
    target["book_zomma"], target["book_veta"] = source["book_zomma"], source["book_veta"]


@internal
def _compact(state: State) -> None:
    """Move what still waits to the front of the queue."""
    desk = state.desk[0]
    head, tail = desk["seen_head"], desk["seen_tail"]
    for k in range(head, tail):
        state.seen[k - head] = state.seen[k]
    desk["seen_head"], desk["seen_tail"] = 0, tail - head


@internal
def seen_has_room(state: State) -> bool:
    """Whether the queue can take what one event may add."""
    desk = state.desk[0]
    hedges_under_way = desk["hedge_tail"] - desk["hedge_head"]  # which may all be filled before the event
    room = 8 * (state.options.shape[0] + state.underlyings.shape[0] + 1) + 2 * hedges_under_way
    return desk["seen_tail"] - desk["seen_head"] + room <= state.seen.shape[0]


@internal
def set_spot(underlying: Any, event: Any) -> float:
    """A tick into an underlying's row; the mid that it had before.

    With one side missing the mid is the other side, with both it is the last mid.
    """
    before = underlying["spot"]
    bid, ask = event["bid"], event["ask"]
    if underlying["moved_ts"] != 0:
        shift = shift_at(underlying, event["ts"])
        bid, ask = bid + shift, ask + shift
    underlying["bid"], underlying["ask"] = bid, ask
    if bid == bid and ask == ask:
        underlying["spot"] = 0.5 * (bid + ask)
    elif bid == bid:
        underlying["spot"] = bid
    elif ask == ask:
        underlying["spot"] = ask
    underlying["ticks"] += 1
    underlying["tick_ts"] = event["ts"]
    return before


@internal
def set_quote(option: Any, event: Any) -> None:
    """A market quote into an option's row."""
    option["bid"], option["ask"] = event["bid"], event["ask"]
    option["bid_size"], option["ask_size"] = event["bid_size"], event["ask_size"]


@internal
def tick_view(underlying: Any, u: int) -> TickView:
    """What listeners are shown of a tick."""
    return TickView(
        ts_ns=underlying["tick_ts"],
        underlying=u,
        ticks=underlying["ticks"],
        spot=underlying["spot"],
        spot_bid=underlying["bid"],
        spot_ask=underlying["ask"],
    )


@internal
def catch_up(state: State, events: Events, last: int, until: int, quoter: Seat) -> bool:  # noqa: C901  (dispatch)
    """Bring the delayed view to the state as of `until`, told before event number `last`; False on a policy's fault.

    Where quotes stand, those that are due at a time are decided when the view has come to its end.
    """
    desk, is_alarmed = state.desk[0], state.rules[0]["alarmed"] != 0
    while True:
        n, k = desk["seen_next"], desk["seen_head"]
        has_event = n < last and events[n]["ts"] <= until
        has_change = k < desk["seen_tail"] and state.seen[k]["ts"] <= until
        is_event = has_event and (not has_change or events[n]["ts"] <= state.seen[k]["ts"])
        if desk["busy"] != 0:
            next_ts = events[n]["ts"] if is_event else state.seen[k]["ts"] if has_change else until + 1
            if next_ts > desk["seen_ts"]:
                if not decide_due(state, desk["seen_ts"], quoter):
                    return False
                desk["seen_ts"] = next_ts if has_event or has_change else desk["seen_ts"]
        if is_event:
            desk["seen_next"] += 1
            event = events[n]
            kind = event["kind"]
            instrument: Any = np.int64(event["instrument"])
            if kind == Kind.SPOT:
                underlying = state.seen_underlyings[instrument]
                observe(state, underlying, set_spot(underlying, event))
                underlying["requote_due"] = 1
                if is_alarmed:
                    watch_tick(state, instrument, underlying, event, False)
                if state.rules[0]["quote_listens"] != 0:
                    quoter.on_tick(tick_view(underlying, instrument), quoter.memory, quoter.tick_parameters)
            elif kind == Kind.QUOTE:
                set_quote(state.seen_options[instrument], event)
            elif kind == Kind.VOLATILITY:
                option = state.seen_options[instrument]
                option["volatility"] = event["value"]
                if is_alarmed:
                    underlying = state.seen_underlyings[option["underlying"]]
                    watch_volatility(state, underlying, option, event["value"], event["ts"], False)
            elif kind == Kind.DIVIDEND:
                state.seen_underlyings[instrument]["spot"] -= event["value"]
                state.seen_underlyings[instrument]["book_spot"] -= event["value"]
                state.seen_underlyings[instrument]["first_dividend"] += 1
        elif has_change:
            desk["seen_head"] += 1
            _learn(state, state.seen[k], quoter)
        else:
            return True


@internal
def _learn(state: State, change: Any, quoter: Seat) -> None:
    """One change of the desk's own state reaches its delayed view: what it filled is no longer taken from the quote."""
    underlying = state.seen_underlyings[change["underlying"]]
    underlying["hedge"], underlying["pending"] = change["hedge"], change["pending"]
    if state.rules[0]["impact"] != 0:  # ticks of its time have gone before
        instrument = state.seen_underlyings[underlying["instrument"]]
        instrument["moving"], instrument["moved_ts"] = change["moving"], change["ts"]
    underlying["requote_due"] = 1
    copy_book(change, underlying)
    i = change["option"]
    if i < 0:
        return
    state.seen_options[i]["position"] = change["position"]
    if change["size"] == 0.0:
        return  # exercised: no fill
    if state.desk[0]["busy"] != 0:
        shrink(state, i, change["size"])
    if change["size"] > 0.0:
        state.options[i]["consumed_bid"] -= change["size"]
    else:
        state.options[i]["consumed_ask"] += change["size"]
    if state.rules[0]["quote_listens"] != 0:
        view = FillView(
            ts_ns=change["ts"],
            option=i,
            underlying=change["underlying"],
            size=change["size"],
            price=change["price"],
            theo=change["theo"],
            spot=change["spot"],
            delta=change["delta"],
            vega=change["vega"],
        )
        quoter.on_fill(view, quoter.memory, quoter.fill_parameters)
