"""What an order meets: the quote that stands or is made for it, or the venue's freeze. And what stands by then."""

from __future__ import annotations

from mmsim.engine.delayed import catch_up
from mmsim.engine.orders import refusal
from mmsim.engine.protection import count_fill, is_frozen
from mmsim.engine.quoting import QuoteInForce, quote_in_force
from mmsim.engine.seats import Seat
from mmsim.engine.standing import decide_due, standing_quote, use_up, withdraw, withdraw_all
from mmsim.engine.state import Counter, State
from mmsim.engine.valuation import greeks_seen
from mmsim.events import Events, Kind
from mmsim.kernel import internal
from mmsim.policy import FillView
from mmsim.pricing.black_scholes import Greeks


@internal
def bring_into_force(state: State, events: Events, n: int, quoter: Seat) -> bool:
    """Everything decided a quote latency before event `n`; False on the policy's fault.

    Quotes come into force after the market data of a time and before its orders. Recorded trades of bars precede the
    market data of their time, and meet what stood before it.
    """
    desk, latency = state.desk[0], state.rules[0]["quote_latency"]
    kind, ts = events[n]["kind"], events[n]["ts"]
    if desk["halted"] != 0 and desk["withdrawn"] == 0:
        desk["withdrawn"] = 1
        withdraw_all(state, desk["now"])
    if state.rules[0]["protected"] != 0:
        _pull_frozen(state, ts)
    is_dealt = kind >= Kind.ORDER or kind == Kind.BAR_TRADE
    if latency != 0:
        return catch_up(state, events, n, ts - latency if is_dealt else ts - latency - 1, quoter)
    return decide_due(state, desk["now"], quoter) if is_dealt or ts > desk["now"] else True


@internal
def _pull_frozen(state: State, ts: int) -> None:
    """The venue has pulled the quotes on an underlying: they stood until then, and for the rest of the sweep."""
    for u in range(state.underlyings.shape[0]):
        underlying = state.underlyings[u]
        if underlying["pulled"] != 0 and ts > underlying["frozen_since"]:
            underlying["pulled"] = 0
            withdraw(state, u, underlying["frozen_since"])


@internal
def refused_by(state: State, i: int, client: int) -> int:
    """Why an order of a client in option `i` meets no quote at all, as a Counter, or -1."""
    refused = refusal(state, i)
    if refused >= 0 or state.rules[0]["protected"] == 0:
        return refused
    return Counter.ORDERS_NO_QUOTE if is_frozen(state, state.options[i]["underlying"], client) else -1


@internal
def quote_met(state: State, i: int, decided: int, at: Greeks, quoter: Seat) -> QuoteInForce:
    """The quote that an order in option `i` meets: what stands, or what the desk would have decided as of `decided`.

    ``at`` are the present theo and Greeks of one unit.
    """
    if state.rules[0]["standing"] != 0:
        return standing_quote(state, i)
    seen = at if state.rules[0]["quote_latency"] == 0 else greeks_seen(state, i, decided)
    return quote_in_force(state, i, decided, seen, quoter)


@internal
def note_dealt(state: State, fill: FillView, client: int) -> None:
    """A client fill: less stands, and the venue counts it."""
    if state.desk[0]["busy"] != 0:
        use_up(state, fill.option, fill.size)
    if state.rules[0]["protected"] != 0:
        count_fill(state, fill, client)
