"""Paired differences against scipy's tests, and the bootstrap against what is known of sums."""

import numpy as np
import pytest
from scipy import stats

from mmsim import paired


@pytest.fixture
def draws():
    return np.random.default_rng(7)


def test_over_paths_is_students_interval_and_welchs(draws):
    common = draws.standard_normal(60)
    first, second = common + 0.1 * draws.standard_normal(60), 0.3 + 1.5 * common + 0.1 * draws.standard_normal(60)
    found = paired.over_paths(first, second)
    own = stats.ttest_rel(second, first).confidence_interval(paired.LEVEL)
    welch = stats.ttest_ind(second, first, equal_var=False).confidence_interval(paired.LEVEL)
    assert found.difference == pytest.approx(np.mean(second - first))
    assert found.standard_error == pytest.approx(stats.sem(second - first))
    assert (found.low, found.high) == pytest.approx((own.low, own.high))
    assert (found.unpaired_low, found.unpaired_high) == pytest.approx((welch.low, welch.high))


def test_one_path_has_no_interval_and_equal_paths_have_one_of_no_width():
    assert paired.over_paths(np.array([1.0]), np.array([3.0]))[:1] == (2.0,)
    assert np.isnan(paired.over_paths(np.array([1.0]), np.array([3.0]))[1:]).all()
    same = paired.over_paths(np.full(9, 2.0), np.full(9, 2.0))
    assert same == (0.0,) * 6


def test_over_time_finds_the_deviation_of_a_sum_of_independent_increments(draws):
    """The sum of n independent increments of deviation s has the deviation s·√n; so have the bootstrap's."""
    count = 900
    first = np.zeros((count, 1))
    second = 0.2 + draws.standard_normal((count, 1))
    (found,) = paired.over_time(first, second, np.random.default_rng(3))
    sd = float(second.std(ddof=1)) * count**0.5
    assert found.difference == pytest.approx(second.sum())
    assert found.standard_error == pytest.approx(sd, rel=0.08)
    assert found.high - found.low == pytest.approx(2 * 1.96 * sd, rel=0.1)
    assert found.low < found.difference < found.high


def test_over_time_sees_that_increments_go_together_in_time(draws):
    """A moving average of m terms has m times the long-run deviation of independent increments of its own variance."""
    count, m = 4_000, 6
    noise = draws.standard_normal(count + m - 1)
    moving = np.convolve(noise, np.ones(m) / m**0.5, "valid")[:, None]
    (found,) = paired.over_time(np.zeros_like(moving), moving, np.random.default_rng(3))
    alone = float(moving.std()) * count**0.5
    assert 1.8 * alone < found.standard_error < 2.7 * alone  # √6 = 2.45; blocks of 16 on average see most of it


def test_what_two_share_is_in_the_unpaired_interval_only(draws):
    common = draws.standard_normal((800, 2))
    first, second = common, common + 0.05 + 0.1 * draws.standard_normal((800, 2))
    for found in paired.over_time(first, second, np.random.default_rng(1)):
        assert found.high - found.low < 0.15 * (found.unpaired_high - found.unpaired_low)


def test_few_times_have_no_interval_and_the_same_draws_give_the_same():
    few = paired.over_time(np.zeros((7, 1)), np.ones((7, 1)), np.random.default_rng(0))
    assert few[0].difference == 7.0
    assert np.isnan(few[0][1:]).all()
    increments = np.random.default_rng(5).standard_normal((50, 3))
    again = [paired.over_time(increments * 0, increments, np.random.default_rng(2)) for _ in range(2)]
    assert again[0] == again[1]
