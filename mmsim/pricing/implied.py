"""The volatility at which Black–Scholes–Merton gives a price, compiled.

By put–call parity every price is first turned into the time value of the option that is out of the money, then into
the normalised Black price b of the total deviation s = σ√T, with x = −|ln(F/K)|, h = x/s and t = s/2:

    b = n(h)·e^{−t²/2}·(Y(h + t) − Y(h − t)),   Y(z) = N(z)/n(z),   db/ds = n(h)·e^{−t²/2},   0 < b < e^{x/2}

Below half of its bound ln b is matched, above it the logarithm of what b lacks to the bound, e^{x/2} − b, which is
n(h)·e^{−t²/2}·(Y(−h − t) + Y(h − t)): so neither end loses digits, and nothing underflows before the price does. The
derivatives of b are elementary, hence Householder's method of third order costs one evaluation a step; it starts
within a few per cent and ends after two or three.

Source: P. Jäckel, Let's Be Rational, Wilmott (2015), for the normalisation, the logarithmic objectives and the
iteration.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from mmsim.kernel import inlined, njit
from mmsim.pricing.black_scholes import Discounting, discounting
from mmsim.pricing.elementary import exp, log_ratio
from mmsim.pricing.normal import mills_ratio
from mmsim.pricing.status import Status, is_plain, status

_SQRT_TWO_PI = math.sqrt(2.0 * math.pi)
_LOG_SQRT_TWO_PI = math.log(_SQRT_TWO_PI)
_STEPS_MAX = 24  # never reached by a price inside its bounds
_LAST_STEP = 1e-4  # relative: the next error is of its fourth power
_SMALL_DEVIATION = 0.06  # below, differences of Y are taken by series
_SMALL_MONEYNESS = 0.5
_SHARE_MIN = 1e-300  # of a normalised price: below, doubles lose digits and then vanish
_ROUNDING = 2.0**-51  # of the difference of two discounted prices, as a share of them
ANY_VOLATILITY = 1.0


class Normalised(NamedTuple):
    """A price as the time value of the option that is out of the money."""

    x: float  # −|ln(F/K)|
    scale: float  # √(F·K)·e^{−rT}, by which prices are divided
    time_value: float
    headroom: float  # what lacks to the bound
    intrinsic: float  # discounted, of the forward; negative out of the money


class Estimate(NamedTuple):
    """A total deviation on its way."""

    deviation: float
    step: float  # the last change of it


@inlined
def normalised(
    price: float, spot: float, strike: float, years: float, carry: float, right: float, at: Discounting
) -> Normalised:
    """What an option's price says, no branches."""
    asset, bond = spot * at.growth, strike * at.discount
    intrinsic = right * (asset - bond)
    return Normalised(
        x=-abs(log_ratio(spot, strike) + carry * years),
        scale=math.sqrt(asset * bond),
        time_value=price - intrinsic if intrinsic > 0.0 else price,
        headroom=(asset if right > 0.0 else bond) - price,
        intrinsic=intrinsic,
    )


@inlined
def is_solvable(of: Normalised) -> bool:
    """Whether a volatility gives the price, and the price has the digits to say which."""
    least = _ROUNDING * of.intrinsic if of.intrinsic > 0.0 else 0.0
    return of.time_value > least and of.time_value >= _SHARE_MIN * of.scale and of.headroom > 0.0


@njit
def implied_status(
    price: float, spot: float, strike: float, years: float, rate: float, carry: float, right: float
) -> int:
    """The `Status` of an option's price: OK where `implied_volatility` is a number, and only there."""
    found = status(spot, strike, years, ANY_VOLATILITY, rate, carry)
    if math.isnan(price):
        return Status.NOT_A_NUMBER
    if found != Status.OK:
        return found
    of = normalised(price, spot, strike, years, carry, right, discounting(years, rate, carry))
    if is_solvable(of):
        return Status.OK
    if of.headroom <= 0.0:
        return Status.ABOVE_BOUND
    if of.time_value > 0.0 and of.time_value < _SHARE_MIN * of.scale:
        return Status.UNDERFLOW
    is_below = of.time_value < -_ROUNDING * max(of.intrinsic, 0.0)
    return Status.BELOW_INTRINSIC if is_below else Status.NO_TIME_VALUE


@njit
def implied_volatility(
    price: float, spot: float, strike: float, years: float, rate: float, carry: float, right: float
) -> float:
    """The annual volatility, absolute, at which `black_scholes.value` is ``price``; NaN where none is.

    The arguments are those of `black_scholes.value`. The relative error is about 1e-14, plus what rounding of the price
    itself leaves undetermined: a price deep in the money carries few digits of its time value.

    `implied_status` says why there is none: at or below the discounted intrinsic value of the forward, at or above the
    bound (the discounted forward for a call, the discounted strike for a put), once expired, where the price has all
    but underflowed, or for arguments of no option.

    >>> from mmsim.pricing.black_scholes import value
    >>> implied_volatility(value(100.0, 120.0, 0.25, 0.2, 0.01, 0.0, 1.0), 100.0, 120.0, 0.25, 0.01, 0.0, 1.0)
    0.2
    """
    if not is_plain(spot, strike, years, ANY_VOLATILITY, rate, carry):
        return math.nan
    at = discounting(years, rate, carry)
    of = normalised(price, spot, strike, years, carry, right, at)
    if not is_solvable(of):
        return math.nan
    return _finished(of, estimated(of)) / at.root_years


