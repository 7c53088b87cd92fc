"""An order or a package meets the desk's quotes: looked at, dealt, told to the policies, and hedged."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmsim.engine.delayed import catch_up
from mmsim.engine.fills import fill_client
from mmsim.engine.greeks import keep_fresh
from mmsim.engine.hedging import ask_hedge
from mmsim.engine.in_force import note_dealt, quote_met, refused_by
from mmsim.engine.limits import check_limits, check_position
from mmsim.engine.offload import offload
from mmsim.engine.orders import dealt_size, note_cross, side_of
from mmsim.engine.packages import package_refusal
from mmsim.engine.quoting import QuoteInForce
from mmsim.engine.seats import HedgeSeat, Seat
from mmsim.engine.state import Counter, Reason, State
from mmsim.engine.valuation import greeks_now
from mmsim.events import Events, Leg
from mmsim.kernel import internal
from mmsim.pricing.black_scholes import Greeks


@internal
def order(state: State, events: Events, n: int, quoter: Seat, hedger: HedgeSeat) -> int:
    """A client's order meets the quote in force; a fill is told to the policies and hedged."""
    event, rules = events[n], state.rules[0]
    leg = int(event["ask_size"])
    if leg != Leg.NONE:
        return package(state, events, n, quoter, hedger) if leg == Leg.FIRST else Reason.STOP
    i: Any = np.int64(event["instrument"])
    if rules["quote_latency"] != 0 and not catch_up(state, events, n, event["ts"] - rules["quote_latency"], quoter):
        return Reason.QUOTE_FAULT
    state.counters[Counter.ORDERS] += 1
    refused = refused_by(state, i, event["client"])
    if refused >= 0:
        state.counters[refused] += 1
        return Reason.STOP
    at = market_of(state, i)
    chain = quote_for(state, i, event["ts"], at, quoter)
    if not chain.is_valid:
        return Reason.QUOTE_FAULT
    side = side_of(state, event, chain, at.theo)
    size = dealt_size(state, event, side, chain, at.theo)
    if size <= 0.0:
        return Reason.STOP
    deal(state, event, side * size, chain, at, quoter, hedger)
    return answer_deal(state, state.options[i]["underlying"], hedger)


@internal
def market_of(state: State, i: int) -> Greeks:
    """Theo and Greeks of an option that an order asks for, the book's being fresh if they are quoted by at once."""
    if state.rules[0]["quote_latency"] == 0:
        keep_fresh(state, state.options[i]["underlying"])
    return greeks_now(state, i)


@internal
def quote_for(state: State, i: int, ts: int, at: Greeks, quoter: Seat) -> QuoteInForce:
    """The quote that an order at `ts` meets, `at` being the present theo and Greeks."""
    chain = quote_met(state, i, ts - state.rules[0]["quote_latency"], at, quoter)
    if chain.is_valid:
        note_cross(state, state.options[i], chain)
    return chain


@internal
def deal(
    state: State, event: Any, bought: float, chain: QuoteInForce, at: Greeks, quoter: Seat, hedger: HedgeSeat
) -> None:
    """A client's fill of so many contracts (+ the client buys), told to the policies."""
    i: Any = np.int64(event["instrument"])
    price = chain.ask if bought > 0.0 else chain.bid
    view = fill_client(state, i, -bought, price, chain, event["client"], at)
    note_dealt(state, view, event["client"])
    rules = state.rules[0]
    if rules["quote_listens"] != 0 and rules["quote_latency"] == 0:
        quoter.on_fill(view, quoter.memory, quoter.fill_parameters)
    if rules["hedge_listens"] != 0:
        hedger.on_fill(view, hedger.memory, hedger.fill_parameters)
    check_position(state, i)


@internal
def answer_deal(state: State, u: int, hedger: HedgeSeat) -> int:
    """What follows clients' fills: options are offloaded, the delta hedged, the limits looked at."""
    if state.rules[0]["offloads"] != 0 and offload(state, u, hedger) < 0:
        return Reason.HEDGE_FAULT
    if not ask_hedge(state, u, 0, hedger):
        return Reason.HEDGE_FAULT
    check_limits(state, u)
    return Reason.STOP


@internal
def package(state: State, events: Events, n: int, quoter: Seat, hedger: HedgeSeat) -> int:
    """The order of rows `n` and `n` + 1 meets the quotes of both its legs before either is filled; then the hedge."""
    first, second, latency = events[n], events[n + 1], state.rules[0]["quote_latency"]
    i: Any = np.int64(first["instrument"])
    j: Any = np.int64(second["instrument"])
    if latency != 0 and not catch_up(state, events, n, first["ts"] - latency, quoter):
        return Reason.QUOTE_FAULT
    state.counters[Counter.ORDERS] += 2
    refused = max(refused_by(state, i, first["client"]), refused_by(state, j, first["client"]))
    if refused >= 0:
        state.counters[refused] += 2
        return Reason.STOP
    at, other = market_of(state, i), market_of(state, j)
    chain, other_chain = (
        quote_for(state, i, first["ts"], at, quoter),
        quote_for(state, j, first["ts"], other, quoter),
    )
    if not (chain.is_valid and other_chain.is_valid):
        return Reason.QUOTE_FAULT
    refused = package_refusal(state, events, n, chain, other_chain, at.theo, other.theo)
    if refused >= 0:
        state.counters[refused] += 2
        return Reason.STOP
    deal(state, first, first["side"] * first["size"], chain, at, quoter, hedger)
    deal(state, second, second["side"] * second["size"], other_chain, other, quoter, hedger)
    return answer_deal(state, state.options[i]["underlying"], hedger)
