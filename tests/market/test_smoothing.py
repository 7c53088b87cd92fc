"""Implied volatilities of mids, smoothed by what came before."""

import numpy as np
import pytest

from mmsim.events import Kind, rows
from mmsim.market import smoothing
from mmsim.pricing import implied_volatility, price

MINUTE = 60_000_000_000
YEAR = 365 * 1440 * MINUTE


def smoothed(mids: np.ndarray, minutes: np.ndarray, half_life: float, **changes: np.ndarray) -> tuple[np.ndarray, int]:
    n = len(mids)
    averages = np.empty(n)
    option = changes.get("option", np.zeros(n, np.int64))
    without = smoothing.smoothed(
        (minutes * MINUTE).astype(np.int64),
        option,
        mids,
        changes.get("spot", np.full(n, 100.0)),
        np.array([0.25, 0.5])[option] - minutes * MINUTE / YEAR,
        np.ones(n),
        np.array([100.0, 110.0]),
        np.array([1.0, -1.0]),
        np.zeros(2, np.int64),
        np.array([0.03, 0.03]),
        np.array([0.01, 0.01]),
        half_life * MINUTE,
        averages,
    )
    return averages, without


def mid(sigma: float, minute: float, option: int = 0) -> float:
    years = (0.25, 0.5)[option] - minute * MINUTE / YEAR
    strike, right = ((100.0, "call"), (110.0, "put"))[option]
    return float(price(spot=100.0, strike=strike, years=years, volatility=sigma, rate=0.03, carry=0.01, right=right))


def test_without_a_half_life_it_is_the_implied_volatility() -> None:
    minutes = np.array([0.0, 1.0, 5.0])
    sigmas = [0.2, 0.3, 0.25]
    found, _ = smoothed(np.array([mid(s, m) for s, m in zip(sigmas, minutes, strict=True)]), minutes, 0.0)
    assert found == pytest.approx(sigmas, abs=1e-9)


def test_half_of_a_jump_is_taken_in_a_half_life() -> None:
    minutes = np.array([0.0, 10.0, 15.0, 1000.0])
    sigmas = [0.2, 0.3, 0.3, 0.3]
    found, _ = smoothed(np.array([mid(s, m) for s, m in zip(sigmas, minutes, strict=True)]), minutes, 10.0)
    assert found == pytest.approx([0.2, 0.25, 0.3 - 0.05 * 2**-0.5, 0.3], abs=1e-9)


def test_options_are_smoothed_each_for_itself() -> None:
    option = np.array([0, 1, 0, 1])
    minutes = np.array([0.0, 0.0, 10.0, 10.0])
    sigmas = [0.2, 0.5, 0.3, 0.7]
    mids = np.array([mid(s, m, o) for s, m, o in zip(sigmas, minutes, option, strict=True)])
    found, _ = smoothed(mids, minutes, 10.0, option=option)
    assert found == pytest.approx([0.2, 0.5, 0.25, 0.6], abs=1e-9)


def test_what_implies_nothing_or_nothing_new_gives_nothing() -> None:
    good = mid(0.2, 0.0)
    spot = np.array([np.nan, 100.0, 100.0, 100.0, 150.0])
    found, without = smoothed(np.array([good, np.nan, good, 1e3, 1.0]), np.zeros(5), 0.0, spot=spot)
    assert np.isnan(found).tolist() == [True, True, False, True, True]
    assert without == 2  # above the spot, below intrinsic value
    again, _ = smoothed(np.array([good, good]), np.zeros(2), 0.0)
    assert np.isnan(again[1])


def test_the_compiled_pass_agrees_with_the_array_function() -> None:
    draws = np.random.default_rng(1)
    option = draws.integers(0, 2, 500)
    minutes = np.sort(draws.uniform(0, 390, 500)).round()
    spots = 100 * np.exp(0.01 * draws.standard_normal(500))
    mids = draws.uniform(3, 15, 500)
    found, _ = smoothed(mids, minutes, 0.0, option=option, spot=spots)
    expected = implied_volatility(
        price=mids,
        spot=spots,
        strike=np.array([100.0, 110.0])[option],
        years=np.array([YEAR // 4, YEAR // 2])[option] / YEAR - minutes * MINUTE / YEAR,
        rate=0.03,
        carry=0.01,
        right=np.array([1.0, -1.0])[option],
    )["volatility"]
    assert np.allclose(found, expected, rtol=0, atol=1e-9, equal_nan=True)


def test_the_mid_in_force() -> None:
    nan = float("nan")
    ticks = rows(Kind.SPOT, [10, 20, 30, 40], 0, bid=[99, nan, nan, 97], ask=[101, 102, nan, nan])
    found = smoothing.in_force(np.array([9, 10, 19, 20, 35, 40]), ticks)
    assert np.array_equal(found, [nan, 100, 100, 102, 102, 97], equal_nan=True)
