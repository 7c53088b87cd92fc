"""Implied volatility: a round trip over 100,000 prices beside vollib, high precision, and prices that have none."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from py_lets_be_rational.lets_be_rational import (
    implied_volatility_from_a_transformed_rational_guess as lets_be_rational,
)

from mmsim.kernel import JIT
from mmsim.pricing import greeks, implied_volatility, price

from . import high_precision

SEED = 1994
DRAWS = 100_000 if JIT else 2_000
EPSILON = 2.0**-52


@pytest.fixture(scope="module")
def box() -> pd.DataFrame:
    """Options over a wide box on futures, with what rounding leaves unknown of the price and of the volatility."""
    rng = np.random.default_rng(SEED)
    years, volatility = 10 ** rng.uniform(-3, 1, DRAWS), 10 ** rng.uniform(-2, 0.5, DRAWS)
    right = rng.choice([1.0, -1.0], DRAWS)
    strike = 100.0 * np.exp(rng.normal(0.0, 3.0, DRAWS) * volatility * np.sqrt(years))
    drawn = {"strike": strike, "years": years, "volatility": volatility, "right": right}
    at = greeks(spot=100.0, carry=0.0, **drawn)
    intrinsic = np.maximum(right * (100.0 - strike), 0.0)
    bound = np.where(right > 0.0, 100.0, strike)
    rounding = EPSILON * np.maximum(at.theo, (100.0 + strike) * (intrinsic > 0.0))
    rounding += EPSILON * bound * (at.theo > 0.5 * bound)
    carried = (at.theo - intrinsic > 1e3 * rounding) & (bound - at.theo > 1e3 * rounding) & (at.theo > 1e-290)
    return pd.DataFrame(drawn | {"price": at.theo, "carried": carried, "unknown": rounding / at.vega})


def implied(box: pd.DataFrame) -> pd.DataFrame:
    terms = {name: box[name].to_numpy() for name in ("price", "strike", "years", "right")}
    return implied_volatility(spot=100.0, carry=0.0, **terms)


def test_every_volatility_comes_back(box: pd.DataFrame) -> None:
    """As nearly as the rounding of its price allows: |Δσ| ≤ 1e-12·σ + error of the price / vega."""
    found = implied(box)
    carried = box.carried
    assert carried.mean() > 0.85
    assert (found.status[carried] == "ok").all()
    error = (found.volatility - box.volatility).abs()
    assert (error <= 1e-12 * box.volatility + 8.0 * box.unknown)[carried].all()
    assert (error <= 1e-12 * box.volatility)[carried & (box.unknown < 1e-14 * box.volatility)].all()


def test_vollib_finds_the_same(box: pd.DataFrame) -> None:
    """Jäckel's own algorithm on the same prices, within what rounding leaves unknown and 1e-12."""
    carried = box[box.carried]
    theirs = [
        lets_be_rational(row.price, 100.0, row.strike, row.years, row.right) for row in carried.itertuples(index=False)
    ]
    error = (implied(carried).volatility.to_numpy() - np.array(theirs)) / carried.volatility
    allowed = 1e-12 + 8.0 * carried.unknown / carried.volatility
    assert (error.abs() <= allowed).all()


def test_against_high_precision() -> None:
    """Prices out of the money, exact but for the rounding to double, give their volatility back."""
    checked = 0
    for moneyness, deviation in product((0.0, 1e-9, -1e-4, 0.02, -0.3, 2.0, -8.0), (1e-6, 1e-3, 0.05, 0.3, 2.0, 6.0)):
        strike = 100.0 * np.exp(moneyness)
        right = 1.0 if strike >= 100.0 else -1.0
        exact = high_precision.value(100.0, strike, 1.0, deviation, 0.0, 0.0, right)
        if exact < 1e-290 or min(100.0, strike) - exact < 1e-4:
            continue  # a double does not carry this volatility
        found = implied_volatility(price=float(exact), spot=100.0, strike=strike, years=1.0, right=right)
        assert found.volatility[0] == pytest.approx(deviation, rel=2e-13), (moneyness, deviation)
        checked += 1
    assert checked == 32


STATUSES = {
    "a call at intrinsic value": ({"price": 20.0, "strike": 80.0}, "no_time_value"),
    "a call below it": ({"price": 19.99, "strike": 80.0}, "below_intrinsic"),
    "a call at the spot": ({"price": 100.0, "strike": 80.0}, "above_bound"),
    "a call above it": ({"price": 100.01, "strike": 80.0}, "above_bound"),
    "a put at the strike": ({"price": 80.0, "strike": 80.0, "right": "put"}, "above_bound"),
    "a put below forward intrinsic value": ({"price": 19.9, "strike": 120.0, "right": "put"}, "below_intrinsic"),
    "a put at forward intrinsic value": (
        {"price": 110 * np.exp(-0.05) - 100.0, "strike": 110.0, "years": 1.0, "rate": 0.05, "right": "put"},
        "no_time_value",
    ),
    "worthless": ({"price": 0.0, "strike": 80.0, "right": "put"}, "no_time_value"),
    "no double holds its digits": ({"price": 5e-324, "strike": 80.0, "right": "put"}, "underflow"),
    "a negative price": ({"price": -0.01, "strike": 120.0}, "below_intrinsic"),
    "expired": ({"price": 20.5, "strike": 80.0, "years": 0.0}, "expired"),
    "long expired": ({"price": 20.5, "strike": 80.0, "years": -1.0}, "expired"),
    "no price": ({"price": np.nan, "strike": 80.0}, "not_a_number"),
    "no rate": ({"price": 21.0, "strike": 80.0, "rate": np.nan}, "not_a_number"),
    "an infinite price": ({"price": np.inf, "strike": 80.0}, "above_bound"),
    "no strike": ({"price": 100.0, "strike": 0.0}, "zero_strike"),
    "a worthless underlying": ({"price": 1.0, "strike": 80.0, "spot": 0.0}, "bad_input"),
    "a negative strike": ({"price": 1.0, "strike": -80.0}, "bad_input"),
}


@pytest.mark.parametrize(("terms", "status"), STATUSES.values(), ids=STATUSES.keys())
def test_status(terms: dict, status: str) -> None:
    """Alone, and among options that have a volatility."""
    terms = {"spot": 100.0, "years": 0.5} | terms
    alone = implied_volatility(**terms)
    assert alone.status.tolist() == [status]
    assert alone.volatility.isna().all()
    good = {"price": 30.0, "spot": 100.0, "strike": 80.0, "years": 0.5, "rate": 0.01, "right": 1}
    terms["right"] = -1 if terms.get("right") == "put" else 1
    rows = pd.DataFrame([good] * 70 + [{"rate": 0.0} | terms] + [good] * 70)
    among = implied_volatility(**{name: rows[name].to_numpy() for name in rows})
    assert among.status.tolist() == ["ok"] * 70 + [status] + ["ok"] * 70
    assert among.volatility.isna().sum() == 1
    assert among.volatility.nunique() == 1


def test_bounds_are_discounted() -> None:
    """With interest a European put may be worth less than its undiscounted intrinsic value."""
    terms = {"spot": 80.0, "strike": 100.0, "years": 1.0, "rate": 0.08, "right": "put"}
    worth = price(volatility=0.1, **terms)
    assert worth < 20.0
    assert implied_volatility(price=worth, **terms).volatility[0] == pytest.approx(0.1, rel=1e-12)
