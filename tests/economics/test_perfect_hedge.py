"""A hedged option on a fine grid, and what must not depend on how it is hedged, traded round or marked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmsim import backtest
from mmsim.results import Run
from mmsim.scenario import Scenario
from tests.economics import oracle

SEED = 941
START, END = "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"
EXPIRY = "2026-04-01T00:00:00Z"
CALL = "ABC 2026-04-01 C100"
VOLATILITY = 0.3
STEPS = 360  # of four minutes
YEAR = 365 * oracle.DAY
BUCKETS = ("spread_capture", "gamma", "delta", "theta", "vega", "rates", "carry", "hedge_cost", "fees")


def scenario(**changes: Any) -> Scenario:
    """A day of a stock and a call of thirty days; one client at the start, no costs, no interest, every tick priced."""
    given: dict[str, Any] = {
        "name": "perfect-hedge",
        "seed": SEED,
        "clock": {"start": START, "end": END},
        "underlyings": [{"symbol": "ABC"}],
        "options": [{"underlying": "ABC", "strikes": [100], "rights": ["call"], "expiry": EXPIRY, "ticks": 1e-9}],
        "market": {
            "spot": {"model": "gbm", "start": 100, "volatility": VOLATILITY, "step": "4m"},
            "volatility": {"model": "constant", "level": VOLATILITY},
        },
        "clients": [{"name": "seller", "model": "scripted", "orders": [order(START, "sell", 10)]}],
        "quoting": {"policy": "fixed_width", "half_spread": 0, "size": 1000},
        "hedging": {"policy": "every_tick"},
        "execution": {"hedge_at": "mid", "lot": 0},
        "pricing": {"exact": True},
        "report": {"mark_every": "4m"},
    }
    return Scenario.model_validate(given | changes)


def order(at: str, side: str, size: int, option: str = CALL) -> dict[str, Any]:
    """A client who takes any price."""
    return {"at": at, "option": option, "side": side, "size": size, "price": 1000 if side == "buy" else 0}


def micros(run: Run, account: str) -> int:
    """Profit of an account."""
    return -int(run.ledger.loc[run.ledger["account"] == account, "amount_micros"].sum())


# -- gamma is ∫ ½ Γ σ² S² dt


@pytest.fixture(scope="module")
def hedged() -> Run:
    run = backtest.run(scenario(paths=150))
    assert set(run.identities.values()) == {0}
    return run


def gamma_of(path: int) -> tuple[float, float]:
    """∫ ½ Γ σ² S² dt of 1,000 units along a path, and the variance of Σ ½ Γ (dS² − σ² S² dt) about it."""
    times, spots = oracle.spots(scenario(paths=150), path)
    left = (np.datetime64(EXPIRY[:-1], "ns").astype(np.int64) - times) / YEAR
    earned = 0.5 * oracle.gamma(spots, 100, left, VOLATILITY) * VOLATILITY**2 * spots**2
    steps = 1000 * earned[:-1] * np.diff(times) / YEAR
    return float(steps.sum()), float(2.0 * (steps**2).sum())


def test_gamma_is_the_integral_of_the_dollar_gamma(hedged: Run) -> None:
    """Each path within what dS² varies about its mean: all together within 3 standard errors, and as widely as that."""
    expected, variance = np.array([gamma_of(path) for path in range(150)]).T
    scores = (hedged.paths["gamma"].to_numpy() - expected) / np.sqrt(variance)
    assert abs(scores.mean()) < 3 / np.sqrt(150), f"seed {SEED}"
    assert abs(scores.std(ddof=1) - 1) < 3 / np.sqrt(2 * 150), f"seed {SEED}"
    assert np.abs(scores).max() < 4.5, f"seed {SEED}"


def test_no_delta_is_kept(hedged: Run) -> None:
    """Not more than rounding: half a micro-unit a posting, of two postings a step."""
    assert hedged.paths["delta"].abs().max() <= STEPS * 1e-6
    assert hedged.paths["total"].std() > 1.0  # there was something to keep


def test_gamma_pays_theta(hedged: Run) -> None:
    """Realised volatility is the implied one: what gamma earns, theta costs, on average."""
    oracle.check_mean(hedged.paths["gamma"] + hedged.paths["theta"], 0.0, SEED)
    assert hedged.paths["theta"].mean() < -50.0


# -- convexity is the market's and the fills', whoever hedges

FLOW: dict[str, Any] = {
    "options": [
        {"underlying": "ABC", "strikes": [98, 101], "expiry": EXPIRY},
        {"underlying": "ABC", "strikes": [100], "expiry": "2026-03-02T18:00:00Z"},
    ],
    "clients": [{"name": "flow", "model": "poisson", "per_hour": 10, "reservation_ticks": 40, "sizes": [1, 2, 7]}],
    "quoting": {"policy": "fixed_width", "half_spread": 0.1, "size": 20},
    "execution": {"hedge_at": "mid", "lot": 1},
    "report": {"mark_every": "1h"},
}
POLICIES: list[dict[str, Any]] = [
    {"policy": "none"},
    {"policy": "every_tick"},
    {"policy": "interval", "interval_ns": "37m"},
    {"policy": "delta_band", "band": 150},
]


@pytest.fixture(scope="module")
def hedged_each_way() -> list[Run]:
    return [backtest.run(scenario(hedging=policy, **FLOW)) for policy in POLICIES]


def test_convexity_is_the_same_for_every_hedge(hedged_each_way: list[Run]) -> None:
    """At every mark and for every policy the same integer; so are spread capture, theta and vega."""
    runs = hedged_each_way
    for run in runs[1:]:
        pd.testing.assert_frame_equal(option_fills(run), option_fills(runs[0]))
    for account in ("Income:Gamma:Convexity", "Income:Theta", "Income:Vega", "Income:SpreadCapture:Market"):
        assert len({micros(run, account) for run in runs}) == 1, account
    curves = [run.marks.loc[run.marks["underlying"] == "ABC", ["ts", "convexity", "theta_pnl"]] for run in runs]
    for curve in curves[1:]:
        pd.testing.assert_frame_equal(curve, curves[0])


def option_fills(run: Run) -> pd.DataFrame:
    """What was dealt in options and what expired."""
    return run.fills[run.fills["kind"] != "hedge"].drop(columns="transaction").reset_index(drop=True)


def test_the_hedges_did_differ(hedged_each_way: list[Run]) -> None:
    """The test above is about something: many fills, other hedges, other drifts and deltas."""
    counts = [run.counts["hedge_fills"] for run in hedged_each_way]
    assert len(set(counts)) == 4
    assert hedged_each_way[0].counts["client_fills"] > 80
    assert len({micros(run, "Income:Delta") for run in hedged_each_way}) == 4
    assert len({micros(run, "Income:Gamma:Drift") for run in hedged_each_way}) == 4
    assert abs(micros(hedged_each_way[0], "Income:Gamma:Convexity")) > 10_000_000


# -- round trips at theo


@pytest.mark.parametrize("hedging", POLICIES[0::2], ids=["none", "interval"])
def test_round_trips_at_theo_move_no_bucket(hedging: dict[str, Any]) -> None:
    """33 of 1 to 33 contracts, at theo to a billionth, between marks two hours apart and with interest."""
    held = order(START, "sell", 10)
    trips = [
        order(f"2026-03-02T{n // 2 + 1:02}:{(7 * n) % 60:02}:13Z", side, n + 1)
        for n in range(33)
        for side in (("sell", "buy") if n % 2 else ("buy", "sell"))
    ]
    rates = {"options_cash": 0.05, "hedge_cash": 0.03}
    quiet, busy = (
        backtest.run(
            scenario(
                hedging=hedging,
                rates=rates,
                clients=[{"name": "seller", "model": "scripted", "orders": orders}],
                report={"mark_every": "2h", "mark_spot": 1.0},
            )
        )
        for orders in ([held], [held, *trips])
    )
    assert busy.counts["client_fills"] == 67
    assert busy.counts["hedge_fills"] == quiet.counts["hedge_fills"]
    assert busy.attribution["spread_capture"] == pytest.approx(quiet.attribution["spread_capture"], abs=66e-6)
    for bucket in BUCKETS[1:]:
        assert busy.attribution[bucket] == pytest.approx(quiet.attribution[bucket], abs=20e-6), bucket
    assert abs(quiet.attribution["theta"]) > 50.0


def test_a_round_trip_across_ticks_earns_what_lies_between() -> None:
    """Bought at 0:15 with the stock at 101, sold at 0:35 at 99, the last mark at 0:00 and 100, the next at 1:00.

    Theta is the time between the two valued at 100; the spot earns the rest of what theo moved by.
    """
    orders = [order("2026-03-02T00:15:00Z", "sell", 10), order("2026-03-02T00:35:00Z", "buy", 10)]
    run = backtest.run(
        scenario(
            clock={"start": START, "end": "2026-03-02T01:00:00Z"},
            market={
                "spot": {"model": "path", "step": "10m", "prices": [100, 101, 101, 99, 99, 103, 103]},
                "volatility": {"model": "constant", "level": VOLATILITY},
            },
            clients=[{"name": "client", "model": "scripted", "orders": orders}],
            hedging={"policy": "none"},
            report={"mark_every": "1h", "mark_spot": 1.0},
        )
    )
    days = (30 - np.array([15, 35]) / 1440) / 365
    theta = 1000 * float(np.diff(oracle.call(100, 100, days, VOLATILITY))[0])
    theo = 1000 * float(np.diff(oracle.call(np.array([101, 99]), 100, days, VOLATILITY))[0])
    assert run.attribution["theta"] == pytest.approx(theta, abs=2e-6)
    assert run.attribution["gamma"] + run.attribution["delta"] == pytest.approx(theo - theta, abs=4e-6)
    kept = 1000 * float(oracle.delta(101, 100, days[0], VOLATILITY)) * (99 - 101)
    assert run.attribution["delta"] == pytest.approx(kept + answered_after_the_sale(days), abs=4e-6)


def answered_after_the_sale(days: np.ndarray) -> float:
    """Never hedged, the desk keeps the delta it bought with less that it sold with, from 99 to 103."""
    bought, sold = oracle.delta(np.array([101, 99]), 100, days, VOLATILITY)
    return 1000 * float(bought - sold) * (103 - 99)


# -- a mark between a fill and its hedge


@pytest.mark.parametrize("moves", [False, True], ids=["before the spot moves", "after the spot has moved"])
def test_a_mark_between_a_fill_and_its_hedge(moves: bool) -> None:
    """A fill at 0:10 is hedged at 0:50. A mark at 0:30 moves nothing, where the spot stands; where it has moved since
    the last mark at 0:00, time after 0:30 is valued at the new spot: that much goes from convexity to theta, no more.
    """
    before = 101.5 if moves else 100
    prices = [100, 100, before, before, 101.5, 101.5, 102]
    once, twice = (
        backtest.run(
            scenario(
                clock={"start": START, "end": "2026-03-02T01:00:00Z"},
                rates={"options_cash": 0.05, "hedge_cash": 0.03, "pricing": 0.0},
                market={
                    "spot": {"model": "path", "step": "10m", "prices": prices},
                    "volatility": {"model": "constant", "level": VOLATILITY},
                },
                clients=[
                    {"name": "seller", "model": "scripted", "orders": [order("2026-03-02T00:10:00Z", "sell", 10)]}
                ],
                hedging={"policy": "interval", "interval_ns": "20m"},
                latency={"hedge": "30m"},
                report={"mark_every": every, "mark_spot": 1.0},
            )
        )
        for every in ("1h", "30m")
    )
    hedges = once.fills[once.fills["kind"] == "hedge"]
    assert hedges["ts"].dt.strftime("%H:%M").iloc[0] == "00:50"
    days = (30 - np.array([30, 60]) / 1440) / 365
    decay = [float(np.diff(oracle.call(spot, 100, days, VOLATILITY))[0]) for spot in (before, 100)]
    moved = 1000 * (decay[0] - decay[1])
    for bucket in set(BUCKETS) - {"gamma", "theta"}:
        assert twice.attribution[bucket] == pytest.approx(once.attribution[bucket], abs=4e-6), bucket
    assert micros(twice, "Income:Gamma:Drift") == pytest.approx(micros(once, "Income:Gamma:Drift"), abs=2)
    assert twice.attribution["theta"] - once.attribution["theta"] == pytest.approx(moved, abs=4e-6)
    assert twice.attribution["gamma"] - once.attribution["gamma"] == pytest.approx(-moved, abs=4e-6)
    assert abs(once.attribution["delta"]) > 1.0
    assert moves == (abs(moved) > 0.001)
