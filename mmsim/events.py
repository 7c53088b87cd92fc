"""The event row, and how streams of events become one in a total order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Kind(IntEnum):
    """What an event is. The number is also its priority among the events of one time."""

    DIVIDEND = 0  # instrument: underlying; value: amount a unit, at its ex-date
    BAR_TRADE = 1  # a recorded trade known from a bar: it precedes the market data of its time
    SPOT = 2  # instrument: underlying; bid, ask and sizes, a missing side NaN
    QUOTE = 3  # instrument: option; the market's bid, ask and sizes, a missing side NaN
    VOLATILITY = 4  # instrument: option; value: the scenario's mark of its volatility
    FAIR_VOLATILITY = 5  # instrument: option; value: the volatility of the market's fair value
    # here quote and hedge messages of the desk come into force; they are no rows
    ORDER = 6  # instrument: option; side: +1 the client buys, -1 sells, 0 whichever it likes; its price: `EVENT`
    TIMER = 7  # the hedge policy is called
    OPEN = 8  # the session opens
    CLOSE = 9  # the session closes
    SETTLEMENT = 10  # marks at settlement prices, variation margin
    MARK = 11  # the time grid
    EXERCISE = 12  # holders of American options decide whether to exercise
    EXPIRY = 13  # instrument: option


# What the client of an ORDER row would pay or take, at worst: `price`. Where that is NaN, side · `value` beyond what
# the option is worth to it: the market's fair value, or, where `bid` or `ask` is given, the theoretical value at the
# volatility `bid` less side · `bid_size` (NaN: the market's) and at the spot `ask` (NaN: the present one). `ask_size`
# is its place in a package (`Leg`).
EVENT = np.dtype(
    [
        ("ts", "i8"),  # nanoseconds UTC
        ("kind", "u1"),
        ("side", "i1"),
        ("client", "i2"),  # number of the client group, -1 for none
        ("instrument", "i4"),  # number of the option or underlying, -1 for none
        ("bid", "f8"),
        ("ask", "f8"),
        ("bid_size", "f4"),
        ("ask_size", "f4"),
        ("value", "f8"),
        ("price", "f8"),  # limit price of an order
        ("size", "f8"),  # contracts of an order
    ],
    align=True,
)
assert EVENT.itemsize == 64

Events = npt.NDArray[np.void]


class Allocation(IntEnum):
    """How a venue shares a trade at the desk's price between the desk and the market's displayed size."""

    NONE = 0  # no rule: the desk is given the whole trade
    PRO_RATA = 1  # by size
    PRICE_TIME = 2  # the displayed size came first


class FillRule(IntEnum):
    """When a recorded trade is the desk's: a bracket from the least to the most that it could have had."""

    RESERVATION = 0  # no recorded trade: a client with a reservation price
    TRADE_THROUGH = 1  # only at a price worse for the client than the desk's
    BACK_OF_QUEUE = 2  # at the desk's price, what is left behind the displayed size
    TOUCH = 3  # at the desk's price, its share by the venue's rule
    SNIPED = 4  # no recorded trade: a reservation price, met with the desk alone whoever else quotes


class Leg(IntEnum):
    """The place of an ORDER row in a package, whose legs are dealt together or not at all."""

    NONE = 0  # an order by itself
    FIRST = 1  # the next row is the second leg
    SECOND = 2


def rows(
    kind: Kind,
    ts: npt.ArrayLike,
    instrument: npt.ArrayLike = -1,
    *,
    client: npt.ArrayLike = -1,
    **columns: npt.ArrayLike,
) -> Events:
    """Event rows of one kind from columns; columns not given are 0 for sizes and sides, NaN for prices and value.

    >>> rows(Kind.SPOT, [10, 20], 0, bid=[99.0, 100.0], ask=[101.0, 102.0])["ask"].tolist()
    [101.0, 102.0]
    """
    times = np.atleast_1d(np.asarray(ts, np.int64))
    made = np.zeros(len(times), EVENT)
    for name in ("bid", "ask", "value", "price"):
        made[name] = np.nan
    made["ts"], made["kind"], made["instrument"], made["client"] = times, kind, instrument, client
    for name, column in columns.items():
        made[name] = column
    return made


def merge(streams: Sequence[Events]) -> Events:
    """All streams as one, ordered by (time, priority, instrument, client, place in its stream).

    Market data, volatilities and timers of one time and instrument keep their order within a stream; orders of
    one time are ordered by client group and then as drawn, so that the order of files or streams changes nothing
    as long as no two streams hold the same kind for the same instrument and client.
    """
    joined = np.concatenate([np.asarray(s, EVENT) for s in streams]) if streams else np.zeros(0, EVENT)
    is_order = (joined["kind"] == Kind.ORDER) | (joined["kind"] == Kind.BAR_TRADE)
    instrument = np.where(is_order, -1, joined["instrument"])  # a sweep keeps its order over strikes
    order = np.lexsort((joined["client"], instrument, joined["kind"], joined["ts"]))  # lexsort is stable
    return np.take(joined, order)  # an index would copy field by field


def merged(streams: Sequence[Iterable[Events]]) -> Iterator[Events]:
    """What `merge` makes of streams, piece by piece; each stream comes in pieces and in order of time."""
    sources = [iter(stream) for stream in streams]
    held = [np.zeros(0, EVENT) for _ in sources]
    going = set(range(len(sources)))
    while going:
        for n in sorted(going):
            while n in going and not len(held[n]):
                _pull(sources, held, going, n)
        known = min((held[n]["ts"][-1] for n in going), default=None)  # up to here, without it, nothing is missing
        if known is None:
            break
        counts = [int(np.searchsorted(rows["ts"], known)) for rows in held]
        if any(counts):
            yield merge([rows[:count] for rows, count in zip(held, counts, strict=True)])
            held = [rows[count:] for rows, count in zip(held, counts, strict=True)]
        for n in sorted(going):
            if held[n]["ts"][-1] == known:
                _pull(sources, held, going, n)
    yield merge(held)


def _pull(sources: Sequence[Iterator[Events]], held: list[Events], going: set[int], n: int) -> None:
    """Take the next piece of a stream, or note that it has ended."""
    piece = next(sources[n], None)
    if piece is None:
        going.discard(n)
    else:
        held[n] = np.concatenate([held[n], piece])
