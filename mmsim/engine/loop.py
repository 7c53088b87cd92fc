"""The event loop: one event after another to the part that knows it, and what is due when a time has passed."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mmsim.engine.alarms import watch_tick, watch_volatility
from mmsim.engine.cash import post_carry
from mmsim.engine.dealing import order
from mmsim.engine.delayed import catch_up, seen_has_room, set_quote, set_spot, tick_view
from mmsim.engine.duty import account_all
from mmsim.engine.execution import fill_next_hedge, next_hedge_due, pending_has_room, try_resting
from mmsim.engine.expectation import observe
from mmsim.engine.greeks import delta_before_tick, keep_fresh
from mmsim.engine.hedging import ask_hedge
from mmsim.engine.in_force import bring_into_force
from mmsim.engine.journal import has_room
from mmsim.engine.limits import check_limits, check_loss
from mmsim.engine.lots import lots_have_room
from mmsim.engine.marking import mark_all, mark_underlying
from mmsim.engine.markouts import awaiting_has_room, take_markouts
from mmsim.engine.offload import offload
from mmsim.engine.orders import note_cross, refusal
from mmsim.engine.positions import write_positions
from mmsim.engine.queueing import note_market
from mmsim.engine.quote_rows import write_quotes
from mmsim.engine.quoting import quote_in_force
from mmsim.engine.seats import (
    TABLES,
    HedgeSeat,
    Seat,
    Tables,
    hedge_at,
    of_option_at,
    on_fill_at,
    on_tick_at,
    quote_at,
)
from mmsim.engine.settlement import exercise_early, exercise_options_on, expire, open_book, pay_dividend, settle_margins
from mmsim.engine.standing import clear_away
from mmsim.engine.state import STATE, Overflow, Reason, State
from mmsim.engine.summary import write_marks
from mmsim.engine.tracing import Traced, look
from mmsim.engine.valuation import greeks_now, greeks_seen
from mmsim.events import EVENT, Events, Kind
from mmsim.kernel import I1, I64, borrowed, by_reference, entry, internal, rows_of, shown, uniform_tuple


@internal
def is_quiet(desk: Any) -> bool:
    """Whether time may pass without anything to be done: no marks due, no hedge under way, no quote that stands."""
    is_waiting = desk["due"] != 0 or desk["hedge_head"] != desk["hedge_tail"] or desk["busy"] != 0
    return not is_waiting and desk["opened"] != 0


@internal
def pass_time(state: State, ts: int, kind: int, hedger: HedgeSeat) -> bool:
    """What happens before an event of `kind` at `ts`: hedges fall due, the times before end; False on a fault.

    A hedge due at `ts` itself is filled after the market data of `ts` and before its orders.
    """
    desk = state.desk[0]
    while True:
        due = next_hedge_due(state)
        if due < ts or (due == ts and kind >= Kind.ORDER and desk["now"] == ts):
            if due > desk["now"]:
                if not end_time(state, hedger):
                    return False
                desk["now"] = due
            fill_next_hedge(state)
        elif ts > desk["now"]:
            if desk["due"] == 0:
                desk["now"] = ts
            elif not end_time(state, hedger):  # which may send a hedge that falls due before `ts`
                return False
        else:
            break
    if kind >= Kind.EXERCISE:
        end_marks(state)
    return True


@internal
def end_marks(state: State) -> None:
    """The grid marks that the present time has called for."""
    for u in range(state.underlyings.shape[0]):
        if state.underlyings[u]["mark_due"] != 0:
            mark_underlying(state, u, False)


@internal
def end_time(state: State, hedger: HedgeSeat) -> bool:
    """The end of the present time: grid marks, then the hedge of underlyings with expiries; False on a fault."""
    desk = state.desk[0]
    if desk["due"] == 0:
        return True
    desk["due"] = 0
    end_marks(state)
    for u in range(state.underlyings.shape[0]):
        underlying = state.underlyings[u]
        if underlying["ask_due"] != 0:
            if not ask_hedge(state, u, 0, hedger):
                return False
            underlying["ask_due"] = 0
    return True


@internal
def finish(state: State, hedger: HedgeSeat) -> int:
    """The end of the run: what its last time has called for, and the journal's last rows. Reason.STOP is all well."""
    desk = state.desk[0]
    if not take_markouts(state, desk["now"] + 1):
        return Reason.JOURNAL_FULL
    if not end_time(state, hedger):
        return Reason.HEDGE_FAULT
    desk["imbalance"] += abs(desk["unbalanced"])
    desk["unbalanced"] = 0
    for u in range(state.underlyings.shape[0]):
        keep_fresh(state, u)
    write_marks(state)
    write_positions(state)
    account_all(state, desk["now"])
    return Reason.STOP if desk["overflow"] == 0 else Reason.OVERFLOW


