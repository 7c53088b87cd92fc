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

from mmsim.kernel import njit
from mmsim.pricing.black_scholes import present_values
from mmsim.pricing.normal import mills_ratio

_SQRT_TWO_PI = math.sqrt(2.0 * math.pi)
_LOG_SQRT_TWO_PI = math.log(_SQRT_TWO_PI)
_STEPS_MAX = 24  # never reached by a price inside its bounds
_LAST_STEP = 1e-5  # relative: the next error is of its fourth power
_SMALL_DEVIATION = 0.06  # below, differences of Y are taken by series
_SMALL_MONEYNESS = 0.5
_PRICE_MIN = 1e-300  # normalised: below, doubles lose digits and then vanish


@njit
def implied_volatility(
    price: float, spot: float, strike: float, years: float, rate: float, carry: float, right: float
) -> float:
    """The annual volatility, absolute, at which `black_scholes.value` is ``price``.

    The arguments are those of `black_scholes.value`. The relative error is about 1e-14, plus what rounding of the price
    itself leaves undetermined: a price deep in the money carries few digits of its time value.

    NaN where no volatility gives the price: at or below the discounted intrinsic value of the forward, at or above the
    bound (the discounted forward for a call, the discounted strike for a put), once expired, where the price has all
    but underflowed, or for a NaN argument.

    >>> from mmsim.pricing.black_scholes import value
    >>> implied_volatility(value(100.0, 120.0, 0.25, 0.2, 0.01, 0.0, 1.0), 100.0, 120.0, 0.25, 0.01, 0.0, 1.0)
    0.2
    """
    if not (years > 0.0 and spot > 0.0 and strike > 0.0):
        return math.nan
    asset, bond, _ = present_values(spot, strike, years, rate, carry)
    intrinsic = right * (asset - bond)
    time_value = price - intrinsic if intrinsic > 0.0 else price
    headroom = (asset if right > 0.0 else bond) - price
    if not (time_value > 0.0 and headroom > 0.0):
        return math.nan
    scale = math.sqrt(asset * bond)
    price_share = time_value / scale
    if price_share < _PRICE_MIN:
        return math.nan
    x = -abs(_log_moneyness(spot, strike) + carry * years)
    if time_value < headroom:
        deviation = _solve(x, _start_low(x, price_share), math.log(price_share), False)
    else:
        deviation = _solve(x, _start_high(x, headroom / (time_value + headroom)), math.log(headroom / scale), True)
    return deviation / math.sqrt(years)


@njit
def _log_moneyness(spot: float, strike: float) -> float:
    """ln(S/K) in full relative precision: near the money the ratio itself would lose digits."""
    distance = math.log1p(abs(spot - strike) / min(spot, strike))
    return distance if spot > strike else -distance


@njit
def _solve(x: float, start: float, target: float, high: bool) -> float:
    """The total deviation whose log price, or if ``high`` log headroom, is ``target``."""
    s = start
    for _ in range(_STEPS_MAX):
        step = _householder_step(x, s, target, high)
        step = min(max(step, -0.5 * s), s)
        s += step
        if abs(step) <= _LAST_STEP * s:
            break
    return s


@njit
def _householder_step(x: float, s: float, target: float, high: bool) -> float:
    """The change of ``s`` by Householder's method of third order on the log of the price or of its headroom."""
    h = x / s
    t = 0.5 * s
    ratio = -_headroom_over_vega(h, t) if high else _price_over_vega(x, h, t)
    log_value = math.log(abs(ratio)) - 0.5 * (h * h + t * t) - _LOG_SQRT_TWO_PI
    slope = 1.0 / ratio  # of the log value
    second = h * h / s - 0.5 * t  # b''/b'
    third = second * second - 3.0 * (h / s) * (h / s) - 0.25  # b'''/b'
    newton = (target - log_value) * ratio
    gamma = second - slope
    delta = third - 3.0 * second * slope + 2.0 * slope * slope
    return newton * (1.0 + 0.5 * gamma * newton) / (1.0 + newton * (gamma + delta * newton / 6.0))


@njit
def _cdf_over_density(z: float) -> float:
    """Y(z) = N(z) / n(z)."""
    tail = mills_ratio(abs(z))
    return _SQRT_TWO_PI * math.exp(0.5 * z * z) - tail if z > 0.0 else tail


@njit
def _headroom_over_vega(h: float, t: float) -> float:
    """(e^{x/2} − b) / b'."""
    return _cdf_over_density(-h - t) + mills_ratio(t - h)


@njit
def _price_over_vega(x: float, h: float, t: float) -> float:
    """The normalised price b / b' = Y(h + t) − Y(h − t), for small t by its series, which does not cancel.

    The derivatives follow from Y' = 1 + h·Y: Y⁽ⁿ⁺¹⁾ = h·Y⁽ⁿ⁾ + n·Y⁽ⁿ⁻¹⁾.
    """
    if t >= 0.5 * _SMALL_DEVIATION or x <= -_SMALL_MONEYNESS:
        return _cdf_over_density(h + t) - mills_ratio(t - h)
    y0 = mills_ratio(-h)
    y1 = h * y0 + 1.0
    y2 = h * y1 + y0
    y3 = h * y2 + 2.0 * y1
    y4 = h * y3 + 3.0 * y2
    y5 = h * y4 + 4.0 * y3
    y6 = h * y5 + 5.0 * y4
    y7 = h * y6 + 6.0 * y5
    w = t * t
    return 2.0 * t * (y1 + w * (y3 / 6.0 + w * (y5 / 120.0 + w * (y7 / 5040.0))))


@njit
def _start_low(x: float, price: float) -> float:
    """A start from Bachelier's model, b = |x|·(n(k)/k − N(−k)) with k = |x|/s, which is near where s is small.

    Its inverse is a rational function fitted here, within 8e-4: k = v·P(√v)/Q(√v), v = ln(1 + |x|/(√(2π)·b)).
    """
    at_the_money = _SQRT_TWO_PI * price
    v = math.log1p(-x / at_the_money)
    if v < 1e-12:
        return at_the_money
    y = math.sqrt(v)
    above = 1.0 + y * (0.36406600 + y * (-0.13656791 + y * 0.31441252))
    below = 1.0 + y * (0.34046120 + y * (0.83214194 + y * (-0.05468112 + y * 0.22163376)))
    return -x * below / (v * above)


@njit
def _start_high(x: float, headroom_share: float) -> float:
    """A start for a price above half of its bound, from the share of the bound that is left.

    That is N(−z) + e^{|x|}·N(−z − 2k), z = t − k. The second term is taken as a multiple of the first, exact at the
    money; then z gives s.
    Source of the inverse normal: Abramowitz and Stegun (1964), 26.2.23, within 4.5e-4.
    """
    tail = headroom_share / (1.0 + 1.0 / (1.0 + 0.8 * math.sqrt(-2.0 * x)))
    y = math.sqrt(-2.0 * math.log(tail))
    above = 2.515517 + y * (0.802853 + y * 0.010328)
    below = 1.0 + y * (1.432788 + y * (0.189269 + y * 0.001308))
    z = y - above / below
    return z + math.sqrt(z * z - 2.0 * x)
