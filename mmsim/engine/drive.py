"""Drive the compiled loop over the events of a path: bind the policies, empty the journal, enlarge what is full."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import numpy as np

from mmsim import spool
from mmsim.engine import loop
from mmsim.engine.hedge_delta import Answer
from mmsim.engine.seats import HEDGE_SLOPE, HEDGE_VOL, HEDGING, OFFLOAD, ON_FILL, ON_TICK, QUOTE, QUOTING, Tables
from mmsim.engine.state import JOURNAL, Overflow, Reason, State
from mmsim.errors import UserError
from mmsim.events import Events, Kind
from mmsim.instruments import Universe
from mmsim.kernel import JIT, Bound, Failure, bind, raised
from mmsim.policy import Policy, Quote

_MEANT = {
    Answer.HEDGE: "number of units",
    Answer.HEDGE_VOL: "volatility above 0",
    Answer.HEDGE_SLOPE: "number",
    Answer.OFFLOAD: "number of contracts",
}
_CHUNK = 500_000  # events between two looks at the clock
_FULL = {  # what is enlarged
    Reason.JOURNAL_FULL: JOURNAL,
    Reason.QUEUE_FULL: ("pending", "seen", "lot_units", "lot_costs"),
    Reason.AWAITING_FULL: ("awaiting",),
}


class Desk(NamedTuple):
    """The policies of a run in their slots, with their memories."""

    quoting: Policy
    hedging: Policy
    quote: tuple[Bound, ...]  # quote, on_tick, on_fill
    hedge: tuple[Bound, ...]  # hedge, on_tick, on_fill, hedge_vol, hedge_slope, offload
    functions: Any  # where the loop finds their methods
    tables: Tables  # the arrays that the methods are given

    def failure(self, reason: int, state: State) -> tuple[Policy, Failure] | None:
        """The plain-Python policy that has raised and what it raised, if that is why the loop has returned.

        What a quote raises where it is only looked at, no order being there, is no reason.
        """
        seats = [(self.quoting, self.quote), (self.hedging, self.hedge)]
        for policy, bounds in seats if reason != Reason.HEDGE_FAULT else reversed(seats):
            for bound in bounds:
                is_reason = partial(_stops, reason, state) if bound is self.quote[0] else _always
                if found := next(filter(is_reason, bound.failures), None):
                    return policy, found
        return None

    @property
    def listeners(self) -> list[Policy]:
        """The policies that want to be told of ticks or fills."""
        return [policy for policy in (self.quoting, self.hedging) if self.listens(policy)]

    def listens(self, policy: Policy) -> bool:
        """Whether a policy wants to be told of ticks or fills."""
        return hasattr(policy.instance, "on_tick") or hasattr(policy.instance, "on_fill")

    @property
    def hedging_rules(self) -> dict[str, bool]:
        """What the loop is to do for the hedging policy, by the names of its rules."""
        vol, slope, offload = (
            hasattr(self.hedging.instance, slot.method) for slot in (HEDGE_VOL, HEDGE_SLOPE, OFFLOAD)
        )
        prices = vol or slope or bool(getattr(type(self.hedging.instance), "PRICES_BOOK", False))
        return {"prices_book": prices, "has_hedge_vol": vol, "has_hedge_slope": slope, "offloads": offload}


def _stops(reason: int, state: State, failure: Failure) -> bool:
    """Whether a quote has raised at the view that the loop has stopped at, or has been interrupted."""
    shown = np.array(failure.view, float)
    is_there = reason == Reason.QUOTE_FAULT and np.array_equal(shown, state.fault[0, : len(shown)], equal_nan=True)
    return is_there or not isinstance(failure.error, Exception)


def _always(_failure: Failure) -> bool:
    """Of any other method: the loop has returned because of it."""
    return True


def seat(quoting: Policy, hedging: Policy, underlyings: int) -> Desk:
    """Put the policies in their slots."""
    quote = tuple(bind(quoting.instance, slot, quoting.file) for slot in QUOTING)
    hedge = tuple(bind(hedging.instance, slot, hedging.file) for slot in HEDGING)
    memories = [
        np.zeros((underlyings, max(int(getattr(type(policy.instance), "MEMORY", 0)), 1)))
        for policy in (quoting, hedging)
    ]
    for bounds, memory in zip((quote, hedge), memories, strict=True):
        for bound in bounds:
            bound.lend(memory)
    addresses = [bound.address for bound in quote + hedge]
    return Desk(
        quoting=quoting,
        hedging=hedging,
        quote=quote,
        hedge=hedge,
        functions=np.array(addresses, np.int64) if JIT else addresses,
        tables=Tables._make([*(bound.parameters for bound in quote + hedge), *memories]),
    )


def walk(
    events: Events,
    state: State,
    desk: Desk,
    universe: Universe,
    empty: Callable[[State], None],
    progress: Callable[[int], None],
) -> State:
    """Walk all events of a path; the state at its end (arrays that were full have been replaced by larger ones).

    ``empty`` is called when the journal is full and at the end; ``progress`` with the number of events done. Raises
    UserError where a policy fails or an opening position has no price.
    """
    desk.tables.quote_memory[:] = 0.0
    desk.tables.hedge_memory[:] = 0.0
    return walk_on(events, state, desk, universe, empty, progress, 0, len(events))


def walk_on(
    events: Events,
    state: State,
    desk: Desk,
    universe: Universe,
    empty: Callable[[State], None],
    progress: Callable[[int], None],
    start: int,
    end: int,
) -> State:
    """Walk a part of a path's events, with the state and the memories that the walk up to ``start`` has left.

    The same as `walk` otherwise.
    """
    state.rules["quote_listens"], state.rules["hedge_listens"] = desk.listens(desk.quoting), desk.listens(desk.hedging)
    for rule, holds in desk.hedging_rules.items():
        state.rules[rule] = holds
    n = start
    while True:
        stop = min(n + _CHUNK, end)
        try:
            n, reason = loop.run(events, n, stop, state, desk.functions, desk.tables)
        except Exception as error:
            if not desk.listeners:
                raise
            raise _deaf(error, state, desk) from error
        spool.give_back(events, n)
        progress(n)
        if reason == Reason.JOURNAL_FULL and any(state.desk[0][name] for name in JOURNAL):
            empty(state)
        elif reason in _FULL:  # a journal: too small for what one event may write
            state = _enlarged(state, _FULL[Reason(reason)])
        elif reason != Reason.STOP or desk.failure(reason, state):
            raise _fault(Reason(reason), events, n, state, desk, universe)
        elif n == end:
            empty(state)
            return state


def _enlarged(state: State, names: Sequence[str]) -> State:
    """The same state with twice the room in the named queues or journals."""
    arrays = {name: getattr(state, name) for name in names}
    return state._replace(**{name: np.concatenate([a, np.zeros_like(a)], axis=-1) for name, a in arrays.items()})


def _fault(reason: Reason, events: Events, n: int, state: State, desk: Desk, universe: Universe) -> BaseException:
    """The user's error behind a reason to stop: the policy, the event and the view that it was given."""
    if reason == Reason.OPENING_FAULT:
        row = state.opening[int(state.fault[0, 0])]
        named = (
            universe.underlyings[row["instrument"]].symbol
            if row["is_hedge"]
            else universe.options[row["instrument"]].name
        )
        return UserError(f"opening: {named} has no market at the clock's start: give it a price or mark")
    if reason == Reason.OVERFLOW and state.desk[0]["overflow"] == Overflow.PRICE:
        moved = f"the desk's hedges have moved the price to 0 or below at {_event(events, n, universe)}"
        return UserError(f"execution.impact.permanent: {moved}: it is too large for such trades")
    if reason == Reason.OVERFLOW:
        return UserError(f"an amount too large for the ledger, or no number, at {_event(events, n, universe)}")
    policy, failure = desk.failure(reason, state) or _answered(reason, state, desk)
    if isinstance(failure.error, KeyboardInterrupt):
        return failure.error  # the user's interrupt
    at = _event(events, n, universe)
    if failure.method in (ON_TICK.method, ON_FILL.method):
        at = f"the {'tick' if failure.method == ON_TICK.method else 'fill'} at {_time(failure.view.ts_ns)}"
    return UserError(f"policy {policy.name!r}: {_said(policy, failure)}; {at}; {_shown(failure.view)}")


