"""A client's order or a recorded trade against the desk's quote in force."""

from __future__ import annotations

from typing import Any

from mmsim.engine.impact import shift_at
from mmsim.engine.queueing import pass_trade
from mmsim.engine.quoting import QuoteInForce
from mmsim.engine.rival import rival_offer
from mmsim.engine.state import Counter, Rival, State
from mmsim.engine.valuation import has_mark, market_fair, theo_at
from mmsim.events import Allocation, FillRule
from mmsim.kernel import internal

_SAME_PRICE = 1e-9
ELSEWHERE = -2.0  # the share of the desk where a rival is better for the client


@internal
def refusal(state: State, i: int) -> int:
    """Why orders in option `i` cannot be looked at at all, as a Counter, or -1."""
    option, now = state.options[i], state.desk[0]["now"]
    if state.desk[0]["open"] == 0 or option["settled"] != 0 or now > option["last_trade"] or now >= option["expiry"]:
        return Counter.ORDERS_CLOSED
    if not has_mark(state, option) or not has_mark(state, state.seen_options[i]):
        return Counter.ORDERS_NO_MARK
    seen_spot = state.seen_underlyings[option["underlying"]]["spot"]
    return -1 if seen_spot == seen_spot else Counter.ORDERS_NO_MARK


@internal
def note_cross(state: State, option: Any, quote: QuoteInForce) -> None:
    """Count a market quote that stands through the desk's: it fills nothing."""
    if (quote.bid_size > 0.0 and option["ask"] < quote.bid) or (quote.ask_size > 0.0 and option["bid"] > quote.ask):
        state.counters[Counter.QUOTES_CROSSED_BY_MARKET] += 1


@internal
def side_of(state: State, order: Any, quote: QuoteInForce, theo: float) -> float:
    """+1 where the client buys, -1 where it sells; one who would do either buys if the ask is good enough."""
    if order["side"] != 0:
        return float(order["side"])
    option = state.options[order["instrument"]]
    buys = quote.ask_size > 0.0 and quote.ask <= limit_price(state, option, order, 1.0, theo)
    return 1.0 if buys else -1.0


@internal
def available(option: Any, quote: QuoteInForce, side: float) -> float:
    """Contracts left of the quote in force that a client on a side may have."""
    if side > 0.0:
        return quote.ask_size - option["consumed_ask"]
    return quote.bid_size - option["consumed_bid"]


@internal
def dealt_size(state: State, order: Any, side: float, quote: QuoteInForce, theo: float) -> float:
    """Contracts that an order on a side takes from the quote in force; 0, counted by reason, if none."""
    option = state.options[order["instrument"]]
    left = available(option, quote, side)
    if left <= 0.0:
        state.counters[Counter.ORDERS_NO_QUOTE] += 1
        return 0.0
    price = quote.ask if side > 0.0 else quote.bid
    limit = state.desk[0]["limit"] = limit_price(state, option, order, side, theo)
    improvement = (limit - price) * side  # what the client gains against its limit
    rule = state.client_rules[order["client"], 1]
    if rule == FillRule.RESERVATION or rule == FillRule.SNIPED:
        share = order["size"] if improvement >= 0.0 else -1.0
        if share > 0.0 and rule == FillRule.RESERVATION and state.rules[0]["rival"] != Rival.NONE:
            rival = rival_offer(state, option, side, theo)
            share = share_beside(state, order["size"], (rival.price - price) * side, left, rival.size)
    elif improvement > _SAME_PRICE:
        share = order["size"]
    elif improvement < -_SAME_PRICE:
        share = -1.0
    else:
        displayed = option["ask_size"] if side > 0.0 else option["bid_size"]
        market = option["ask"] if side > 0.0 else option["bid"]
        ahead = displayed if abs(market - price) <= _SAME_PRICE else 0.0
        allocation = state.client_rules[order["client"], 0]
        if state.desk[0]["busy"] != 0 and rule == FillRule.TOUCH and allocation == Allocation.PRICE_TIME:
            ahead = pass_trade(option, order["side"], order["size"], ahead)
        share = _share(rule, allocation, order["size"], left, ahead)
    if share == ELSEWHERE:
        state.counters[Counter.ORDERS_BETTER_ELSEWHERE] += 1
    elif share < 0.0:
        state.counters[Counter.ORDERS_WORSE_PRICE] += 1
    elif share == 0.0:
        state.counters[Counter.ORDERS_NO_SHARE] += 1
    return min(max(share, 0.0), left)


@internal
def share_beside(state: State, size: float, worse: float, left: float, displayed: float) -> float:
    """The desk's part of an order whose price elsewhere is `worse` for the client by so much (NaN: there is none)."""
    if worse < -_SAME_PRICE:
        return ELSEWHERE
    if worse <= _SAME_PRICE:
        return _share(FillRule.TOUCH, state.rules[0]["rival_allocation"], size, left, displayed)
    return size


@internal
def limit_price(state: State, option: Any, order: Any, side: float, theo: float) -> float:
    """The worst price that the client takes on a side: given, or so far beyond what the option is worth to it."""
    if order["price"] == order["price"]:
        return order["price"]
    if order["bid"] != order["bid"] and order["ask"] != order["ask"]:
        fair = market_fair(state, option, theo)
        worth = fair if fair == fair else theo
    else:
        worth = _worth(state, option, order, side)
    return worth + side * order["value"]


@internal
def _worth(state: State, option: Any, order: Any, side: float) -> float:
    """What the option is worth to a client who knows better than the market what its volatility or the spot is.

    A spot that is known is that of the market without the desk, and moves as the desk's hedges have moved the market.
    """
    underlying, now = state.underlyings[option["underlying"]], state.desk[0]["now"]
    volatility, spot = option["fair_volatility"], order["ask"] + shift_at(underlying, now)
    if volatility != volatility:
        volatility = option["volatility"]
    if order["bid"] == order["bid"]:
        volatility = order["bid"] - side * order["bid_size"]
    if spot != spot:
        spot = underlying["spot"]
    return theo_at(state, option, spot, now, volatility)


@internal
def _share(rule: int, allocation: int, size: float, left: float, ahead: float) -> float:
    """The desk's part of a trade at its own price, whole contracts, `ahead` being what others show there."""
    if rule == FillRule.TRADE_THROUGH:
        return 0.0
    if rule == FillRule.BACK_OF_QUEUE or allocation == Allocation.PRICE_TIME:
        return max(size - ahead, 0.0)
    if allocation == Allocation.PRO_RATA:
        return float(size * left // (left + ahead))
    return size
