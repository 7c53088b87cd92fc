"""When the desk may not deal: frozen by the venue after too much, or its quotes pulled after a jump."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

import numpy as np

from .book import Book
from .model import taylor


class Guard:
    """Counts what clients deal, by underlying, and watches its mids."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.terms: Mapping[str, Any] = book.settings.get("protection") or {}
        self.latency: int = book.settings["latency"].get("quote", 0)
        self.counted = [(0, 0.0, 0.0, 0.0)] * len(book.hedges)  # the window's end, and what it has
        self.frozen: list[tuple[int, int, int]] = [(-1, -1, -1)] * len(book.hedges)  # since, until, by which client
        self.mids: list[list[tuple[int, float]]] = [[] for _ in book.hedges]
        self.pulled: list[list[tuple[int, int]]] = [[] for _ in book.hedges]  # from, until

    def tick(self, u: int, ts: int) -> None:
        """A tick of an underlying: a jump from any mid of the time before is one."""
        jump, mid = self.terms.get("jump"), self.book.hedges[u].mid
        if not jump or not np.isfinite(mid):
            return
        near = [abs(mid / earlier - 1) for at, earlier in self.mids[u] if at >= ts - jump["within"]]
        if max(near, default=0.0) >= jump["spot"] * (1 + 1e-9):
            self.pulled[u].append((ts, ts + jump["for"]))
        self.mids[u].append((ts, mid))

    def wrong_with(self, option: int, client: int, ts: int) -> Iterator[str]:
        """Why a client's fill could not be, told before it is in the book."""
        u = int(self.book.owner[option])
        since, until, by = self.frozen[u]
        if ts < until and not (ts == since and client == by):
            yield "the venue had frozen the quotes"
        if any(start <= ts - self.latency < end for start, end in self.pulled[u]):
            yield "the quotes were pulled after a jump"

    def count(self, option: int, client: int, ts: int, size: float) -> None:
        """A client's fill, which is in the book."""
        terms, u = self.terms, int(self.book.owner[option])
        if not terms.get("window") or ts < self.frozen[u][1]:
            return
        end, contracts, delta, vega = self.counted[u]
        if ts >= end:
            end, contracts, delta, vega = ts + terms["window"], 0.0, 0.0, 0.0
        unit_delta, unit_vega = self._greeks(option, ts)
        units = size * self.book.multiplier[option]
        contracts, delta, vega = contracts + abs(size), delta + units * unit_delta, vega + units * unit_vega
        limits = [terms.get(key) or inf for key in ("quantity", "net_delta", "net_vega")]
        if any(abs(value) >= limit for value, limit in zip((contracts, delta, vega), limits, strict=True)):
            self.frozen[u], end = (ts, ts + terms["freeze"], client), 0
        self.counted[u] = end, contracts, delta, vega

    def _greeks(self, option: int, ts: int) -> tuple[float, float]:
        """Delta and vega of one unit."""
        book, one = self.book, np.array([option])
        spot = book.hedges[book.owner[option]].mid
        unit_delta = float(book.delta(one, spot, ts)[0])
        ahead = book.without_dividends(one, spot, ts)
        greeks = taylor(book.terms(one, ts), ahead, book.years(one, ts), book.volatility[one])
        return unit_delta, float(greeks["vega"][0])
