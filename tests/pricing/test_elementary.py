"""Exponential and logarithm against 60 digits, in units of the last place of a double."""

import math

import numpy as np
import pytest
from mpmath import mp, mpf

from mmsim.kernel import bits_of, double_of, njit
from mmsim.pricing.elementary import exp, exp_or_zero, log_ratio

from . import high_precision  # noqa: F401  (which sets the digits)

DRAWS, SEED = 5_000, 7


@njit
def round_trip(x: float) -> tuple[int, float]:
    return bits_of(x), double_of(bits_of(x))


def units_off(found: float, true: mpf) -> float:
    return float(abs(mpf(found) - true) / mpf(math.ulp(float(true))))


def test_exp_is_within_a_unit() -> None:
    rng = np.random.default_rng(SEED)
    drawn = np.concatenate([rng.uniform(-708, 708, DRAWS), rng.uniform(-1, 1, DRAWS), rng.normal(0, 1e-6, DRAWS)])
    assert max(units_off(exp(x), mp.exp(mpf(x))) for x in drawn.tolist()) < 1.0


def test_log_ratio_is_within_two_units_far_and_near() -> None:
    rng = np.random.default_rng(SEED)
    far = 10 ** rng.uniform(-90, 90, (DRAWS, 2))
    near = 10 ** rng.uniform(0, 4, (DRAWS, 1)) * np.exp(rng.normal(0, [0.0, 0.1], (DRAWS, 2)))
    close = np.stack([np.nextafter(near[:, 0], np.inf), near[:, 0]], axis=1)
    pairs = np.concatenate([far, near, close]).tolist()
    assert max(units_off(log_ratio(a, b), mp.log(mpf(a) / mpf(b))) for a, b in pairs) < 2.0


@pytest.mark.parametrize("x", [1.0, 3.7, 1e-100, 1e100])
def test_exact_values(x: float) -> None:
    assert exp(0.0) == 1.0
    assert log_ratio(x, x) == 0.0
    assert log_ratio(2.0 * x, x) == math.log(2.0) == -log_ratio(x, 2.0 * x)
    assert exp_or_zero(-708.5) == 0.0 < exp_or_zero(-707.9)
    assert math.isnan(exp(math.nan)) and math.isnan(exp_or_zero(math.nan))


@pytest.mark.parametrize("x", [0.0, -0.0, 1.0, -2.5, math.inf, 5e-324])
def test_bits_are_those_of_the_double(x: float) -> None:
    bits, back = round_trip(x)
    assert bits == np.float64(x).view(np.int64)
    assert (back, math.copysign(1.0, back)) == (x, math.copysign(1.0, x))
