"""American options, quickly: value, Greeks, exercise and implied volatility of one option, compiled.

An American option is the European one and a premium for the right to exercise early, `early_exercise`. A call is the
put with spot and strike, and r and q, exchanged (McDonald and Schroder 1998).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from mmsim.kernel import njit
from mmsim.pricing import black_scholes, early_exercise
from mmsim.pricing.black_scholes import Greeks
from mmsim.pricing.implied import implied_volatility as european_volatility

_BUMP = 1e-4  # relative


@njit
def is_never_early(rate: float, carry: float, right: float) -> bool:
    """Whether early exercise is never better than waiting, at any spot, so that the option is a European one.

    Exercising a put earns r·K − q·S a year while it is in the money: never more than zero where r <= 0 and r <= q.
    For a call, which earns q·S − r·K, where q <= 0 and q <= r.
    """
    if right > 0.0:
        return rate - carry <= 0.0 and carry >= 0.0
    return rate <= 0.0 and carry <= 0.0


@njit
def has_two_boundaries(rate: float, carry: float, right: float) -> bool:
    """Whether an option is exercised between two boundaries: a put where q < r < 0, a call where r < q < 0.

    Deep in the money waiting earns the negative rate on the strike. `value` and `greeks` do not price it: they are NaN.
    """
    if right > 0.0:
        return rate - carry < 0.0 and carry < 0.0
    return rate < 0.0 and carry > 0.0


class _Premium(NamedTuple):
    """The premium for early exercise and its derivatives by spot; ``exercised`` where all is intrinsic value."""

    exercised: bool
    value: float
    delta: float
    gamma: float
    speed: float


@njit
def value(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float
) -> float:
    """The value of an American option on one unit of the underlying: ``greeks(...).theo`` to the bit, and cheaper.

    Arguments and limits are those of `greeks`.

    >>> round(value(40.0, 40.0, 0.5833, 0.3, 0.0488, 0.0488, -1.0), 2)
    3.17
    """
    if has_two_boundaries(rate, carry, right):
        return math.nan
    if years <= 0.0 or is_never_early(rate, carry, right):
        return black_scholes.value(spot, strike, years, volatility, rate, carry, right)
    if volatility <= 0.0:
        best = _best_time(spot, strike, years, rate, carry, right)
        return black_scholes.value(spot, strike, best, volatility, rate, carry, right)
    intrinsic = right * (spot - strike)
    premium = _premium(spot, strike, years, volatility, rate, carry, right)
    if premium.exercised:
        return intrinsic
    return max(black_scholes.value(spot, strike, years, volatility, rate, carry, right) + premium.value, intrinsic)


@njit
def is_exercised(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float
) -> bool:
    """Whether exercising now is best: the option is in the money and worth its intrinsic value.

    >>> [is_exercised(spot, 40.0, 0.5833, 0.3, 0.0488, 0.0488, -1.0) for spot in (25.0, 35.0, 45.0)]
    [True, False, False]
    """
    intrinsic = right * (spot - strike)
    return intrinsic > 0.0 and value(spot, strike, years, volatility, rate, carry, right) <= intrinsic


@njit
def greeks(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float
) -> Greeks:
    """The value and the Greeks of an American option on one unit of the underlying.

    The arguments and their units are those of `black_scholes.greeks`. Where early exercise is never better, and once
    expired, everything is that function's. The Greeks are those of the European option and of the premium: by spot in
    closed form, by volatility, time and rate by differences. Where the option is exercised, delta is ``right`` and the
    others are zero.

    NaN where `has_two_boundaries`. NaN in, NaN out.
    """
    if has_two_boundaries(rate, carry, right):
        return _constant(math.nan, math.nan)
    if years <= 0.0 or is_never_early(rate, carry, right):
        return black_scholes.greeks(spot, strike, years, volatility, rate, carry, right)
    if volatility <= 0.0:
        best = _best_time(spot, strike, years, rate, carry, right)
        return black_scholes.greeks(spot, strike, best, volatility, rate, carry, right)
    now = _premium(spot, strike, years, volatility, rate, carry, right)
    if now.exercised:
        return _constant(right * (spot - strike), right)
    european = black_scholes.greeks(spot, strike, years, volatility, rate, carry, right)
    if european.theo + now.value <= right * (spot - strike):
        return _constant(right * (spot - strike), right)
    step, later, shift = _BUMP * volatility, _BUMP * years, _BUMP * (abs(rate) + volatility)
    up = _premium(spot, strike, years, volatility + step, rate, carry, right)
    down = _premium(spot, strike, years, volatility - step, rate, carry, right)
    soon = _premium(spot, strike, years - later, volatility, rate, carry, right)
    soon_up = _premium(spot, strike, years - later, volatility + step, rate, carry, right)
    dearer = _premium(spot, strike, years, volatility, rate + shift, carry if carry == 0.0 else carry + shift, right)
    return Greeks(
        theo=european.theo + now.value,
        delta=european.delta + now.delta,
        gamma=european.gamma + now.gamma,
        vega=european.vega + (up.value - down.value) / (2.0 * step),
        theta=european.theta + (soon.value - now.value) / later,
        rho=european.rho + (dearer.value - now.value) / shift,
        vanna=european.vanna + (up.delta - down.delta) / (2.0 * step),
        volga=european.volga + (up.value - 2.0 * now.value + down.value) / (step * step),
        charm=european.charm + (soon.delta - now.delta) / later,
        speed=european.speed + now.speed,
        colour=european.colour + (soon.gamma - now.gamma) / later,
        zomma=european.zomma + (up.gamma - down.gamma) / (2.0 * step),
        veta=european.veta + (soon_up.value - soon.value - up.value + now.value) / (step * later),
    )


@njit
def _constant(theo: float, delta: float) -> Greeks:
    """The Greeks of an option that is exercised now; all NaN where it is not priced."""
    none = theo - theo
    return Greeks(theo, delta, none, none, none, none, none, none, none, none, none, none, none)


@njit
def _best_time(spot: float, strike: float, years: float, rate: float, carry: float, right: float) -> float:
    """When an option without volatility is exercised best: now, at expiry, or where its carry turns in between."""
    best = 0.0
    if black_scholes.value(spot, strike, years, 0.0, rate, carry, right) > max(right * (spot - strike), 0.0):
        best = years
    earned, paid = (rate - carry) * spot, rate * strike
    if carry != 0.0 and earned * paid > 0.0:
        turn = math.log(paid / earned) / carry
        worth = black_scholes.value(spot, strike, turn, 0.0, rate, carry, right)
        if 0.0 < turn < years and worth > black_scholes.value(spot, strike, best, 0.0, rate, carry, right):
            best = turn
    return best


@njit
def _premium(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float
) -> _Premium:
    """The premium of a put or, by symmetry, of a call."""
    if right > 0.0:
        rate, carry = rate - carry, -carry
    model = early_exercise.model_of(volatility, rate, carry)
    boundary = early_exercise.boundary_of(model, years)
    log_spot = -right * math.log(spot / strike)
    if log_spot <= boundary.log_now:
        return _Premium(True, 0.0, 0.0, 0.0, 0.0)
    put = early_exercise.premium_of(model, boundary, log_spot, years)
    if right < 0.0:
        unit, first, second, third = strike, put.first, put.second, put.third
    else:  # S·π(ln K/S)
        unit = spot
        first = put.value - put.first
        second = first - put.first + put.second
        third = second - put.first + 2.0 * put.second - put.third
    return _Premium(
        False,
        unit * max(put.value, 0.0),
        unit * first / spot,
        unit * (second - first) / (spot * spot),
        unit * (third - 3.0 * second + 2.0 * first) / (spot * spot * spot),
    )


@njit
def implied_volatility(
    price: float, spot: float, strike: float, years: float, rate: float, carry: float, right: float
) -> float:
    """The annual volatility, absolute, at which `value` is ``price``.

    NaN where no volatility does, or many do: at or below the intrinsic value, or what the option is worth without
    volatility; at or above its bound (the spot for a call, the strike for a put), once expired, where
    `has_two_boundaries`, or for a NaN argument.
    """
    if is_never_early(rate, carry, right) or not years > 0.0:
        return european_volatility(price, spot, strike, years, rate, carry, right)
    certain = value(spot, strike, years, 0.0, rate, carry, right)
    if not (price > certain and price < (spot if right > 0.0 else strike)):
        return math.nan
    low, high = 0.0, 1.0
    for _ in range(10):
        if value(spot, strike, years, high, rate, carry, right) >= price:
            break
        low, high = high, 2.0 * high
    else:
        return math.nan
    for _ in range(100):
        middle = 0.5 * (low + high)
        if value(spot, strike, years, middle, rate, carry, right) < price:
            low = middle
        else:
            high = middle
        if high - low <= 1e-14 * high:
            break
    return 0.5 * (low + high)
