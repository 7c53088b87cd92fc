"""What a call gains by the right to be exercised just before an ex-date, over being held to its expiry, compiled.

The price y that the call is written on is lognormal; just before the ex-date, t years from now, exercise brings
y + credit − K, while holding on is worth the European call C on y + credit − fall, struck at K + rise, τ years to go:

    G = e^{−rt}·E[(y + credit − K − C(y + credit − fall, K + rise, τ))⁺]

The difference is concave and rises with y: it is positive above one price, which Newton's method finds from below, and
its mean above is taken by Gauss–Legendre quadrature over the standard normal. For one dividend that is the value of
Roll (1977), Geske (1979) and Whaley (1981).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mmsim.kernel import njit
from mmsim.pricing import black_scholes

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_STEPS_MAX, _LAST_STEP = 60, 1e-13
_SURE = 7.0  # standard deviations
_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


class ExDate(NamedTuple):
    """A call around an ex-date."""

    strike: float
    rate: float
    carry: float
    years: float  # to the ex-date
    left: float  # from it to expiry
    credit: float
    fall: float
    rise: float


@njit
def gain(call: ExDate, price: float, volatility: float) -> float:
    """G in currency a unit; zero where the call is never exercised then, or there is no time until then."""
    if not (call.years > 0.0 and volatility > 0.0):
        return 0.0
    lowest = _indifference(call, volatility)
    if lowest <= 0.0:
        return 0.0
    deviation = volatility * math.sqrt(call.years)
    drift = call.carry * call.years - 0.5 * deviation * deviation
    first = max((math.log(lowest / price) - drift) / deviation, -_SURE)
    middle = max(first, 0.0)
    mean = _mean(call, price, volatility, drift, deviation, middle, middle + _SURE)
    if first < 0.0:
        mean += _mean(call, price, volatility, drift, deviation, first, 0.0)
    return math.exp(-call.rate * call.years) * mean


@njit
def _mean(
    call: ExDate, price: float, volatility: float, drift: float, deviation: float, first: float, last: float
) -> float:
    """The part of the mean of what exercise brings more that lies between two values of the standard normal."""
    half, total = 0.5 * (last - first), 0.0
    for n in range(len(_NODES)):
        z = first + half * (1.0 + _NODES[n])
        more = max(_advantage(call, price * math.exp(drift + deviation * z), volatility), 0.0)
        total += _WEIGHTS[n] * _DENSITY * math.exp(-0.5 * z * z) * more
    return half * total


@njit
def _advantage(call: ExDate, price: float, volatility: float) -> float:
    """What exercise brings more than holding on."""
    spot, strike = price + call.credit, call.strike
    return spot - strike - _held(call, spot, volatility)


@njit
def _held(call: ExDate, spot: float, volatility: float) -> float:
    """The call after the ex-date; with what is left of the price it is worth nothing where that is below zero."""
    after, strike = spot - call.fall, call.strike + call.rise
    if after <= 0.0:
        return 0.0
    return black_scholes.value(after, strike, call.left, volatility, call.rate, call.carry, 1.0)


@njit
def _indifference(call: ExDate, volatility: float) -> float:
    """The price at which exercise and holding on are worth the same, 0 if holding on is always worth more."""
    if call.carry < call.rate:
        ceiling = math.inf  # a dividend yield is lost as well: some price is high enough
    else:
        ceiling = call.fall - call.strike + (call.strike + call.rise) * math.exp(-call.rate * call.left)
    if ceiling <= 0.0:
        return 0.0
    price = max(call.strike - call.credit, 1e-3 * call.strike)
    while _advantage(call, price, volatility) > 0.0:
        price *= 0.5
        if price < 1e-6 * call.strike:
            return price
    for _ in range(_STEPS_MAX):
        spot = price + call.credit
        after, strike = spot - call.fall, call.strike + call.rise
        slope = 1.0
        if after > 0.0:
            slope -= black_scholes.greeks(after, strike, call.left, volatility, call.rate, call.carry, 1.0).delta
        if slope <= 1e-14:
            return 0.0
        step = -_advantage(call, price, volatility) / slope
        price += step
        if abs(step) <= _LAST_STEP * price or price > 1e6 * call.strike:
            break
    return price if price <= 1e6 * call.strike else 0.0
