"""Realised variance on simulated ticks with noise, and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmsim import realised_variance, two_scale_variance

TICKS, DAYS = 23_400, 60
VARIANCE, NOISE = 1e-4, 0.0005  # of a day; standard deviation of a tick's noise, as in the paper's simulation


@pytest.fixture(scope="module")
def days() -> tuple[np.ndarray, np.ndarray]:
    """Prices without and with noise, a row a day."""
    rng = np.random.default_rng(3)
    steps = rng.standard_normal((DAYS, TICKS)) * math.sqrt(VARIANCE / TICKS)
    logs = np.concatenate([np.zeros((DAYS, 1)), np.cumsum(steps, axis=1)], axis=1)
    return 100.0 * np.exp(logs), 100.0 * np.exp(logs + NOISE * rng.standard_normal(logs.shape))


def test_plain_variance_is_right_without_noise_and_all_noise_with_it(days):
    clean, noisy = ([realised_variance(day) for day in prices] for prices in days)
    assert np.mean(clean) == pytest.approx(VARIANCE, rel=0.01)
    assert np.std(clean) == pytest.approx(VARIANCE * math.sqrt(2.0 / TICKS), rel=0.4)
    assert np.mean(noisy) == pytest.approx(VARIANCE + 2.0 * TICKS * NOISE**2, rel=0.01)  # 118 times the truth


def test_subsampling_carries_the_noise_of_fewer_returns(days):
    every = 300
    found = np.mean([realised_variance(day, every=every) for day in days[1]])
    returns = (TICKS - every + 1) / every
    assert found == pytest.approx(VARIANCE * returns * every / TICKS + 2.0 * returns * NOISE**2, rel=0.06)


def test_two_scales_are_without_bias_under_noise(days):
    found = [two_scale_variance(day) for day in days[1]]
    variances = np.array([one.variance for one in found])
    ratio = NOISE**2 / VARIANCE
    share = (12.0 * ratio**2) ** (1.0 / 3.0)
    deviation = VARIANCE * math.sqrt((8.0 * (ratio / share) ** 2 + 4.0 / 3.0 * share) * TICKS ** (-1.0 / 3.0))
    assert variances.mean() == pytest.approx(VARIANCE, abs=3.0 * deviation / math.sqrt(DAYS))
    assert variances.std() == pytest.approx(deviation, rel=0.3)  # the paper's asymptotic one
    assert np.mean([one.noise for one in found]) == pytest.approx(NOISE**2, rel=0.01)
    assert np.median([one.every for one in found]) == pytest.approx(share * TICKS ** (2.0 / 3.0), rel=0.15)


@pytest.mark.parametrize("every", [4, 800])
def test_other_numbers_of_grids_are_worse_than_the_best(days, every):
    best, other = (np.std([two_scale_variance(day, every=k).variance for day in days[1]]) for k in (None, every))
    assert other > 2.0 * best


def test_two_scales_agree_with_the_plain_variance_without_noise(days):
    found = [two_scale_variance(day, every=5) for day in days[0]]
    assert np.mean([one.variance for one in found]) == pytest.approx(VARIANCE, rel=0.02)
    assert np.mean([one.noise for one in found]) < 1e-3 * NOISE**2


def test_by_hand():
    """Log prices 0, 1, 3, 2 (hundredths): squares 1, 4, 1 at every tick; 9, 1 at every second."""
    prices = np.exp([0.0, 0.01, 0.03, 0.02])
    assert realised_variance(prices) == pytest.approx(6e-4)
    assert realised_variance(prices, every=2) == pytest.approx((9e-4 + 1e-4) / 2.0)
    assert realised_variance(prices, every=3) == pytest.approx(4e-4 / 3.0)
    found = two_scale_variance(prices, every=2)  # two returns of two ticks a grid of one: n̄ = 1, n = 3
    assert found.variance == pytest.approx((5e-4 - 6e-4 / 3.0) / (1.0 - 1.0 / 3.0))
    assert found.noise == pytest.approx((6e-4 - found.variance) / 6.0)
    assert found.every == 2


def test_prices_that_stand_still_have_no_variance():
    assert two_scale_variance([5.0] * 10).variance == 0.0
    assert realised_variance([5.0] * 10) == 0.0


@pytest.mark.parametrize(
    "prices", [[1.0, 0.0, 1.0, 2.0], [1.0, -1.0, 1.0, 1.0], [1.0, math.nan, 2.0, 3.0], [math.inf] * 4]
)
def test_a_price_that_is_none(prices):
    place = 0 if math.isinf(prices[0]) else 1
    for estimate in (realised_variance, two_scale_variance):
        with pytest.raises(ValueError, match=f"price {place} is .*: prices are numbers above zero"):
            estimate(prices)


def test_too_few_ticks_or_none_at_all():
    with pytest.raises(ValueError, match="more than 1 prices in a row"):
        realised_variance([1.0])
    with pytest.raises(ValueError, match="more than 5 prices"):
        realised_variance([1.0] * 5, every=5)
    with pytest.raises(ValueError, match="more than 3 prices"):
        two_scale_variance([1.0] * 3)
    with pytest.raises(ValueError, match="shape \\(2, 2\\)"):
        realised_variance([[1.0, 2.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match="number of ticks, not 0"):
        realised_variance([1.0, 2.0], every=0)
    with pytest.raises(ValueError, match="two scales differ"):
        two_scale_variance([1.0] * 9, every=1)
