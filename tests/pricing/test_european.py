"""Prices and Greeks against published figures, QuantLib, and what must hold of any European option."""

import numpy as np
import pandas as pd
import pytest
from QuantLib import BlackCalculator, Option, PlainVanillaPayoff

from mmsim.pricing import black_scholes, greeks, implied_volatility, price

from .high_precision import black_out_of_the_money
from .literature import CASES, Case

DRAWS, SEED = 10_000, 20240613


@pytest.fixture(scope="module")
def box() -> pd.DataFrame:
    """Options over a wide box: 90 % within four deviations, some of them on futures."""
    rng = np.random.default_rng(SEED)
    years, volatility = 10 ** rng.uniform(-3, 1, DRAWS), 10 ** rng.uniform(-1.5, 0.3, DRAWS)
    rate = rng.uniform(-0.05, 0.15, DRAWS)
    strike = 100.0 * np.exp(rng.normal(0.0, 2.0, DRAWS) * volatility * np.sqrt(years))
    return pd.DataFrame(
        {
            "spot": 100.0,
            "strike": strike,
            "years": years,
            "volatility": volatility,
            "rate": rate,
            "carry": np.where(rng.random(DRAWS) < 0.3, 0.0, rate - rng.uniform(-0.05, 0.1, DRAWS)),
            "right": rng.choice([1.0, -1.0], DRAWS),
        }
    )


def arguments(box: pd.DataFrame) -> dict[str, np.ndarray]:
    return {name: box[name].to_numpy() for name in box}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.source)
def test_published_figure(case: Case) -> None:
    ours = greeks(**case.terms).iloc[0]
    for name, figure in case.figures.items():
        assert ours[name] == pytest.approx(figure, abs=case.tolerance[name]), name


def test_quantlib_agrees_on_random_options(box: pd.DataFrame) -> None:
    ours = greeks(**arguments(box))
    theirs = pd.DataFrame([quantlib(*row) for row in box.itertuples(index=False)])
    legs = 100.0 + box.strike  # QuantLib's normal tail is exact to 1e-16 of one, not of itself
    deviation = box.volatility * np.sqrt(box.years)
    scales = {
        "theo": legs,
        "delta": 1.0,
        "gamma": 0.01 / deviation,
        "vega": legs,
        "theta": legs / box.years,
        "rho": legs * box.years,
    }
    for name, scale in scales.items():
        assert ((ours[name] - theirs[name]).abs() / scale).max() < 2e-13, name


def quantlib(spot, strike, years, volatility, rate, carry, right) -> dict[str, float]:
    payoff = PlainVanillaPayoff(Option.Call if right > 0 else Option.Put, strike)
    forward, discount = spot * np.exp(carry * years), np.exp(-rate * years)
    model = BlackCalculator(payoff, forward, volatility * np.sqrt(years), discount)
    rho = -years * model.value() if carry == 0.0 else model.rho(years)
    return {
        "theo": model.value(),
        "delta": model.delta(spot),
        "gamma": model.gamma(spot),
        "vega": model.vega(years),
        "theta": model.theta(spot, years),
        "rho": rho,
    }


def test_vanna_and_volga_are_slopes(box: pd.DataFrame) -> None:
    """Central differences of QuantLib-checked delta and vega, Richardson-extrapolated."""

    def slope(field: str, step: float) -> pd.Series:
        up = greeks(**arguments(box.assign(volatility=box.volatility * (1.0 + step))))[field]
        down = greeks(**arguments(box.assign(volatility=box.volatility * (1.0 - step))))[field]
        return (up - down) / (2.0 * step * box.volatility)

    ours = greeks(**arguments(box))
    for name, field in (("vanna", "delta"), ("volga", "vega")):
        expected = (4.0 * slope(field, 5e-4) - slope(field, 1e-3)) / 3.0
        scale = ours[name].abs() + ours[field].abs().max() * 1e-2
        assert ((ours[name] - expected).abs() / scale).max() < 1e-7, name


@pytest.mark.parametrize(
    ("name", "field", "argument", "sign"),
    [
        ("charm", "delta", "years", -1.0),  # time passes as the years to expiry run out
        ("colour", "gamma", "years", -1.0),
        ("veta", "vega", "years", -1.0),
        ("speed", "gamma", "spot", 1.0),
        ("zomma", "gamma", "volatility", 1.0),
    ],
)
def test_higher_greeks_are_slopes(box: pd.DataFrame, name: str, field: str, argument: str, sign: float) -> None:
    """Central differences of Greeks checked above, Richardson-extrapolated; scaled by the field over the argument."""

    def slope(step: float) -> pd.Series:
        shift = step * np.minimum(box.volatility * np.sqrt(box.years), 1.0) if argument == "spot" else step
        up = greeks(**arguments(box.assign(**{argument: box[argument] * (1.0 + shift)})))[field]
        down = greeks(**arguments(box.assign(**{argument: box[argument] * (1.0 - shift)})))[field]
        return sign * (up - down) / (2.0 * shift * box[argument])

    ours = greeks(**arguments(box))
    expected = (4.0 * slope(5e-4) - slope(1e-3)) / 3.0
    scale = ours[name].abs() + ours[field].abs() / box[argument]
    away = np.log(box.spot / box.strike) + box.carry * box.years
    near = (away.abs() < 3.0 * box.volatility * np.sqrt(box.years)).to_numpy()
    assert near.mean() > 0.6
    assert ((ours[name] - expected).abs() / scale)[near].max() < 1e-6


