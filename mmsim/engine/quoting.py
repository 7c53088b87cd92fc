"""The quote in force: the policy's answer to the desk's (delayed) view, rounded, clamped and within the limits."""

from __future__ import annotations

from math import ceil, floor
from typing import Any, NamedTuple

from mmsim.engine.alarms import guarded
from mmsim.engine.expectation import expected_over
from mmsim.engine.greeks import book_at
from mmsim.engine.seats import Seat
from mmsim.engine.state import Counter, State
from mmsim.engine.tracing import trace_quote
from mmsim.engine.valuation import delta_now, theo_seen, years_left
from mmsim.kernel import fields_of, internal
from mmsim.policy import Quote, QuoteView
from mmsim.pricing.black_scholes import Greeks

_ROUNDING = 1e-9  # of a tick: a price this close to the grid is on it


class QuoteInForce(NamedTuple):
    """A quote as the market sees it, with the edge chain that led to it. A side with no size is absent."""

    bid: float
    ask: float
    bid_size: float
    ask_size: float
    policy_fair: float  # the middle of what the policy answered
    policy_bid: float
    policy_ask: float
    is_valid: bool


@internal
def round_down(state: State, option: Any, price: float) -> float:
    """The highest price on the option's tick grid that is not above `price`."""
    tick = state.ticks[_tick_row(state, option, price)]
    return _on_grid(floor(price / tick["step"] + _ROUNDING), tick)


@internal
def round_up(state: State, option: Any, price: float) -> float:
    """The lowest price on the option's tick grid that is not below `price`."""
    tick = state.ticks[_tick_row(state, option, price)]
    return _on_grid(ceil(price / tick["step"] - _ROUNDING), tick)


@internal
def _on_grid(count: float, tick: Any) -> float:
    """`count` ticks as a price: divided by the ticks in a unit of currency where they are whole, which is exact."""
    return count / tick["inverse"] if tick["inverse"] > 0.0 else count * tick["step"]


@internal
def tick_at(state: State, option: Any, price: float) -> float:
    """The option's price increment at a price."""
    return state.ticks[_tick_row(state, option, price)]["step"]


@internal
def _tick_row(state: State, option: Any, price: float) -> int:
    """The row of the option's tick table that holds at a price."""
    row = option["first_tick"]
    for k in range(option["first_tick"] + 1, option["first_tick"] + option["tick_count"]):
        if price >= state.ticks[k]["level"]:
            row = k
    return row


@internal
def quote_view(state: State, i: int, ts: int, at: Greeks) -> QuoteView:
    """What the desk, as of `ts`, knows of an option, whose theo and Greeks were then `at`."""
    option = state.seen_options[i]
    u = option["underlying"]
    underlying = state.seen_underlyings[u]
    book, years = book_at(state, underlying, ts), years_left(state, option, ts)
    expected = worth = underlying["expected_volatility"]
    if expected == expected:
        expected = expected_over(underlying, years)
        worth = theo_seen(state, i, ts, expected)
    return QuoteView(
        ts_ns=ts,
        option=i,
        underlying=u,
        ticks=underlying["ticks"],
        spot=underlying["spot"],
        strike=option["strike"],
        right=option["right"],
        years=years,
        multiplier=option["multiplier"],
        tick=state.ticks[_tick_row(state, option, at.theo)]["step"],
        theo=at.theo,
        implied_volatility=option["volatility"],
        delta=delta_now(state, i, at.delta),
        gamma=at.gamma,
        vega=at.vega,
        theta=at.theta,
        market_bid=option["bid"],
        market_ask=option["ask"],
        market_bid_size=option["bid_size"],
        market_ask_size=option["ask_size"],
        position=option["position"],
        hedge=underlying["hedge"],
        net_delta=book.delta + underlying["hedge"] + underlying["pending"],
        net_gamma=book.gamma,
        net_vega=book.vega,
        expected_volatility=expected,
        expected_theo=worth,
    )


