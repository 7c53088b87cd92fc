"""Models of the spot."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from mmsim.events import Kind
from mmsim.market import build
from mmsim.market.spot import GeometricBrownianMotion
from mmsim.market.streams import generator
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


def brownian(end_days: float, step_days: float, drift: float = 0.1) -> GeometricBrownianMotion:
    return GeometricBrownianMotion(
        0, "spot:X", 0, int(end_days * DAY), int(step_days * DAY), 50.0, 0.4, drift, 0.0, 250.0
    )


def test_brownian_motion_has_the_moments_of_its_distribution() -> None:
    prepared = brownian(250, 50).prepare(np.arange(6))
    paths = np.array([prepared.mids(generator(11, "spot:X", path)) for path in range(20_000)])
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
    assert (motion.times() / DAY).tolist() == [0, 50, 100, 125]
    prepared = motion.prepare(np.arange(4))
    assert np.allclose(prepared.deviations, 0.4 * np.sqrt(np.array([50, 50, 25]) / 250))


def test_an_earlier_end_only_cuts_the_path_off() -> None:
    long, short = (brownian(days, 1).prepare(np.arange(days + 1)) for days in (100, 37))
    assert np.array_equal(long.mids(generator(5, "spot:X", 2))[:38], short.mids(generator(5, "spot:X", 2)))
