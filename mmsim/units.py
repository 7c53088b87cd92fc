"""Durations, instants and times of day as a user writes them, and as int64 nanoseconds."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
}
DAY_NS = UNITS_NS["d"]
INT64_MAX = 2**63 - 1
MAX_DURATION_NS = 50 * 365 * DAY_NS  # an instant and a duration, or a few, add up within int64
DURATION_PATTERN = r"^(0|([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d|w))+)$"
INSTANT_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2}| [A-Za-z_]+(/[A-Za-z_+-]+[0-9]*)*)$"
)
CLOCK_TIME_PATTERN = r"^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|ms|s|m|h|d|w)")
_LOCAL = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.([0-9]{1,9}))?(.*)")
_OFFSET = re.compile(r"Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]")


class ZonedTime(NamedTuple):
    """A time of day in a time zone."""

    time: dt.time
    zone: str  # an IANA name

    def __str__(self) -> str:
        return f"{clock_time_text(self.time)} {self.zone}"


def parse_duration(text: str) -> int:
    """A duration in nanoseconds; ValueError says what is wrong with it.

    >>> parse_duration("500us"), parse_duration("1h30m"), parse_duration("0.5s")
    (500000, 5400000000000, 500000000)
    """
    if text == "0":
        return 0
    if not re.match(DURATION_PATTERN, text):
        bare = re.fullmatch(r"[0-9.]+", text)
        raise ValueError(
            f"{text!r} is no duration: {'its unit is missing, ' if bare else ''}write 500us, 5s, 1m, 6h or 1d"
        )
    total = sum(Decimal(number) * UNITS_NS[unit] for number, unit in _PART.findall(text))
    if total != int(total):
        raise ValueError(f"{text!r} is not a whole number of nanoseconds")
    return in_length(int(total))


def in_length(duration_ns: int) -> int:
    """``duration_ns`` itself; ValueError if it is below 0 or longer than any duration may be."""
    if not 0 <= duration_ns <= MAX_DURATION_NS:
        raise ValueError(f"must be a duration from 0 to 50 years, not {duration_ns:,} ns")
    return duration_ns


def duration_text(duration_ns: int) -> str:
    """A duration in the largest unit that holds it whole.

    >>> duration_text(90_000_000_000), duration_text(0)
    ('90s', '0s')
    """
    if duration_ns == 0:
        return "0s"
    unit = max((u for u, size in UNITS_NS.items() if duration_ns % size == 0), key=UNITS_NS.__getitem__)
    return f"{duration_ns // UNITS_NS[unit]}{unit}"


def parse_instant(text: str) -> int:
    """An ISO 8601 time with a zone (``Z``, an offset or a zone's name) in nanoseconds UTC; ValueError if it is none.

    >>> parse_instant("2026-01-16T16:00 America/New_York") == parse_instant("2026-01-16T21:00:00Z")
    True
    """
    example = "write 2026-01-16T21:00:00Z or 2026-01-16T16:00 America/New_York"
    match = _LOCAL.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no time with a date and a zone: {example}")
    day_text, time_text, fraction, zone = match.groups()
    if not zone:
        raise ValueError(f"{text!r} has no time zone: {example}")
    day, time = _date(day_text), parse_clock_time(time_text)
    if _OFFSET.fullmatch(zone):
        whole = _since_epoch(dt.datetime.fromisoformat(f"{day}T{time}{zone}"))
    elif zone.startswith(" "):
        whole = day_time_ns(day, time, zone.strip())
    else:
        raise ValueError(f"{zone!r} is no time zone: {example}")
    return _in_range(whole + int((fraction or "").ljust(9, "0")), text)


def instant_text(instant: int) -> str:
    """An instant of nanoseconds UTC as ISO 8601.

    >>> instant_text(1_500_000_000)
    '1970-01-01T00:00:01.5Z'
    """
    seconds, fraction = divmod(instant, UNITS_NS["s"])
    whole = (_EPOCH + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return whole + (f".{fraction:09d}".rstrip("0") if fraction else "") + "Z"


def parse_clock_time(text: str) -> dt.time:
    """A time of day such as ``09:30``; ValueError if it is none."""
    try:
        if re.match(CLOCK_TIME_PATTERN, text):
            return dt.time.fromisoformat(text)
    except ValueError:
        pass  # as 25:00
    raise ValueError(f"{text!r} is no time of day: write 09:30")


def clock_time_text(time: dt.time) -> str:
    """A time of day as ``09:30``, with seconds where they are not zero."""
    return time.strftime("%H:%M:%S" if time.second else "%H:%M")


def parse_zoned_time(text: str) -> ZonedTime:
    """A time of day with a zone, as ``16:00 America/New_York``; ValueError if it is none."""
    time, _, zone = text.partition(" ")
    if not zone:
        raise ValueError(f"{text!r} has no time zone: write 16:00 America/New_York")
    return ZonedTime(parse_clock_time(time), check_zone(zone.strip()))


def check_zone(zone: str) -> str:
    """``zone`` itself if it is the name of a time zone; ValueError otherwise."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a name that is a directory of zones
        raise ValueError(f"{zone!r} is no time zone: write UTC or America/New_York") from error
    return zone


def day_time_ns(day: dt.date, time: dt.time, zone: str) -> int:
    """Nanoseconds UTC at which it is ``time`` on ``day`` in ``zone``; ValueError where the clocks skip or repeat it."""
    local = dt.datetime.combine(day, time, ZoneInfo(check_zone(zone)))
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise ValueError(f"{day} {clock_time_text(time)} is skipped or comes twice in {zone}: write it with its offset")
    return _since_epoch(local)


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no date") from error


def _since_epoch(moment: dt.datetime) -> int:
    elapsed = moment - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * UNITS_NS["s"]


_FIRST_NS, _LAST_NS = (_since_epoch(dt.datetime(year, 1, 1, tzinfo=dt.UTC)) for year in (1700, 2201))


def _in_range(instant: int, text: str) -> int:
    if not _FIRST_NS <= instant < _LAST_NS:
        raise ValueError(f"{text!r} lies outside the years 1700 to 2200")
    return instant
