"""Years by the calendar, and by a clock of variance that runs slower over nights, weekends and holidays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.errors import UserError
from mmsim.units import DAY_NS, UNITS_NS, check_zone, day_time_ns, instant_text

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_SATURDAY = 5
_CALENDAR_DAYS = 365.0  # of a standard year


@dataclass(frozen=True)
class VarianceClock:
    """Nanoseconds of variance: an ordinary trading day has as many as it has of time, 24 hours of them.

    Between two knots it runs at one rate; where an event stands it jumps, and at the event's own instant it has jumped.
    `variance_clock` makes one.
    """

    times: Integers  # of the knots, nanoseconds UTC
    passed: Integers  # nanoseconds of variance from the first knot to each
    rates: Floats  # from each knot on
    year_days: float  # ordinary trading days that a standard year has the variance of

    def at(self, times: npt.ArrayLike) -> Integers:
        """Nanoseconds of variance from the first knot to each of ``times``, nanoseconds UTC; ValueError outside."""
        given = np.asarray(times, np.int64)
        if np.any((given < self.times[0]) | (given > self.times[-1])):
            span = f"{instant_text(int(self.times[0]))} to {instant_text(int(self.times[-1]))}"
            raise ValueError(f"an instant lies outside the clock, {span}")
        place = np.searchsorted(self.times, given, side="right") - 1
        moved: Integers = self.passed[place] + (self.rates[place] * (given - self.times[place])).astype(np.int64)
        return moved


def year_fraction(start: Any, end: Any, clock: VarianceClock | None = None, *, days: float = 365.0) -> Any:
    """Years from ``start`` to ``end``: of ``days`` of 24 hours each, or, with a ``clock``, of variance.

    Instants are whatever pandas reads as one (text, a Timestamp, a datetime, arrays or Series of them), with a zone;
    they broadcast against each other. Two single instants give a float, anything else an array of float. Raises
    ValueError for an instant without a zone, or that is missing, and where an end lies before its start.

    >>> year_fraction("2026-01-05T00:00Z", ["2026-01-06T00:00Z", "2027-01-05T00:00Z"]).round(6)
    array([0.00274, 1.      ])
    """
    first, last = np.broadcast_arrays(_instants(start), _instants(end))
    if (last < first).any():
        raise ValueError("an end lies before its start")
    if clock is None:
        years = (last - first) / (days * DAY_NS)
    else:
        years = (clock.at(last) - clock.at(first)) / (clock.year_days * DAY_NS)
    return years if np.ndim(years) else float(years)


def variance_clock(
    start: Any,
    end: Any,
    *,
    overnight: float,
    weekend: float,
    open: dt.time = dt.time(9, 30),  # noqa: A002
    close: dt.time = dt.time(16),
    zone: str = "America/New_York",
    holidays: Iterable[dt.date] = (),
    calendar: str | None = None,
    events: Iterable[tuple[Any, float]] = (),
    trading_days: float = 252.0,
) -> VarianceClock:
    """The clock from the day of ``start`` to that of ``end``, by what an hour weighs against one of a session.

    An hour weighs 1 within a session, ``overnight`` outside the sessions of a trading day, and ``weekend`` on a
    Saturday, a Sunday or a holiday; days are those of ``zone``. Sessions go from ``open`` to ``close`` from Monday to
    Friday; an ``open`` after the ``close`` is the evening before. Or they are those of ``calendar``, a name that the
    package exchange_calendars knows (XNYS, CMES, ...), with its zone, holidays and half days: the extra
    ``pip install "mmsim[calendars]"``. In both there is none on ``holidays``. ``events`` are
    instants with the days of variance that each adds.

    With a session of h hours an ordinary trading day weighs w = h + (24 − h)·overnight, and a day of variance is that
    much. A standard year is ``trading_days`` of them and 365 − ``trading_days`` days of 24·weekend, so that its
    ``year_days`` are trading_days + (365 − trading_days)·24·weekend / w. A year with other holidays, or with events,
    has more variance or less.

    Raises ValueError for weights below zero, days of events below zero and times that daylight saving skips; UserError
    where exchange_calendars is missing or knows no such calendar, or not for all of the time.

    >>> clock = variance_clock("2026-01-05T00:00Z", "2026-02-01T00:00Z", overnight=0.3, weekend=0.1)
    >>> friday, monday = "2026-01-09T16:00-05:00", "2026-01-12T09:30-05:00"
    >>> round(year_fraction(friday, monday, clock) * clock.year_days, 4)  # (17.5·0.3 + 48·0.1) / (6.5 + 17.5·0.3)
    0.8553
    """
    if not (overnight >= 0.0 and weekend >= 0.0 and 0.0 < trading_days <= _CALENDAR_DAYS):
        raise ValueError("weights are 0 or more, and trading days from 0 to 365")
    first, last = int(_instants(start)), int(_instants(end))
    if calendar is None:
        sessions, hours = list(_regular(first, last, open, close, check_zone(zone))), _hours(open, close)
    else:
        zone, sessions = _of_exchange(calendar, first, last)
        hours = float(np.median([closes - opens for _, opens, closes in sessions])) / UNITS_NS["h"]
    closed = frozenset(holidays)
    sessions = [session for session in sessions if session[0] not in closed]
    ordinary = hours + (24.0 - hours) * overnight  # hours of a session
    if not ordinary > 0.0:
        raise ValueError("nothing has any weight")
    times, rates = _rates(first, last, zone, sessions, overnight, weekend)
    year_days = trading_days + (_CALENDAR_DAYS - trading_days) * 24.0 * weekend / ordinary
    return _with_events(times, rates * (24.0 / ordinary), events, year_days)


def _instants(given: Any) -> Integers:
    """Nanoseconds UTC, of the shape given."""
    if isinstance(given, int | np.integer):
        return np.asarray(given, np.int64)
    read = pd.to_datetime(given)
    stamps = pd.DatetimeIndex([read]) if isinstance(read, pd.Timestamp) else pd.DatetimeIndex(read)
    if stamps.tz is None:
        raise ValueError("an instant has a zone, as 2026-01-05T09:30-05:00")
    if stamps.hasnans:
        raise ValueError("an instant is missing")
    times: Integers = stamps.as_unit("ns").asi8
    return times[0] if isinstance(read, pd.Timestamp) else times


Session = tuple[dt.date, int, int]  # its trading day, and when it opens and closes, nanoseconds UTC


def _days(first: int, last: int, zone: str) -> Iterator[dt.date]:
    """The days of a zone from one before an instant to two after another."""
    day, end = (
        dt.datetime.fromtimestamp(instant // UNITS_NS["s"], ZoneInfo(zone)).date() + dt.timedelta(days=shift)
        for instant, shift in ((first, -1), (last, 2))
    )
    while day <= end:
        yield day
        day += dt.timedelta(days=1)


def _regular(first: int, last: int, opens: dt.time, closes: dt.time, zone: str) -> Iterator[Session]:
    """A session from Monday to Friday."""
    evening = dt.timedelta(days=1 if opens >= closes else 0)
    for day in _days(first, last, zone):
        if day.weekday() < _SATURDAY:
            yield day, day_time_ns(day - evening, opens, zone), day_time_ns(day, closes, zone)


def _hours(opens: dt.time, closes: dt.time) -> float:
    """From one time of day to the next of the other."""
    length = dt.datetime.combine(dt.date.min, closes) - dt.datetime.combine(dt.date.min, opens)
    return length.total_seconds() / 3600.0 % 24.0 or 24.0


def _of_exchange(name: str, first: int, last: int) -> tuple[str, list[Session]]:
    """The zone of an exchange, and its sessions."""
    try:
        import exchange_calendars
    except ImportError as error:
        message = 'calendars of exchanges are those of exchange_calendars: pip install "mmsim[calendars]"'
        raise UserError(message) from error
    around = [pd.Timestamp(instant).normalize() + pd.Timedelta(days=day) for instant, day in ((first, -4), (last, 4))]
    try:
        found = exchange_calendars.get_calendar(name, start=around[0], end=around[1])
    except exchange_calendars.errors.InvalidCalendarName as error:
        raise UserError(f"exchange_calendars knows no calendar {name!r}") from error
    except ValueError as error:  # outside the years that it knows
        raise UserError(f"exchange_calendars has no {name} for these years") from error
    opens, closes = (column.dt.as_unit("ns").astype("int64").tolist() for column in (found.opens, found.closes))
    return str(found.tz), list(zip((session.date() for session in found.sessions), opens, closes, strict=True))


def _rates(
    first: int, last: int, zone: str, sessions: Sequence[Session], overnight: float, weekend: float
) -> tuple[Integers, Floats]:
    """The instants from which on an hour has another weight, and the weight."""
    trading = {day for day, _, _ in sessions}
    days = {
        day_time_ns(day, dt.time(), zone): overnight if day in trading else weekend for day in _days(first, last, zone)
    }
    opened, closed = {opens for _, opens, _ in sessions}, {closes for _, _, closes in sessions}
    times = [edge for edge in sorted({*days, *opened, *closed}) if min(days) <= edge <= max(days)]
    rates, outside, is_open = [], 0.0, False
    for edge in times:
        outside = days.get(edge, outside)
        is_open = edge in opened or (is_open and edge not in closed)
        rates.append(1.0 if is_open else outside)
    return np.array(times, np.int64), np.array(rates)


def _with_events(
    times: Integers, rates: Floats, events: Iterable[tuple[Any, float]], year_days: float
) -> VarianceClock:
    """The clock of these rates, with a jump at each event."""
    leaps: dict[int, float] = {}
    for instant, days in events:
        if not 0.0 <= days < np.inf:
            raise ValueError(f"an event adds 0 days of variance or more, not {days!r}")
        at = int(_instants(instant))
        if times[0] < at <= times[-1]:
            leaps[at] = leaps.get(at, 0.0) + days * DAY_NS
    knots = np.union1d(times, np.array(sorted(leaps), np.int64))
    kept = rates[np.searchsorted(times, knots, side="right") - 1]
    moved = np.append(0.0, kept[:-1] * np.diff(knots)) + [leaps.get(at, 0.0) for at in knots.tolist()]
    return VarianceClock(knots, np.cumsum(np.round(moved).astype(np.int64)), kept, year_days)