def _answered(reason: Reason, state: State, desk: Desk) -> tuple[Policy, Failure]:
    """The policy whose answer the loop has stopped at, and what is wrong with it."""
    is_quote = reason == Reason.QUOTE_FAULT
    asked = Answer(int(state.fault[1, 1])) if not is_quote else Answer.HEDGE
    slots = {slot.method: slot for slot in HEDGING}
    policy, slot, memory = (
        (desk.quoting, QUOTE, desk.tables.quote_memory)
        if is_quote
        else (desk.hedging, slots[asked.name.lower()], desk.tables.hedge_memory)
    )
    kinds = get_type_hints(slot.view).values()
    decided = int(state.desk[0]["now"]) - (int(state.rules[0]["quote_latency"]) if is_quote else 0)
    if is_quote and state.desk[0]["busy"]:
        decided = int(state.desk[0]["decided"])
    view = slot.view(*(kind(value) for kind, value in zip(kinds, state.fault[0], strict=False)))
    view = view._replace(ts_ns=decided)  # nanoseconds exceed a float's 53 bits
    error = raised(policy.instance, slot, view, memory)
    if error is None and is_quote:
        answer = ", ".join(f"{name}={value:g}" for name, value in zip(Quote._fields, state.fault[1], strict=False))
        error = _AnswerError(f"answered no quote (NaN, crossed or negative): {answer}")
    if error is None:
        error = _AnswerError(f"{slot.method} answered {state.fault[1, 0]:g}, which is no {_MEANT[asked]}")
    return policy, Failure(slot.method, error, view)


