"""What no fill may do: miss its order's price, leave the tick, come too late, be no whole lot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .book import Book

CLOSE_ENOUGH = 1e-9  # relative: prices are decimals held in binary


def same(a: float, b: float) -> bool:
    """Equal but for the last digits of a float."""
    return abs(a - b) <= CLOSE_ENOUGH * max(1.0, abs(a), abs(b))


def whole(ratio: float) -> bool:
    """A whole number but for the last digits of a float."""
    return abs(ratio - round(ratio)) <= 1e-6


def tick_at(price: float, levels: Sequence[float], steps: Sequence[float]) -> float:
    """The price increment of a tick table at a price."""
    return steps[max(k for k, level in enumerate(levels) if price >= level or k == 0)]


def reservation(book: Book, order: Mapping[str, Any], ts_ns: int) -> float:
    """The worst price that a client accepts: its limit, or so far beyond the market's fair value as it would go."""
    if np.isfinite(order["price"]):
        return float(order["price"])
    fair = book.fair_value(order["instrument"], ts_ns)
    return (fair if np.isfinite(fair) else book.theo(order["instrument"], ts_ns)) + order["side"] * order["value"]


def wrong_with_client_fill(
    book: Book, order: Mapping[str, Any], ts_ns: int, size: float, price: float, in_session: bool
) -> Iterator[str]:
    """Everything illegal about a client fill against the order that it answers."""
    option = order["instrument"]
    terms = book.options.iloc[option]
    limit = reservation(book, order, ts_ns)
    beyond = (price - limit) * order["side"]
    if not beyond <= CLOSE_ENOUGH * max(1.0, abs(limit)):
        yield f"price {price} is beyond the client's {limit}"
    if abs(size) > order["size"] * (1 + CLOSE_ENOUGH):
        yield f"size {abs(size)} exceeds the order's {order['size']}"
    if not whole(price / tick_at(price, terms["tick_levels"], terms["tick_steps"])):
        yield f"price {price} is on no tick"
    if book.expired[option] or ts_ns >= terms["expiry_ns"] or 0 < terms["last_trade_ns"] < ts_ns:
        yield "the option trades no more"
    if not in_session:
        yield "the session is closed"


def hedge_price(book: Book, u: int, units: float) -> float:
    """What a hedge of underlying ``u`` must cost now: the mid, or the touch."""
    instrument = book.hedges[book.instrument_of[u]]
    touch = instrument.ask if units > 0 else instrument.bid
    return touch if book.settings["hedge_at"] == "touch" and np.isfinite(touch) else instrument.mid


def wrong_with_hedge_fill(book: Book, u: int, units: float, price: float) -> Iterator[str]:
    """Everything illegal about a hedge fill of underlying ``u``."""
    instrument = book.hedges[book.instrument_of[u]]
    expected = hedge_price(book, u, units)
    if not same(price, expected):
        yield f"price {price} is not the {book.settings['hedge_at']}, {expected}"
    lot = instrument.lot * instrument.multiplier
    if lot > 0 and not whole(units / lot):
        yield f"{units} units are no whole number of lots of {lot}"


def wrong_with_offload(
    book: Book, option: int, ts_ns: int, size: float, price: float, in_session: bool
) -> Iterator[str]:
    """Everything illegal about a trade with the volatility desk, which deals at theo and a little against the desk."""
    expected, loose = offload_price(book, option, ts_ns, size)
    if not abs(price - expected) <= loose:
        yield f"price {price} is not the volatility desk's, {expected}"
    if book.position[option] == 0:
        yield "nothing was held"
    if not whole(size):
        yield f"{size} is no whole number of contracts"
    if book.expired[option] or ts_ns >= book.options.iloc[option]["expiry_ns"]:
        yield "the option trades no more"
    if not in_session:
        yield "the session is closed"


def offload_price(book: Book, option: int, ts_ns: int, size: float) -> tuple[float, float]:
    """What the volatility desk deals at, and how far off that is: vega is a difference of values."""
    one, spot = np.array([option]), book.hedges[book.owner[option]].mid
    volatility, bump = book.volatility[one], 1e-4
    up, down = (float(book.theta(one, spot, ts_ns, volatility + by)[0]) for by in (bump, -bump))
    cost = book.settings["offload"]["half_spread_vol"] * (up - down) / (2 * bump)
    by_boundary = book.contract.american[option] or book.settings["spot_dividends"]  # the vega of an approximation
    loose = (0.05 if by_boundary else 1e-4) * cost + 1e-7
    return max(book.theo(option, ts_ns) + np.sign(size) * cost, 0.0), loose
