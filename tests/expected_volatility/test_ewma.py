"""The exponentially weighted average: by hand, against pandas, and on ticks that come when they like."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from mmsim import ewma_volatility

YEAR_S = 365 * 86_400


def ticks(seconds: list[float], prices: list[float]) -> pd.Series:
    return pd.Series(prices, index=pd.to_datetime("2026-01-05T14:30Z") + pd.to_timedelta(seconds, unit="s"))


def walk(count: int, seed: int = 1) -> np.ndarray:
    return 100.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.0, 0.01, count)))


def test_the_recursion_by_hand():
    found = ewma_volatility(pd.Series([100.0, 102.0, 101.0]), decay=0.9, year=250.0, initial=0.16)
    first = 0.9 * 0.16**2 + 0.1 * 250.0 * math.log(1.02) ** 2
    second = 0.9 * first + 0.1 * 250.0 * math.log(101.0 / 102.0) ** 2
    assert found.to_numpy() ** 2 == pytest.approx([0.0256, first, second], rel=1e-13)


def test_by_the_step_it_is_the_mean_of_squares_that_pandas_has():
    prices = pd.Series(walk(500))
    squares = np.log(prices).diff() ** 2
    expected = np.sqrt(252.0 * squares.ewm(alpha=0.06, adjust=True).mean())
    found = ewma_volatility(prices, decay=0.94, year=252.0)
    known = found.notna()
    assert known.sum() == 500 - 12  # 0.94^12 is the first below a half
    assert found[known].to_numpy() == pytest.approx(expected[known].to_numpy(), rel=1e-12)


def test_by_the_time_even_ticks_are_steps():
    prices = walk(300)
    by_time = ewma_volatility(ticks(list(range(0, 300 * 60, 60)), prices.tolist()), half_life="10m")
    by_step = ewma_volatility(pd.Series(prices), decay=0.5**0.1, year=YEAR_S / 60)
    assert by_time.to_numpy() == pytest.approx(by_step.to_numpy(), rel=1e-9, nan_ok=True)


def test_a_tick_in_the_middle_of_an_even_path_changes_nothing():
    """The weight of a time does not depend on the ticks that it is cut into: half of a move at the half of its time."""
    whole = ewma_volatility(ticks([0, 100], [100.0, 110.0]), half_life="1m", initial=0.2)
    half = math.sqrt(100.0 * 110.0)
    cut = ewma_volatility(ticks([0, 50, 100], [100.0, half, 110.0]), half_life="1m", initial=0.2)
    halved = (math.log(1.1) / 2.0) ** 2 / (50.0 / YEAR_S)  # a year, twice: half of the whole's, as nothing turned
    expected = 0.04 * 0.5 ** (100 / 60) + (1.0 - 0.5 ** (100 / 60)) * halved
    assert cut.iloc[-1] ** 2 == pytest.approx(expected, rel=1e-12)
    assert whole.iloc[-1] ** 2 == pytest.approx(0.04 * 0.5 ** (100 / 60) + (1.0 - 0.5 ** (100 / 60)) * 2.0 * halved)


def test_a_half_life_halves_what_was_before():
    found = ewma_volatility(ticks([0, 60, 1860], [100.0, 101.0, 101.0]), half_life="30m", initial=0.2)
    assert found.iloc[2] ** 2 == pytest.approx(found.iloc[1] ** 2 / 2.0, rel=1e-12)


def test_irregular_ticks_of_a_random_walk_give_its_volatility():
    rng = np.random.default_rng(8)
    seconds = np.cumsum(rng.exponential(5.0, 20_000))
    moves = 0.3 * np.sqrt(np.diff(seconds, prepend=0.0) / YEAR_S) * rng.standard_normal(20_000)
    found = ewma_volatility(ticks(seconds.tolist(), (100.0 * np.exp(np.cumsum(moves))).tolist()), half_life="6h")
    assert found.iloc[-5_000:].mean() == pytest.approx(0.3, rel=0.02)


def test_ticks_of_one_time_are_one_return_with_the_next_times():
    found = ewma_volatility(ticks([0, 0, 60, 60, 120], [100.0, 101.0, 102.0, 99.0, 103.0]), half_life="1m", initial=0.2)
    merged = ewma_volatility(ticks([0, 60, 120], [100.0, 102.0, 103.0]), half_life="1m", initial=0.2)
    assert found.iloc[2] == pytest.approx(merged.iloc[1])
    assert found.iloc[3] == found.iloc[2]
    assert found.iloc[1] == found.iloc[0] == 0.2
    rest = math.log(103.0 / 102.0) ** 2 / (60.0 / YEAR_S)
    assert found.iloc[4] ** 2 == pytest.approx((found.iloc[2] ** 2 + rest) / 2.0)


def test_nothing_is_known_before_a_half_life_has_passed():
    prices = ticks([0, 10, 59, 60, 61], [100.0, 101.0, 100.0, 101.0, 100.0])
    assert ewma_volatility(prices, half_life="1m").isna().tolist() == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("prices", "arguments", "said"),
    [
        (ticks([0, 1], [1.0, 0.0]), {"half_life": "1m"}, "the price at 2026-01-05 14:30:01.* is 0: prices are numbers"),
        (ticks([0, 1], [1.0, math.nan]), {"half_life": "1m"}, "is nan: prices"),
        (ticks([1, 0], [1.0, 1.0]), {"half_life": "1m"}, "times must not fall back, as at 2026-01-05 14:30:00"),
        (pd.Series([1.0, 1.0]), {"half_life": "1m"}, "need an index of times"),
        (ticks([0, 1], [1.0, 1.0]), {"half_life": "0s"}, "longer than 0"),
        (ticks([0, 1], [1.0, 1.0]), {"half_life": "5"}, "its unit is missing"),
        (pd.Series([1.0, 1.0]), {"decay": 1.0}, "decay must be between 0 and 1"),
        (pd.Series([1.0, 1.0]), {}, "one of the two"),
        (ticks([0, 1], [1.0, 1.0]), {"decay": 0.9, "half_life": "1m"}, "one of the two"),
        (pd.Series([1.0, 1.0]), {"decay": 0.9, "initial": -0.1}, "initial must be a volatility above zero"),
    ],
)
def test_what_is_refused(prices, arguments, said):
    with pytest.raises(ValueError, match=said):
        ewma_volatility(prices, **arguments)
