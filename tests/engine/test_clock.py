"""A scenario's clock with weights: what options are worth on it, how theta runs, how models move."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmsim
from mmsim import UserError, market, variance_clock, year_fraction
from mmsim.events import Kind
from mmsim.market.sample import write_sample
from mmsim.scenario import Scenario
from mmsim.workspace import scenario_file
from tests.audit_of_run import play as played
from tests.audit_of_run import say, verdict
from tests.engine.builder import clients, fixed, only, order, play

HOURS = {"open": "09:30", "close": "16:00", "zone": "America/New_York"}
WEIGHTS = {"overnight": 0.3, "weekend": 0.1}
FRIDAY, END = "2026-01-09T14:00:00Z", "2026-01-13T21:00:00Z"  # to Tuesday's close
EXPIRY = "2026-01-30T21:00:00Z"
CLOCK = variance_clock(FRIDAY, EXPIRY, **WEIGHTS)
DEALT = {"2026-01-09T15:00:00Z": 1, "2026-01-09T20:59:00Z": 2, "2026-01-12T14:31:00Z": 3, "2026-01-13T17:00:00Z": 4}


def desk(weights: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """One stock that stands still, calls and puts on it, and a client who sells both at the instants of DEALT."""
    orders = [
        {"at": at, "side": "sell", "size": size, "price": 0.0, "option": f"ABC 2026-01-30 {right}100"}
        for at, size in DEALT.items()
        for right in "CP"
    ]
    return {
        "clock": {
            "start": FRIDAY,
            "end": END,
            "interest_days": 360,
            "weights": WEIGHTS if weights is None else weights,
        },
        "sessions": HOURS,
        "rates": {"options_cash": 0.05},
        "underlyings": [{"symbol": "ABC", "dividend_yield": 0.02}],
        "options": [{"underlying": "ABC", "strikes": [100], "expiry": EXPIRY}],
        "market__spot": {"model": "path", "step": "1h", "prices": [101.0] * 104},
        "market__volatility": {"model": "constant", "level": 0.2},
        "clients": clients(*orders),
        "quoting": fixed(0.5, 50.0),
    } | changes


def test_theo_has_the_variance_of_the_clock_and_the_interest_of_the_calendar():
    fills = only(play(**desk()), "client")
    assert len(fills) == 8
    years = year_fraction(fills["ts"], EXPIRY, CLOCK)
    waits = year_fraction(fills["ts"], EXPIRY, days=360.0)
    forward, discount = 101.0 * np.exp(0.03 * waits), np.exp(-0.05 * waits)
    right = np.where(fills["instrument"].str.contains("C100"), "call", "put")
    expected = discount * mmsim.price(spot=forward, strike=100.0, years=years, volatility=0.2, right=right)
    assert fills["theo"].to_numpy() == pytest.approx(expected, rel=1e-9)
    calls, puts = fills[right == "call"], fills[right == "put"]
    parity = calls["theo"].to_numpy() - puts["theo"].to_numpy()
    assert parity == pytest.approx((discount * (forward - 100.0))[right == "call"], rel=1e-12)


def test_where_all_hours_weigh_the_same_the_books_are_those_of_the_calendar():
    moving = {"model": "gbm", "start": 100, "volatility": 0.2, "step": "20m", "drift": 0.1}
    paid = [{"underlying": "ABC", "ex": "2026-01-12T14:00:00Z", "amount": 1.5}]
    keys = desk({"overnight": 1.0, "weekend": 1.0}, market__spot=moving, dividends=paid)
    keys["clock"]["interest_days"] = 365
    even = play(**keys)
    plain = play(**(keys | {"clock": {"start": FRIDAY, "end": END}}))
    pd.testing.assert_frame_equal(even.fills, plain.fills, rtol=1e-9)
    assert even.ledger["account"].tolist() == plain.ledger["account"].tolist()
    assert (even.ledger["amount_micros"] - plain.ledger["amount_micros"]).abs().max() <= 2


def test_theta_over_a_weekend_is_that_of_its_weight():
    """Bought on Friday and the spot stands still: what is lost until an instant is what theo loses by the clock."""
    sold = {"at": "2026-01-09T20:00:00Z", "side": "sell", "size": 1, "price": 0.0, "option": "ABC 2026-01-30 C100"}
    run = play(**desk(clients=clients(sold), rates={}, underlyings=[{"symbol": "ABC"}]))
    stamps = ["2026-01-09T20:00Z", "2026-01-09T21:00Z", "2026-01-12T14:00Z", "2026-01-13T21:00Z"]
    theta = run.marks.query("underlying == ''").set_index("ts")["theta"]
    found = [theta[pd.Timestamp(stamp)] for stamp in stamps[1:]]
    worth = 100.0 * mmsim.price(spot=101.0, strike=100.0, years=year_fraction(stamps, EXPIRY, CLOCK), volatility=0.2)
    assert len(found) == 3
    assert run.attribution["theta"] == pytest.approx(worth[3] - worth[0], abs=1e-4)
    hour, weekend = worth[1] - worth[0], worth[2] - worth[1]
    assert weekend / hour == pytest.approx(17.0 * 0.3 + 48.0 * 0.1, rel=0.1)  # 65 times as long


def test_an_event_is_lost_at_its_instant():
    event = {"events": [{"at": "2026-01-12T15:00:00Z", "days": 2.0}]}
    sold = {"at": "2026-01-12T14:59:59Z", "side": "sell", "size": 1, "price": 0.0, "option": "ABC 2026-01-30 C100"}
    keys = desk(WEIGHTS | event, clients=clients(sold), rates={}, underlyings=[{"symbol": "ABC"}])
    keys["clock"]["end"] = "2026-01-12T15:00:00Z"
    left = np.array([2.0, 0.0]) / CLOCK.year_days + year_fraction("2026-01-12T15:00Z", EXPIRY, CLOCK)
    worth = 100.0 * mmsim.price(spot=101.0, strike=100.0, years=left, volatility=0.2)
    assert play(**keys).attribution["theta"] == pytest.approx(worth[1] - worth[0], abs=0.01)
    assert worth[0] - worth[1] > 10.0


def test_lazy_greeks_do_not_outlive_an_event():
    """The delta hedged right after it is that of what is left, though time alone has called for no fresh Greeks."""
    event = {"events": [{"at": "2026-01-12T15:00:30Z", "days": 12.0}]}
    held = {}
    for exact in (True, False):
        keys = desk(WEIGHTS | event, opening={"options": [{"option": "ABC 2026-01-30 C100", "size": 100}]}, clients=[])
        keys |= {"market__spot": {"model": "path", "step": "1m", "prices": [103.0] * 180}}
        keys |= {"hedging": {"policy": "every_tick"}, "pricing": {"exact": exact, "refresh_every": "10h"}}
        keys["clock"] |= {"start": "2026-01-12T14:00:00Z", "end": "2026-01-12T15:20:00Z"}
        after = only(play(**keys), "hedge").set_index("ts")["position_after"]
        held[exact] = [after[: pd.Timestamp(f"2026-01-12T{wall}Z")].iloc[-1] for wall in ("15:00", "15:01", "15:20")]
    assert held[True][1] - held[True][0] < -500.0  # its delta is the larger, the less is left to turn it
    assert held[False] == pytest.approx(held[True], abs=2.0)


def test_a_model_moves_by_the_clock_and_drifts_by_the_calendar():
    keys = desk({"overnight": 0.0, "weekend": 0.0, "events": [{"at": "2026-01-12T22:00:00Z", "days": 4.0}]})
    keys["market"] = {
        "spot": {"model": "gbm", "start": 100, "volatility": 0.3, "step": "30m", "drift": 0.1},
        "volatility": {"model": "constant", "level": 0.3},
    }
    for name in [key for key in keys if key.startswith("market__")]:
        del keys[name]
    built = market.build(Scenario.model_validate({"name": "clock", "seed": 3, **keys}))
    logs = []
    for path in range(400):
        rows = built.events(path)
        ticks = rows[rows["kind"] == Kind.SPOT]
        logs.append(np.log(0.5 * (ticks["bid"] + ticks["ask"])))
    stamps = pd.to_datetime(ticks["ts"], utc=True).tz_convert("America/New_York")
    moves, ends = np.diff(np.array(logs), axis=1), stamps[1:]
    drift = 0.1 * (0.5 / 24.0 / 360.0)
    wall = ends.hour * 60 + ends.minute
    inside = (ends.dayofweek < 5) & (wall > 9 * 60 + 30) & (wall <= 16 * 60)
    event = ends == pd.Timestamp("2026-01-12T22:00Z")
    assert moves[:, ~inside & ~event] == pytest.approx(drift, rel=1e-6)
    half_hour = 0.3 * np.sqrt(0.5 / 6.5 / 252.0)
    assert moves[:, inside].std() == pytest.approx(half_hour, rel=0.03)
    assert moves[:, event].std() == pytest.approx(0.3 * np.sqrt(4.0 / 252.0), rel=0.12)


def test_recorded_volatilities_are_those_of_the_clock(tmp_path, root):
    """Theo is the mid that it was taken from, whatever the clock; the volatilities differ."""
    write_sample(tmp_path / "sample_day")
    file = root / "mmsim/template/scenarios/replay.yaml"
    changes = {"market.theo": "{volatility: market, half_life: 0s}", "rates": "{options_cash: 0.08}"}
    changes["options.0.exercise"] = "european"  # of an American option early exercise stands in between
    plain = mmsim.load_scenario(file, changes | {"quoting": "{policy: none}", "hedging": "{policy: none}"})
    hours = "{open: '09:30', close: '16:00', zone: America/New_York}"
    slow = plain.with_changes({"clock.weights": "{overnight: 0.3, weekend: 0.1}", "sessions": hours})
    marks = {}
    for name, scenario in (("plain", plain), ("slow", slow)):
        run = played(scenario, tmp_path)
        found = verdict(run.books, run.books)
        assert not found, say(found)
        rows = run.market.events(0)
        marks[name] = rows[rows["kind"] == Kind.VOLATILITY]
    assert len(marks["plain"]) == len(marks["slow"]) > 100
    ratio = marks["slow"]["value"] / marks["plain"]["value"]
    options = played(slow, tmp_path).market.universe.options
    ends = np.array([options[n].expiry_ns for n in marks["slow"]["instrument"]])
    stamps = pd.to_datetime(marks["slow"]["ts"], utc=True)
    clock = variance_clock(stamps[0], pd.Timestamp(int(ends.max()), tz="UTC"), **WEIGHTS)
    ends = pd.to_datetime(ends, utc=True)
    expected = np.sqrt(year_fraction(stamps, ends) / year_fraction(stamps, ends, clock))
    assert ratio == pytest.approx(expected, rel=1e-6)


def test_the_auditor_sees_other_weights():
    scenario = desk(market__spot={"model": "path", "step": "1h", "prices": [101.0, 102.0] * 52})
    made = played(_scenario(scenario))
    other = desk(
        WEIGHTS | {"overnight": 0.31}, market__spot={"model": "path", "step": "1h", "prices": [101.0, 102.0] * 52}
    )
    assert not verdict(made.books, made.books)
    assert verdict(played(_scenario(other)).books, made.books)


def _scenario(keys: dict[str, Any]) -> Scenario:
    from tests.engine.builder import scenario

    return scenario(**keys)


def test_an_expected_volatility_is_by_the_clock():
    """A night that weighs nothing has no samples: its return goes into the next morning's."""
    keys = desk(
        {"overnight": 0.0, "weekend": 0.0},
        expected_volatility={"model": "ewma", "half_life": "1d", "every": "1h"},
        quoting={"policy": "expected_value", "half_spread_vol": 0.0},
        market__spot={"model": "path", "step": "1h", "prices": [100.0 * 1.002**n for n in range(104)]},
        clients=clients(order(0, "sell", 1)),
    )
    keys["clients"][0]["orders"] = [
        {"at": "2026-01-13T20:30:00Z", "side": "sell", "size": 1, "price": 0.0, "option": "ABC 2026-01-30 C100"}
    ]
    run = play(**keys)
    fill = only(run, "client").iloc[0]
    ticks = pd.date_range(FRIDAY, periods=104, freq="1h")
    ticks = ticks[ticks <= pd.Timestamp("2026-01-13T20:30Z")]
    still = variance_clock(FRIDAY, EXPIRY, overnight=0.0, weekend=0.0)
    shown = still.at(ticks.as_unit("ns").asi8) / 86_400e9  # days
    total = known = 0.0
    last = 0
    for n in range(1, len(ticks)):
        waited = shown[n] - shown[last]
        if waited > 0.0:
            fade = 0.5**waited
            total = total * fade + (1.0 - fade) * ((n - last) * np.log(1.002)) ** 2 / waited
            known = known * fade + 1.0 - fade
            last = n
    volatility = np.sqrt(252.0 * total / known)
    years = year_fraction("2026-01-13T20:30Z", EXPIRY, still)
    wait = year_fraction("2026-01-13T20:30Z", EXPIRY, days=360.0)
    spot = 100.0 * 1.002 ** (len(ticks) - 1)
    worth = mmsim.price(
        spot=spot, strike=100.0, years=years, volatility=volatility, rate=0.05 * wait / years, carry=0.03 * wait / years
    )
    assert fill["policy_fair"] == pytest.approx(float(worth), rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "key", "said"),
    [
        ({"clock.weights": "{overnight: 0.3, weekend: 0.1}"}, "clock.weights", "needs `sessions`"),
        ({"clock.weights": "{overnight: -1, weekend: 0.1}"}, "clock.weights.overnight", ""),
        ({"clock.weights": "{overnight: 0.3}"}, "clock.weights.weekend", ""),
        ({"clock.weights": "{overnight: 1, weekend: 1, holidays: [x]}"}, "clock.weights.holidays.0", "a date such as"),
        (
            {"clock.weights": "{overnight: 1, weekend: 1, calendar: XNYS}", "clock.volatility_days": "252"},
            "clock.volatility_days",
            "they say what a year is",
        ),
    ],
)
def test_what_is_refused(changes, key, said, root):
    with pytest.raises(UserError) as caught:
        mmsim.load_scenario(root / "scenarios/synthetic/market_maker_day.yaml", changes)
    assert key in [problem.key for problem in caught.value.problems]
    assert said in str(caught.value)


