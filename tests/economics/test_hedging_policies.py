"""Each hedging policy through the engine, tick by tick against its formula in SciPy's words, and in the literature."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmsim import backtest, scenario
from mmsim.results import Run
from tests.economics import oracle

SEED = 7
CALL = "ABC 2026-01-22 C100"
STEP = 12  # hours between ticks
YEAR = 252 * oracle.DAY
RATE, VOL = 0.05, 0.2
Law = Callable[[int, float, float, float], float]  # (tick, spot, years, hedge held) -> hedge to hold


@pytest.fixture(scope="module")
def file(root: Path) -> Path:
    return root / "scenarios" / "textbook" / "fair_option.yaml"


def greeks(spot: float, years: float, volatility: float = VOL) -> tuple[float, float, float]:
    """Delta, gamma and vega of the call."""
    gamma = float(oracle.gamma(spot, 100, years, volatility, RATE))
    return float(oracle.delta(spot, 100, years, volatility, RATE)), gamma, gamma * spot**2 * volatility * years


def edge(middle: float, width: float, held: float) -> float:
    """The nearest to what is held between the edges of a band."""
    return min(max(held, middle - width), middle + width)


def minimum_variance(_n: int, spot: float, years: float, _held: float) -> float:
    delta, _, vega = greeks(spot, years)
    return delta + vega / (spot * np.sqrt(years)) * (-0.15 + 0.1 * delta - 0.05 * delta**2)


def at_thirty(_n: int, spot: float, years: float, _held: float) -> float:
    return greeks(spot, years, 0.3)[0]


def leland(share: float) -> Law:
    """Every second tick, at once first; ``share`` is σ̂²/σ²."""
    return lambda n, spot, years, held: greeks(spot, years, VOL * np.sqrt(share))[0] if n % 2 == 0 else held


def whalley_wilmott(_n: int, spot: float, years: float, held: float) -> float:
    delta, gamma, _ = greeks(spot, years)
    return edge(delta, (1.5 * np.exp(-RATE * years) * 0.002 * spot * gamma**2 / 2.0) ** (1 / 3), held)


def zakamouline(sign: float) -> Law:
    """``sign`` is +1 where the desk is short of gamma."""

    def law(_n: int, spot: float, years: float, held: float) -> float:
        gamma, root = greeks(spot, years)[1], (np.exp(-RATE * years) / VOL) ** 0.25
        shift = 4.76 * 0.002**0.78 * years**-0.02 * root * (2.0 * spot**2 * gamma) ** 0.15
        width = 0.002 / (2.0 * spot * VOL**2 * years)
        width += 1.12 * 0.002**0.31 * years**0.05 * root * np.sqrt(gamma / 2.0)
        return edge(sign * greeks(spot, years, VOL * np.sqrt(1 + sign * shift))[0], width, held)

    return law


class SpotMoves:
    """Where the spot has moved by half a standard deviation of a day since the last hedge."""

    def __init__(self) -> None:
        self.last = np.nan

    def __call__(self, _n: int, spot: float, years: float, held: float) -> float:
        if abs(np.log(spot / self.last)) < 0.5 * VOL * np.sqrt(1 / 252):
            return held
        self.last = spot
        return greeks(spot, years)[0]


COSTS = {"cost": 0.002, "risk_aversion": 2.0}
A = np.sqrt(2 / np.pi) * 0.01 / (VOL * np.sqrt(1 / 252))  # Leland's number
CASES: dict[str, tuple[dict[str, Any], Law, float]] = {  # policy, its law, the desk's contracts
    "minimum_variance": ({"policy": "minimum_variance", "a": -0.15, "b": 0.1, "c": -0.05}, minimum_variance, -1),
    "hedge_at given": ({"policy": "hedge_at", "volatility_is": "given", "volatility": 0.3}, at_thirty, -1),
    "leland short": ({"policy": "leland", "round_trip": 0.01}, leland(1 + A), -1),
    "leland long": ({"policy": "leland", "round_trip": 0.01}, leland(1 - A), 1),
    "leland clamped": ({"policy": "leland", "round_trip": 0.05, "clamp": 0.25}, leland(0.25), 1),
    "whalley_wilmott": ({"policy": "whalley_wilmott", **COSTS}, whalley_wilmott, -1),
    "zakamouline short": ({"policy": "zakamouline", **COSTS}, zakamouline(1.0), -1),
    "zakamouline long": ({"policy": "zakamouline", **COSTS}, zakamouline(-1.0), 1),
    "spot_move": ({"policy": "spot_move", "deviations": 0.5}, SpotMoves(), -1),
}


def changes(policy: dict[str, Any], position: float) -> dict[str, str]:
    order = {"at": "2026-01-01T00:00:00Z", "option": CALL, "size": 1}
    order |= {"side": "buy", "price": 1000} if position < 0 else {"side": "sell", "price": 0}
    flow = {"name": "client", "model": "scripted", "orders": [order]}
    return {"hedging": str(policy), "clients": str([flow]), "market.spot.step": f"{STEP}h"}


def held_by(run: Run, times: np.ndarray) -> np.ndarray:
    """The hedge after each tick but the last, at which all is unwound."""
    hedges = run.fills[run.fills["kind"] == "hedge"]
    signed = hedges["size"].where(hedges["side"] == "buy", -hedges["size"]).to_numpy()
    at = hedges["ts"].astype("datetime64[ns, UTC]").astype("int64").to_numpy()
    return np.array([signed[at <= ts].sum() for ts in times[:-1]])


@pytest.mark.parametrize("name", CASES)
def test_holds_what_its_formula_says(file: Path, name: str) -> None:
    policy, law, position = CASES[name]
    changed = changes(policy, position)
    run = backtest.run(file, seed=SEED, paths=1, changes=changed)
    times, spots = oracle.spots(scenario.load(file, {"seed": str(SEED), "paths": "1", **changed}), 0)
    held, expected = 0.0, []
    for n, (ts, spot) in enumerate(zip(times[:-1], spots[:-1], strict=True)):
        signed = 1.0 if name.startswith("zakamouline") else -position  # its law has the sign of the book in it
        held = signed * law(n, float(spot), (times[-1] - ts) / YEAR, signed * held)
        expected.append(held)
    assert held_by(run, times).tolist() == pytest.approx(expected, abs=1e-7)
    assert run.summary["policies"]["hedging"]["compiled"]
    assert len(set(expected)) > 5, "it hedges"
    assert run.counts["hedge_fills"] > 5


YEARLY = {
    "clock.end": "2026-12-31T00:00:00Z",
    "clock.volatility_days": "364",
    "clock.interest_days": "364",
    "options.0.expiry": "2026-12-31T00:00:00Z",
    "report.mark_every": "364d",
}


class TestAhmadAndWilmott:
    """An option bought at an implied volatility of 20 % where the stock moves by 30 %; r = μ = 5 %, a year.

    V(30 %) − V(20 %) = 3.780671 today: certain when hedged at 30 %, the mean when hedged at 20 %.
    """

    PROFIT = 3.780671

    def total(self, file: Path, which: str, paths: int, step: str) -> np.ndarray:
        order = [{"at": "2026-01-01T00:00:00Z", "option": "ABC 2026-12-31 C100", "side": "sell", "size": 1, "price": 0}]
        clients = [{"name": "seller", "model": "scripted", "orders": order}]
        changed = YEARLY | {"clients": str(clients), "market.spot.volatility": "0.3", "market.spot.step": step}
        changed |= {"hedging": f"{{policy: hedge_at, volatility_is: {which}}}"}
        run = backtest.run(file, seed=SEED, paths=paths, changes=changed)
        return np.exp(-0.05) * run.paths["total"].to_numpy()

    def test_the_profit_is_certain_at_the_actual_volatility(self, file: Path) -> None:
        assert float(oracle.call(100, 100, 1, 0.3, 0.05) - oracle.call(100, 100, 1, 0.2, 0.05)) == pytest.approx(
            self.PROFIT, abs=1e-6
        )
        present = self.total(file, "realised", 400, "262080s")  # 120 ticks
        oracle.check_mean(present, self.PROFIT, SEED)
        assert present.std() == pytest.approx(0.226 * np.sqrt(2000 / 120), rel=0.12), "as 1 / √ticks: 0.226 at 2,000"

    def test_the_mean_is_the_same_at_the_implied_one(self, file: Path) -> None:
        present = self.total(file, "implied", 600, "131040s")
        oracle.check_mean(present, self.PROFIT, SEED)
        assert present.std() == pytest.approx(1.738, rel=0.1), f"seed {SEED}"


def test_leland_loses_what_his_volatility_asks_for(file: Path) -> None:
    """A call sold at fair value, hedged weekly for a year at a cost of half a per cent of each trade, r = μ = 0.

    But for the first hedge's the loss is C(σ̂) − C(σ) = 1.0691 on average; 52 hedges instead of infinitely many make
    1.0643. The engine's spread is in currency: what the trades come to as a share of the spot is summed from its fills.
    """
    changed = YEARLY | {
        "clients.0.orders.0.option": "ABC 2026-12-31 C100",
        "market.spot.drift": "0",
        "rates": "{options_cash: 0, hedge_cash: 0}",
        "market.spot.step": "7d",
        "hedging": "{policy: leland, round_trip: 0.01, interval_ns: 7d}",
        "keep_paths": "4000",
    }
    run = backtest.run(file, seed=SEED, paths=4000, changes=changed)
    hedges = run.fills[run.fills["kind"] == "hedge"]
    is_first = ~hedges["path"].duplicated()
    is_last = hedges["ts"] == hedges["ts"].max()  # at expiry the hedge is delivered, not traded
    paid = (0.005 * hedges["size"] * hedges["spot"]).where(~is_first & ~is_last, 0.0).groupby(hedges["path"]).sum()
    loss = paid.to_numpy() - run.paths["total"].to_numpy()
    spread_of_mean = 3 * loss.std() / np.sqrt(len(loss))
    assert loss.mean() == pytest.approx(1.0643, abs=spread_of_mean), f"seed {SEED}"
    assert spread_of_mean < 0.06
    assert (0.005 * hedges["size"] * hedges["spot"])[is_first].mean() == pytest.approx(0.2726, abs=5e-5)


@pytest.mark.parametrize(("hedges", "interval"), [(20, "1d"), (80, "6h")])
def test_risk_falls_with_the_root_of_the_number_of_hedges(root: Path, hedges: int, interval: str) -> None:
    """Derman and Kamal's √(π/4) · vega · σ / √N, which is of the first order: simulations stay 2 or 3 % below it."""
    vega = greeks(100.0, 1 / 12)[2]
    assert vega == pytest.approx(11.4578, abs=1e-4)
    theory = np.sqrt(np.pi / 4) * vega * VOL / np.sqrt(hedges)
    assert theory == pytest.approx({20: 0.4541, 80: 0.2271}[hedges], abs=1e-4)
    compared = root / "scenarios" / "comparison" / "hedging_frequency.yaml"
    run = backtest.run(compared, seed=SEED, paths=2000, changes={"hedging.interval_ns": interval})
    assert run.paths["total"].std() == pytest.approx(theory, rel=0.07), f"seed {SEED}"
    oracle.check_mean(run.paths["total"], 0.0, SEED)