@inlined
def estimated(of: Normalised) -> Estimate:
    """The total deviation after two steps, which is all that most prices need; no branches that matter."""
    is_high = of.time_value >= of.headroom
    start = _start_high(of) if is_high else _start_low(of)
    target = log_ratio(of.headroom if is_high else of.time_value, of.scale)
    return _stepped(of.x, _stepped(of.x, start, target, is_high).deviation, target, is_high)


@inlined
def is_finished(at: Estimate) -> bool:
    """Whether the last step was so small that the next would change nothing."""
    return abs(at.step) <= _LAST_STEP * at.deviation


@inlined
def _finished(of: Normalised, first: Estimate) -> float:
    """The total deviation, by as many more steps as it takes."""
    is_high = of.time_value >= of.headroom
    target = log_ratio(of.headroom if is_high else of.time_value, of.scale)
    at = first
    for _ in range(_STEPS_MAX):
        if is_finished(at):
            break
        at = _stepped(of.x, at.deviation, target, is_high)
    return at.deviation


@inlined
def _stepped(x: float, s: float, target: float, is_high: bool) -> Estimate:
    """``s`` after a step of Householder's method of third order: on the log price or, if high, on its headroom's."""
    h, t = x / s, 0.5 * s
    ratio = _ratio(x, h, t, is_high)
    log_value = log_ratio(abs(ratio), 1.0) - 0.5 * (h * h + t * t) - _LOG_SQRT_TWO_PI
    slope = 1.0 / ratio  # of the log value
    bend = h / s
    second = h * bend - 0.5 * t  # b''/b'
    third = second * second - 3.0 * bend * bend - 0.25  # b'''/b'
    newton = (target - log_value) * ratio
    gamma = second - slope
    delta = third - 3.0 * second * slope + 2.0 * slope * slope
    step = newton * (1.0 + 0.5 * gamma * newton) / (1.0 + newton * (gamma + delta * newton * (1.0 / 6.0)))
    step = min(max(step, -0.5 * s), s)
    return Estimate(s + step, step)


@inlined
def _ratio(x: float, h: float, t: float, is_high: bool) -> float:
    """What is matched over b': b, which is Y(h + t) − Y(h − t), or −(e^{x/2} − b), which is −Y(−h − t) − Y(h − t).

    The difference is taken by its series where t is small, which does not cancel. The derivatives follow from
    Y' = 1 + h·Y: Y⁽ⁿ⁺¹⁾ = h·Y⁽ⁿ⁾ + n·Y⁽ⁿ⁻¹⁾.
    """
    z = h + t
    near, far = mills_ratio(abs(z)), mills_ratio(t - h)
    is_body = (z < 0.0) if is_high else (z > 0.0)
    first = _SQRT_TWO_PI * exp(min(0.5 * z * z, 700.0)) - near if is_body else near
    if is_high:
        return -(first + far)
    if t >= 0.5 * _SMALL_DEVIATION or x <= -_SMALL_MONEYNESS:
        return first - far
    y0 = mills_ratio(-h)
    y1 = h * y0 + 1.0
    y2 = h * y1 + y0
    y3 = h * y2 + 2.0 * y1
    y4 = h * y3 + 3.0 * y2
    y5 = h * y4 + 4.0 * y3
    y6 = h * y5 + 5.0 * y4
    y7 = h * y6 + 6.0 * y5
    w = t * t
    return 2.0 * t * (y1 + w * (y3 * (1.0 / 6.0) + w * (y5 * (1.0 / 120.0) + w * (y7 * (1.0 / 5040.0)))))


@inlined
def _start_low(of: Normalised) -> float:
    """A start from Bachelier's model, b = |x|·(n(k)/k − N(−k)) with k = |x|/s, which is near where s is small.

    Its inverse is a rational function fitted here, within 8e-4: k = v·P(√v)/Q(√v), v = ln(1 + |x|/(√(2π)·b)).
    """
    at_the_money = _SQRT_TWO_PI * of.time_value / of.scale
    v = log_ratio(at_the_money - of.x, at_the_money)
    y = math.sqrt(v)
    above = 1.0 + y * (0.36406600 + y * (-0.13656791 + y * 0.31441252))
    below = 1.0 + y * (0.34046120 + y * (0.83214194 + y * (-0.05468112 + y * 0.22163376)))
    return -of.x * below / (v * above) if v >= 1e-12 else at_the_money


@inlined
def _start_high(of: Normalised) -> float:
    """A start for a price above half of its bound, from the share of the bound that is left.

    That is N(−z) + e^{|x|}·N(−z − 2k), z = t − k. The second term is taken as a multiple of the first, exact at the
    money; then z gives s.
    Source of the inverse normal: Abramowitz and Stegun (1964), 26.2.23, within 4.5e-4.
    """
    share = of.headroom / (of.time_value + of.headroom)
    tail = share / (1.0 + 1.0 / (1.0 + 0.8 * math.sqrt(-2.0 * of.x)))
    y = math.sqrt(-2.0 * log_ratio(tail, 1.0))
    above = 2.515517 + y * (0.802853 + y * 0.010328)
    below = 1.0 + y * (1.432788 + y * (0.189269 + y * 0.001308))
    z = y - above / below
    return z + math.sqrt(z * z - 2.0 * of.x)