def test_value_is_theo_to_the_bit(box: pd.DataFrame) -> None:
    assert (price(**arguments(box)) == greeks(**arguments(box))["theo"].to_numpy()).all()


def test_put_call_parity(box: pd.DataFrame) -> None:
    call = greeks(**arguments(box.assign(right=1.0)))
    put = greeks(**arguments(box.assign(right=-1.0)))
    growth, discount = np.exp((box.carry - box.rate) * box.years), np.exp(-box.rate * box.years)
    size = 100.0 * growth + box.strike * discount
    assert ((call.theo - put.theo - 100.0 * growth + box.strike * discount).abs() / size).max() < 5e-16 * 4
    assert (call.delta - put.delta - growth).abs().max() < 1e-14
    for name in ("gamma", "vega", "vanna", "volga"):
        pd.testing.assert_series_equal(call[name], put[name], rtol=1e-15)


def test_parity_figure() -> None:
    """Haug, 2nd edition (2007), section 1.2.1: the put of a call at 8.50 is 8.3791."""
    forward_less_strike = 100.0 - 105.0 * np.exp(-0.10 * 0.5)
    volatility = implied_volatility(price=8.5, spot=100.0, strike=105.0, years=0.5, rate=0.10)
    put = price(spot=100.0, strike=105.0, years=0.5, volatility=volatility, rate=0.10, right="put")
    assert put == pytest.approx(8.3791, abs=5e-5)
    assert put == pytest.approx(8.5 - forward_less_strike, abs=1e-13)


def test_taylor_terms_of_a_day() -> None:
    """One day of a long call in 40 digits: ΔS = 2, Δσ = 0.02, Δt = 1/365, Δr = 0.001 from the terms below."""
    start = {"spot": 100.0, "strike": 105.0, "years": 0.25, "volatility": 0.2, "rate": 0.03, "carry": 0.02}
    end = {"spot": 102.0, "strike": 105.0, "years": 0.25 - 1 / 365, "volatility": 0.22, "rate": 0.031, "carry": 0.021}
    g = greeks(**start).iloc[0]
    terms = {
        "delta": g.delta * 2.0,
        "gamma": 0.5 * g.gamma * 4.0,
        "theta": g.theta / 365.0,
        "vega": g.vega * 0.02,
        "vanna": g.vanna * 2.0 * 0.02,
        "volga": 0.5 * g.volga * 0.02**2,
        "rho": g.rho * 0.001,
    }
    assert terms == pytest.approx(
        {
            "delta": 0.696345780829,
            "gamma": 0.0738211290063,
            "theta": -0.0219504883681,
            "vega": 0.369105645032,
            "vanna": 0.0360174500339,
            "volga": 0.00349280699945,
            "rho": 0.0081499020346,
        },
        abs=1e-10,
    )
    assert g.theo == pytest.approx(2.21768090306, abs=1e-10)
    total = float(price(**end) - g.theo)
    assert total == pytest.approx(1.15474921923, abs=1e-10)
    assert total - sum(terms.values()) == pytest.approx(-0.0102330063403, abs=1e-10)


def test_gamma_pays_for_theta() -> None:
    """Bergomi, Stochastic Volatility Modeling (2016), chapter 1: a delta-hedged day breaks even at S·σ·√dt."""
    terms = {"strike": 100.0, "volatility": 0.2}
    g = greeks(spot=100.0, years=30 / 365, **terms).iloc[0]

    def hedged_day(move: float) -> float:
        return float(price(spot=100.0 + move, years=29 / 365, **terms)) - g.theo - g.delta * move

    break_even = 100.0 * 0.2 * np.sqrt(1 / 365)
    assert g.gamma == pytest.approx(0.0695484, abs=1e-7)
    assert g.theta / 365 == pytest.approx(-0.0381087, abs=1e-7)
    assert 0.5 * g.gamma * 100.0**2 * (0.02**2 - 0.2**2 / 365) == pytest.approx(0.1009881, abs=1e-7)
    assert hedged_day(2.0) == pytest.approx(0.0998403, abs=1e-7)
    assert hedged_day(0.0) == pytest.approx(-0.038432, abs=1e-6)
    assert hedged_day(break_even) == pytest.approx(-0.00018324, abs=1e-7)


