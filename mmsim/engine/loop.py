"""The event loop: one event after another to the part that knows it, and what is due when a time has passed."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmsim.engine.cash import post_carry
from mmsim.engine.delayed import catch_up, seen_has_room, set_quote, set_spot, tick_view
from mmsim.engine.fills import fill_client
from mmsim.engine.greeks import delta_before_tick, keep_fresh
from mmsim.engine.hedging import ask_hedge, fill_next_hedge, next_hedge_due, pending_has_room
from mmsim.engine.journal import has_room
from mmsim.engine.limits import check_limits, check_loss, check_position
from mmsim.engine.lots import lots_have_room
from mmsim.engine.marking import mark_all, mark_due
from mmsim.engine.orders import dealt_size, note_cross, refusal
from mmsim.engine.quoting import quote_in_force
from mmsim.engine.settlement import expire, open_book, pay_dividend, settle_margins
from mmsim.engine.state import STATE, Counter, Reason, State
from mmsim.engine.summary import write_marks
from mmsim.events import EVENT, Kind
from mmsim.kernel import F1, F2, I64, Slot, entry, function, internal, rows_of, types
from mmsim.policy import FillView, HedgeView, Quote, QuoteView, TickView

QUOTE = Slot("quote", QuoteView, Quote)
HEDGE = Slot("hedge", HedgeView, float)
ON_TICK = Slot("on_tick", TickView, None)
ON_FILL = Slot("on_fill", FillView, None)

_POLICY = [
    argument for slot in (QUOTE, ON_TICK, ON_FILL) for argument in (function(slot.signature), F1)
] + [F2]
_HEDGER = [
    argument for slot in (HEDGE, ON_TICK, ON_FILL) for argument in (function(slot.signature), F1)
] + [F2]


@internal
def pass_time(state: State, ts: int, kind: int, hedge, hedge_params, memory) -> bool:  # type: ignore[no-untyped-def]
    """What happens before an event of `kind` at `ts`: hedges that fall due, and the end of the times before; False on a fault.

    A hedge due at `ts` itself is filled after the market data of `ts` and before its orders.
    """
    desk = state.desk[0]
    while True:
        due = next_hedge_due(state)
        is_due = due < ts or (due == ts and kind >= Kind.ORDER)
        if not is_due:
            break
        if due > desk["now"]:
            if not end_time(state, hedge, hedge_params, memory):
                return False
            desk["now"] = due
        fill_next_hedge(state)
    if ts > desk["now"]:
        if not end_time(state, hedge, hedge_params, memory):
            return False
        desk["now"] = ts
    elif kind == Kind.EXPIRY and desk["due"] != 0:
        end_marks(state)
    return True


@internal
def end_marks(state: State) -> None:
    """The grid marks that the present time has called for."""
    for u in range(state.underlyings.shape[0]):
        if state.underlyings[u]["mark_due"] != 0:
            mark_due(state, u)


@internal
def end_time(state: State, hedge, hedge_params, memory) -> bool:  # type: ignore[no-untyped-def]
    """The end of the present time: grid marks, then the hedge of underlyings with expiries; False on a policy's fault."""
    desk = state.desk[0]
    if desk["due"] == 0:
        return True
    desk["due"] = 0
    end_marks(state)
    for u in range(state.underlyings.shape[0]):
        underlying = state.underlyings[u]
        if underlying["ask_due"] != 0:
            underlying["ask_due"] = 0
            if not ask_hedge(state, u, 0, hedge, hedge_params, memory):
                return False
    return True


@internal
def finish(state: State, hedge, hedge_params, memory) -> bool:  # type: ignore[no-untyped-def]
    """The end of the run: what its last time has called for, and a last row of marks; False on a policy's fault."""
    if not end_time(state, hedge, hedge_params, memory):
        return False
    desk = state.desk[0]
    desk["imbalance"] += abs(desk["unbalanced"])
    desk["unbalanced"] = 0
    write_marks(state)
    return True


@internal
def tick(state: State, u: int, event: Any) -> None:
    """A tick of an underlying: the integrals over the spot's move, and whether its options are due a mark."""
    underlying = state.underlyings[u]
    delta = delta_before_tick(state, u, event["ts"])
    before = set_spot(underlying, event)
    spot = underlying["spot"]
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
    if option["position"] != 0.0:
        underlying["stale"] = 1
    shift = abs(volatility - option["mark_volatility"])
    if option["marked"] == 0 or shift >= state.rules[0]["mark_vol"] * option["mark_volatility"]:
        underlying["mark_due"] = 1
        state.desk[0]["due"] = 1


