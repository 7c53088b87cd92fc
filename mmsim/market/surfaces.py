"""Volatility marks from a surface that is fitted again and again to recorded quotes, knowing no more than they tell.

A fit at a time uses the quotes and the spot known by then. Between fits the marks follow the spot by the scenario's
rule, at the times of its ticks. What is fitted stands on the forward that the chain tells; the loop prices each option
on the forward of its own carry, and is given the volatilities at which its prices are the surface's, see
`mmsim.surface.forwards`.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.events import Events, Kind, rows
from mmsim.market.books import Book, Standing, spot_at
from mmsim.scenario import Scenario
from mmsim.surface import Method, Rule, SliceStatus, Smile, Surface, chain, fit, forwards, moved_volatility
from mmsim.surface.chain import Chain, Liquid, Use
from mmsim.units import DAY_NS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

QUOTES, FITS, UNFITTED, UNUSED = "rows", "fits", "expiry not fitted by itself: ", "quote not fitted: "
_NO_QUOTES, _BY_DESIGN = (Use.UNSEEN, Use.EXPIRED), (Use.USED, Use.IN_THE_MONEY)
SMILES = [
    "underlying", "ts", "expiry", "years", "forward", "strike", "log_moneyness",
    "bid", "mid", "ask", "svi", "mark", "method",
]  # fmt: skip


class Settings(NamedTuple):
    """How a surface is kept up."""

    start_ns: int
    end_ns: int
    refit_ns: int
    rule: Rule
    liquid: Liquid
    year_ns: float


def settings(scenario: Scenario) -> Settings:
    """How a scenario's surface is kept up."""
    theo = scenario.market.theo
    return Settings(
        start_ns=scenario.clock.start,
        end_ns=scenario.clock.end,
        refit_ns=theo.refit,
        rule=Rule[theo.dynamics.removeprefix("sticky_").upper()],
        liquid=Liquid(theo.stale_after, theo.bid_ticks, theo.min_delta, theo.min_life),
        year_ns=scenario.clock.volatility_days * DAY_NS,
    )


class Built(NamedTuple):
    """The stream of marks, and what there is to know of it."""

    marks: Events  # VOLATILITY rows
    counts: dict[str, int]  # what: how often
    smiles: pd.DataFrame  # of each underlying's last fit, a row a quote: columns `SMILES`


def key(books: Sequence[Book], settings: Settings) -> str:
    """The hash of everything that the marks of books depend on but the sources of this package."""
    digest = hashlib.sha256(repr((settings, np.__version__, pd.__version__)).encode())
    for book in books:
        for field in fields(book):
            value = getattr(book, field.name)
            is_array = isinstance(value, np.ndarray)
            digest.update(f"{field.name}: {f'{value.dtype} {value.shape}' if is_array else repr(value)};".encode())
            if is_array:
                digest.update(np.ascontiguousarray(value).view(np.uint8).data)
    return digest.hexdigest()


def built(books: Sequence[Book], settings: Settings) -> Built:
    """The marks of all books: no rows and no smiles for one whose quotes never made a surface."""
    makers = [_Maker(book, settings) for book in books]
    counts: Counter[str] = Counter()
    pieces = [piece for maker in makers for piece in maker.run()]
    for maker in makers:
        counts.update(maker.counts)
    marks = np.concatenate(pieces) if pieces else rows(Kind.VOLATILITY, np.zeros(0, np.int64))
    smiles = [maker.smiles() for maker in makers]
    table = pd.concat(smiles, ignore_index=True) if smiles else pd.DataFrame(columns=SMILES)
    return Built(marks, {what: number for what, number in counts.items() if number}, table)


class _Known(NamedTuple):
    """The last good smile of an expiry, and the growth of the spot to its forward."""

    smile: Smile
    carry: float


