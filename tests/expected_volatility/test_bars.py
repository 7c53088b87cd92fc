"""Estimators over bars, on paths of Brownian motion whose variance is known: 1 a bar, scaled down."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from mmsim import realised_volatility

TICKS, BARS, SIGMA = 400, 12_000, 0.01  # a bar; SIGMA a bar's standard deviation
RANGES = {"parkinson": 1.34, "garman_klass": 1.86, "rogers_satchell": 1.86}  # shortfall of the variance × √TICKS


def simulated(drift: float = 0.0, gap: float = 0.0) -> pd.DataFrame:
    """Bars of a fine walk; ``drift`` of a bar and standard deviation of a ``gap`` between two, in those of a bar."""
    rng = np.random.default_rng(11)
    steps = rng.standard_normal((BARS, TICKS)) / math.sqrt(TICKS) + drift / TICKS
    walk = np.concatenate([np.zeros((BARS, 1)), np.cumsum(steps, axis=1)], axis=1) * SIGMA
    jumps = np.append(0.0, rng.standard_normal(BARS - 1) * gap * SIGMA)
    level = np.cumsum(jumps + np.append(0.0, walk[:-1, -1]))
    level -= level.mean()
    logs = {"open": walk[:, 0], "high": walk.max(1), "low": walk.min(1), "close": walk[:, -1]}
    return pd.DataFrame({name: 100.0 * np.exp(level + log) for name, log in logs.items()})


@pytest.fixture(scope="module")
def still() -> pd.DataFrame:
    return simulated()


@pytest.fixture(scope="module")
def drifting() -> pd.DataFrame:
    return simulated(drift=1.0)


@pytest.fixture(scope="module")
def gapping() -> pd.DataFrame:
    return simulated(gap=1.0)


def variance(bars: pd.DataFrame, estimator: str) -> float:
    """In units of the variance of a bar's walk."""
    return (realised_volatility(bars, estimator=estimator, bars_per_year=1.0) / SIGMA) ** 2


def per_bar(bars: pd.DataFrame, estimator: str) -> np.ndarray:
    """The same of each bar alone."""
    return (realised_volatility(bars, estimator=estimator, bars_per_year=1.0, window=1).to_numpy() / SIGMA) ** 2


@pytest.mark.parametrize("estimator", list(RANGES))
def test_what_uses_the_range_is_low_by_what_ticks_miss_of_it(still, estimator):
    missed = RANGES[estimator] / math.sqrt(TICKS)
    assert variance(still, estimator) == pytest.approx(1.0 - missed, abs=0.018)  # three standard errors, and 1/TICKS
    coarse = math.sqrt(TICKS) / 4.0 * (1.0 - variance(still, estimator)) * 4.0
    assert coarse == pytest.approx(RANGES[estimator], rel=0.2)


def test_close_to_close_and_yang_zhang_are_unbiased(still):
    assert variance(still, "close_to_close") == pytest.approx(1.0, abs=3 * math.sqrt(2.0 / BARS))
    missed = (1.0 - 0.34 / 2.34) * RANGES["rogers_satchell"] / math.sqrt(TICKS)
    assert variance(still, "yang_zhang") == pytest.approx(1.0 - missed, abs=0.02)


def test_a_drift_moves_parkinson_and_garman_klass_and_not_the_others(still, drifting):
    for estimator in ("rogers_satchell", "yang_zhang", "close_to_close"):
        assert variance(drifting, estimator) == pytest.approx(variance(still, estimator), abs=0.025)
    assert variance(drifting, "parkinson") > 1.25 * variance(still, "parkinson")
    assert variance(drifting, "garman_klass") > 1.05 * variance(still, "garman_klass")


def test_gaps_are_in_close_to_close_and_yang_zhang_and_not_in_the_others(still, gapping):
    missed = (1.0 - 0.34 / 2.34) * RANGES["rogers_satchell"] / math.sqrt(TICKS)
    assert variance(gapping, "close_to_close") == pytest.approx(2.0, abs=0.08)
    assert variance(gapping, "yang_zhang") == pytest.approx(2.0 - missed, abs=0.06)
    for estimator in RANGES:
        assert variance(gapping, estimator) == pytest.approx(variance(still, estimator), rel=1e-9)