@entry(types.UniTuple(I64, 2)(rows_of(EVENT), I64, I64, STATE, *_POLICY, *_HEDGER))
def run(  # type: ignore[no-untyped-def]
    events, start, stop, state,
    quote, quote_params, quote_tick, quote_tick_params, quote_fill, quote_fill_params, quote_memory,
    hedge, hedge_params, hedge_tick, hedge_tick_params, hedge_fill, hedge_fill_params, hedge_memory,
):  # fmt: skip
    """Walk events `start` to `stop`: (next event, Reason). Enter again at the next event after what the reason asks for."""
    desk, rules = state.desk[0], state.rules[0]
    for n in range(start, stop):
        if not (has_room(state)):
            return n, Reason.JOURNAL_FULL
        if not (lots_have_room(state) and pending_has_room(state) and seen_has_room(state)):
            return n, Reason.QUEUE_FULL
        event = events[n]
        kind, i, ts = event["kind"], np.int64(event["instrument"]), event["ts"]
        if desk["opened"] == 0 and (kind >= Kind.ORDER or ts > rules["start"]) and not open_book(state):
            return n, Reason.OPENING_FAULT
        if ts > desk["now"] or kind >= Kind.ORDER:
            if not pass_time(state, ts, kind, hedge, hedge_params, hedge_memory):
                return n, Reason.HEDGE_FAULT
        if kind == Kind.QUOTE:
            set_quote(state.options[i], event)
        elif kind == Kind.SPOT:
            tick(state, i, event)
            if rules["quote_listens"] != 0 and rules["quote_latency"] == 0:
                quote_tick(tick_view(state.underlyings[i], i), quote_memory, quote_tick_params)
            if rules["hedge_listens"] != 0:
                hedge_tick(tick_view(state.underlyings[i], i), hedge_memory, hedge_tick_params)
            if not ask_hedge(state, i, 0, hedge, hedge_params, hedge_memory):
                return n, Reason.HEDGE_FAULT
        elif kind == Kind.VOLATILITY:
            set_volatility(state, i, event["value"])
        elif kind == Kind.ORDER or kind == Kind.BAR_TRADE:
            view_ts = ts - rules["quote_latency"]
            if rules["quote_latency"] != 0:
                catch_up(
                    state, events, n, view_ts,
                    quote_tick, quote_tick_params, quote_fill, quote_fill_params, quote_memory,
                )  # fmt: skip
            state.counters[Counter.ORDERS] += 1
            refused = refusal(state, event)
            if refused >= 0:
                state.counters[refused] += 1
                continue
            u = state.options[i]["underlying"]
            if rules["quote_latency"] == 0:
                keep_fresh(state, u)
            chain = quote_in_force(state, i, view_ts, quote, quote_params, quote_memory)
            if not chain.is_valid:
                return n, Reason.QUOTE_FAULT
            note_cross(state, state.options[i], chain)
            size = dealt_size(state, event, chain)
            if size > 0.0:
                side = -float(event["side"])
                price = chain.bid if side > 0.0 else chain.ask
                view = fill_client(state, i, side * size, price, chain, event["client"])
                if rules["quote_listens"] != 0 and rules["quote_latency"] == 0:
                    quote_fill(view, quote_memory, quote_fill_params)
                if rules["hedge_listens"] != 0:
                    hedge_fill(view, hedge_memory, hedge_fill_params)
                check_position(state, i)
                if not ask_hedge(state, u, 0, hedge, hedge_params, hedge_memory):
                    return n, Reason.HEDGE_FAULT
                check_limits(state, u)
        elif kind == Kind.MARK:
            mark_all(state)
            post_carry(state)
            for u in range(state.underlyings.shape[0]):
                keep_fresh(state, u)
                check_limits(state, u)
            check_loss(state)
            write_marks(state)
        elif kind == Kind.FAIR_VOLATILITY:
            state.options[i]["fair_volatility"] = event["value"]
        elif kind == Kind.TIMER:
            for u in range(state.underlyings.shape[0]):
                if not ask_hedge(state, u, 1, hedge, hedge_params, hedge_memory):
                    return n, Reason.HEDGE_FAULT
        elif kind == Kind.EXPIRY:
            expire(state, i)
            post_carry(state)
            state.underlyings[state.options[i]["underlying"]]["ask_due"] = 1
            desk["due"] = 1
        elif kind == Kind.SETTLEMENT:
            mark_all(state)
            settle_margins(state)
            post_carry(state)
        elif kind == Kind.OPEN:
            desk["open"] = 1
        elif kind == Kind.CLOSE:
            desk["open"] = 0
        elif kind == Kind.DIVIDEND:
            pay_dividend(state, i, event["value"])
    if stop == events.shape[0] and not finish(state, hedge, hedge_params, hedge_memory):
        return stop, Reason.HEDGE_FAULT
    return stop, Reason.STOP