def test_a_calendar_that_there_is_not_is_said_where_it_stands(root):
    pytest.importorskip("exchange_calendars", reason="needs the extra calendars")
    file = scenario_file(root / "scenarios/synthetic/market_maker_day.yaml")
    with pytest.raises(UserError, match=r"clock.weights: exchange_calendars knows no calendar 'NYSF'"):
        mmsim.run(file, changes={"clock.weights": "{overnight: 0.3, weekend: 0.1, calendar: NYSF}"})


def test_a_calendar_has_hours_of_its_own(root):
    pytest.importorskip("exchange_calendars", reason="needs the extra calendars")
    keys = desk(WEIGHTS | {"calendar": "XNYS"})
    del keys["sessions"]
    fills = only(play(**keys), "client")
    thanks = variance_clock(FRIDAY, EXPIRY, **WEIGHTS, holidays=[dt.date(2026, 1, 19)])  # Martin Luther King's day
    years, waits = year_fraction(fills["ts"], EXPIRY, thanks), year_fraction(fills["ts"], EXPIRY, days=360.0)
    right = np.where(fills["instrument"].str.contains("C100"), "call", "put")
    forward = 101.0 * np.exp(0.03 * waits)
    expected = np.exp(-0.05 * waits) * mmsim.price(spot=forward, strike=100.0, years=years, volatility=0.2, right=right)
    assert fills["theo"].to_numpy() == pytest.approx(expected, rel=1e-9)
