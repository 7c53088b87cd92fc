"""American options, quickly: value, Greeks, exercise and implied volatility of one option, compiled.

An American option is the European one and a premium for the right to exercise early, `early_exercise`. A call is the
put with spot and strike, and r and q, exchanged (McDonald and Schroder 1998).
"""

from __future__ import annotations

import math

from mmsim.kernel import internal, njit
from mmsim.pricing import black_scholes, early_exercise
from mmsim.pricing.black_scholes import Greeks
from mmsim.pricing.early_exercise import Boundary, Model, Premium
from mmsim.pricing.implied import implied_volatility as european_volatility

_PASTE = 0.1
_VOLATILITY_STEP = 1e-3  # relative
_RATE_STEP = 1e-4  # times the volatility
_VOLATILITY_MAX = 64.0
_STEPS_MAX = 100
_LAST_STEP = 1e-12  # relative
_SECANT_STEPS_MAX, _SECANT_LAST_STEP = 12, 1e-12  # relative


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


@internal
def european_life(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float
) -> float:
    """The life of the European option that is worth the same, or NaN where early exercise has a premium.

    It is ``years`` once expired and where early exercise is never better. Without volatility it is the best time to
    exercise: now, at expiry, or where the carry turns in between.
    """
    if years <= 0.0 or is_never_early(rate, carry, right):
        return years
    if not volatility <= 0.0:
        return math.nan
    best = 0.0
    if black_scholes.value(spot, strike, years, 0.0, rate, carry, right) > right * (spot - strike):
        best = years
    earned, paid = (rate - carry) * spot, rate * strike
    if carry != 0.0 and earned * paid > 0.0:
        turn = math.log(paid / earned) / carry
        worth = black_scholes.value(spot, strike, turn, 0.0, rate, carry, right)
        if 0.0 < turn < years and worth > black_scholes.value(spot, strike, best, 0.0, rate, carry, right):
            best = turn
    return best


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
    life = european_life(spot, strike, years, volatility, rate, carry, right)
    if not math.isnan(life):
        return black_scholes.value(spot, strike, life, volatility, rate, carry, right)
    intrinsic = right * (spot - strike)
    model, boundary, share, log_spot = _mirrored(spot, strike, years, volatility, rate, carry, right)
    if log_spot <= boundary.log_now:
        return intrinsic
    premium, _ = early_exercise.premium_of(model, boundary, share, log_spot, years, 0.0)
    european = black_scholes.value(spot, strike, years, volatility, rate, carry, right)
    deviations = (log_spot - boundary.log_now) / (volatility * math.sqrt(years))
    return _pasted(european + (spot if right > 0.0 else strike) * premium, european, intrinsic, deviations)


@njit
def is_exercised(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float
) -> bool:
    """Whether exercising now is best: the option is in the money and worth its intrinsic value.

    >>> [is_exercised(spot, 40.0, 0.5833, 0.3, 0.0488, 0.0488, -1.0) for spot in (25.0, 35.0, 45.0)]
    [True, False, False]
    """
    intrinsic = right * (spot - strike)
    if intrinsic <= 0.0 or is_never_early(rate, carry, right):
        return False
    return value(spot, strike, years, volatility, rate, carry, right) <= intrinsic


@njit
def premium_after(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float, wait: float
) -> float:
    """What the right to exercise after ``wait`` years, fewer than ``years``, adds to the European option."""
    if is_never_early(rate, carry, right) or volatility <= 0.0:
        return 0.0
    model, boundary, share, log_spot = _mirrored(spot, strike, years - wait, volatility, rate, carry, right)
    premium, _ = early_exercise.premium_of(model, boundary, share, log_spot, years, wait)
    return (spot if right > 0.0 else strike) * premium


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
        return constant(math.nan, math.nan)
    life = european_life(spot, strike, years, volatility, rate, carry, right)
    if not math.isnan(life):
        return black_scholes.greeks(spot, strike, life, volatility, rate, carry, right)
    intrinsic = right * (spot - strike)
    deviations, now = _premium(spot, strike, years, volatility, rate, carry, right)
    european = black_scholes.greeks(spot, strike, years, volatility, rate, carry, right)
    theo = _pasted(european.theo + now.value, european.theo, intrinsic, deviations)
    if theo <= intrinsic:
        return constant(intrinsic, right)
    step, shift = _VOLATILITY_STEP * volatility, _RATE_STEP * volatility
    _, up = _premium(spot, strike, years, volatility + step, rate, carry, right)
    _, down = _premium(spot, strike, years, volatility - step, rate, carry, right)
    _, dearer = _premium(spot, strike, years, volatility, rate + shift, carry if carry == 0.0 else carry + shift, right)
    by_volatility = Premium(
        (up.value - down.value) / (2.0 * step),
        (up.first - down.first) / (2.0 * step),
        (up.second - down.second) / (2.0 * step),
        0.0,
        0.0,
    )
    volga = (up.value - 2.0 * now.value + down.value) / (step * step)
    rho = (dearer.value - now.value) / shift
    _, paying = _premium(spot, strike, years, volatility, rate, carry - shift, right)
    dividend_rho = (paying.value - now.value) / shift
    return with_premium(theo, european, now, by_volatility, volga, rho, dividend_rho, spot, volatility, rate, carry)


