"""Models of the spot."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from mmsim import backtest
from mmsim.errors import UserError
from mmsim.events import Kind
from mmsim.market import build
from mmsim.market.grid import Grid
from mmsim.market.spot.brownian import BrownianMotion
from mmsim.market.spot.escrow import Escrow
from mmsim.market.spot.ticks import Ticks
from mmsim.scenario import Scenario
from mmsim.units import UNITS_NS

DAY = UNITS_NS["d"]


def test_a_path_stands_at_its_steps_and_is_cut_at_the_end(modelled: Callable[..., Scenario]) -> None:
    spot = {"model": "path", "step": "3h", "prices": [100, 105, 100, 999], "half_spread": 0.5}
    scenario = modelled(market={"spot": spot, "volatility": {"model": "constant", "level": 0.2}})
    events = build(scenario).events(0)
    ticks = events[events["kind"] == Kind.SPOT]
    assert ((ticks["ts"] - scenario.clock.start) / UNITS_NS["h"]).tolist() == [0, 3, 6]
    assert ticks["bid"].tolist() == [99.5, 104.5, 99.5]
    assert ticks["ask"].tolist() == [100.5, 105.5, 100.5]


def brownian(end_days: float, step_days: float, drift: float = 0.1) -> Ticks:
    grid = Grid.over([(0, int(end_days * DAY))], int(step_days * DAY))
    return Ticks(0, grid, BrownianMotion("spot:X", 50.0, 0.4, drift), 0.0, 250.0, Escrow())


def path_of(ticks: Ticks, seed: int, path: int) -> Any:
    return ticks.walk(seed, path).over(ticks.steps(0, ticks.count)).prices


def test_brownian_motion_has_the_moments_of_its_distribution() -> None:
    ticks = brownian(250, 50)
    paths = np.array([path_of(ticks, 11, path) for path in range(20_000)])
    assert np.all(paths[:, 0] == 50.0)
    logs = np.log(paths[:, 1:] / paths[:, :-1])
    assert np.allclose(logs.mean(axis=0), (0.1 - 0.4**2 / 2) / 5, atol=4 * 0.4 / np.sqrt(5 * 20_000))
    assert stats.kstest(logs.ravel(), stats.norm((0.1 - 0.08) / 5, 0.4 / np.sqrt(5)).cdf).pvalue > 0.001
    deviations = np.corrcoef(logs.T) - np.eye(5)
    assert np.abs(deviations).max() < 4.5 / np.sqrt(20_000)
    growth = paths[:, -1].mean() / 50.0
    assert growth == pytest.approx(np.exp(0.1), abs=4 * np.exp(0.1) * np.sqrt(np.expm1(0.16) / 20_000))


def test_brownian_motion_ends_at_the_clocks_end_with_a_shorter_step() -> None:
    motion = brownian(125, 50)
    assert (motion.grid.times() / DAY).tolist() == [0, 50, 100, 125]
    assert np.allclose(motion.steps(0, 4).steps.deviations, 0.4 * np.sqrt(np.array([50, 50, 25]) / 250))


PAYING = {
    "clock": {"start": "2026-03-02T00:00:00Z", "end": "2026-03-12T00:00:00Z"},
    "options": [{"underlying": "ABC", "strikes": [100], "expiry": "2026-04-02T00:00:00Z"}],
    "rates": {"pricing": 0.05},
    "dividends": [
        {"underlying": "ABC", "ex": "2026-03-05T00:00:00Z", "amount": 2.0},
        {"underlying": "ABC", "ex": "2026-03-20T00:00:00Z", "amount": 1.0},
        {"underlying": "ABC", "ex": "2026-05-20T00:00:00Z", "amount": 7.0},
    ],
}


def still(**parts: Any) -> dict[str, Any]:
    """A market whose spot does nothing but pay dividends, with ticks 12 hours apart."""
    spot = {"model": "gbm", "start": 100, "volatility": 0.0, "step": "12h"} | parts
    return {"spot": spot, "volatility": {"model": "constant", "level": 0.2}}


def mids(scenario: Scenario, path: int = 0) -> Any:
    events = build(scenario).events(path)
    return events["bid"][events["kind"] == Kind.SPOT]


def test_a_dividend_that_went_ex_does_not_come_back(modelled: Callable[..., Scenario]) -> None:
    """By hand: 100 less what dividends ahead are worth at first, plus what they are worth at each tick."""
    found = mids(modelled(**PAYING, market=still()))
    years = np.arange(21) * 0.5 / 365
    first = np.where(years < 3 / 365, 2.0 * np.exp(-0.05 * (3 / 365 - years)), 0.0)
    second = 1.0 * np.exp(-0.05 * (18 / 365 - years))  # ex after the end, within the option's life
    assert found == pytest.approx(100 - first[0] - second[0] + first + second, abs=1e-12)
    assert found[0] == 100.0
    assert found[6] - found[5] == pytest.approx(-2.0, abs=1e-3)  # the tick at the ex-date is without it


def test_only_the_part_without_dividends_is_random(modelled: Callable[..., Scenario]) -> None:
    """Its returns are those of the same draws without dividends, so theo sees the volatility that was asked for."""
    paid = mids(modelled(**PAYING, market=still(volatility=0.3)))
    certain = mids(modelled(**PAYING, market=still()))
    plain = mids(modelled(**PAYING | {"dividends": []}, market=still(volatility=0.3)))
    random_at_start = 100 - 2 * np.exp(-0.05 * 3 / 365) - np.exp(-0.05 * 18 / 365)
    assert paid - certain == pytest.approx(random_at_start * (plain / 100 - 1), abs=1e-9)


def test_an_underlying_without_dividends_is_left_alone(modelled: Callable[..., Scenario]) -> None:
    both = {"underlyings": [{"symbol": "ABC"}, {"symbol": "XYZ"}]}
    of_other = PAYING | both | {"dividends": [PAYING["dividends"][0] | {"underlying": "XYZ"}]}
    events = build(modelled(**of_other, market=still())).events(0)
    ticks = events[events["kind"] == Kind.SPOT]
    assert set(ticks["bid"][ticks["instrument"] == 0]) == {100.0}
    assert set(np.round(ticks["bid"][ticks["instrument"] == 1], 2)) == {100.0, 98.0}


def test_dividends_worth_more_than_the_spot(modelled: Callable[..., Scenario]) -> None:
    scenario = modelled(
        **PAYING | {"dividends": [PAYING["dividends"][1] | {"amount": 99.9}], "rates": {"pricing": -0.05}},
        market=still(),
    )
    with pytest.raises(UserError, match="worth more than its spot at the start, 100"):
        build(scenario)


def test_a_dividend_is_no_free_money(modelled: Callable[..., Scenario]) -> None:
    """Short stock pays the dividend and gains the fall; were the spot to come back, it would lose both."""
    held = {"opening": {"hedges": [{"underlying": "ABC", "units": -100}]}}
    policies = {"quoting": {"policy": "none"}, "hedging": {"policy": "none"}}
    one = {"dividends": PAYING["dividends"][:1]}
    run = backtest.run(modelled(**PAYING | one | held | policies | {"rates": {}}, market=still()))
    assert run.summary["carry"]["dividends"] == -200.0
    assert run.attribution["total"] == pytest.approx(0.0, abs=1e-6)


def test_an_option_sold_at_theo_on_a_stock_that_pays_is_fair(root: Path) -> None:
    """Hedged at the volatility that was asked for, nothing is earned on average: spot and theo are of one model."""
    dividend = {"dividends": "[{underlying: ABC, ex: 2026-01-12T12:00:00Z, amount: 5}]"}
    run = backtest.run(root / "scenarios/textbook/fair_option.yaml", seed=7, paths=1500, changes=dividend)
    total = run.summary["monte_carlo"]["total"]
    assert abs(total["mean"]) < 3.5 * total["se"] < 0.05


def test_an_earlier_end_only_cuts_the_path_off() -> None:
    long, short = (path_of(brownian(days, 1), 5, 2) for days in (100, 37))
    assert np.array_equal(long[:38], short)