class _AnswerError(Exception):
    """What is wrong with a policy's answer."""


def _said(policy: Policy, failure: Failure) -> str:
    if isinstance(failure.error, _AnswerError):
        return str(failure.error)
    error = failure.error
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename) == policy.file]
    place = f" ({policy.file.name}, line {own[-1].lineno})" if own else ""
    return f"{failure.method} raised {type(error).__name__}: {error}{place}"


def _deaf(error: Exception, state: State, desk: Desk) -> UserError:
    """The user's error behind what a compiled listener has raised."""
    names = " or ".join(repr(policy.name) for policy in desk.listeners)
    what = f"on_tick or on_fill raised {type(error).__name__}: {error}"
    return UserError(f"policy {names}: {what}; at {_time(state.desk[0]['now'])}")


def _shown(view: Any) -> str:
    fields = (f"{name}={value:{'d' if isinstance(value, int) else '.10g'}}" for name, value in view._asdict().items())
    return f"{type(view).__name__}({', '.join(fields)})"


def _time(ns: int) -> str:
    return f"{np.datetime64(int(ns), 'ns')}Z"


def _event(events: Events, n: int, universe: Universe) -> str:
    """An event for a message: its number, kind, time and instrument."""
    event = events[min(n, len(events) - 1)]
    kind, i = Kind(event["kind"]), int(event["instrument"])
    is_underlying = kind in (Kind.SPOT, Kind.DIVIDEND)
    names = [item.symbol for item in universe.underlyings] if is_underlying else list(universe.option_index)
    of = f" of {names[i]}" if i >= 0 else ""
    return f"event {n} ({kind.name}{of} at {_time(event['ts'])})"
