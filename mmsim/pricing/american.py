"""American options by a fast closed approximation: value, Greeks, exercise and implied volatility of one, compiled.

An American option is the European one and a premium for the right to exercise early. The premium is Li's QD+: the
quadratic approximation of Barone-Adesi and Whaley with Ju and Zhong's correction, and an exercise boundary B that is
corrected too. For a put, with q = r − b, h = 1 − e^{−rT}, a = 2r/(σ²h) (2/(σ²T) where r is zero), ω = 2b/σ² and
D = √((ω − 1)² + 4a):

    λ = −(ω − 1 + D)/2
    c = e^{−rT}·a·(1 − a/D²)/D − 2θ(B)/(σ²·D·A(B)),   A(B) = K − B − p(B)
    B·(1 + Δ(B)) + (λ + c)·A(B) = 0, which is solved for B
    β = −e^{−rT}·a²/(2D³)
    P = p(S) + A(B)·(S/B)^λ / (1 − β·ln(S/B)² − c·ln(S/B))   where S > B, else K − S

p, Δ and θ (a year, as time passes) are the European put's. A call is the put with spot and strike, and r and q,
exchanged (McDonald and Schroder 1998).

Sources: M. Li, Analytical approximations for the critical stock prices of American options (2010); N. Ju and R. Zhong,
An approximate formula for pricing American options, Journal of Derivatives 7 (1999).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from mmsim.kernel import njit
from mmsim.pricing import black_scholes
from mmsim.pricing.black_scholes import Greeks
from mmsim.pricing.implied import implied_volatility as european_volatility

_STEPS_MAX = 40
_LAST_STEP = 1e-10  # relative
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

    >>> round(value(40.0, 40.0, 0.5833, 0.3, 0.0488, 0.0488, -1.0), 2)  # Ju (1998): 3.1696
    3.17
    """
    if has_two_boundaries(rate, carry, right):
        return math.nan
    if years <= 0.0 or is_never_early(rate, carry, right):
        return black_scholes.value(spot, strike, years, volatility, rate, carry, right)
    if volatility <= 0.0:
        best = _best_time(spot, strike, years, rate, carry, right)
        return black_scholes.value(spot, strike, best, volatility, rate, carry, right)
    premium = _premium(spot, strike, years, volatility, rate, carry, right)
    if premium.exercised:
        return right * (spot - strike)
    return black_scholes.value(spot, strike, years, volatility, rate, carry, right) + premium.value


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
    if right < 0.0:
        return _premium_of_put(spot, strike, years, volatility, rate, carry)
    put = _premium_of_put(strike, spot, years, volatility, rate - carry, -carry)
    ratio = strike / spot
    return _Premium(
        put.exercised,
        put.value,
        (put.value - strike * put.delta) / spot,
        ratio * ratio * put.gamma,
        -ratio * ratio / spot * (3.0 * put.gamma + strike * put.speed),
    )


@njit
def _premium_of_put(spot: float, strike: float, years: float, volatility: float, rate: float, carry: float) -> _Premium:
    """QD+: the formulas of this module's description."""
    variance = volatility * volatility
    discount = math.exp(-rate * years)
    a = 2.0 * rate / (variance * -math.expm1(-rate * years)) if rate != 0.0 else 2.0 / (variance * years)
    drift = 2.0 * carry / variance - 1.0
    width = math.sqrt(drift * drift + 4.0 * a)
    power = -0.5 * (drift + width)
    corrected = power + discount * a * (1.0 - a / (width * width)) / width
    by_theta = -2.0 / (variance * width)
    top = strike * min(1.0, rate / (rate - carry)) if carry < rate else strike
    low, high = 0.0, top
    boundary = _first_boundary(strike, top, years, volatility, rate, carry)
    for _ in range(_STEPS_MAX):
        put = black_scholes.greeks(boundary, strike, years, volatility, rate, carry, -1.0)
        gain = strike - boundary - put.theo
        slope = 1.0 + put.delta
        objective = boundary * slope + corrected * gain + by_theta * put.theta
        if objective > 0.0:
            high = boundary
        else:
            low = boundary
        newton = objective / (slope + boundary * put.gamma - corrected * slope + by_theta * put.charm)
        following = boundary - newton
        if not low < following < high:
            following = 0.5 * (low + high)
        newton = following - boundary
        boundary = following
        if abs(newton) <= _LAST_STEP * boundary:
            break
    if spot <= boundary:
        return _Premium(True, 0.0, 0.0, 0.0, 0.0)
    put = black_scholes.greeks(boundary, strike, years, volatility, rate, carry, -1.0)
    gain = strike - boundary - put.theo
    linear = corrected - power + by_theta * put.theta / gain
    square = -0.5 * discount * a * a / (width * width)
    x = math.log(spot / boundary)
    under = 1.0 / (1.0 - x * (linear + square * x))
    premium = gain * math.exp(power * x) * under
    first = (linear + 2.0 * square * x) * under
    second = 2.0 * square * under + first * first
    elastic = power + first  # of the premium by ln S; its own derivatives follow
    elastic_1 = second
    elastic_2 = 2.0 * first * (square * under + second)
    once = elastic
    twice = elastic * elastic + elastic_1
    thrice = elastic * twice + 2.0 * elastic * elastic_1 + elastic_2
    return _Premium(
        False,
        premium,
        premium * once / spot,
        premium * (twice - once) / (spot * spot),
        premium * (thrice - 3.0 * twice + 2.0 * once) / (spot * spot * spot),
    )


@njit
def _first_boundary(strike: float, top: float, years: float, volatility: float, rate: float, carry: float) -> float:
    """Barone-Adesi and Whaley's start: between the boundary at expiry and that of an option without expiry."""
    drift = 2.0 * carry / (volatility * volatility) - 1.0
    power = -0.5 * (drift + math.sqrt(drift * drift + 8.0 * rate / (volatility * volatility)))
    endless = strike * power / (power - 1.0)
    pull = (abs(carry * years) + 2.0 * volatility * math.sqrt(years)) * strike / (strike - endless)
    return endless + (top - endless) * math.exp(-pull)


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
