"""What policies are shown as expected of the underlying, against sums over its ticks that remember nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mmsim
from mmsim import Garch, UserError, backtest
from mmsim.events import Events, Kind, rows
from tests.engine.builder import POLICIES, at, clients, fixed, ns, only, order, play, scenario, signed

YEAR_NS = 365 * 86_400 * 10**9
FAR = "ABC 2026-02-05 C100"
MINUTES = np.cumsum(np.random.default_rng(2).integers(1, 9, 110)) - 1.0  # of irregular ticks over eight hours
PRICES = 100.0 * np.exp(np.cumsum(np.random.default_rng(5).normal(0.0, 0.002, len(MINUTES))))
ORDERS = np.array([0.35, 1.01, 2.27, 4.003, 6.5])  # hours
EVERY = 5.0  # minutes


def ticks(minutes: Any = MINUTES, prices: Any = PRICES) -> Events:
    mids = np.asarray(prices)
    return rows(Kind.SPOT, [ns(0) + round(m * 60e9) for m in minutes], 0, bid=mids - 0.01, ask=mids + 0.01)


def desk(expected: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A market whose ticks come with `events`, and a client who buys at each of ORDERS."""
    return {
        "options": [{"underlying": "ABC", "strikes": [100], "expiry": "2026-02-05T00:00:00Z"}],
        "market__volatility": {"model": "constant", "level": 0.2},
        "quoting": {"policy": f"{POLICIES / 'show_expected.py'}:ShowQuoter"},
        "clients": clients(*(order(hours, "buy", 1, 1e4, FAR) for hours in ORDERS)),
        "expected_volatility": expected,
    } | changes


def shown(expected: dict[str, Any], **changes: Any) -> list[float]:
    """What the quoting policy was shown at each order; NaN where it had nothing."""
    events = changes.pop("events", [ticks()])
    run = play(events=events, without=[Kind.SPOT], **desk(expected, **changes))
    fills = only(run, "client")
    by_time = dict(zip((stamp.isoformat() for stamp in fills["ts"]), fills["policy_fair"], strict=True))
    return [by_time.get(at(hours), math.nan) for hours in ORDERS]