@internal
def is_valid(quote: Quote) -> bool:
    """Whether a policy's answer is a quote: sizes not negative, prices of its sides not negative, not crossed."""
    if not (quote.bid_size >= 0.0 and quote.ask_size >= 0.0):
        return False
    if quote.bid_size > 0.0 and not (0.0 <= quote.bid < 1e300):
        return False
    if quote.ask_size > 0.0 and not (0.0 <= quote.ask < 1e300):
        return False
    return not (quote.bid_size > 0.0 and quote.ask_size > 0.0 and quote.bid > quote.ask)


@internal
def keep_fault(state: State, view: Any) -> None:
    """Keep the view that a policy failed on, for the message."""
    k = 0
    for field in fields_of(view):
        state.fault[0, k] = field
        k += 1  # noqa: SIM113  (enumerate does not unroll)


@internal
def quote_in_force(state: State, i: int, ts: int, at: Greeks, quoter: Seat) -> QuoteInForce:
    """Option `i`'s quote in force: policy, tick rounding, post-only clamp, limits.

    It is decided on the state as of `ts`, in which the option's theo and Greeks were `at`.
    """
    view = quote_view(state, i, ts, at)
    answer = quoter.decide(view, quoter.shown_memory, quoter.parameters)
    state.counters[Counter.QUOTES] += 1
    if not is_valid(answer):
        keep_fault(state, view)
        for k in range(4):
            state.fault[1, k] = (answer.bid, answer.ask, answer.bid_size, answer.ask_size)[k]
        return QuoteInForce(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, False)
    option = state.seen_options[i]
    kept = guarded(state, view.underlying, ts, view.theo, answer) if state.rules[0]["alarmed"] != 0 else answer
    bid_size, ask_size = kept.bid_size, kept.ask_size
    bid = rounded_bid = round_down(state, option, kept.bid) if bid_size > 0.0 else 0.0
    ask = rounded_ask = round_up(state, option, kept.ask) if ask_size > 0.0 else 0.0
    if state.rules[0]["post_only"] != 0:
        if bid_size > 0.0 and bid >= option["ask"]:
            bid = round_down(
                state, option, option["ask"] - state.ticks[_tick_row(state, option, option["ask"])]["step"]
            )
            state.counters[Counter.QUOTES_CLAMPED] += 1
        if ask_size > 0.0 and ask <= option["bid"]:
            ask = round_up(state, option, option["bid"] + state.ticks[_tick_row(state, option, option["bid"])]["step"])
            state.counters[Counter.QUOTES_CLAMPED] += 1
    if bid <= 0.0:
        bid_size = 0.0
    if ask <= 0.0:
        ask_size = 0.0
    bid_size = _allowed(state, view, 1.0, bid_size)
    ask_size = _allowed(state, view, -1.0, ask_size)
    fair = 0.5 * (kept.bid + kept.ask)
    quote = QuoteInForce(bid, ask, bid_size, ask_size, fair, kept.bid, kept.ask, True)
    if state.rules[0]["traced"] != 0:
        trace_quote(state, view, answer, kept, rounded_bid, rounded_ask, quote)
    return quote


@internal
def _allowed(state: State, view: QuoteView, side: float, size: float) -> float:
    """The size that the limits leave of a side (+1 the desk buys): none where it would add to a breach."""
    rules = state.rules[0]
    if state.desk[0]["halted"] != 0:
        return 0.0
    if abs(view.net_delta) >= rules["limit_delta"] and side * view.delta * view.net_delta > 0.0:
        return 0.0
    if abs(view.net_gamma) >= rules["limit_gamma"] and side * view.net_gamma > 0.0:
        return 0.0
    if abs(view.net_vega) >= rules["limit_vega"] and side * view.net_vega > 0.0:
        return 0.0
    return min(size, max(rules["limit_position"] - side * view.position, 0.0))
