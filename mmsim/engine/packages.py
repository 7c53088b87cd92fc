"""An order with two legs: both are dealt, by the sum of their prices, or none."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmsim.engine.orders import ELSEWHERE, available, limit_price, share_beside
from mmsim.engine.quoting import QuoteInForce
from mmsim.engine.rival import rival_offer
from mmsim.engine.state import Counter, Rival, State
from mmsim.events import Events
from mmsim.kernel import internal


@internal
def package_refusal(
    state: State, events: Events, n: int, first: QuoteInForce, second: QuoteInForce, theo: float, other: float
) -> int:
    """Why the package of rows `n` and `n` + 1 is not dealt at the quotes of its legs, as a Counter, or -1: it is.

    `theo` and `other` are those of its legs. Elsewhere it is worth the sum of a rival's prices, if there are both; at
    equal sums it is the desk's where the rule gives it all of it.
    """
    gain = worse = 0.0
    left = displayed = 1e300
    for k in range(2):
        order: Any = events[n + k]
        option: Any = state.options[np.int64(order["instrument"])]
        quote, at = (first, theo) if k == 0 else (second, other)
        side = float(order["side"])
        shown = available(option, quote, side)
        if shown < order["size"]:
            return Counter.ORDERS_NO_QUOTE
        price = quote.ask if side > 0.0 else quote.bid
        gain += (limit_price(state, option, order, side, at) - price) * side
        left = min(left, shown)
        if state.rules[0]["rival"] != Rival.NONE:
            rival = rival_offer(state, option, side, at)
            worse += (rival.price - price) * side
            displayed = min(displayed, rival.size)
    if gain < 0.0:
        return Counter.ORDERS_WORSE_PRICE
    if state.rules[0]["rival"] == Rival.NONE:
        return -1
    size = events[n]["size"]
    share = share_beside(state, size, worse, left, displayed)
    if share == ELSEWHERE:
        return Counter.ORDERS_BETTER_ELSEWHERE
    return -1 if share >= size else Counter.ORDERS_NO_SHARE
