"""What the clock brings."""

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from mmsim.errors import UserError
from mmsim.events import Kind
from mmsim.market import build, calendar
from mmsim.scenario import Scenario

MINUTE = 60_000_000_000


def utc(text: str) -> int:
    return pd.Timestamp(text).value


def stamps(events: np.ndarray, kind: Kind) -> list[str]:
    return [str(pd.Timestamp(ts, tz="UTC")) for ts in np.sort(events["ts"][events["kind"] == kind])]


def test_marks_stand_on_the_grid_and_at_the_end() -> None:
    assert (calendar.marks(0, 150, 60)["ts"]).tolist() == [60, 120, 150]
    assert (calendar.marks(0, 120, 60)["ts"]).tolist() == [60, 120]
    assert (calendar.marks(0, 50, 60)["ts"]).tolist() == [50]


def test_timers_stand_on_their_grid_only() -> None:
    assert calendar.timers(10, 130, 60)["ts"].tolist() == [70, 130]
    assert len(calendar.timers(10, 130, 0)) == 0


def test_sessions_follow_daylight_saving() -> None:
    """New York goes to daylight saving on Sunday, 8 March 2026: 09:30 there is 14:30 UTC before and 13:30 after."""
    hours = calendar.TradingHours(dt.time(9, 30), dt.time(16), dt.time(15, 15), "America/New_York")
    rows = hours.rows(utc("2026-03-06T00:00Z"), utc("2026-03-10T23:00Z"))
    assert stamps(rows, Kind.OPEN) == [
        "2026-03-06 14:30:00+00:00",
        "2026-03-09 13:30:00+00:00",
        "2026-03-10 13:30:00+00:00",
    ]
    assert stamps(rows, Kind.CLOSE) == [
        "2026-03-06 21:00:00+00:00",
        "2026-03-09 20:00:00+00:00",
        "2026-03-10 20:00:00+00:00",
    ]
    assert stamps(rows, Kind.SETTLEMENT) == [
        "2026-03-06 20:15:00+00:00",
        "2026-03-09 19:15:00+00:00",
        "2026-03-10 19:15:00+00:00",
    ]


def test_an_overnight_session_opens_the_evening_before() -> None:
    """CME Globex: Sunday to Thursday 17:00 to 16:00 the next day in Chicago, settlement at 15:00."""
    hours = calendar.TradingHours(dt.time(17), dt.time(16), dt.time(15), "America/Chicago")
    rows = hours.rows(utc("2020-01-03T12:00Z"), utc("2020-01-07T00:00Z"))  # from a Friday morning to a Monday evening
    assert stamps(rows, Kind.OPEN) == [
        "2020-01-03 12:00:00+00:00",  # under way at the clock's start
        "2020-01-05 23:00:00+00:00",
        "2020-01-06 23:00:00+00:00",
    ]
    assert stamps(rows, Kind.CLOSE) == ["2020-01-03 22:00:00+00:00", "2020-01-06 22:00:00+00:00"]
    assert stamps(rows, Kind.SETTLEMENT) == ["2020-01-03 21:00:00+00:00", "2020-01-06 21:00:00+00:00"]


def test_a_session_that_closes_as_the_clock_starts_does_not_open() -> None:
    hours = calendar.TradingHours(dt.time(9, 30), dt.time(16), dt.time(16), "America/New_York")
    rows = hours.rows(utc("2026-03-02T21:00Z"), utc("2026-03-03T14:00Z"))
    assert stamps(rows, Kind.OPEN) == []
    assert stamps(rows, Kind.CLOSE) == ["2026-03-02 21:00:00+00:00"]


def test_futures_settle_daily_where_no_sessions_are_given(modelled: Callable[..., Scenario]) -> None:
    clock = {"start": "2026-03-02T14:30:00Z", "end": "2026-03-05T14:30:00Z"}
    stock = build(modelled(clock=clock)).events(0)
    assert stamps(stock, Kind.SETTLEMENT) == []
    future = build(modelled(clock=clock, underlyings=[{"symbol": "ABC", "kind": "future"}])).events(0)
    assert stamps(future, Kind.SETTLEMENT) == [f"2026-03-0{day} 14:30:00+00:00" for day in (3, 4, 5)]


def test_sessions_settle_once_a_day(modelled: Callable[..., Scenario]) -> None:
    sessions = {"open": "09:30", "close": "16:00", "zone": "America/New_York"}
    events = build(modelled(sessions=sessions)).events(0)
    assert stamps(events, Kind.OPEN) == ["2026-03-02 14:30:00+00:00"]
    assert stamps(events, Kind.CLOSE) == stamps(events, Kind.SETTLEMENT) == ["2026-03-02 21:00:00+00:00"]
    assert events["kind"][-4:].tolist() == [Kind.SPOT, Kind.CLOSE, Kind.SETTLEMENT, Kind.MARK]


def test_a_session_time_that_does_not_exist_is_the_users_mistake(modelled: Callable[..., Scenario]) -> None:
    clock = {"start": "2026-04-22T00:00:00Z", "end": "2026-04-26T00:00:00Z"}
    options = [{"underlying": "ABC", "strikes": [100], "expiry": "2026-05-20T20:00:00Z"}]
    cairo = {"open": "00:00", "close": "23:00", "zone": "Africa/Cairo"}  # Friday 24 April begins at 01:00 there
    with pytest.raises(UserError, match="sessions"):
        build(modelled(clock=clock, options=options, sessions=cairo))
    build(modelled(clock=clock, options=options, sessions=cairo | {"open": "01:00"}))


def test_expiries_within_the_clock_only(modelled: Callable[..., Scenario]) -> None:
    options = [
        {"underlying": "ABC", "strikes": [strike], "rights": ["call"], "expiry": f"2026-03-02T{hour}:00:00Z"}
        for strike, hour in ((100, 21), (101, 22))
    ]
    events = build(modelled(options=options)).events(0)
    expiries = events[events["kind"] == Kind.EXPIRY]
    assert expiries["instrument"].tolist() == [0]
    assert events["kind"][-1] == Kind.EXPIRY


def test_dividends_go_to_their_underlying(modelled: Callable[..., Scenario]) -> None:
    paid = [
        {"underlying": "ABC", "ex": "2026-03-02T15:30:00Z", "amount": 0.5},
        {"underlying": "ABC", "ex": "2026-03-03T15:30:00Z", "amount": 0.7},  # after the clock's end
    ]
    events = build(modelled(dividends=paid)).events(0)
    (dividend,) = events[events["kind"] == Kind.DIVIDEND]
    assert (dividend["ts"], dividend["instrument"], dividend["value"]) == (utc("2026-03-02T15:30Z"), 0, 0.5)


def test_timers_are_the_hedging_policys(modelled: Callable[..., Scenario]) -> None:
    events = build(modelled(), timer_ns=90 * MINUTE).events(0)
    assert len(stamps(events, Kind.TIMER)) == 4