@pytest.mark.parametrize(
    ("estimator", "efficiency"), [("parkinson", 4.91), ("garman_klass", 7.4), ("rogers_satchell", 6.0)]
)
def test_efficiency_is_that_of_the_papers(still, estimator, efficiency):
    """The variance of a bar's squared return against that of the estimator, each by its own mean."""
    squares = (np.log(still["close"] / still["open"]).to_numpy() / SIGMA) ** 2
    found = per_bar(still, estimator)
    ratio = (squares.var() / squares.mean() ** 2) / (found.var() / found.mean() ** 2)
    assert ratio == pytest.approx(efficiency, rel=0.09)


def test_by_hand():
    """u = ln 1.02, d = ln 0.99, c = ln 1.01, three times without a gap, and then with one."""
    u, d, c = math.log(1.02), math.log(0.99), math.log(1.01)
    opens = [100.0, 101.0, 102.01]
    bars = pd.DataFrame({"open": opens, "high": [p * 1.02 for p in opens], "low": [p * 0.99 for p in opens]})
    bars["close"] = [p * 1.01 for p in opens]
    expected = {
        "parkinson": (u - d) ** 2 / (4.0 * math.log(2.0)),
        "garman_klass": 0.5 * (u - d) ** 2 - (2.0 * math.log(2.0) - 1.0) * c**2,
        "rogers_satchell": u * (u - c) + d * (d - c),
        "close_to_close": 0.0,
        "yang_zhang": (1.0 - 0.34 / (1.34 + 3.0)) * (u * (u - c) + d * (d - c)),
    }
    for estimator, value in expected.items():
        assert realised_volatility(bars, estimator=estimator, bars_per_year=4.0) ** 2 == pytest.approx(
            4.0 * value, abs=1e-15
        )
    bars.loc[2] *= 1.05  # the gap is ln 1.05 once and 0 once: its sample variance is half its square
    gap = math.log(1.05) ** 2 / 2.0
    assert realised_volatility(bars, bars_per_year=1.0) ** 2 == pytest.approx(expected["yang_zhang"] + gap)
    assert realised_volatility(bars, estimator="close_to_close", bars_per_year=1.0) ** 2 == pytest.approx(gap)


@pytest.mark.parametrize("estimator", ["close_to_close", "yang_zhang", *RANGES])
def test_a_window_is_the_estimate_of_its_bars(still, estimator):
    bars = still.head(40).set_index(pd.date_range("2026-01-01", periods=40))
    rolling = realised_volatility(bars, estimator=estimator, window=10)
    assert rolling.index.equals(bars.index)
    assert rolling.isna().sum() == 9
    for n in (9, 25, 39):
        assert rolling.iloc[n] == realised_volatility(bars.iloc[n - 9 : n + 1], estimator=estimator)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"high": 0.0}, "the bar b has a price that is not above zero"),
        ({"low": -1.0}, "not above zero"),
        ({"close": math.nan}, "the bar b has a price that is no number"),
        ({"open": math.inf}, "no number"),
        ({"high": 99.5}, "the bar b has a high below its open or close"),
        ({"low": 101.5}, "the bar b has a low above its open or close"),
    ],
)
def test_a_bar_that_is_none(change, said):
    bars = pd.DataFrame({"open": 100.0, "high": 103.0, "low": 99.0, "close": 102.0}, index=list("abc"))
    assert realised_volatility(bars, estimator="parkinson") > 0.0
    for name, value in change.items():
        bars.loc["b", name] = value
    with pytest.raises(ValueError, match=said):
        realised_volatility(bars, estimator="parkinson")


def test_what_cannot_be_estimated():
    bars = pd.DataFrame({"open": 100.0, "high": 103.0, "low": 99.0, "close": 102.0}, index=range(5))
    for estimator in ("close_to_close", "yang_zhang"):
        with pytest.raises(ValueError, match=f"{estimator} needs 3 bars, not 2"):
            realised_volatility(bars.head(2), estimator=estimator)
        with pytest.raises(ValueError, match="needs 3 bars, not 2"):
            realised_volatility(bars, estimator=estimator, window=2)
    with pytest.raises(ValueError, match="parkinson needs 1 bars, not 0"):
        realised_volatility(bars.head(0), estimator="parkinson")
    with pytest.raises(ValueError, match="did you mean 'yang_zhang'"):
        realised_volatility(bars, estimator="yang_zang")
    with pytest.raises(ValueError, match="high, low is missing"):
        realised_volatility(bars[["open", "close"]])
    with pytest.raises(ValueError, match="bars_per_year must be above zero"):
        realised_volatility(bars, bars_per_year=0.0)
    assert realised_volatility(bars, window=9).isna().all()
