"""Implied volatility: published round trips, a wide box against high precision, and prices that have none."""

import math
from decimal import Decimal
from itertools import product

import numpy as np
import pytest

from mmsim.pricing import greeks, implied_volatility, price

from .high_precision import black_out_of_the_money
from .literature import ROUND_TRIPS, RoundTrip

SEED = 1994


@pytest.mark.parametrize("case", ROUND_TRIPS)
def test_published_round_trip(case: RoundTrip) -> None:
    terms = {"spot": case.forward, "strike": case.strike, "years": case.years, "carry": 0.0}
    assert price(volatility=case.volatility, **terms) == pytest.approx(case.price, rel=case.price_tolerance)
    assert implied_volatility(price=case.price, **terms) == pytest.approx(case.volatility, rel=1e-14)


def test_underflowed_price_has_no_volatility() -> None:
    """F = 100, K = 10, σ = 5 %, T = 0.1: the put is worth 6.355e-4611."""
    assert np.isnan(implied_volatility(price=0.0, spot=100.0, strike=10.0, years=0.1, right="put"))
    assert np.isnan(implied_volatility(price=5e-324, spot=100.0, strike=10.0, years=0.1, right="put"))


def test_round_trip_over_a_wide_box() -> None:
    """Every volatility comes back as nearly as the rounding of its price allows: |Δσ| ≤ error of the price / vega."""
    rng = np.random.default_rng(SEED)
    n = 100_000
    years, volatility = 10 ** rng.uniform(-3, 1, n), 10 ** rng.uniform(-1.5, 0.5, n)
    rate = rng.uniform(-0.02, 0.1, n)
    terms = {
        "spot": 100.0,
        "strike": 100.0 * np.exp(rng.normal(0.0, 3.0, n) * volatility * np.sqrt(years)),
        "years": years,
        "rate": rate,
        "carry": np.where(rng.random(n) < 0.5, 0.0, rate),
        "right": rng.choice([1.0, -1.0], n),
    }
    g = greeks(volatility=volatility, **terms)
    intrinsic = np.maximum(price(volatility=0.0, **terms), 0.0)
    bound = np.where(
        terms["right"] > 0,
        100.0 * np.exp((terms["carry"] - rate) * years),
        terms["strike"] * np.exp(-rate * years),
    )
    rounding = 4e-16 * (100.0 + terms["strike"]) * (intrinsic > 0) + 4e-16 * g.theo
    known = (g.theo - intrinsic > 1e3 * rounding) & (bound - g.theo > 1e3 * 4e-16 * bound)
    assert known.mean() > 0.85
    found = implied_volatility(price=g.theo, **terms)
    allowed = 1e-12 * volatility + 8.0 * rounding / g.vega
    assert (np.abs(found - volatility) <= allowed)[known].all()


def test_against_high_precision() -> None:
    """Prices out of the money, exact but for the rounding to double, give their volatility back."""
    checked = 0
    for moneyness, deviation in product((0.0, 1e-9, -1e-4, 0.02, -0.3, 2.0, -8.0), (1e-6, 1e-3, 0.05, 0.3, 2.0, 6.0)):
        strike = 100.0 * math.exp(moneyness)
        exact = black_out_of_the_money(100.0, strike, deviation)
        headroom = Decimal(min(100.0, strike)) - exact
        if exact < Decimal("1e-290") or headroom < Decimal("1e-4"):
            continue  # a double does not carry this volatility
        right = "call" if strike >= 100.0 else "put"
        found = implied_volatility(price=float(exact), spot=100.0, strike=strike, years=1.0, right=right)
        assert found == pytest.approx(deviation, rel=2e-13), (moneyness, deviation)
        checked += 1
    assert checked == 32


NO_VOLATILITY = {
    "call at intrinsic": {"price": 20.0, "strike": 80.0},
    "call below intrinsic": {"price": 19.99, "strike": 80.0},
    "call at the spot": {"price": 100.0, "strike": 80.0},
    "call above the spot": {"price": 100.01, "strike": 80.0},
    "put at the strike": {"price": 80.0, "strike": 80.0, "right": "put"},
    "put below forward intrinsic": {"price": 19.9, "strike": 120.0, "right": "put"},
    "worthless": {"price": 0.0, "strike": 80.0, "right": "put"},
    "negative": {"price": -0.01, "strike": 120.0},
    "expired": {"price": 20.5, "strike": 80.0, "years": 0.0},
    "nan": {"price": np.nan, "strike": 80.0},
    "infinite": {"price": np.inf, "strike": 80.0},
    "no spot": {"price": 1.0, "strike": 80.0, "spot": 0.0},
}


@pytest.mark.parametrize("wrong", NO_VOLATILITY.values(), ids=NO_VOLATILITY.keys())
def test_no_volatility(wrong: dict) -> None:
    assert np.isnan(implied_volatility(**({"spot": 100.0, "years": 0.5} | wrong)))


def test_bounds_are_discounted() -> None:
    """With interest a European put may be worth less than its undiscounted intrinsic value."""
    terms = {"spot": 80.0, "strike": 100.0, "years": 1.0, "rate": 0.08, "right": "put"}
    worth = price(volatility=0.1, **terms)
    assert worth < 20.0
    assert implied_volatility(price=worth, **terms) == pytest.approx(0.1, rel=1e-12)
