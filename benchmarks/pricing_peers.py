"""The same chain by others: numpy with scipy's normal distribution, QuantLib, and vollib's Let's Be Rational."""

from __future__ import annotations

from importlib import import_module
from types import FunctionType

import numpy as np
import numpy.typing as npt
from numba import njit
from py_lets_be_rational import lets_be_rational
from QuantLib import BlackCalculator, Option, PlainVanillaPayoff, blackFormulaImpliedStdDev
from scipy.special import ndtr
from vollib.black_scholes_merton import black_scholes_merton

Floats = npt.NDArray[np.float64]

VOLLIB = (
    "cody_special.erf_cody",
    "cody_special.normaldistribution",
    "piecewise_rational.rationalcubic",
    "py_lets_be_rational.lets_be_rational",
)
for module in map(import_module, VOLLIB):  # which are plain Python, and seventy times slower so
    for name, found in list(vars(module).items()):
        if isinstance(found, FunctionType):
            setattr(module, name, njit(found))
_rational = lets_be_rational.implied_volatility_from_a_transformed_rational_guess


def numpy_greeks(chain: Floats) -> Floats:
    """Value, delta, gamma, vega and theta by arrays, as one would write them down."""
    spot, strike, years, volatility, rate, carry, right = chain
    root = np.sqrt(years)
    deviation = volatility * root
    d1 = (np.log(spot / strike) + carry * years) / deviation + 0.5 * deviation
    growth, discount = np.exp((carry - rate) * years), np.exp(-rate * years)
    asset, bond = growth * ndtr(right * d1), strike * discount * ndtr(right * (d1 - deviation))
    density = growth * np.exp(-0.5 * d1 * d1) / np.sqrt(2.0 * np.pi)
    vega = spot * density * root
    theta = -0.5 * vega * volatility / years - right * ((carry - rate) * spot * asset + rate * bond)
    return np.stack([right * (spot * asset - bond), right * asset, density / (spot * deviation), vega, theta])


def quantlib_greeks(chain: Floats) -> Floats:
    """The same by its calculator, an option at a time from Python."""
    table = np.empty((5, chain.shape[1]))
    for n, (spot, strike, years, volatility, rate, carry, right) in enumerate(chain.T.tolist()):
        payoff = PlainVanillaPayoff(Option.Call if right > 0.0 else Option.Put, strike)
        forward, discount = spot * np.exp(carry * years), np.exp(-rate * years)
        model = BlackCalculator(payoff, forward, volatility * years**0.5, discount)
        table[:, n] = model.value(), model.delta(spot), model.gamma(spot), model.vega(years), model.theta(spot, years)
    return table


def vollib_values(chain: Floats) -> Floats:
    """The values alone, an option at a time from Python."""
    return np.array(
        [
            black_scholes_merton("c" if right > 0.0 else "p", spot, strike, years, rate, volatility, rate - carry)
            for spot, strike, years, volatility, rate, carry, right in chain.T.tolist()
        ]
    )


@njit
def _rational_of_each(price: Floats, forward: Floats, strike: Floats, years: Floats, right: Floats) -> Floats:
    found = np.empty(price.size)
    for n in range(price.size):
        found[n] = _rational(price[n], forward[n], strike[n], years[n], right[n])
    return found


def vollib_volatilities(chain: Floats, prices: Floats) -> Floats:
    """Let's Be Rational, compiled over arrays."""
    spot, strike, years, _, rate, carry, right = chain
    return _rational_of_each(prices * np.exp(rate * years), spot * np.exp(carry * years), strike, years, right)


def quantlib_volatilities(chain: Floats, prices: Floats) -> Floats:
    """Its solver, to 1e-12, an option at a time from Python."""
    found = np.empty(prices.size)
    for n, (spot, strike, years, _, rate, carry, right) in enumerate(chain.T.tolist()):
        kind = Option.Call if right > 0.0 else Option.Put
        forward, discount = spot * np.exp(carry * years), np.exp(-rate * years)
        guess = 0.2 * years**0.5
        deviation = blackFormulaImpliedStdDev(kind, strike, forward, prices[n], discount, 0.0, guess, 1e-12)
        found[n] = deviation / years**0.5
    return found
