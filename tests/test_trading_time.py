"""Years by the calendar and by a clock of variance, worked out by hand in hours."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmsim import UserError, VarianceClock, variance_clock, year_fraction

ZONE = "America/New_York"
SPAN = ("2026-01-01T00:00-05:00", "2027-01-01T00:00-05:00")
DAY = 6.5 + 17.5 * 0.3  # hours of a session that an ordinary day weighs
YEAR = 252.0 + 113.0 * 24.0 * 0.1 / DAY  # ordinary days
HOLIDAYS = [
    dt.date(2026, *day) for day in ((1, 1), (1, 19), (2, 16), (4, 3), (5, 25), (6, 19), (7, 3), (9, 7), (12, 25))
]


def clock(**changes: Any) -> VarianceClock:
    return variance_clock(*SPAN, **({"overnight": 0.3, "weekend": 0.1} | changes))


def hours(start: str, end: str, at: VarianceClock) -> float:
    """Hours of a session between two times of New York."""
    return year_fraction(pd.Timestamp(start, tz=ZONE), pd.Timestamp(end, tz=ZONE), at) * at.year_days * DAY


@pytest.fixture(scope="module")
def plain() -> VarianceClock:
    return clock()


@pytest.mark.parametrize(
    ("start", "end", "weight"),
    [
        ("2026-01-06 10:00", "2026-01-06 13:30", 3.5),
        ("2026-01-06 16:00", "2026-01-07 09:30", 17.5 * 0.3),
        ("2026-01-06 12:00", "2026-01-08 12:00", 2 * DAY),
        ("2026-01-09 16:00", "2026-01-12 09:30", 8.0 * 0.3 + 48.0 * 0.1 + 9.5 * 0.3),  # a weekend
        ("2026-01-10 06:00", "2026-01-10 16:00", 1.0),
        ("2026-01-05 00:00", "2026-01-12 00:00", 5 * DAY + 4.8),
        ("2026-03-07 00:00", "2026-03-09 00:00", 47 * 0.1),  # the clocks go forward
        ("2026-10-31 00:00", "2026-11-02 00:00", 49 * 0.1),  # and back
        ("2026-01-06 12:00", "2026-01-06 12:00", 0.0),
    ],
)
def test_what_hours_weigh(plain, start, end, weight):
    assert hours(start, end, plain) == pytest.approx(weight, abs=1e-9)


def test_a_day_of_variance_is_an_ordinary_trading_day(plain):
    assert plain.year_days == pytest.approx(YEAR, rel=1e-15)
    monday, tuesday = (pd.Timestamp(f"2026-01-{day:02}T15:00Z").value for day in (5, 6))
    assert int(plain.at(tuesday) - plain.at(monday)) == pytest.approx(86_400 * 10**9, abs=3)


def test_a_standard_year_is_one():
    """2026 has 261 days from Monday to Friday: nine holidays leave 252."""
    assert year_fraction(*SPAN, clock(holidays=HOLIDAYS)) == pytest.approx(1.0, abs=1e-12)
    more = year_fraction(*SPAN, clock()) - 1.0
    assert more == pytest.approx(9.0 * (DAY - 2.4) / (YEAR * DAY), rel=1e-9)


def test_where_all_weigh_the_same_it_is_the_calendar():
    even = variance_clock(*SPAN, overnight=1.0, weekend=1.0, holidays=HOLIDAYS)
    ends = pd.date_range("2026-01-02T03:04:05Z", periods=50, freq="7D5h")
    assert even.year_days == 365.0
    assert year_fraction(SPAN[0], ends, even) == pytest.approx(year_fraction(SPAN[0], ends), rel=1e-13)


def test_a_holiday_weighs_what_a_weekend_does():
    closed = clock(holidays=[dt.date(2026, 1, 7)])
    assert hours("2026-01-07 00:00", "2026-01-08 00:00", closed) == pytest.approx(2.4)
    assert hours("2026-01-06 00:00", "2026-01-07 00:00", closed) == pytest.approx(DAY)
    assert closed.year_days == pytest.approx(YEAR)


def test_a_session_may_open_the_evening_before():
    """From 17:00 to 16:00 of Chicago, Sunday to Friday: seven hours of Sunday are in the session of Monday."""
    globex = variance_clock(
        *SPAN, overnight=0.5, weekend=0.25, open=dt.time(17), close=dt.time(16), zone="America/Chicago"
    )
    ordinary = 23.0 + 0.5

    def weight(start: str, end: str) -> float:
        ends = (pd.Timestamp(one, tz="America/Chicago") for one in (start, end))
        return year_fraction(*ends, globex) * globex.year_days * ordinary

    assert weight("2026-01-09 15:00", "2026-01-12 00:00") == pytest.approx(1.0 + 8 * 0.5 + (24 + 17) * 0.25 + 7.0)
    assert weight("2026-01-06 16:00", "2026-01-06 17:00") == pytest.approx(0.5)
    assert weight("2026-01-06 17:00", "2026-01-07 16:00") == pytest.approx(23.0)


def test_an_event_adds_its_days_at_its_instant():
    at = pd.Timestamp("2026-01-07 14:00", tz=ZONE)
    event, none = clock(events=[(at, 0.75)]), clock()
    wait = pd.Timedelta(1, "ns")
    assert hours("2026-01-07 10:00", "2026-01-07 15:00", event) == pytest.approx(5.0 + 0.75 * DAY)
    assert year_fraction(at - wait, at, event) * YEAR == pytest.approx(0.75, abs=1e-9)
    assert year_fraction(at, at + pd.Timedelta("1h"), event) == pytest.approx(
        year_fraction(at, at + pd.Timedelta("1h"), none)
    )
    assert event.year_days == none.year_days
    twice = clock(
        events=[(at, 0.5), ("2026-01-07T19:00Z", 0.25), ("2026-01-07T14:30Z", 0.1), ("2029-01-01T00:00Z", 9.0)]
    )
    assert hours("2026-01-07 09:00", "2026-01-07 15:00", twice) == pytest.approx(
        0.5 * 0.3 + 5.5 + 0.85 * DAY
    )  # at the open, too


def test_arrays_and_series_broadcast(plain):
    ends = pd.Series(pd.to_datetime(["2026-02-02T15:00Z", "2026-03-02T15:00Z"]))
    found = year_fraction("2026-01-05T15:00Z", ends, plain)
    assert found.shape == (2,)
    assert found[0] == year_fraction("2026-01-05T10:00-05:00", ends[0], plain)
    assert isinstance(year_fraction("2026-01-05T15:00Z", "2026-01-06T15:00Z"), float)
    starts = np.array(["2026-01-05T15:00Z", "2026-01-06T15:00Z"])
    assert year_fraction(starts, ends) * 365.0 == pytest.approx([28.0, 55.0])
    assert year_fraction(starts, ends, days=252.0) * 252.0 == pytest.approx([28.0, 55.0])


@pytest.fixture(scope="module")
def nyse() -> VarianceClock:
    pytest.importorskip("exchange_calendars", reason="needs the extra calendars")
    return clock(calendar="XNYS")


class TestExchange:
    """XNYS in 2026: no session on Thanksgiving, 26 November, and a half day after it."""

    def test_holidays_and_half_days_are_the_exchanges(self, nyse):
        assert hours("2026-11-26 00:00", "2026-11-27 00:00", nyse) == pytest.approx(2.4)
        assert hours("2026-11-27 00:00", "2026-11-28 00:00", nyse) == pytest.approx(3.5 + 20.5 * 0.3)
        assert hours("2026-11-25 00:00", "2026-11-26 00:00", nyse) == pytest.approx(DAY)
        assert nyse.year_days == pytest.approx(YEAR)

    def test_it_agrees_with_hours_and_holidays_of_ones_own(self, nyse):
        own = clock(holidays=[*HOLIDAYS, dt.date(2026, 11, 26)])
        ends = pd.date_range("2026-01-02T00:00Z", "2026-11-26T00:00Z", freq="19h")
        assert year_fraction(SPAN[0], ends, nyse) == pytest.approx(year_fraction(SPAN[0], ends, own), rel=1e-12)

    def test_more_holidays_may_be_given(self):
        pytest.importorskip("exchange_calendars", reason="needs the extra calendars")
        closed = clock(calendar="XNYS", holidays=[dt.date(2026, 1, 7)])
        assert hours("2026-01-07 00:00", "2026-01-08 00:00", closed) == pytest.approx(2.4)

    def test_one_that_there_is_not(self):
        pytest.importorskip("exchange_calendars", reason="needs the extra calendars")
        with pytest.raises(UserError, match="knows no calendar 'XNYZ'"):
            clock(calendar="XNYZ")
        with pytest.raises(UserError, match="has no XTAE for these years"):
            variance_clock("1950-01-01T00:00Z", "1951-01-01T00:00Z", overnight=0.3, weekend=0.1, calendar="XTAE")

    def test_without_the_package_the_extra_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "exchange_calendars", None)
        with pytest.raises(UserError, match=r'pip install "mmsim\[calendars\]"'):
            clock(calendar="XNYS")


def test_instants_that_are_none(plain):
    with pytest.raises(ValueError, match="has a zone"):
        year_fraction("2026-01-05T15:00", "2026-01-06T15:00Z")
    with pytest.raises(ValueError, match="an instant is missing"):
        year_fraction("2026-01-05T15:00Z", pd.to_datetime(["2026-01-06T15:00Z", None]))
    with pytest.raises(ValueError, match="lies before its start"):
        year_fraction("2026-01-05T15:00Z", "2026-01-04T15:00Z")
    with pytest.raises(ValueError, match="outside the clock, 2025-12-31T05:00:00Z to 2027-01-03T05:00:00Z"):
        year_fraction("2026-01-05T15:00Z", "2027-02-01T00:00Z", plain)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"overnight": -0.1}, "weights are 0 or more"),
        ({"weekend": float("nan")}, "weights are 0 or more"),
        ({"trading_days": 366.0}, "trading days from 0 to 365"),
        ({"events": [("2026-01-07T14:00Z", -1.0)]}, "an event adds 0 days"),
        ({"events": [("2026-01-07T14:00", 1.0)]}, "has a zone"),
        ({"zone": "America/New_Yrok"}, "is no time zone"),
        ({"open": dt.time(2, 30), "close": dt.time(2)}, "is skipped or comes twice"),
    ],
)
def test_a_clock_that_is_none(changes, said):
    with pytest.raises(ValueError, match=said):
        variance_clock("2026-03-05T00:00Z", "2026-03-20T00:00Z", **({"overnight": 0.3, "weekend": 0.1} | changes))