@internal
def session(state: State, kind: int, instrument: int, value: float) -> None:
    """The events of the trading day."""
    if kind == Kind.SETTLEMENT:
        mark_all(state)
        settle_margins(state)
        post_carry(state)
    elif kind == Kind.OPEN or kind == Kind.CLOSE:
        if state.desk[0]["busy"] != 0:
            clear_away(state)
        state.desk[0]["open"] = 1 if kind == Kind.OPEN else 0
    elif kind == Kind.DIVIDEND:
        exercise_options_on(state, instrument)
        pay_dividend(state, instrument, value)
    elif kind == Kind.EXERCISE:
        exercise_early(state)


@internal
def grid_mark(state: State, events: Events, n: int, quoter: Seat, hedger: HedgeSeat) -> int:
    """A mark of the time grid: everything revalued, carry posted, limits looked at, a row for each book.

    Options may be offloaded here. Reason.STOP is all well.
    """
    mark_all(state)
    post_carry(state)
    for u in range(state.underlyings.shape[0]):
        keep_fresh(state, u)
        if state.rules[0]["offloads"] != 0:
            dealt = offload(state, u, hedger)
            if dealt < 0 or (dealt > 0 and not ask_hedge(state, u, 0, hedger)):
                return Reason.HEDGE_FAULT
        check_limits(state, u)
    check_loss(state)
    write_marks(state)
    if state.sampled.shape[0] != 0 and not write_quotes(state, events, n, quoter):
        return Reason.QUOTE_FAULT
    return Reason.STOP


@internal
def tick(state: State, u: int, events: Events, n: int, quoter: Seat, hedger: HedgeSeat) -> int:
    """A tick of an underlying: the integrals over the spot's move, whom it is told to, the hedge, and the quotes."""
    move_spot(state, u, events[n])
    rules, view = state.rules[0], tick_view(state.underlyings[u], u)
    if state.desk[0]["overflow"] != 0:
        return Reason.STOP
    if rules["alarmed"] != 0:
        watch_tick(state, u, state.underlyings[u], events[n], True)
    if rules["passive"] != 0:
        try_resting(state, u)
    if rules["quote_listens"] != 0 and rules["quote_latency"] == 0:
        quoter.on_tick(view, quoter.memory, quoter.tick_parameters)
    if rules["hedge_listens"] != 0:
        hedger.on_tick(view, hedger.memory, hedger.tick_parameters)
    if not ask_hedge(state, u, 0, hedger):
        return Reason.HEDGE_FAULT
    return requote(state, u, events, n, quoter) if rules["eager"] != 0 else Reason.STOP


@internal
def requote(state: State, u: int, events: Events, n: int, quoter: Seat) -> int:
    """Quote every option of an underlying afresh, and look whether the market has crossed the quote."""
    latency, now = state.rules[0]["quote_latency"], state.desk[0]["now"]
    if latency == 0:
        keep_fresh(state, u)
    elif not catch_up(state, events, n, now - latency, quoter):
        return Reason.QUOTE_FAULT
    for i in range(state.underlyings[u]["first"], state.underlyings[u]["last"]):
        if refusal(state, i) >= 0:
            continue
        at = greeks_now(state, i) if latency == 0 else greeks_seen(state, i, now - latency)
        chain = quote_in_force(state, i, now - latency, at, quoter)
        if not chain.is_valid:
            return Reason.QUOTE_FAULT
        note_cross(state, state.options[i], chain)
    return Reason.STOP


@internal
def move_spot(state: State, u: int, event: Any) -> None:
    """A tick into its underlying: the integrals over the spot's move, and whether its options are due a mark."""
    underlying = state.underlyings[u]
    delta = delta_before_tick(state, u)
    before = set_spot(underlying, event)
    if underlying["moved_ts"] != 0 and (underlying["spot"] <= 0.0 or underlying["bid"] <= 0.0):
        state.desk[0]["overflow"] = Overflow.PRICE
        return
    observe(state, underlying, before)
    spot = underlying["spot"]
    underlying["requote_due"] = 1
    if before == before:
        underlying["waiting_pnl"] += delta * (spot - before)
        underlying["pricing_pnl"] += underlying["hedge"] * (spot - before)
    if spot <= underlying["band_low"] or spot >= underlying["band_high"] or before != before:
        underlying["mark_due"] = 1
        state.desk[0]["due"] = 1


@internal
def set_volatility(state: State, i: int, volatility: float) -> None:
    """A volatility mark of an option: its Greeks are stale, and it may be due a mark."""
    option = state.options[i]
    underlying = state.underlyings[option["underlying"]]
    option["volatility"] = volatility
    if state.rules[0]["alarmed"] != 0:
        watch_volatility(state, underlying, option, volatility, state.desk[0]["now"], True)
    if option["active"] != 0:
        underlying["stale"] = 1
    shift = abs(volatility - option["mark_volatility"])
    if option["marked"] == 0 or shift >= state.rules[0]["mark_vol"] * option["mark_volatility"]:
        underlying["mark_due"] = 1
        state.desk[0]["due"] = 1


