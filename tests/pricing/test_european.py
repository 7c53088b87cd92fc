"""Prices and Greeks against QuantLib, high precision, and what must hold of any European option."""

import numpy as np
import pandas as pd
import pytest
from QuantLib import BlackCalculator, Option, PlainVanillaPayoff

from mmsim.kernel import JIT
from mmsim.pricing import black_scholes, greeks, price

from . import high_precision

DRAWS, SEED = 10_000, 20240613
EPSILON = 2.0**-52


@pytest.fixture(scope="module")
def box() -> pd.DataFrame:
    """Options over a wide box, a third of them on futures."""
    rng = np.random.default_rng(SEED)
    spot, rate = 10 ** rng.uniform(0, 4, DRAWS), rng.uniform(-0.05, 0.20, DRAWS)
    return pd.DataFrame(
        {
            "spot": spot,
            "strike": spot * rng.uniform(0.2, 5.0, DRAWS),
            "years": 10 ** rng.uniform(np.log10(1 / 365), 1, DRAWS),
            "volatility": rng.uniform(0.01, 2.0, DRAWS),
            "rate": rate,
            "carry": np.where(rng.random(DRAWS) < 1 / 3, 0.0, rate - rng.uniform(-0.05, 0.15, DRAWS)),
            "right": rng.choice([1.0, -1.0], DRAWS),
        }
    )


def arguments(box: pd.DataFrame) -> dict[str, np.ndarray]:
    return {name: box[name].to_numpy() for name in box}


def quantlib(spot, strike, years, volatility, rate, carry, right) -> dict[str, float]:
    payoff = PlainVanillaPayoff(Option.Call if right > 0 else Option.Put, strike)
    forward, discount = spot * np.exp(carry * years), np.exp(-rate * years)
    model = BlackCalculator(payoff, forward, volatility * np.sqrt(years), discount)
    is_future = carry == 0.0
    return {
        "theo": model.value(),
        "delta": model.delta(spot),
        "gamma": model.gamma(spot),
        "vega": model.vega(years),
        "theta": model.theta(spot, years),
        "rho": -years * model.value() if is_future else model.rho(years),
        "dividend_rho": 0.0 if is_future else model.dividendRho(years),
        "vanna": model.vanna(spot, years),
        "volga": model.volga(years) * np.sqrt(years),  # QuantLib 1.44 divides by the deviation, not the volatility
    }


QUANTLIB_WORST = {  # over the scale of the Greek, see docs/pricing.md
    "theo": 2e-15,
    "delta": 5e-15,
    "gamma": 4e-15,
    "vega": 4e-15,
    "theta": 5e-14,
    "rho": 1e-14,
    "dividend_rho": 1e-14,
    "vanna": 1e-14,
    "volga": 1e-14,
}


def test_quantlib_agrees_on_random_options(box: pd.DataFrame) -> None:
    """QuantLib's normal tail is exact to 1e-16 of one, not of itself: errors are over the scale of each Greek."""
    ours = greeks(**arguments(box))
    theirs = pd.DataFrame([quantlib(*row) for row in box.itertuples(index=False)])
    assert (ours.status == "ok").all()
    legs = box.spot * np.exp((box.carry - box.rate) * box.years) + box.strike * np.exp(-box.rate * box.years)
    root = np.sqrt(box.years)
    scales = {
        "theo": legs,
        "delta": legs / box.spot,
        "gamma": legs / box.spot**2 / (box.volatility * root),
        "vega": legs * root,
        "theta": legs * (box.volatility / root + box.rate.abs() + (box.carry - box.rate).abs()),
        "rho": legs * box.years,
        "dividend_rho": legs * box.years,
        "vanna": legs / box.spot / box.volatility,
        "volga": legs * root / box.volatility,
    }
    worst = {name: ((ours[name] - theirs[name]).abs() / scale).max() for name, scale in scales.items()}
    assert all(worst[name] < bound for name, bound in QUANTLIB_WORST.items()), worst


WINGS = 8  # one of so many options is far out of the money