@internal
def with_premium(
    theo: float,
    european: Greeks,
    premium: Premium,
    by_volatility: Premium,
    volga: float,
    rho: float,
    dividend_rho: float,
    spot: float,
    volatility: float,
    rate: float,
    carry: float,
) -> Greeks:
    """The Greeks of an option that is held: the European's and the premium's.

    While it is held the premium solves the equation ∂π/∂t = r·π − b·S·∂π/∂S − σ²S²/2·∂²π/∂S², which gives its theta
    and, by spot and volatility, charm, colour and veta.
    """
    value, first, second, third, fourth = premium
    half = 0.5 * volatility * volatility * spot * spot
    drift = carry + volatility * volatility
    return Greeks(
        theo=theo,
        delta=min(max(european.delta + first, -1.0), 1.0),
        gamma=max(european.gamma + second, 0.0),
        vega=max(european.vega + by_volatility.value, 0.0),
        theta=european.theta + rate * value - carry * spot * first - half * second,
        rho=european.rho + rho,
        dividend_rho=european.dividend_rho + dividend_rho,
        vanna=european.vanna + by_volatility.first,
        volga=european.volga + volga,
        charm=european.charm + (rate - carry) * first - drift * spot * second - half * third,
        speed=european.speed + third,
        colour=european.colour
        + (rate - carry - drift) * second
        - (drift + volatility * volatility) * spot * third
        - half * fourth,
        zomma=european.zomma + by_volatility.second,
        veta=european.veta
        + rate * by_volatility.value
        - carry * spot * by_volatility.first
        - half * by_volatility.second
        - volatility * spot * spot * second,
    )


@internal
def _pasted(theo: float, european: float, intrinsic: float, deviations: float) -> float:
    """Theo that leaves the intrinsic value at the boundary without a jump: its excess grows to whole over a tenth σ√T.

    The premium's error would otherwise show when the spot crosses the boundary.
    """
    share = min(max(deviations / _PASTE, 0.0), 1.0)
    if share == 1.0:
        return max(theo, intrinsic)
    return max(intrinsic + max(theo - intrinsic, 0.0) * share * share * (3.0 - 2.0 * share), european)


@internal
def constant(theo: float, delta: float) -> Greeks:
    """The Greeks of an option that is exercised now; all NaN where it is not priced."""
    none = theo - theo
    return Greeks(theo, delta, none, none, none, none, none, none, none, none, none, none, none, none)


@internal
def _mirrored(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float
) -> tuple[Model, Boundary, float, float]:
    """The put on a strike of one that is the option, or whose mirror image it is: its boundary, its S and ln S."""
    if right > 0.0:
        rate, carry = rate - carry, -carry
    share = strike / spot if right > 0.0 else spot / strike
    model = early_exercise.model_of(volatility, rate, carry)
    return model, early_exercise.boundary_of(model, years), share, math.log(share)


@internal
def _premium(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float
) -> tuple[float, Premium]:
    """The distance from the boundary in deviations, and the premium with its derivatives by spot."""
    model, boundary, share, log_spot = _mirrored(spot, strike, years, volatility, rate, carry, right)
    value, slope = early_exercise.premium_of(model, boundary, share, log_spot, years, 0.0)
    put = early_exercise.with_curvature(value, slope, model, boundary, log_spot, years)
    deviations = (log_spot - boundary.log_now) / (volatility * math.sqrt(years))
    return deviations, early_exercise.in_spot(put, spot, strike, right)


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
    if has_two_boundaries(rate, carry, right):
        return math.nan
    certain = value(spot, strike, years, 0.0, rate, carry, right)
    if not (certain < price < (spot if right > 0.0 else strike)):
        return math.nan
    found = _by_premium(price, spot, strike, years, rate, carry, right)
    return _by_bracket(price, certain, spot, strike, years, rate, carry, right) if math.isnan(found) else found


@njit
def _by_premium(
    price: float, spot: float, strike: float, years: float, rate: float, carry: float, right: float
) -> float:
    """The volatility as the European one of the price less the premium, by the secant method; NaN where that fails.

    The premium depends little on the volatility: five prices do. It fails deep in the money.
    """
    before = after = european_volatility(price, spot, strike, years, rate, carry, right)
    missed = 0.0
    for n in range(_SECANT_STEPS_MAX):
        if not after > 0.0:
            break
        premium = value(spot, strike, years, after, rate, carry, right)
        premium -= black_scholes.value(spot, strike, years, after, rate, carry, right)
        told = european_volatility(price - premium, spot, strike, years, rate, carry, right)
        if not told > 0.0:
            break
        off = told - after
        if abs(off) <= _SECANT_LAST_STEP * after:
            return told
        step = off if n == 0 or off == missed else off * (after - before) / (missed - off)
        before, after, missed = after, after + step, off
    return math.nan


@njit
def _by_bracket(
    price: float, certain: float, spot: float, strike: float, years: float, rate: float, carry: float, right: float
) -> float:
    """The volatility between bounds, ``certain`` being what the option is worth without any."""
    low, high, below = 0.0, 0.5, certain - price
    above = value(spot, strike, years, high, rate, carry, right) - price
    while above < 0.0 and high < _VOLATILITY_MAX:
        low, high, below = high, 2.0 * high, above
        above = value(spot, strike, years, high, rate, carry, right) - price
    if not above >= 0.0:
        return math.nan
    middle, side = low, 0
    for _ in range(_STEPS_MAX):  # regula falsi, in which an end that stays twice counts half (Illinois)
        last = middle
        middle = min(max(high - above * (high - low) / (above - below), low), high)
        miss = value(spot, strike, years, middle, rate, carry, right) - price
        if miss == 0.0 or abs(middle - last) <= _LAST_STEP * middle:
            break
        if miss > 0.0:
            high, above = middle, miss
            below = 0.5 * below if side > 0 else below
            side = 1
        else:
            low, below = middle, miss
            above = 0.5 * above if side < 0 else above
            side = -1
    return middle