@internal
def handle(state: State, events: Events, n: int, quoter: Seat, hedger: HedgeSeat) -> int:  # noqa: C901  (dispatch)
    """One event: what its time has brought due before it, and then the event itself. Reason.STOP is all well."""
    desk, event = state.desk[0], events[n]
    kind, ts = event["kind"], event["ts"]
    i: Any = np.int64(event["instrument"])
    if desk["opened"] == 0 and (kind >= Kind.ORDER or ts > state.rules[0]["start"]) and not open_book(state):
        return Reason.OPENING_FAULT
    if desk["busy"] != 0 and not bring_into_force(state, events, n, quoter):
        return Reason.QUOTE_FAULT
    if (ts > desk["now"] or kind >= Kind.ORDER) and not pass_time(state, ts, kind, hedger):
        return Reason.HEDGE_FAULT
    if desk["busy"] != 0 and kind >= Kind.ORDER and not bring_into_force(state, events, n, quoter):
        return Reason.QUOTE_FAULT
    if kind == Kind.QUOTE:
        set_quote(state.options[i], event)
        if desk["busy"] != 0:
            note_market(state.options[i])
    elif kind == Kind.SPOT:
        return tick(state, i, events, n, quoter, hedger)
    elif kind == Kind.VOLATILITY:
        set_volatility(state, i, event["value"])
    elif kind == Kind.ORDER or kind == Kind.BAR_TRADE:
        return order(state, events, n, quoter, hedger)
    elif kind == Kind.MARK:
        return grid_mark(state, events, n, quoter, hedger)
    elif kind == Kind.FAIR_VOLATILITY:
        state.options[i]["fair_volatility"] = event["value"]
    elif kind == Kind.TIMER:
        for u in range(state.underlyings.shape[0]):
            if not ask_hedge(state, u, 1, hedger):
                return Reason.HEDGE_FAULT
    elif kind == Kind.EXPIRY:
        expire(state, i)
        post_carry(state)
        state.underlyings[state.options[i]["underlying"]]["ask_due"] = 1
        desk["due"] = 1
    else:
        session(state, kind, i, event["value"])
    return Reason.STOP


@internal
def shortage(state: State) -> int:
    """What has no room for the most that one event may add, as a Reason; STOP: nothing."""
    if not has_room(state):
        return Reason.JOURNAL_FULL
    if not (lots_have_room(state) and pending_has_room(state) and seen_has_room(state)):
        return Reason.QUEUE_FULL
    return Reason.STOP if awaiting_has_room(state) else Reason.AWAITING_FULL


@internal
def walk(state: State, events: Events, start: int, stop: int, quoter: Seat, hedger: HedgeSeat) -> tuple[int, int]:
    """What `run` returns, without the counting of references that a function called from Python does."""
    options, desk = state.options, state.desk[0]
    for n in range(start, stop):
        event = events[n]
        if event["ts"] > desk["markout_due"] and not take_markouts(state, event["ts"]):
            return n, Reason.JOURNAL_FULL
        if event["kind"] == Kind.QUOTE and is_quiet(desk):  # most events are market quotes that nothing waits for
            desk["now"] = event["ts"]
            set_quote(options[event["instrument"]], event)
            continue
        reason = shortage(state)
        if reason == Reason.STOP:
            reason = handle(state, events, n, quoter, hedger)
        if desk["overflow"] != 0:
            return n, Reason.OVERFLOW
        if reason != Reason.STOP:
            return n, reason
    return (stop, Reason.STOP) if stop < events.shape[0] else (stop, finish(state, hedger))


@entry(uniform_tuple(I64, 2)(rows_of(EVENT), I64, I64, STATE, I1, TABLES))
def run(
    events: Events, start: int, stop: int, arrays: State, functions: npt.NDArray[np.int64], tables: Tables
) -> tuple[int, int]:
    """Walk events `start` to `stop`: (next event, Reason). Do what the reason asks for and enter again at that event.

    ``functions`` are the addresses of the policies' methods: quote, its listeners of ticks and fills, hedge, its
    listeners of ticks and fills, and what it is asked of each option held.
    """
    state = by_reference(arrays)
    quoter = by_reference(
        Seat(
            quote_at(functions[0]), borrowed(tables.quote),
            on_tick_at(functions[1]), borrowed(tables.quote_tick),
            on_fill_at(functions[2]), borrowed(tables.quote_fill),
            borrowed(tables.quote_memory), shown(tables.quote_memory),
        )
    )  # fmt: skip
    hedger = by_reference(
        HedgeSeat(
            hedge_at(functions[3]), borrowed(tables.hedge),
            on_tick_at(functions[4]), borrowed(tables.hedge_tick),
            on_fill_at(functions[5]), borrowed(tables.hedge_fill),
            borrowed(tables.hedge_memory), shown(tables.hedge_memory),
            of_option_at(functions[6]), borrowed(tables.hedge_vol),
            of_option_at(functions[7]), borrowed(tables.hedge_slope),
            of_option_at(functions[8]), borrowed(tables.hedge_offload),
        )
    )  # fmt: skip
    if state.rules[0]["traced"] != Traced.ALL:
        return walk(state, events, start, stop, quoter, hedger)
    look(state, 0)
    walked = walk(state, events, start, stop, quoter, hedger)
    look(state, state.options.shape[0])
    return walked
