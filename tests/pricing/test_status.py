"""What an option's arguments are said to be, at every edge of the model."""

import math
from itertools import product

import numpy as np
import pytest

from mmsim.kernel import njit
from mmsim.pricing.status import LEAST, LOG_GROWTH_MAX, MOST, Status, is_plain, named, status

EDGES = [
    *(-math.inf, -MOST, -1.0, -LEAST, -5e-324, -0.0, 0.0, 5e-324, 2.3e-308),
    *(math.nextafter(LEAST, 0.0), LEAST, 1.0, math.nextafter(MOST, 0.0), MOST, 1e300, math.inf, math.nan),
]


@njit
def compiled(spot: float, strike: float, years: float, volatility: float, rate: float, carry: float) -> bool:
    return is_plain(spot, strike, years, volatility, rate, carry)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("x", EDGES)
def test_one_comparison_of_bits_is_eight_of_numbers(x: float, place: int) -> None:
    arguments = [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    arguments[place] = x
    assert compiled(*arguments) == (LEAST <= x < MOST)


@pytest.mark.parametrize("others", list(product((-0.0, 1.0, MOST, math.nan), repeat=3)))
def test_no_argument_makes_good_for_another(others: tuple[float, ...]) -> None:
    for x in EDGES:
        arguments = (*others, x)
        assert compiled(*arguments, 0.0, 0.0) == all(LEAST <= y < MOST for y in arguments)


@pytest.mark.parametrize(("rate", "carry"), [(math.nan, 0.0), (0.0, math.nan), (math.inf, 0.0), (0.0, -math.inf)])
def test_rates_without_a_number(rate: float, carry: float) -> None:
    expected = Status.NOT_A_NUMBER if math.isnan(rate + carry) else Status.BAD_INPUT
    assert status(100.0, 100.0, 1.0, 0.2, rate, carry) == expected
    assert not compiled(100.0, 100.0, 1.0, 0.2, rate, carry)


def test_growth_has_a_bound() -> None:
    most = LOG_GROWTH_MAX / 2
    assert status(100.0, 100.0, 1.0, 0.2, most, -most) == Status.OK
    assert status(100.0, 100.0, 1.0, 0.2, most, -1.01 * most) == Status.BAD_INPUT
    assert status(100.0, 100.0, 0.0, 0.2, most, -1.01 * most) == Status.EXPIRED


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((100.0, 90.0, 1.0, 0.2), Status.OK),
        ((100.0, 90.0, 1.0, math.inf), Status.OK),
        ((100.0, 90.0, 0.0, 0.2), Status.EXPIRED),
        ((100.0, 0.0, -1.0, 0.0), Status.EXPIRED),
        ((100.0, 0.0, 1.0, 0.0), Status.ZERO_STRIKE),
        ((100.0, 90.0, 1.0, 0.0), Status.ZERO_VOLATILITY),
        ((0.0, 90.0, 0.0, 0.2), Status.BAD_INPUT),
        ((100.0, -1.0, 0.0, 0.2), Status.BAD_INPUT),
        ((100.0, 90.0, 0.0, -0.2), Status.BAD_INPUT),
        ((100.0, 90.0, math.inf, 0.2), Status.BAD_INPUT),
        ((100.0, 90.0, math.nan, -0.2), Status.NOT_A_NUMBER),
    ],
)
def test_status(terms: tuple[float, ...], expected: Status) -> None:
    assert status(*terms, 0.01, 0.0) == expected


def test_names() -> None:
    codes = np.array([Status.OK, Status.UNDERFLOW, Status.BAD_INPUT])
    assert named(codes).tolist() == ["ok", "underflow", "bad_input"]
