"""What is quoted on one underlying over time, and how it stands at an instant."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.events import Events
from mmsim.instruments import Exercise, TickTable, UnderlyingKind, Universe
from mmsim.market import smoothing
from mmsim.surface.chain import Quotes

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Book:
    """One underlying's options, arrays (options,), and everything that was quoted on it, by time."""

    symbol: str
    number: Integers  # of each option in the universe
    expiry_ns: Integers
    strike: Floats
    right: Floats
    rate: Floats
    carry: Floats  # that the loop prices by
    ticks: TickTable
    american: bool
    on_future: bool
    quote_ns: Integers  # (quotes,)
    quote_of: Integers  # (quotes,) places in the arrays above
    bid: Floats  # (quotes,)
    ask: Floats
    spots: Events  # SPOT rows

    @property
    def tick_ns(self) -> Integers:
        """The times of the underlying's ticks."""
        return np.asarray(self.spots["ts"], np.int64)


@dataclass
class Standing:
    """The quotes of a book as they stand at a time, which only goes forward."""

    book: Book
    year_ns: float
    read_to: int = 0
    bid: Floats = field(init=False)
    ask: Floats = field(init=False)
    updated_ns: Integers = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.book.number)
        self.bid, self.ask = np.full(count, math.nan), np.full(count, math.nan)
        self.updated_ns = np.zeros(count, np.int64)

    def at(self, now_ns: int) -> Quotes:
        """The quotes at a time, with those of that time."""
        book, upto = self.book, int(np.searchsorted(self.book.quote_ns, now_ns, side="right"))
        new = slice(self.read_to, upto)
        of = book.quote_of[new]
        self.bid[of], self.ask[of], self.updated_ns[of] = book.bid[new], book.ask[new], book.quote_ns[new]
        self.read_to = upto
        level = np.searchsorted(book.ticks.levels, np.nan_to_num(self.bid), side="right") - 1
        return Quotes(
            expiry_ns=book.expiry_ns,
            strike=book.strike,
            right=book.right,
            bid=self.bid.copy(),
            ask=self.ask.copy(),
            updated_ns=self.updated_ns.copy(),
            tick=np.array(book.ticks.steps)[level],
            rate=book.rate,
            carry=book.carry,
            now_ns=now_ns,
            spot=spot_at(book, now_ns),
            year_ns=self.year_ns,
            on_future=book.on_future,
            american=book.american,
        )


def books(universe: Universe, quotes: pd.DataFrame, ticks: Events, rate: Floats, carry: Floats) -> list[Book]:
    """A book an underlying that has options; ``quotes`` and ``ticks`` are all standing quotes by time.

    ``quotes`` has ts, instrument, bid and ask; ``rate`` and ``carry`` are those of each option, (options,).
    """
    owner = np.array([universe.underlying_of(n) for n in range(len(universe.options))])
    times, numbers = (quotes[name].to_numpy(np.int64, copy=True) for name in ("ts", "instrument"))
    made = []
    for underlying, terms in enumerate(universe.underlyings):
        mine = np.flatnonzero(owner == underlying)
        if not len(mine):
            continue
        options = [universe.options[n] for n in mine]
        told = np.flatnonzero(owner[numbers] == underlying)
        made.append(
            Book(
                symbol=terms.symbol,
                number=mine,
                expiry_ns=np.array([option.expiry_ns for option in options], np.int64),
                strike=np.array([option.strike for option in options]),
                right=np.array([float(option.right) for option in options]),
                rate=rate[mine],
                carry=carry[mine],
                ticks=options[0].ticks,
                american=options[0].exercise == Exercise.AMERICAN,
                on_future=terms.kind == UnderlyingKind.FUTURE,
                quote_ns=times[told],
                quote_of=np.searchsorted(mine, numbers[told]),
                bid=quotes["bid"].to_numpy(np.float64)[told],
                ask=quotes["ask"].to_numpy(np.float64)[told],
                spots=ticks[ticks["instrument"] == underlying],
            )
        )
    return made


def spot_at(book: Book, now_ns: int) -> float:
    """The mid of the book's underlying in force at a time, NaN before the first."""
    return float(smoothing.in_force(np.array([now_ns]), book.spots)[0])
