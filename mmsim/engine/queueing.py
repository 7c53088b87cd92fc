"""The desk's place in the queue at its price: what stands before its standing quote, and how that wears down.

A quote joins behind all that is displayed at its price. What is displayed later has joined behind it. So trades at its
price go to those before it first, and of cancels none are before it as long as that can be: what is before it is never
more than what is displayed. A price of its own has nobody before it. Below the best price nothing is known (`UNKNOWN`):
the quote then takes its place when the market comes to its price, behind all that is displayed there.
"""

from __future__ import annotations

from typing import Any

from mmsim.kernel import internal

UNKNOWN = -1.0
_SAME_PRICE = 1e-9


@internal
def joined(price: float, market: float, displayed: float, side: float) -> float:
    """Contracts before a quote that joins at a price; side +1 a bid, −1 an ask."""
    if abs(market - price) <= _SAME_PRICE:
        return displayed
    return UNKNOWN if (market - price) * side > 0.0 else 0.0


@internal
def _after(ahead: float, price: float, market: float, displayed: float, side: float) -> float:
    """Contracts before a standing quote after a quote of the market."""
    place = joined(price, market, displayed, side)
    return ahead if place == UNKNOWN else place if ahead == UNKNOWN else min(ahead, place)


@internal
def note_market(option: Any) -> None:
    """A market quote of the option, already in its row: those before the desk may have gone."""
    if option["stand_bid_size"] > 0.0:
        option["ahead_bid"] = _after(option["ahead_bid"], option["stand_bid"], option["bid"], option["bid_size"], 1.0)
    if option["stand_ask_size"] > 0.0:
        option["ahead_ask"] = _after(option["ahead_ask"], option["stand_ask"], option["ask"], option["ask_size"], -1.0)


@internal
def pass_trade(option: Any, side: int, size: float, displayed: float) -> float:
    """Contracts before the desk in a trade of `size` at its price, which wears them down; side +1: the client buys.

    ``displayed`` is what the market shows at the price, where the desk's place is not known.
    """
    ahead = option["ahead_ask"] if side > 0 else option["ahead_bid"]
    if ahead == UNKNOWN:
        return displayed
    left = max(ahead - size, 0.0)
    if side > 0:
        option["ahead_ask"] = left
    else:
        option["ahead_bid"] = left
    return ahead