class _Maker:
    """One book's marks, from the clock's start to its end."""

    def __init__(self, book: Book, settings: Settings) -> None:
        self.counts: Counter[str] = Counter()
        self._book, self._settings = book, settings
        self._standing = Standing(book, settings.year_ns)
        self._marks = np.full(len(book.number), math.nan)  # as last told
        self._known: dict[int, _Known] = {}
        self._options_of = {int(e): np.flatnonzero(book.expiry_ns == e) for e in np.unique(book.expiry_ns)}
        self._surface: Surface | None = None
        self._fitted: tuple[int, Chain] | None = None  # the last fit's time and chain

    def run(self) -> Iterator[Events]:
        """The marks' rows in order of time."""
        fits = self._fit_times()
        follows = self._settings.rule is not Rule.STRIKE
        moves = np.setdiff1d(self._book.tick_ns, fits) if follows else np.zeros(0, np.int64)
        order = np.argsort(np.concatenate([fits, moves]), kind="stable")
        for place in order.tolist():
            now_ns = int(fits[place] if place < len(fits) else moves[place - len(fits)])
            if place < len(fits):
                self._fit(now_ns)
            yield from self._told(now_ns)

    def _fit_times(self) -> Integers:
        """The instants of the grid before which something was quoted that no fit knows yet."""
        start, step = self._settings.start_ns, self._settings.refit_ns
        seen = np.unique(np.concatenate([self._book.quote_ns, self._book.tick_ns]))
        grid = np.unique(start - (start - seen) // step * step)
        return grid[grid <= self._settings.end_ns]

    def _fit(self, now_ns: int) -> None:
        quotes = self._standing.at(now_ns)
        read = chain.read(quotes, self._settings.liquid)
        for use, number in Counter(read.uses.tolist()).items():
            self.counts[QUOTES] += number if use not in _NO_QUOTES else 0
            self.counts[f"{UNUSED}{use}"] += number if use not in (*_NO_QUOTES, *_BY_DESIGN) else 0
        if not read.expiries:
            return
        self._surface = fit(read.slices, self._surface)
        self._fitted = now_ns, read
        self.counts[FITS] += 1
        for expiry in read.expiries:
            status = self._surface.statuses[expiry.expiry_ns]
            if status != SliceStatus.FITTED:
                self.counts[f"{UNFITTED}{status}"] += 1
            smile = self._surface.smiles.get(expiry.expiry_ns)
            if smile is not None and smile.method is not Method.PREVIOUS and expiry.forward > 0.0:
                carry = math.log(expiry.forward / quotes.spot) / expiry.years
                self._known[expiry.expiry_ns] = _Known(smile, carry)

    def _told(self, now_ns: int) -> Iterator[Events]:
        """The marks that are new at a time."""
        book, spot = self._book, spot_at(self._book, now_ns)
        if not spot > 0.0:
            return
        count = len(book.number)
        marks, years, forward = np.full(count, math.nan), np.ones(count), np.ones(count)
        for expiry_ns, known in self._known.items():
            left = (expiry_ns - now_ns) / self._settings.year_ns
            if left <= 0.0:
                continue
            mine, grown = self._options_of[expiry_ns], spot * math.exp(known.carry * left)
            years[mine], forward[mine] = left, grown
            strikes, rule = book.strike[mine], self._settings.rule
            marks[mine] = moved_volatility(known.smile, strikes, forward=grown, years=left, rule=rule)
        alive = np.flatnonzero(
            (marks > 0.0) & (self._standing.updated_ns > 0)
        )  # that it is listed is known by its quote
        told, years, forward = marks[alive], years[alive], forward[alive]
        forwards.move_to(book.strike[alive], years, forward, spot * np.exp(book.carry[alive] * years), told)
        new = told != self._marks[alive]
        self._marks[alive] = told
        if new.any():
            yield rows(Kind.VOLATILITY, np.full(int(new.sum()), now_ns), book.number[alive[new]], value=told[new])

    def smiles(self) -> pd.DataFrame:
        """The quotes and the smiles of the last fit."""
        if self._fitted is None or self._surface is None:
            return pd.DataFrame(columns=SMILES)
        return smile_table(self._book.symbol, self._book.strike, *self._fitted, self._surface)


def smile_table(symbol: str, strike: Floats, now_ns: int, read: Chain, surface: Surface) -> pd.DataFrame:
    """The quotes that one underlying's surface was fitted to, with the smiles at their strikes: columns `SMILES`."""
    tables = []
    for expiry in read.expiries:
        if expiry.expiry_ns in surface.smiles and len(expiry.options):
            smile = surface.smiles[expiry.expiry_ns]
            k = expiry.slice.log_moneyness
            tables.append(
                pd.DataFrame(
                    {
                        "underlying": symbol,
                        "ts": pd.Timestamp(now_ns, tz="UTC"),
                        "expiry": pd.Timestamp(expiry.expiry_ns, tz="UTC"),
                        "years": expiry.years,
                        "forward": expiry.forward,
                        "strike": strike[expiry.options],
                        "log_moneyness": k,
                        "bid": expiry.slice.bid_volatility,
                        "mid": expiry.slice.mid_volatility,
                        "ask": expiry.slice.ask_volatility,
                        "svi": _parametric(smile, k),
                        "mark": smile.volatility(k),
                        "method": str(smile.method),
                    }
                ).sort_values("strike", kind="stable")
            )
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=SMILES)


def _parametric(smile: Smile, k: Floats) -> Floats:
    """The volatilities of the raw SVI below the mark, NaN where there is none."""
    if smile.svi is None:
        return np.full(k.shape, math.nan)
    return np.sqrt(smile.svi.derivatives(k)[0] / smile.years)
