"""What the clock brings: marks, timers, sessions, settlements, exercises, expiries and dividends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from mmsim.events import Events, Kind, rows
from mmsim.instruments import Exercise, UnderlyingKind, Universe
from mmsim.units import DAY_NS, day_time_ns

SATURDAY = 5
SECOND_NS = 1_000_000_000


def marks(start_ns: int, end_ns: int, every_ns: int) -> Events:
    """MARK rows at ``start_ns + k * every_ns``, k = 1, 2, ..., and always one at ``end_ns``."""
    grid = np.arange(start_ns + every_ns, end_ns, every_ns, dtype=np.int64)
    return rows(Kind.MARK, np.append(grid, np.int64(end_ns)))


def timers(start_ns: int, end_ns: int, every_ns: int) -> Events:
    """TIMER rows at ``start_ns + k * every_ns``, k = 1, 2, ...; none if ``every_ns`` is 0."""
    if every_ns == 0:
        return rows(Kind.TIMER, np.zeros(0, np.int64))
    return rows(Kind.TIMER, np.arange(start_ns + every_ns, end_ns + 1, every_ns, dtype=np.int64))


@dataclass(frozen=True)
class TradingHours:
    """The hours of a venue in its zone, Monday to Friday; an ``open`` after the ``close`` is the evening before."""

    open: time
    close: time
    settlement: time
    zone: str  # an IANA name

    def sessions(self, start_ns: int, end_ns: int) -> Iterator[tuple[int, int, int]]:
        """(open, close, settlement) in nanoseconds UTC of each trading day that can touch the clock, in order."""
        evening = timedelta(days=1 if self.open >= self.close else 0)
        zone = ZoneInfo(self.zone)
        day = datetime.fromtimestamp(start_ns // SECOND_NS, zone).date() - timedelta(days=1)
        last = datetime.fromtimestamp(end_ns // SECOND_NS, zone).date() + timedelta(days=1)
        while day <= last:
            if day.weekday() < SATURDAY:
                opens = day_time_ns(day - evening, self.open, self.zone)
                closes, settles = (day_time_ns(day, wall, self.zone) for wall in (self.close, self.settlement))
                yield opens, closes, settles
            day += timedelta(days=1)

    def rows(self, start_ns: int, end_ns: int) -> Events:
        """OPEN, CLOSE and SETTLEMENT rows within the clock; a session under way at its start opens there."""
        made = []
        for opens, closes, settles in self.sessions(start_ns, end_ns):
            if closes > start_ns:
                made.append(_inside(Kind.OPEN, [max(opens, start_ns)], start_ns, end_ns))
            made.append(_inside(Kind.CLOSE, [closes], start_ns, end_ns))
            made.append(_inside(Kind.SETTLEMENT, [settles], start_ns, end_ns))
        return np.concatenate(made)


def daily_settlements(universe: Universe, start_ns: int, end_ns: int) -> Events:
    """SETTLEMENT rows where no sessions are given: every 24 hours from the clock's start, if a future is traded."""
    if all(u.kind != UnderlyingKind.FUTURE for u in universe.underlyings):
        return rows(Kind.SETTLEMENT, np.zeros(0, np.int64))
    return rows(Kind.SETTLEMENT, np.arange(start_ns + DAY_NS, end_ns + 1, DAY_NS, dtype=np.int64))


def exercises(universe: Universe, closes_ns: Sequence[int], start_ns: int, end_ns: int) -> Events:
    """EXERCISE rows at the closes, or every 24 hours from the clock's start without any, if an option is American."""
    if all(option.exercise != Exercise.AMERICAN for option in universe.options):
        return rows(Kind.EXERCISE, np.zeros(0, np.int64))
    if not closes_ns:
        return rows(Kind.EXERCISE, np.arange(start_ns + DAY_NS, end_ns + 1, DAY_NS, dtype=np.int64))
    return rows(Kind.EXERCISE, np.array([t for t in closes_ns if start_ns <= t <= end_ns], np.int64))


def expiries(universe: Universe, start_ns: int, end_ns: int) -> Events:
    """EXPIRY rows of the options that expire after ``start_ns`` and not after ``end_ns``."""
    numbers = [n for n, option in enumerate(universe.options) if start_ns < option.expiry_ns <= end_ns]
    return rows(Kind.EXPIRY, [universe.options[n].expiry_ns for n in numbers], numbers)


def dividends(universe: Universe, paid: Sequence[tuple[str, int, float]], start_ns: int, end_ns: int) -> Events:
    """DIVIDEND rows of (underlying, ex-date in nanoseconds, amount a unit) that go ex within the clock."""
    inside = [dividend for dividend in paid if start_ns <= dividend[1] <= end_ns]
    return rows(
        Kind.DIVIDEND,
        np.array([ex for _, ex, _ in inside], np.int64),
        np.array([universe.underlying_index[symbol] for symbol, _, _ in inside], np.int32),
        value=np.array([amount for _, _, amount in inside], np.float64),
    )


def _inside(kind: Kind, times: Sequence[int], start_ns: int, end_ns: int) -> Events:
    return rows(kind, np.array([t for t in times if start_ns <= t <= end_ns], np.int64))
