"""Heston's model: published figures, QuantLib, brute force, and its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
import QuantLib

from mmsim.pricing import black_scholes
from mmsim.pricing.heston import HestonTerms, implied, value
from tests.pricing import heston_oracle

HARD = [  # days, ln(strike/forward), v, θ, κ, ξ, ρ
    (1, 0.0, 0.04, 0.04, 2.0, 0.5, -0.7),
    (1, -0.03, 0.09, 0.04, 5.0, 2.0, -0.9),
    (1, 0.05, 0.04, 0.04, 1.0, 3.0, 0.3),
    (7, 0.12, 0.01, 0.09, 1.0, 1.5, -0.5),
    (30, -0.4, 0.04, 0.04, 0.5, 4.0, -0.95),
    (365, 0.3, 0.04, 0.04, 1.5, 0.02, -0.6),
    (365, -1.0, 0.04, 0.04, 0.1, 1.0, -0.99),
    (365, 0.1, 0.0, 0.04, 2.0, 0.6, 0.9),
    (3650, 0.2, 0.04, 0.04, 0.5, 1.0, -0.9),
    (292, -0.5, 0.177, 0.00241, 10.8, 0.0486, 0.738),
]


def quantlib(days: int, k: float, right: float, of: HestonTerms, rate: float = 0.0, carry: float = 0.0) -> float:
    today = QuantLib.Date(1, 1, 2020)
    QuantLib.Settings.instance().evaluationDate = today
    counter = QuantLib.Actual365Fixed()
    curves = [QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, r, counter)) for r in (rate, rate - carry)]
    spot = QuantLib.QuoteHandle(QuantLib.SimpleQuote(100.0))
    process = QuantLib.HestonProcess(
        *curves, spot, of.variance, of.mean_reversion, of.long_run_variance, of.vol_of_vol, of.correlation
    )
    strike = 100.0 * math.exp(carry * days / 365 + k)
    payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call if right > 0 else QuantLib.Option.Put, strike)
    option = QuantLib.VanillaOption(payoff, QuantLib.EuropeanExercise(today + days))
    option.setPricingEngine(QuantLib.AnalyticHestonEngine(QuantLib.HestonModel(process), 1e-13, 1_000_000))
    return float(option.NPV())


def ours(days: int, k: float, right: float, of: HestonTerms, rate: float = 0.0, carry: float = 0.0) -> float:
    years = days / 365
    return value(100.0, 100.0 * math.exp(carry * years + k), years, rate, carry, right, of).theo


def test_published_prices_and_vegas() -> None:
    """Baldacci, Bergault and Guéant, Algorithmic market making for options, Quantitative Finance 21 (2021), section 4.1
    and the legends of figures 4 to 9: calls on 10, priced with κ 3, θ 0.0225, ξ 0.2 and ρ −0.5. Theirs are of a
    simulation of 1e5 paths; vega is per 1.00 of √variance.
    """
    of = HestonTerms(0.0225, 0.0225, 3.0, 0.2, -0.5)
    prices = {8.0: (2.06, 2.11, 2.16, 2.27), 10.0: (0.58, 0.71, 0.83, 1.02)}
    vegas = {8.0: (0.41, 0.46, 0.48, 0.46), 10.0: (1.25, 1.05, 0.92, 0.76)}
    for strike in prices:
        for n, years in enumerate((1.0, 1.5, 2.0, 3.0)):
            found = value(10.0, strike, years, 0.0, 0.0, 1.0, of)
            assert found.theo == pytest.approx(prices[strike][n], abs=0.01)
            assert found.vega == pytest.approx(vegas[strike][n], abs=0.013)


def test_it_is_quantlibs_over_ordinary_parameters() -> None:
    draws = np.random.default_rng(5)
    for _ in range(150):
        of = HestonTerms(
            *draws.uniform(0.005, 0.3, 2), draws.uniform(0.3, 6), draws.uniform(0.2, 1.5), draws.uniform(-0.95, 0.5)
        )
        days = int(np.exp(draws.uniform(np.log(2), np.log(1000))))
        k = 1.5 * draws.standard_normal() * math.sqrt(of.long_run_variance * days / 365)
        rate, carry = draws.uniform(-0.01, 0.08, 2)
        right = float(draws.choice([-1.0, 1.0]))
        assert ours(days, k, right, of, rate, carry) == pytest.approx(
            quantlib(days, k, right, of, rate, carry), abs=1e-8
        ), (days, k, of)


@pytest.mark.parametrize(("days", "k", "v", "theta", "kappa", "xi", "rho"), HARD)
def test_hard_parameters_by_brute_force(days, k, v, theta, kappa, xi, rho) -> None:
    of = HestonTerms(v, theta, kappa, xi, rho)
    found = ours(days, k, 1.0, of, 0.03, 0.01)
    strike = 100.0 * math.exp(0.01 * days / 365 + k)
    exact = heston_oracle.call(100.0, strike, days / 365, 0.03, 0.01, *of)
    assert found == pytest.approx(exact, abs=1e-9)


def test_calls_and_puts_are_at_parity_and_vega_is_the_slope() -> None:
    for days, k, *terms in HARD:
        if terms[0] == 0.0:
            continue
        of = HestonTerms(*terms)
        strike, years = 100.0 * math.exp(k), days / 365
        call, put = (value(100.0, strike, years, 0.02, 0.0, right, of) for right in (1.0, -1.0))
        assert call.theo - put.theo == pytest.approx(math.exp(-0.02 * years) * (100.0 - strike), abs=1e-10)
        assert call.vega == pytest.approx(put.vega, abs=1e-9)
        h, root = 1e-5, math.sqrt(of.variance)
        up, down = (value(100.0, strike, years, 0.02, 0.0, 1.0, of._replace(variance=(root + s) ** 2)) for s in (h, -h))
        assert call.vega == pytest.approx((up.theo - down.theo) / (2 * h), abs=2e-5)


def test_without_vol_of_vol_it_is_black_and_scholes_at_the_average_variance() -> None:
    for k in (-0.3, -0.01, 0.0, 0.2):
        for years in (0.02, 1.0):
            average = 0.09 + (0.04 - 0.09) * (1 - math.exp(-2.0 * years)) / (2.0 * years)
            assert implied(k, years, HestonTerms(0.04, 0.09, 2.0, 0.0, 0.0)) == pytest.approx(
                math.sqrt(average), abs=1e-9
            )


def test_implied_volatility_prices_the_option_and_never_fails() -> None:
    for days, k, *terms in HARD:
        of, years = HestonTerms(*terms), days / 365
        right = 1.0 if k >= 0 else -1.0
        volatility = implied(k, years, of)
        black = black_scholes.value(1.0, math.exp(k), years, volatility, 0.0, 0.0, right)
        assert 100.0 * black == pytest.approx(ours(days, k, right, of), rel=1e-8)
    for minutes in (1, 10, 60):  # far away and soon over: a strike that is nearer stands for it
        for k in (-0.8, -0.1, 0.0, 0.1, 0.8):
            volatility = implied(k, minutes / 525_600, HestonTerms(0.04, 0.04, 2.0, 0.6, -0.7))
            assert 0.1 < volatility < 2.0


def test_an_expired_option_is_worth_its_intrinsic_value() -> None:
    of = HestonTerms(0.04, 0.04, 2.0, 0.5, -0.7)
    assert value(100.0, 95.0, 0.0, 0.05, 0.05, 1.0, of) == (5.0, 0.0)
    assert value(100.0, 95.0, 0.0, 0.05, 0.05, -1.0, of) == (0.0, 0.0)