def drawn_for_high_precision(n: int) -> tuple[float, ...]:
    """An option anywhere, or far out of the money: up to 35 deviations."""
    rng = np.random.default_rng([SEED, n])
    spot, volatility, years = 10 ** rng.uniform(0, 4), rng.uniform(0.01, 2.0), 10 ** rng.uniform(-2.5, 1)
    rate = rng.uniform(-0.05, 0.2)
    carry = rate - rng.uniform(-0.05, 0.15) if rng.random() < 0.7 else 0.0
    right = rng.choice([1.0, -1.0])
    distance = right * rng.uniform(8, 35) if n % WINGS == 0 else np.clip(rng.normal(0, 3), -8, 8)
    strike = spot * np.exp(carry * years + distance * volatility * np.sqrt(years))
    return spot, strike, years, volatility, rate, carry, right


@pytest.mark.parametrize("n", range(48))
def test_every_greek_in_sixty_digits(n: int) -> None:
    """Relative errors, in the far wings too: what the rounding of d1 does to a normal density, and little more."""
    option = drawn_for_high_precision(n)
    spot, strike, years, volatility, _, carry, _ = option
    deviation = volatility * np.sqrt(years)
    d = abs(np.log(spot / strike) + carry * years) / deviation + deviation
    allowed = 32.0 * EPSILON * (1.0 + d * d + (1.0 + d) / deviation)
    ours = black_scholes.greeks(*option)._asdict()
    true = {name: float(figure) for name, figure in high_precision.greeks(*option).items()}
    assert ours == pytest.approx(true, rel=allowed, abs=0.0)


def test_value_is_theo_to_the_bit(box: pd.DataFrame) -> None:
    assert (price(**arguments(box)) == greeks(**arguments(box))["theo"].to_numpy()).all()


def test_put_call_parity(box: pd.DataFrame) -> None:
    call = greeks(**arguments(box.assign(right=1.0)))
    put = greeks(**arguments(box.assign(right=-1.0)))
    growth, discount = np.exp((box.carry - box.rate) * box.years), np.exp(-box.rate * box.years)
    size = box.spot * growth + box.strike * discount
    assert ((call.theo - put.theo - box.spot * growth + box.strike * discount).abs() / size).max() < 5e-16 * 4
    assert ((call.delta - put.delta - growth).abs() / growth).max() < 1e-14
    for name in ("gamma", "vega", "vanna", "volga"):
        pd.testing.assert_series_equal(call[name], put[name], rtol=1e-15)


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


@pytest.mark.parametrize("carry", [0.0, 0.02, 0.05])
def test_zero_strike(carry: float) -> None:
    """The call is the underlying, delivered at expiry; the put is nothing."""
    call = black_scholes.greeks(80.0, 0.0, 0.5, 0.2, 0.05, carry, 1.0)
    nearly = black_scholes.greeks(80.0, 1e-38, 0.5, 0.2, 0.05, carry, 1.0)
    assert call == pytest.approx(nearly, rel=1e-15, abs=1e-30)
    assert call.theo == pytest.approx(80.0 * np.exp((carry - 0.05) * 0.5), rel=1e-15)
    assert not any(black_scholes.greeks(80.0, 0.0, 0.5, 0.2, 0.05, carry, -1.0))


@pytest.mark.parametrize("right", [1.0, -1.0])
@pytest.mark.parametrize("carry", [0.0, 0.02, 0.05])
def test_volatility_without_bound_is_the_limit(carry: float, right: float) -> None:
    """The call tends to the discounted forward, the put to the discounted strike."""
    unbounded = black_scholes.greeks(80.0, 100.0, 0.5, np.inf, 0.05, carry, right)
    nearly = black_scholes.greeks(80.0, 100.0, 0.5, 1e6, 0.05, carry, right)
    assert unbounded == pytest.approx(nearly, rel=1e-15, abs=1e-80)
    limit = 80.0 * np.exp((carry - 0.05) * 0.5) if right > 0 else 100.0 * np.exp(-0.025)
    assert unbounded.theo == pytest.approx(limit, rel=1e-15)


