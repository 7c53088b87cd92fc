"""What each client fill was worth some time after it: the market as it stood then, looked up as time passes."""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np

from .book import Book

SECOND = 1_000_000_000
HORIZONS = {"1s": SECOND, "10s": 10 * SECOND, "1m": 60 * SECOND, "5m": 300 * SECOND, "1h": 3600 * SECOND}


class Markout(NamedTuple):
    """A client fill at a horizon; amounts in currency, not rounded."""

    fill: int  # row of the fills
    horizon: str
    theo: float  # of a unit, then
    spot: float  # then
    delta: float  # of a unit, at the fill
    dividends: float  # paid in between
    edge: float
    markout: float
    impact: float
    hedged_markout: float
    scale: float  # what amounts are differences of


class Waiting:
    """A client fill, and what its option was settled at, if it was."""

    def __init__(self, fill: int, option: int, ts: int, units: float, price: float) -> None:
        self.fill, self.option, self.ts, self.units, self.price = fill, option, ts, units, price
        self.theo = self.spot = self.delta = self.dividends = float("nan")
        self.settled: tuple[float, float, float] | None = None  # theo, spot, dividends paid so far


class Markouts:
    """Every client fill with its horizons."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.found: list[Markout] = []
        self.fills: list[Waiting] = []
        self.due: list[tuple[int, int, str]] = []  # when, which of the fills, its horizon: a heap
        self.paid = np.zeros(len(book.hedges))  # dividends by underlying so far

    def add(self, row: int, option: int, ts: int, size: float, price: float) -> None:
        """A client fill, before it is booked."""
        fill = Waiting(row, option, ts, size * self.book.multiplier[option], price)
        fill.theo, fill.spot, fill.dividends = self._now(fill, ts)
        fill.delta = float(self.book.delta(np.array([option]), fill.spot, ts)[0])
        for name, wait in HORIZONS.items():
            heapq.heappush(self.due, (ts + wait, len(self.fills), name))
        self.fills.append(fill)

    def _now(self, fill: Waiting, ts: int) -> tuple[float, float, float]:
        if fill.settled is not None:
            return fill.settled
        u = self.book.owner[fill.option]
        return self.book.theo(fill.option, ts), self.book.hedges[u].mid, float(self.paid[u])

    def pass_to(self, ts: int) -> None:
        """Time goes on to ``ts``: horizons that ended before see the market as it is."""
        while self.due and self.due[0][0] < ts:
            then, number, name = heapq.heappop(self.due)
            self._note(self.fills[number], name, self._now(self.fills[number], then))

    def pay(self, u: int, amount: float) -> None:
        """A dividend has gone ex."""
        self.paid[u] += amount

    def settle(self, option: int, price: float) -> None:
        """An option is settled: from now on its fills are worth its payoff."""
        contract = self.book.contract
        payoff = max(float(contract.right[option] * (price - contract.strike[option])), 0.0)
        for fill in self.fills:
            if fill.option == option and fill.settled is None:
                fill.settled = payoff, price, float(self.paid[self.book.owner[option]])

    def end(self, ts: int) -> None:
        """The run ends at ``ts``."""
        self.pass_to(ts + 1)
        for fill in self.fills:
            self._note(fill, "end", self._now(fill, ts))

    def _note(self, fill: Waiting, horizon: str, then: tuple[float, float, float]) -> None:
        theo, spot, dividends = then
        paid = dividends - fill.dividends
        edge, markout = fill.units * (fill.theo - fill.price), fill.units * (theo - fill.price)
        hedged = markout - fill.units * fill.delta * (spot + paid - fill.spot)
        scale = abs(fill.units) * (fill.theo + theo + fill.price + abs(spot - fill.spot) + paid)
        self.found.append(
            Markout(fill.fill, horizon, theo, spot, fill.delta, paid, edge, markout, edge - markout, hedged, scale)
        )
