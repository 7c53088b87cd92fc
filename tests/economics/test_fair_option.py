"""An option sold at fair value and hedged now and then: the figures of Derman and Kamal (1999) and of Hull."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from mmsim import backtest, scenario
from mmsim.results import Run
from tests.economics import oracle

SEED = 7  # the scenario's own
MONTH = 21 / 252
HULL = {
    "clock.volatility_days": "364",
    "clock.interest_days": "364",
    "clock.end": "2026-05-21T00:00:00Z",
    "options.0.expiry": "2026-05-21T00:00:00Z",
    "options.0.strikes": "[50]",
    "clients.0.orders.0.option": "ABC 2026-05-21 C50",
    "market.spot.start": "49",
    "market.spot.drift": "0.13",
    "report.mark_every": "140d",
}


@pytest.fixture(scope="module")
def file(root: Path) -> Path:
    return root / "scenarios" / "textbook" / "fair_option.yaml"


@pytest.fixture(scope="module")
def month(file: Path) -> Run:
    """21 hedges in a month of 21 days, on 5,000 paths."""
    run = backtest.run(file, seed=SEED, paths=5000)
    assert set(run.identities.values()) == {0}
    return run


def test_standard_deviation_of_derman_and_kamal(month: Run) -> None:
    """0.427 a share: what their Table 1 comes to, by QuantLib's example too (they print 0.41)."""
    assert month.paths["total"].std() == pytest.approx(0.427, rel=0.03), f"seed {SEED}"


def test_nothing_is_earned_on_average(month: Run) -> None:
    oracle.check_mean(month.paths["total"], 0.0, SEED)


def test_rebalancing_settlement_and_carry_return_the_compounded_premium(month: Run) -> None:
    """Carry here is the hedge's: the path's, less the interest on the premium, which is the other side."""
    premium = 2.5120671  # the call, worked out by SciPy below; 2.512 in the paper
    assert premium == pytest.approx(float(oracle.call(100, 100, MONTH, 0.2, 0.05)), abs=1e-7)
    assert month.paths["cash_premium"].to_numpy() == pytest.approx(premium, abs=2e-6)
    carry = month.paths["cash_carry"] - premium * np.expm1(0.05 * MONTH)
    cost = -(month.paths["cash_rebalancing"] + month.paths["cash_settlement"] + carry)
    oracle.check_mean(cost, premium * np.exp(0.05 * MONTH), SEED)


@pytest.mark.parametrize(
    ("weeks", "ratio", "paths"),
    [("35d", 0.4244, 5000), ("14d", 0.2734, 5000), ("7d", 0.1961, 5000)],
    ids=["5 weeks", "2 weeks", "1 week"],
)
def test_standard_deviation_over_price_of_hull(file: Path, weeks: str, ratio: float, paths: int) -> None:
    """Hull's table of hedging performance, with interest on the hedge's cash; the price is 2.4005."""
    run = backtest.run(file, seed=SEED, paths=paths, changes={**HULL, "market.spot.step": weeks})
    assert run.paths["total"].std() / 2.400461 == pytest.approx(ratio, rel=0.03), f"seed {SEED}"


def replicated(times: np.ndarray, spots: np.ndarray) -> float:
    """What a path earns, by hand: one call sold at fair value, its delta held from each tick to the next."""
    left = (times[-1] - times) / oracle.DAY / 252
    held = oracle.delta(spots, 100, left, 0.2, 0.05)
    traded = np.diff(held, prepend=0.0, append=0.0)  # at expiry what is held is sold
    flows = -traded * np.append(spots, spots[-1])
    grown = np.exp(0.05 * np.append(left, 0.0))
    premium = float(oracle.call(100, 100, MONTH, 0.2, 0.05))
    return float(premium * np.exp(0.05 * MONTH) + (flows * grown).sum() - max(spots[-1] - 100.0, 0.0))


@pytest.mark.parametrize("changes", [{}, {"market.spot.step": "7h"}], ids=["daily", "every seven hours"])
def test_each_path_by_hand(file: Path, changes: Mapping[str, str]) -> None:
    """Forty paths, each against a dozen lines of NumPy, to the cent's ten-thousandth."""
    run = backtest.run(file, seed=SEED, paths=40, changes=changes)
    chosen = scenario.load(file, {"seed": str(SEED), "paths": "40", **changes})
    by_hand = [replicated(*oracle.spots(chosen, path)) for path in range(40)]
    assert run.paths["total"].tolist() == pytest.approx(by_hand, abs=1e-4)


def test_a_put_has_the_hedging_error_of_the_call(file: Path) -> None:
    """Put and call differ by a forward, which needs no second hedge: path by path the same result."""
    put = {"options.0.rights": "[put]", "clients.0.orders.0.option": "ABC 2026-01-22 P100"}
    call_run, put_run = (backtest.run(file, seed=SEED, paths=40, changes=changes) for changes in ({}, put))
    assert put_run.paths["cash_premium"][0] == pytest.approx(2.0963, abs=5e-5)
    assert put_run.paths["total"].tolist() == pytest.approx(call_run.paths["total"].tolist(), abs=1e-4)
    assert put_run.paths["gamma"].tolist() == pytest.approx(call_run.paths["gamma"].tolist(), abs=1e-4)