def samples(until: float, every: float = EVERY) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(begin, end, log return) of each sample known at a time; minutes."""
    taken = [0]
    for n, minute in enumerate(MINUTES):
        if minute <= until and minute - MINUTES[taken[-1]] >= every:
            taken.append(n)
    return MINUTES[taken[:-1]], MINUTES[taken[1:]], np.diff(np.log(PRICES[taken]))


def years(minutes: Any) -> Any:
    return minutes * 60e9 / YEAR_NS


def averaged(until: float, half_life: float) -> float:
    """The mean of r²/Δt over the time of all samples, weights halving every half-life: as a sum."""
    begin, end, moves = samples(until)
    weights = 0.5 ** ((end[-1] - end) / half_life) - 0.5 ** ((end[-1] - begin) / half_life)
    if weights.sum() < 0.5:
        return math.nan
    return math.sqrt((weights * moves**2 / years(end - begin)).sum() / weights.sum())


def test_ewma_is_the_weighted_mean_of_the_samples_before():
    found = shown({"model": "ewma", "half_life": "30m", "every": "5m"})
    expected = [averaged(60.0 * hours, 30.0) for hours in ORDERS]
    assert math.isnan(expected[0]) and not any(map(math.isnan, expected[1:]))
    assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_ewma_of_every_tick_is_that_of_the_array_function():
    """Which has its own loop over the same steps."""
    stamps = pd.to_datetime([ns(0) + round(m * 60e9) for m in MINUTES], utc=True)
    series = mmsim.ewma_volatility(pd.Series(PRICES, stamps), half_life="2h", initial=0.35)
    expected = [series[stamps <= pd.Timestamp(at(hours))].iloc[-1] for hours in ORDERS]
    assert shown({"model": "ewma", "half_life": "2h", "every": "1m", "initial": 0.35}) == pytest.approx(
        expected, rel=1e-10
    )


def test_a_view_of_before_expects_what_was_known_then():
    late = shown({"model": "ewma", "half_life": "30m", "every": "5m"}, latency__quote="47m")
    expected = [averaged(60.0 * hours - 47.0, 30.0) if hours > 1 else math.nan for hours in ORDERS]
    assert late == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("window", [60.0, 240.0])
def test_realised_is_the_mean_over_the_window(window):
    found = shown({"model": "realised", "window": f"{window:.0f}m", "every": "5m"})
    for hours, value in zip(ORDERS, found, strict=True):
        begin, end, moves = samples(60.0 * hours)
        inside = end > end[-1] - window
        mean = math.sqrt((moves[inside] ** 2).sum() / years((end - begin)[inside]).sum())
        assert value == pytest.approx(mean if end[-1] >= window else math.nan, rel=1e-10, nan_ok=True)
    assert [math.isnan(value) for value in found].count(False) == (3 if window == 60.0 else 1)


def test_realised_with_a_late_view_has_a_window_of_its_own():
    late = shown({"model": "realised", "window": "1h", "every": "5m"}, latency__quote="90m")
    begin, end, moves = samples(60.0 * ORDERS[-1] - 90.0)
    inside = end > end[-1] - 60.0
    assert late[-1] == pytest.approx(math.sqrt((moves[inside] ** 2).sum() / years((end - begin)[inside]).sum()))


def test_until_it_is_known_the_initial_volatility_is_expected():
    found = shown({"model": "realised", "window": "3h", "every": "5m", "initial": 0.44})
    assert found[:3] == [0.44] * 3
    assert found[3] != 0.44


GARCH = {"model": "garch", "long_run": 0.3, "alpha": 0.1, "beta": 0.85, "step": "5m", "every": "5m", "initial": 0.5}


def test_garch_over_even_steps_is_the_textbooks_until_the_expiry():
    minutes = np.arange(0.0, 480.0, 5.0)
    prices = 100.0 * np.exp(np.cumsum(np.random.default_rng(6).normal(0.0, 0.002, len(minutes))))
    found = shown(GARCH, events=[ticks(minutes, prices)])
    model = Garch(0.3, 0.1, 0.85, 1.0 / years(5.0))
    paths = model.volatilities(np.diff(np.log(prices)), initial=0.5)  # checked against the package arch
    for hours, value in zip(ORDERS, found, strict=True):
        now = paths[int(60.0 * hours // 5.0)]
        left = (ns(31 * 24.0) - ns(hours)) / YEAR_NS
        assert value == pytest.approx(float(model.term_structure(now, left)), rel=1e-10)
        assert abs(value - 0.3) < 0.25 * abs(now - 0.3)  # a month is 8,928 steps: most of it is at the long run


def test_garch_over_uneven_steps_takes_the_same_square_for_each():
    """Two steps of 5 minutes in one: σ² ← ω + α·r²/2 + β·σ², twice."""
    found = shown(
        GARCH | {"every": "10m"},
        events=[ticks([0.0, 10.0], [100.0, 101.0])],
        clients=clients(order(0.35, "buy", 1, 1e4, FAR)),
    )
    variance, square = 0.25 * years(5.0), math.log(1.01) ** 2 / 2.0
    for _ in range(2):
        variance = 0.05 * 0.09 * years(5.0) + 0.1 * square + 0.85 * variance
    model, left = Garch(0.3, 0.1, 0.85, 1.0 / years(5.0)), (ns(31 * 24.0) - ns(0.35)) / YEAR_NS
    assert found[0] == pytest.approx(float(model.term_structure(math.sqrt(variance / years(5.0)), left)), rel=1e-10)


def test_a_constant_and_none_at_all():
    assert shown({"model": "constant", "level": 0.31}) == [0.31] * 5
    assert np.isnan(shown(None)).all()


def test_the_expected_value_is_theo_at_it():
    quoter = {"policy": f"{POLICIES / 'show_expected.py'}:ShowQuoter", "worth": True}
    found = shown({"model": "constant", "level": 0.31}, quoting=quoter, rates={"options_cash": 0.05})
    spots = [PRICES[60.0 * hours >= MINUTES][-1] for hours in ORDERS]
    left = [(ns(31 * 24.0) - ns(hours)) / YEAR_NS for hours in ORDERS]
    assert found == pytest.approx(
        mmsim.price(spot=spots, strike=100.0, years=left, volatility=0.31, rate=0.05), rel=1e-12
    )


def test_the_late_expected_value_is_of_the_market_seen_with_dividends_ahead():
    quoter = {"policy": f"{POLICIES / 'show_expected.py'}:ShowQuoter", "worth": True}
    paid = [{"underlying": "ABC", "ex": at(2.2), "amount": 4.0}]
    found = shown({"model": "constant", "level": 0.31}, quoting=quoter, dividends=paid, latency__quote="10m")
    seen = ORDERS - 1.0 / 6.0
    spots = [PRICES[60.0 * hours >= MINUTES][-1] - (4.0 if hours < 2.2 else 0.0) for hours in seen]
    left = [(ns(31 * 24.0) - ns(hours)) / YEAR_NS for hours in seen]
    assert found == pytest.approx(mmsim.price(spot=spots, strike=100.0, years=left, volatility=0.31), rel=1e-12)


def test_a_dividend_is_no_return():
    """The spot rises by 1 % an hour; in the second it falls by what is paid, and rises by 1 % of what is left."""
    paid = [{"underlying": "ABC", "ex": at(1.5), "amount": 5.0}]
    events = [ticks([0.0, 60.0, 120.0], [100.0, 101.0, 96.0 * 1.01])]
    expected = math.log(1.01) / math.sqrt(years(60.0))
    for latency in ("0s", "5m"):
        found = shown({"model": "ewma", "half_life": "1h"}, events=events, dividends=paid, latency__quote=latency)
        assert found[2:] == pytest.approx([expected] * 3, rel=1e-12)


def test_a_hedging_policy_is_shown_the_volatility_of_now():
    run = play(
        events=[ticks()],
        without=[Kind.SPOT],
        **desk({"model": "ewma", "half_life": "30m", "every": "5m"}),
        hedging={"policy": f"{POLICIES / 'show_expected.py'}:ShowHedger"},
        execution={"lot": 0},
    )
    hedges = only(run, "hedge").drop_duplicates("ts", keep="last")
    expected = {minute: averaged(minute, 30.0) for minute in MINUTES if minute >= 45.0}
    found = dict(zip(hedges["ts"], signed(hedges) * 1e-6, strict=True))
    for minute, value in expected.items():
        assert found[pd.Timestamp(ns(0) + round(minute * 60e9), tz="UTC")] == pytest.approx(value, rel=1e-9)


def test_each_underlying_has_its_own():
    two = [{"symbol": "ABC"}, {"symbol": "XYZ"}]
    chosen = scenario(underlyings=two, expected_volatility={"XYZ": {"model": "constant", "level": 0.5}})
    assert chosen.expected_model("ABC") is None
    assert chosen.expected_model("XYZ").level == 0.5
    run = play(**desk({"ABC": {"model": "constant", "level": 0.27}}))
    assert only(run, "client")["policy_fair"].unique().tolist() == [0.27]


def test_paths_begin_anew():
    """The second path expects what a run of it alone would: nothing is carried over."""
    gbm = {"model": "gbm", "start": 100, "volatility": 0.4, "step": "1m"}
    for expected in ({"model": "realised", "window": "2h"}, {"model": "ewma", "half_life": "1h"}):
        run = play(**desk(expected, market__spot=gbm, paths=3, keep_paths=3))
        fills = only(run, "client")
        assert fills.groupby("path").size().nunique() == 1
        by_path = fills.groupby("path")["policy_fair"].last()
        assert by_path.nunique() == 3
        assert by_path.between(0.2, 0.7).all()


def test_an_expected_value_needs_an_expectation():
    chosen = scenario(quoting={"policy": "expected_value"})
    with pytest.raises(UserError, match=r"the scenario has no expected_volatility: write \{model: ewma"):
        backtest.run(chosen)


def test_an_expected_value_at_the_implied_volatility_is_vega_width():
    keys = {"market__spot": {"model": "gbm", "start": 100, "volatility": 0.2, "step": "1m"}}
    same = play(**desk({"model": "constant", "level": 0.2}, **keys, quoting={"policy": "expected_value"}))
    width = play(**desk({"model": "constant", "level": 0.2}, **keys, quoting={"policy": "vega_width"}))
    pd.testing.assert_frame_equal(same.ledger, width.ledger)
    dear = play(**desk({"model": "constant", "level": 0.25}, **keys, quoting={"policy": "expected_value"}))
    edge = only(dear, "client")["policy_fair"] - only(same, "client")["policy_fair"]
    assert (edge / only(dear, "client")["spot"]).between(0.004, 0.007).all()  # five points of a vega of 0.115·spot


def test_a_market_of_quotes_at_given_prices_is_as_it_was():
    """What no policy asks for changes nothing."""
    keys = desk(None, quoting=fixed(2.0, 3.0))
    plain = play(events=[ticks()], without=[Kind.SPOT], **keys)
    asked = play(
        events=[ticks()], without=[Kind.SPOT], **(keys | {"expected_volatility": {"model": "ewma", "half_life": "1h"}})
    )
    pd.testing.assert_frame_equal(plain.ledger, asked.ledger)


@pytest.mark.parametrize(
    ("expected", "key", "said"),
    [
        ({"XYZ": {"model": "constant", "level": 0.2}}, "expected_volatility.XYZ", "unknown underlying"),
        ({"model": "garch", "long_run": 0.2, "alpha": 0.2, "beta": 0.8}, "expected_volatility.alpha", "below 1"),
        ({"model": "garch", "long_run": 0.2, "alpha": 0.2, "beta": 0.0}, "expected_volatility.beta", ""),
        ({"model": "realised", "window": "30s", "every": "1m"}, "expected_volatility.every", "longer than the window"),
        ({"model": "realised", "window": "30d", "every": "1s"}, "expected_volatility.every", "2,592,000 samples"),
        ({"model": "ewma"}, "expected_volatility.half_life", ""),
        ({"model": "ewma", "half_life": "0s"}, "expected_volatility.half_life", "longer than 0"),
        ({"model": "ewma", "half_life": "1h", "initial": -0.2}, "expected_volatility.initial", ""),
        ({"model": "emwa", "half_life": "1h"}, "expected_volatility.model", ""),
    ],
)
def test_what_is_refused(expected, key, said, root):
    file = root / "scenarios/synthetic/market_maker_day.yaml"
    with pytest.raises(UserError) as caught:
        mmsim.load_scenario(file, {"expected_volatility": repr(expected).replace("'", '"')})
    assert key in [problem.key for problem in caught.value.problems]
    assert said in str(caught.value)