def test_no_option_of_the_model_gives_nan_or_a_wrong_sign() -> None:
    """Over hundreds of orders of magnitude of every argument."""
    rng = np.random.default_rng(SEED)
    n = 20_000 if JIT else 1_000
    years = 10 ** rng.uniform(-38, 38, n)
    growth = rng.uniform(-200, 200, (2, n)) * rng.choice([0.0, 1e-6, 1e-2, 1.0], (2, n))
    terms = {
        "spot": 10 ** rng.uniform(-36, 36, n),
        "strike": 10 ** rng.uniform(-38, 38, n),
        "years": years,
        "volatility": 10 ** rng.uniform(-38, 38, n),
        "rate": growth[0] / years,
        "carry": growth[1] / years,
    }
    terms["strike"][: n // 2] = terms["spot"][: n // 2] * np.exp(rng.normal(0, 1, n // 2))
    terms["volatility"][: n // 2] = rng.uniform(0.01, 10, n // 2) / np.sqrt(years[: n // 2])
    call, put = (greeks(right=right, **terms) for right in (1, -1))
    for found in (call, put):
        assert (found.status == "ok").all()
        assert not found.isna().any(axis=None)
        assert (found[["theo", "gamma", "vega"]] >= 0.0).all(axis=None)
    assert (call.delta >= 0.0).all()
    assert (put.delta <= 0.0).all()
    assert (put.rho <= 0.0).all()


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
    right = 1.0 if deviations_out >= 0 else -1.0
    ours = price(spot=100.0, strike=strike, years=1.0, volatility=deviation, right=right)
    exact = float(high_precision.value(100.0, strike, 1.0, deviation, 0.0, 0.0, right))
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


BAD = {
    "a negative spot": ({"spot": -1.0}, "bad_input"),
    "a spot of zero": ({"spot": 0.0}, "bad_input"),
    "a negative strike": ({"strike": -1.0}, "bad_input"),
    "a negative volatility": ({"volatility": -0.1}, "bad_input"),
    "an infinite spot": ({"spot": np.inf}, "bad_input"),
    "endless years": ({"years": np.inf}, "bad_input"),
    "a rate for which nothing is left": ({"rate": 1000.0}, "bad_input"),
} | {
    f"no {name}": ({name: np.nan}, "not_a_number")
    for name in ("spot", "strike", "years", "volatility", "rate", "carry")
}


@pytest.mark.parametrize(("wrong", "status"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_named(wrong: dict[str, float], status: str) -> None:
    terms = {"spot": 100.0, "strike": 90.0, "years": 1.0, "volatility": 0.2} | wrong
    table = greeks(**terms)
    assert table.status.tolist() == [status]
    assert table.drop(columns="status").isna().all(axis=None)
    with pytest.raises(ValueError, match=f"1 of 1 options has no value: {status}"):
        price(**terms)


def test_limits_are_named() -> None:
    table = greeks(
        spot=100.0,
        strike=[90.0, 90.0, 0.0, 90.0],
        years=[1.0, 0.0, 1.0, 1.0],
        volatility=[0.2, 0.2, 0.2, 0.0],
    )
    assert table.status.tolist() == ["ok", "expired", "zero_strike", "zero_volatility"]
    assert table.theo[1:].tolist() == [10.0, 100.0, 10.0]


def test_a_dividend_yield_is_a_carry_of_a_stock() -> None:
    """Where the two say different things: a yield equal to the rate is not a future."""
    terms = {"spot": 100.0, "strike": 95.0, "years": 0.5, "volatility": 0.2, "rate": 0.05}
    pd.testing.assert_frame_equal(greeks(dividend_yield=0.02, **terms), greeks(carry=0.05 - 0.02, **terms))
    stock, future = greeks(dividend_yield=0.05, **terms).iloc[0], greeks(carry=0.0, **terms).iloc[0]
    near = greeks(dividend_yield=0.05 + 1e-12, **terms).iloc[0]
    assert [stock.rho, stock.dividend_rho] == pytest.approx([near.rho, near.dividend_rho], rel=1e-9)
    assert [future.rho, future.dividend_rho] == [-0.5 * future.theo, 0.0]
    with pytest.raises(ValueError, match="give one of them"):
        price(carry=0.0, dividend_yield=0.0, **terms)