@pytest.mark.parametrize("right", [1.0, -1.0])
@pytest.mark.parametrize("spot", [90.0, 100.0, 110.0])
@pytest.mark.parametrize("years", [0.0, -0.5])
def test_expired(spot: float, right: float, years: float) -> None:
    g = black_scholes.greeks(spot, 100.0, years, 0.2, 0.05, 0.02, right)
    intrinsic = max(right * (spot - 100.0), 0.0)
    assert g[:2] == (intrinsic, right if intrinsic > 0 else 0.0)
    assert not any(g[2:])
    assert black_scholes.value(spot, 100.0, years, 0.2, 0.05, 0.02, right) == intrinsic


@pytest.mark.parametrize("right", [1.0, -1.0])
@pytest.mark.parametrize("carry", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("spot", [80.0, 125.0])
def test_zero_volatility_is_the_limit(spot: float, carry: float, right: float) -> None:
    still = black_scholes.greeks(spot, 100.0, 0.5, 0.0, 0.05, carry, right)
    nearly = black_scholes.greeks(spot, 100.0, 0.5, 1e-3, 0.05, carry, right)
    assert still == pytest.approx(nearly, abs=1e-12)
    discounted = right * (spot * np.exp((carry - 0.05) * 0.5) - 100.0 * np.exp(-0.025))
    assert still.theo == pytest.approx(max(discounted, 0.0), rel=1e-14)


@pytest.mark.parametrize("deviation", [1e-3, 0.02, 0.3, 1.5])
@pytest.mark.parametrize("deviations_out", [0.0, 0.5, -3.0, 12.0, -35.0])
def test_price_out_of_the_money_keeps_its_digits(deviation: float, deviations_out: float) -> None:
    strike = 100.0 * np.exp(deviations_out * deviation)
    ours = price(
        spot=100.0, strike=strike, years=1.0, volatility=deviation, right="call" if deviations_out >= 0 else "put"
    )
    exact = float(black_out_of_the_money(100.0, strike, deviation))
    # d1 carries the rounding of ln(S/K) over the deviation, and a tail multiplies it by d1
    assert ours == pytest.approx(exact, rel=1e-14 + 5e-16 * abs(deviations_out) / deviation + 1e-15 / deviation)


def test_underflow_is_zero() -> None:
    """The put of F = 100, K = 10, σ = 5 %, T = 0.1 is worth 6.355e-4611."""
    assert price(spot=100.0, strike=10.0, years=0.1, volatility=0.05, right="put") == 0.0


def test_stock_without_rates_has_a_stocks_rho() -> None:
    """A carry left out is a stock's, whose forward moves with the rate, though both are zero."""
    stock = greeks(spot=100.0, strike=95.0, years=0.5, volatility=0.2).rho[0]
    future = greeks(spot=100.0, strike=95.0, years=0.5, volatility=0.2, carry=0.0)
    bumped = [float(price(spot=100.0, strike=95.0, years=0.5, volatility=0.2, rate=rate)) for rate in (1e-5, -1e-5)]
    assert stock == pytest.approx((bumped[0] - bumped[1]) / 2e-5, rel=1e-7)
    assert future.rho[0] == -0.5 * future.theo[0]


def test_shapes_and_rights() -> None:
    table = price(spot=100.0, strike=[[90.0], [110.0]], years=1.0, volatility=0.2, right=["call", "put", "call"])
    assert table.shape == (2, 3)
    assert (table[:, 0] == table[:, 2]).all()
    assert price(spot=100.0, strike=90.0, years=1.0, volatility=0.2, right=-1) == table[0, 1]
    assert price(spot=100.0, strike=90.0, years=1.0, volatility=0.2).shape == ()
    mixed = price(spot=100.0, strike=90.0, years=1.0, volatility=0.2, right=np.array(["put", 1], dtype=object))
    assert (mixed == table[0, [1, 0]]).all()
    with pytest.raises(ValueError, match="'cal'"):
        price(spot=100.0, strike=90.0, years=1.0, volatility=0.2, right="cal")


@pytest.mark.parametrize("wrong", [{"spot": -1.0}, {"strike": 0.0}, {"volatility": -0.1}, {"years": np.nan}])
def test_outside_the_model_is_nan(wrong: dict[str, float]) -> None:
    terms = {"spot": 100.0, "strike": 90.0, "years": 1.0, "volatility": 0.2} | wrong
    assert np.isnan(price(**terms))
    assert greeks(**terms).isna().all(axis=None)
