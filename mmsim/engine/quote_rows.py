"""The quotes of chosen options at the marks of the time grid, looked at so that nothing else changes."""

from __future__ import annotations

from typing import Any

from mmsim.engine.delayed import catch_up
from mmsim.engine.in_force import quote_met, refused_by
from mmsim.engine.orders import available
from mmsim.engine.quoting import QuoteInForce
from mmsim.engine.seats import Seat
from mmsim.engine.state import Counter, State
from mmsim.engine.valuation import greeks_now, has_mark
from mmsim.events import Events
from mmsim.kernel import internal

_NOBODY = -1  # the client to whom the venue shows them


@internal
def write_quotes(state: State, events: Events, n: int, quoter: Seat) -> bool:
    """A row for each chosen option: what an order would meet at event `n`; False on a policy's fault in the past.

    A policy whose answer is none quotes nothing. What quoting counts and traces is put back: no order has asked.
    """
    rules, counters = state.rules[0], state.counters
    if rules["keep"] == 0:
        return True
    ts, latency = events[n]["ts"], rules["quote_latency"]
    if latency != 0 and not catch_up(state, events, n, ts - latency, quoter):
        return False
    traced, asked, clamped = rules["traced"], counters[Counter.QUOTES], counters[Counter.QUOTES_CLAMPED]
    rules["traced"] = 0
    for k in range(state.sampled.shape[0]):
        _write(state, state.sampled[k], ts - latency, quoter)
    rules["traced"], counters[Counter.QUOTES], counters[Counter.QUOTES_CLAMPED] = traced, asked, clamped
    return True


@internal
def _write(state: State, i: int, decided: int, quoter: Seat) -> None:
    """The row of option `i`, whose quote in force was decided as of `decided`."""
    option, desk, nan = state.options[i], state.desk[0], float("nan")
    row = state.quotes[desk["quotes"]]
    desk["quotes"] += 1
    row["ts"], row["path"], row["instrument"] = desk["now"], state.rules[0]["path"], i
    row["market_bid"], row["market_ask"] = option["bid"], option["ask"]
    row["spot"] = state.underlyings[option["underlying"]]["spot"]
    row["bid"] = row["ask"] = row["bid_size"] = row["ask_size"] = row["policy_fair"] = row["theo"] = nan
    if option["settled"] != 0 or not has_mark(state, option):
        return
    at = greeks_now(state, i)
    row["theo"] = at.theo
    if refused_by(state, i, _NOBODY) >= 0:
        return
    quote = quote_met(state, i, decided, at, quoter)
    if quote.is_valid:
        _write_sides(row, option, quote)


@internal
def _write_sides(row: Any, option: Any, quote: QuoteInForce) -> None:
    """The sides that have any size left."""
    bid_size, ask_size = available(option, quote, -1.0), available(option, quote, 1.0)
    if bid_size > 0.0:
        row["bid"], row["bid_size"] = quote.bid, bid_size
    if ask_size > 0.0:
        row["ask"], row["ask_size"] = quote.ask, ask_size
    if bid_size > 0.0 or ask_size > 0.0:
        row["policy_fair"] = quote.policy_fair
