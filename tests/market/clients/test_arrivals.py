"""When clients arrive: against closed forms of the processes, within three standard errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

from mmsim.events import Kind
from mmsim.market import build
from mmsim.market.clients.hawkes import Hawkes
from mmsim.market.clients.shape import Activity, u_shape
from mmsim.scenario import Scenario

HOUR = 3_600_000_000_000
FLOW = {"name": "flow", "model": "poisson", "per_hour": 120, "reservation_ticks": 2.0}
HAWKES = Hawkes(0.6, 2.0)
LENGTH, PATHS = 50.0, 2_000  # mean gaps, and paths


def times(scenario: Scenario, paths: int) -> list[npt.NDArray[np.int64]]:
    market = build(scenario)
    return [(events := market.events(n))["ts"][events["kind"] == Kind.ORDER] for n in range(paths)]


def elapsed(process: Hawkes, seed: int, until: float) -> npt.NDArray[np.float64]:
    found = np.concatenate([*process.elapsed(np.random.default_rng(seed), until)])
    return found[found <= until]


@pytest.fixture(scope="module")
def hawkes_counts() -> npt.NDArray[np.float64]:
    return np.array([len(elapsed(HAWKES, seed, LENGTH)) for seed in range(PATHS)], float)


def variance_of_counts(process: Hawkes, length: float) -> float:
    """Of a stationary Hawkes process of mean rate 1: Hawkes, 1971; Da Fonseca and Zaatour, 2014, integrated."""
    widening = 1.0 / (1.0 - process.branching) ** 2
    relaxing = process.decay * (1.0 - process.branching)
    return widening * length + (1.0 - widening) * (1.0 - np.exp(-relaxing * length)) / relaxing


class TestHawkes:
    def test_the_mean_is_that_asked_for(self, hawkes_counts: Any) -> None:
        error = hawkes_counts.std() / np.sqrt(PATHS)
        assert hawkes_counts.mean() == pytest.approx(LENGTH, abs=3 * error)

    def test_arrivals_cluster_as_much_as_the_closed_form_says(self, hawkes_counts: Any) -> None:
        deviations = (hawkes_counts - hawkes_counts.mean()) ** 2
        expected = variance_of_counts(HAWKES, LENGTH)
        assert expected > 5 * LENGTH  # nothing like Poisson
        assert deviations.mean() == pytest.approx(expected, abs=3 * deviations.std() / np.sqrt(PATHS))

    def test_the_branching_ratio_is_that_asked_for(self, hawkes_counts: Any) -> None:
        """Told from the variance of the counts, by the closed form turned round."""
        ratios = []
        for part in np.array_split(hawkes_counts, 20):
            low, high = 0.0, 0.99
            for _ in range(60):
                middle = 0.5 * (low + high)
                is_less = variance_of_counts(Hawkes(middle, HAWKES.decay), LENGTH) < part.var(ddof=1)
                low, high = (middle, high) if is_less else (low, middle)
            ratios.append(low)
        assert np.mean(ratios) == pytest.approx(HAWKES.branching, abs=3 * np.std(ratios) / np.sqrt(20))

    @pytest.mark.parametrize(("assumed", "holds"), [(0.6, True), (0.5, False)])
    def test_time_rescaled_by_the_intensity_is_a_unit_poisson_process(self, assumed: float, holds: bool) -> None:
        """Ogata, 1988: the integral of the intensity between arrivals, from the arrivals alone, is Exp(1)."""
        found = elapsed(HAWKES, 7, 20_000.0)
        base, jump, decay = 1.0 - assumed, assumed * HAWKES.decay, HAWKES.decay
        excess, gaps = jump, []
        for wait in np.diff(found):
            gaps.append(base * wait + excess * (1.0 - np.exp(-decay * wait)) / decay)
            excess = excess * np.exp(-decay * wait) + jump
        assert (stats.kstest(gaps[100:], "expon").pvalue > 0.001) == holds

    def test_a_longer_time_only_adds_arrivals(self) -> None:
        short, whole = elapsed(HAWKES, 3, 40.0), elapsed(HAWKES, 3, 4_000.0)
        assert np.array_equal(short, whole[whole <= 40.0])

    def test_a_groups_keys_mean_what_they_say(self, modelled: Callable[..., Scenario]) -> None:
        excited = FLOW | {"hawkes": {"branching": 0.5, "decay": "2m"}}
        counts = np.array([len(found) for found in times(modelled(clients=[excited]), 300)])
        expected = 120 * 6.5
        variance = variance_of_counts(Hawkes(0.5, 30 / 120), expected)
        assert counts.mean() == pytest.approx(expected, abs=3 * np.sqrt(variance / 300))
        assert counts.var() == pytest.approx(variance, rel=3 * np.sqrt(2 / 300))


class TestShape:
    def test_intensity_by_hour(self, modelled: Callable[..., Scenario]) -> None:
        weights = [3.0, 1.0, 0.0, 2.0]
        clock = {"start": "2026-03-02T14:00:00Z", "end": "2026-03-02T18:00:00Z"}
        found = np.concatenate(times(modelled(clients=[FLOW | {"shape": weights}], clock=clock), 100))
        hours = np.bincount((found - found.min() // HOUR * HOUR) // HOUR, minlength=4)
        for count, weight in zip(hours, weights, strict=True):
            expected = 100 * 120 * weight / np.mean(weights)
            assert count == pytest.approx(expected, abs=3 * np.sqrt(expected))

    def test_a_u_is_busy_at_both_ends(self, modelled: Callable[..., Scenario]) -> None:
        """Against the integral of the density itself, ½ + 6·(x − ½)²."""
        found = np.concatenate(times(modelled(clients=[FLOW | {"shape": "u_shape"}]), 60))
        start = pd.Timestamp("2026-03-02T14:30Z").value
        slices = np.bincount(((found - start) * 13) // int(6.5 * HOUR), minlength=13)[:13]
        grid = (np.arange(13_000) + 0.5) / 13_000
        density = (0.5 + 6.0 * (grid - 0.5) ** 2).reshape(13, -1).mean(axis=1)
        assert np.mean(u_shape()) == pytest.approx(1.0)
        assert stats.chisquare(slices, density * slices.sum() / 13).pvalue > 0.001
        assert slices.sum() == pytest.approx(60 * 120 * 6.5, abs=3 * np.sqrt(60 * 120 * 6.5))

    def test_nobody_comes_between_sessions(self, modelled: Callable[..., Scenario]) -> None:
        clock = {"start": "2026-03-02T00:00:00Z", "end": "2026-03-04T00:00:00Z"}
        sessions = {"open": "10:00", "close": "14:00", "zone": "UTC"}
        scenario = modelled(clients=[FLOW | {"shape": [1.0, 3.0]}], clock=clock, sessions=sessions)
        found = np.concatenate(times(scenario, 40))
        hours = (found // HOUR) % 24
        assert hours.min() == 10 and hours.max() == 13
        of_day = np.bincount(hours, minlength=14)[10:14]
        for count, weight in zip(of_day, [0.5, 0.5, 1.5, 1.5], strict=True):
            assert count == pytest.approx(40 * 2 * 120 * weight, abs=3 * np.sqrt(40 * 2 * 120 * weight))

    def test_a_session_under_way_at_the_start_is_cut(self) -> None:
        activity = Activity.of([1.0, 3.0], [(-10, 10), (30, 50)], 0, 40)
        assert activity.total == 10 * 1.5 + 10 * 0.5
        assert activity.at(np.array([0.0, 7.5, 15.0, 17.5])).tolist() == [0, 5, 30, 35]

    def test_an_earlier_end_only_cuts_arrivals_off(self, modelled: Callable[..., Scenario]) -> None:
        sessions = {"open": "14:30", "close": "21:00", "zone": "UTC"}
        group = FLOW | {"shape": "u_shape", "hawkes": {"branching": 0.4, "decay": "1m"}}
        whole, short = (
            times(modelled(clients=[group], sessions=sessions, clock={"start": "2026-03-02T14:30:00Z", "end": end}), 1)[
                0
            ]
            for end in ("2026-03-02T21:00:00Z", "2026-03-02T17:00:00Z")
        )
        assert np.array_equal(short, whole[whole <= pd.Timestamp("2026-03-02T17:00Z").value])
        assert len(short) > 100
