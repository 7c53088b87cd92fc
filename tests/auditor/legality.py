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


def reservation(book: Book, order: Mapping[str, Any], ts_ns: int, side: float) -> float:
    """The worst price that a client who buys (+1) or sells (-1) accepts: its limit, or so far beyond what it takes the
    option to be worth as it would go."""
    if np.isfinite(order["price"]):
        return float(order["price"])
    volatility, spot = order.get("bid", np.nan), order.get("ask", np.nan)
    if np.isfinite(volatility) or np.isfinite(spot):
        margin = side * order["bid_size"] if np.isfinite(volatility) else 0.0
        return book.worth(order["instrument"], ts_ns, volatility - margin, spot) + side * order["value"]
    fair = book.fair_value(order["instrument"], ts_ns)
    return (fair if np.isfinite(fair) else book.theo(order["instrument"], ts_ns)) + side * order["value"]


def wrong_with_prices(
    book: Book, orders: Sequence[Mapping[str, Any]], ts_ns: int, dealt: Sequence[tuple[float, float]]
) -> Iterator[str]:
    """What is illegal about the prices of an order, or of the legs of a package, dealt at (size, price) each."""
    sides = [-np.sign(size) for size, _ in dealt]
    legs = list(zip(orders, dealt, sides, strict=True))
    limits = [reservation(book, order, ts_ns, side) for order, _, side in legs]
    beyond = sum((price - limit) * side for limit, (_, (_, price), side) in zip(limits, legs, strict=True))
    if not beyond <= CLOSE_ENOUGH * max(1.0, *map(abs, limits)):
        priced = [price for _, price in dealt]
        one = len(priced) == 1
        yield f"price {priced[0] if one else priced} is beyond the client's {limits[0] if one else limits}"
    yield from wrong_beside_maker(book, legs, ts_ns)


def wrong_beside_maker(
    book: Book, legs: Sequence[tuple[Mapping[str, Any], tuple[float, float], float]], ts_ns: int
) -> Iterator[str]:
    """A client who goes to the better price, and has not: the rival's was better, or had come first."""
    maker = book.settings.get("maker")
    if maker is None or legs[0][0]["client"] not in book.settings["shopping"]:
        return
    offers = [rival(book, order["instrument"], ts_ns, side) for order, _, side in legs]
    gains = [
        sum((price - offer[place]) * side for (_, (_, price), side), offer in zip(legs, offers, strict=True))
        for place in (0, 1)  # of the rival's price, and of its least favourable one within the rounding
    ]
    if min(gains) > CLOSE_ENOUGH:
        yield f"the rival's {[price for price, _, _ in offers]} was better"
    is_tied = max(map(abs, gains)) <= CLOSE_ENOUGH
    displayed = min(size for _, _, size in offers)
    size = legs[0][0]["size"]
    if is_tied and maker["allocation"] == "price_time" and abs(legs[0][1][0]) > max(size - displayed, 0.0):
        yield f"{displayed} contracts of the rival's came first"


def rival(book: Book, option: int, ts_ns: int, side: float) -> tuple[float, float, float]:
    """The price at which a client can buy (+1) or sell (-1) elsewhere, the same for a value that is off by a micro-unit
    to the client's loss, and the size there. A NaN is no price."""
    maker = book.settings["maker"]
    if maker["half_spread_vol"] is None and maker["half_spread_ticks"] is None:  # the recorded market
        quotes, sizes = (book.market_ask, book.market_ask_size) if side > 0 else (book.market_bid, book.market_bid_size)
        return float(quotes[option]), float(quotes[option]), float(sizes[option])
    if not np.isfinite(book.fair_volatility[option]):
        return float("nan"), float("nan"), 0.0
    terms = book.options.iloc[option]
    levels, steps = terms["tick_levels"], terms["tick_steps"]
    if maker["half_spread_vol"] is not None:
        level = max(book.fair_volatility[option] + side * maker["half_spread_vol"], 1e-4)
        value = book.worth(option, ts_ns, level, np.nan)
    else:
        fair = book.fair_value(option, ts_ns)
        value = fair + side * maker["half_spread_ticks"] * tick_at(fair, levels, steps)
    rounded = [outwards(value + off, side, levels, steps) for off in (0.0, 1e-6 * side)]
    exact, worse = (price if price > 0 else float("nan") for price in rounded)
    return exact, worse, float(maker["size"] or 10)


def outwards(price: float, side: float, levels: Sequence[float], steps: Sequence[float]) -> float:
    """The next price on the grid that is no better for a client who buys (+1) or sells (-1)."""
    if not np.isfinite(price):
        return float("nan")
    step = tick_at(price, levels, steps)
    ticks = price / step
    return step * float(np.ceil(ticks - 1e-9) if side > 0 else np.floor(ticks + 1e-9))


def wrong_with_client_fill(
    book: Book, order: Mapping[str, Any], ts_ns: int, size: float, price: float, in_session: bool
) -> Iterator[str]:
    """Everything illegal about a client fill against the order that it answers, but for the price that it asks."""
    option = order["instrument"]
    terms = book.options.iloc[option]
    if abs(size) > order["size"] * (1 + CLOSE_ENOUGH):
        yield f"size {abs(size)} exceeds the order's {order['size']}"
    if not whole(price / tick_at(price, terms["tick_levels"], terms["tick_steps"])):
        yield f"price {price} is on no tick"
    if book.expired[option] or ts_ns >= terms["expiry_ns"] or 0 < terms["last_trade_ns"] < ts_ns:
        yield "the option trades no more"
    if not in_session:
        yield "the session is closed"


def hedge_price(book: Book, u: int, units: float) -> float:
    """What a hedge of underlying ``u`` that takes a price must cost now: the mid, or the touch, and its impact."""
    instrument = book.hedges[book.instrument_of[u]]
    touch = instrument.ask if units > 0 else instrument.bid
    price = touch if book.settings["hedge_at"] != "mid" and np.isfinite(touch) else instrument.mid
    cost = price + book.markets[book.instrument_of[u]].own(units, instrument.mid) - instrument.mid
    return instrument.mid + book.settings.get("hedge_cost", 1.0) * cost


def has_rested(book: Book, u: int, units: float, price: float) -> bool:
    """Whether a hedge may have rested at a price: the bid for one that buys, or the ask, since the last hedge."""
    if book.settings["hedge_at"] != "passive":
        return False
    return any(same(price, bid if units > 0 else ask) for bid, ask in book.touches[u])


def wrong_with_hedge_fill(book: Book, u: int, units: float, price: float) -> Iterator[str]:
    """Everything illegal about a hedge fill of underlying ``u``."""
    instrument = book.hedges[book.instrument_of[u]]
    expected = hedge_price(book, u, units)
    if not same(price, expected) and not has_rested(book, u, units, price):
        yield f"price {price} is not the {book.settings['hedge_at']}, {expected}"
    lot = instrument.lot * instrument.multiplier
    if lot > 0 and not whole(units / lot):
        yield f"{units} units are no whole number of lots of {lot}"


def wrong_with_offload(
    book: Book, option: int, ts_ns: int, size: float, price: float, in_session: bool
) -> Iterator[str]:
    """Everything illegal about a trade with the volatility desk, which deals at fair value and a little worse."""
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
    fair = book.fair_value(option, ts_ns)  # of the market; where it has none, the mark
    return max((fair if np.isfinite(fair) else book.theo(option, ts_ns)) + np.sign(size) * cost, 0.0), loose
