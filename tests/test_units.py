import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmsim import units


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("0s", 0), ("500us", 500_000), ("5ms", 5_000_000), ("1d", 86_400 * 10**9), ("1h30m", 5_400 * 10**9)],
)
def test_durations(text, expected):
    assert units.parse_duration(text) == expected


@pytest.mark.parametrize("text", ["5", "5 s", "-5s", "1y", "s", "", "1e3s", "0.5ns", "5S", "300000d"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match=r"duration|whole number|too long"):
        units.parse_duration(text)


@given(st.integers(0, units.MAX_DURATION_NS))
def test_a_duration_is_read_back_as_written(duration_ns):
    assert units.parse_duration(units.duration_text(duration_ns)) == duration_ns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01 01:00+01:00", 0),
        ("1969-12-31T23:59:59.5Z", -500_000_000),
        ("2026-01-16T16:00 America/New_York", 1_768_597_200 * 10**9),  # standard time: 21:00 UTC
        ("2026-07-17T16:00 America/New_York", 1_784_318_400 * 10**9),  # daylight saving: 20:00 UTC
    ],
)
def test_instants(text, expected):
    assert units.parse_instant(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-01-16T16:00", "no time zone"),
        ("2026-01-16", "no time with a date"),
        ("2026-02-30T16:00Z", "no date"),
        ("2026-01-16T25:00Z", "no time of day"),
        ("2026-01-16T16:00 America/Nowhere", "no time zone"),
        ("2026-01-16T16:00 America", "no time zone"),
        ("2026-01-16T16:00 ../etc/passwd", "no time zone"),
        ("2026-01-16T16:00EST", "no time zone"),
        ("2026-03-08T02:30 America/New_York", "skipped or comes twice"),
        ("2026-11-01T01:30 America/New_York", "skipped or comes twice"),
        ("2026-01-16T16:00+99:00", r"'\+99:00' is no time zone"),
        ("2026-01-16T16:00-05:60", "'-05:60' is no time zone"),
        ("1699-12-31T23:59Z", "outside the years 1700 to 2200"),
        ("2201-01-01T00:00Z", "outside the years 1700 to 2200"),
        ("0001-01-01T00:00+23:59", "outside the years"),
        ("9999-12-31T23:59-23:59", "outside the years"),
    ],
)
def test_what_is_no_instant(text, reason):
    with pytest.raises(ValueError, match=reason):
        units.parse_instant(text)


@given(st.integers(units.parse_instant("1700-01-01T00:00:00Z"), units.parse_instant("2200-12-31T23:59:59Z")))
def test_an_instant_is_read_back_as_written(instant_ns):
    assert units.parse_instant(units.instant_text(instant_ns)) == instant_ns


def test_times_of_day():
    assert units.parse_clock_time("09:30") == dt.time(9, 30)
    zoned = units.parse_zoned_time("16:00 America/New_York")
    assert zoned == (dt.time(16), "America/New_York") and str(zoned) == "16:00 America/New_York"
    for text in ("9:30", "24:00", "noon"):
        with pytest.raises(ValueError, match="no time of day"):
            units.parse_clock_time(text)
    with pytest.raises(ValueError, match="no time zone"):
        units.parse_zoned_time("16:00")
