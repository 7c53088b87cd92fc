"""Who quotes beside the desk: the recorded market, or a maker around the market's fair value."""

from __future__ import annotations

from math import nan
from typing import Any, NamedTuple

from mmsim.engine.quoting import round_down, round_up, tick_at
from mmsim.engine.state import Rival, State
from mmsim.engine.valuation import market_fair, theo_at
from mmsim.kernel import internal

LEAST_VOLATILITY = 1e-4  # that a rival quotes at


class Offer(NamedTuple):
    """A rival's price for one side of an order. NaN: it has none."""

    price: float
    size: float


@internal
def rival_offer(state: State, option: Any, side: float, theo: float) -> Offer:
    """What a client who buys (`side` +1) or sells (-1) the option gets elsewhere; `theo` is the present one."""
    rules = state.rules[0]
    if rules["rival"] == Rival.RECORDED:
        if side > 0.0:
            return Offer(option["ask"], option["ask_size"])
        return Offer(option["bid"], option["bid_size"])
    if option["fair_volatility"] != option["fair_volatility"]:
        return Offer(nan, 0.0)
    if rules["rival"] == Rival.BY_VOLATILITY:
        spot, now = state.underlyings[option["underlying"]]["spot"], state.desk[0]["now"]
        volatility = option["fair_volatility"] + side * rules["rival_half_spread"]
        price = theo_at(state, option, spot, now, max(volatility, LEAST_VOLATILITY))
    else:
        fair = market_fair(state, option, theo)
        price = fair + side * rules["rival_half_spread"] * tick_at(state, option, fair)
    if not price > 0.0:
        return Offer(nan, 0.0)
    price = round_up(state, option, price) if side > 0.0 else round_down(state, option, price)
    return Offer(price if price > 0.0 else nan, rules["rival_size"])
