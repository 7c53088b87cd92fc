"""A client's order or a recorded trade against the desk's quote in force."""

from __future__ import annotations

from typing import Any

from mmsim.engine.queueing import pass_trade
from mmsim.engine.quoting import QuoteInForce
from mmsim.engine.state import Counter, State
from mmsim.engine.valuation import has_mark, market_fair
from mmsim.events import Allocation, FillRule
from mmsim.kernel import internal

_SAME_PRICE = 1e-9


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
def dealt_size(state: State, order: Any, quote: QuoteInForce, theo: float) -> float:
    """Contracts that an order takes from the quote in force; 0, counted by reason, if none."""
    option = state.options[order["instrument"]]
    if order["side"] > 0:
        price, available = quote.ask, quote.ask_size - option["consumed_ask"]
    else:
        price, available = quote.bid, quote.bid_size - option["consumed_bid"]
    if available <= 0.0:
        state.counters[Counter.ORDERS_NO_QUOTE] += 1
        return 0.0
    limit = _limit_price(state, option, order, theo)
    improvement = (limit - price) * order["side"]  # what the client gains against its limit
    rule = state.client_rules[order["client"], 1]
    if rule == FillRule.RESERVATION:
        share = order["size"] if improvement >= 0.0 else -1.0
    elif improvement > _SAME_PRICE:
        share = order["size"]
    elif improvement < -_SAME_PRICE:
        share = -1.0
    else:
        displayed = option["ask_size"] if order["side"] > 0 else option["bid_size"]
        market = option["ask"] if order["side"] > 0 else option["bid"]
        ahead = displayed if abs(market - price) <= _SAME_PRICE else 0.0
        allocation = state.client_rules[order["client"], 0]
        if state.desk[0]["busy"] != 0 and rule == FillRule.TOUCH and allocation == Allocation.PRICE_TIME:
            ahead = pass_trade(option, order["side"], order["size"], ahead)
        share = _share(rule, allocation, order["size"], available, ahead)
    if share < 0.0:
        state.counters[Counter.ORDERS_WORSE_PRICE] += 1
    elif share == 0.0:
        state.counters[Counter.ORDERS_NO_SHARE] += 1
    return min(max(share, 0.0), available)


@internal
def _limit_price(state: State, option: Any, order: Any, theo: float) -> float:
    """The worst price that the client takes: given, or by its distance from the market's fair value (theo if none)."""
    if order["price"] == order["price"]:
        return order["price"]
    fair = market_fair(state, option, theo)
    return (fair if fair == fair else theo) + order["side"] * order["value"]


@internal
def _share(rule: int, allocation: int, size: float, available: float, ahead: float) -> float:
    """The desk's part of a recorded trade at its own price, whole contracts."""
    if rule == FillRule.TRADE_THROUGH:
        return 0.0
    if rule == FillRule.BACK_OF_QUEUE or allocation == Allocation.PRICE_TIME:
        return max(size - ahead, 0.0)
    if allocation == Allocation.PRO_RATA:
        return float(size * available // (available + ahead))
    return size
