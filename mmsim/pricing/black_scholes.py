"""European options in the generalised Black–Scholes–Merton model: value and Greeks of one option, compiled.

One formula covers the field through its cost of carry b, the growth rate of the forward F = S·e^{bT}: a stock or
index with dividend yield q has b = r − q (Merton 1973), a future has b = 0 (Black 1976), a currency b = r − r_foreign
(Garman and Kohlhagen 1983), a futures-style margined option on a future r = b = 0 (Asay 1982).

    d1 = (ln(S/K) + (b + σ²/2)T) / (σ√T),   d2 = d1 − σ√T
    V  = w·(S·e^{(b−r)T}·N(w·d1) − K·e^{−rT}·N(w·d2)),   w = +1 for a call and −1 for a put

As S·e^{(b−r)T}·n(d1) = K·e^{−rT}·n(d2), one exponential serves both tails, and the two terms of an option far out of
the money share its rounding.

Source: E. G. Haug, The Complete Guide to Option Pricing Formulas, 2nd ed. (2007), sections 1.1.6 and 2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from mmsim.kernel import inlined, njit
from mmsim.pricing.elementary import exp, exp_or_zero, log_ratio
from mmsim.pricing.normal import mills_ratio
from mmsim.pricing.status import MOST, Status, is_plain, status

_INVERSE_SQRT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)


class Greeks(NamedTuple):
    """The value of one option on one unit of the underlying, and its derivatives."""

    theo: float
    delta: float  # d theo / d spot
    gamma: float  # d delta / d spot
    vega: float  # d theo / d volatility, per 1.00
    theta: float  # d theo / d time, per year
    rho: float  # d theo / d rate, per 1.00, see `greeks`
    dividend_rho: float  # d theo / d dividend yield at a fixed rate, per 1.00, see `greeks`
    vanna: float  # d delta / d volatility, per 1.00
    volga: float  # d vega / d volatility, per 1.00 twice
    charm: float  # d delta / d time, per year
    speed: float  # d gamma / d spot
    colour: float  # d gamma / d time, per year
    zomma: float  # d gamma / d volatility, per 1.00: d² vega / d spot²
    veta: float  # d vega / d time, per 1.00 of volatility and per year


class Discounting(NamedTuple):
    """What all the options of one expiry have in common."""

    growth: float  # e^{(b−r)T}: a unit of the underlying delivered at expiry, in units of it now
    discount: float  # e^{−rT}
    root_years: float  # √T


class _Terms(NamedTuple):
    """What value and Greeks have in common."""

    deviation: float  # σ√T
    d2: float
    asset_density: float  # S·e^{(b−r)T}·n(d1), which is K·e^{−rT}·n(d2)
    asset_leg: float  # S·e^{(b−r)T}·N(w·d1)
    strike_leg: float  # K·e^{−rT}·N(w·d2)


@inlined
def discounting(years: float, rate: float, carry: float) -> Discounting:
    """The common terms of an expiry that is ahead."""
    discount = exp(-rate * years)
    return Discounting(_growth(years, rate, carry, discount), discount, math.sqrt(years))


@inlined
def _growth(years: float, rate: float, carry: float, discount: float) -> float:
    """e^{(b−r)T}, which needs an exponential of its own only where there is a yield."""
    if carry == 0.0:
        return discount
    return exp((carry - rate) * years) if carry != rate else 1.0


@inlined
def _leg(present_value: float, density: float, d: float) -> float:
    """``present_value``·N(d), where ``density`` is ``present_value``·n(d): to full relative precision in both tails."""
    tail = density * mills_ratio(abs(d))
    return present_value - tail if d > 0.0 else tail


@inlined
def d1_of(spot: float, strike: float, years: float, volatility: float, carry: float, at: Discounting) -> float:
    """The forward's distance from the strike in deviations, and half a deviation."""
    deviation = volatility * at.root_years
    return (log_ratio(spot, strike) + carry * years) / deviation + 0.5 * deviation


@inlined
def density_of(d1: float) -> float:
    """n(d1)."""
    return _INVERSE_SQRT_TWO_PI * exp_or_zero(-0.5 * d1 * d1)


@inlined
def _terms(
    spot: float, strike: float, volatility: float, right: float, at: Discounting, d1: float, density: float
) -> _Terms:
    """The shared terms of an option to which no limit applies."""
    asset = spot * at.growth
    deviation = volatility * at.root_years
    d2 = d1 - deviation
    asset_density = asset * density
    asset_leg = _leg(asset, asset_density, right * d1)
    strike_leg = _leg(strike * at.discount, asset_density, right * d2)
    return _Terms(deviation, d2, asset_density, asset_leg, strike_leg)


@inlined
def _positive_part(x: float) -> float:
    """``x`` or zero, which is +0.0; NaN stays."""
    return 0.0 if x <= 0.0 else x  # noqa: FURB136  (max would choose its zero's sign by the order of its arguments)


@inlined
def plain_value(
    spot: float, strike: float, volatility: float, right: float, at: Discounting, d1: float, density: float
) -> float:
    """`value` of an option to which no limit applies, from its d1 and n(d1); no branches, for loops over a chain."""
    terms = _terms(spot, strike, volatility, right, at, d1, density)
    return _positive_part(right * (terms.asset_leg - terms.strike_leg))


@inlined
def plain_greeks(
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    rate: float,
    carry: float,
    right: float,
    at: Discounting,
    d1: float,
    density: float,
) -> Greeks:
    """`greeks` of an option to which no limit applies, from its d1 and n(d1); no branches, for loops over a chain."""
    terms = _terms(spot, strike, volatility, right, at, d1, density)
    theo = _positive_part(right * (terms.asset_leg - terms.strike_leg))
    vega = terms.asset_density * at.root_years
    delta = right * terms.asset_leg / spot
    spot_density = at.growth * density
    gamma = spot_density / (spot * terms.deviation)
    d1_d2, d2_by_volatility = d1 * terms.d2, terms.d2 / volatility
    carried_d1 = rate - carry + carry * d1 / terms.deviation
    carried = (carry - rate) * terms.asset_leg + rate * terms.strike_leg
    return Greeks(
        theo=theo,
        delta=delta,
        gamma=gamma,
        vega=vega,
        theta=-0.5 * vega * volatility / years - right * carried,
        rho=-years * theo if carry == 0.0 else right * years * terms.strike_leg,
        dividend_rho=0.0 if carry == 0.0 else -right * years * terms.asset_leg,
        vanna=-spot_density * d2_by_volatility,
        volga=vega * d1 * d2_by_volatility,
        charm=spot_density * (0.5 * terms.d2 / years - carry / terms.deviation) - (carry - rate) * delta,
        speed=-gamma / spot * (1.0 + d1 / terms.deviation),
        colour=gamma * (carried_d1 + 0.5 * (1.0 - d1_d2) / years),
        zomma=gamma * (d1_d2 - 1.0) / volatility,
        veta=vega * (carried_d1 - 0.5 * (1.0 + d1_d2) / years),
    )


@njit
def value(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float
) -> float:
    """The value of a European option on one unit of the underlying: ``greeks(...).theo`` to the bit, and cheaper.

    Arguments and limits are those of `greeks`.

    >>> round(value(60.0, 65.0, 0.25, 0.30, 0.08, 0.08, 1.0), 4)  # Haug, section 1.1.1
    2.1334
    """
    if not is_plain(spot, strike, years, volatility, rate, carry):
        return _limit(spot, strike, years, volatility, rate, carry, right).theo
    at = discounting(years, rate, carry)
    d1 = d1_of(spot, strike, years, volatility, carry, at)
    return plain_value(spot, strike, volatility, right, at, d1, density_of(d1))


@njit
def greeks(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float
) -> Greeks:
    """The value and the Greeks of a European option on one unit of the underlying.

    ``spot`` and ``strike`` are prices, ``years`` the time to expiry, ``volatility``, ``rate`` and ``carry`` continuous
    and annual in absolute terms (0.20 is 20 %), ``right`` +1.0 for a call and -1.0 for a put.

    Rho follows Haug: where the carry is b = r − q it is the derivative at a fixed q, w·T·K·e^{−rT}·N(w·d2), and
    dividend rho that by q at a fixed r, −w·T·S·e^{−qT}·N(w·d1). Where the carry is exactly zero the underlying is
    taken to be a future, whose price holds still: rho is −T·V and dividend rho zero. (A stock whose carry is zero
    cannot be told from a future; its rho is T·(S·delta − V), its dividend rho −T·S·delta.)

    Limits, which `status` names: expired (``years <= 0``), theo is the intrinsic value and delta is ``right`` strictly
    in the money, else zero, as are all other Greeks. At zero volatility theo is the discounted intrinsic value of the
    forward, with its delta, theta, both rhos and charm; at zero strike a call is the discounted forward, a put
    nothing. A volatility without bound gives what the formula tends to. NaN where the arguments are no option's.

    >>> call = greeks(49.0, 50.0, 0.3846, 0.20, 0.05, 0.05, 1.0)  # Hull, chapter 19
    >>> [round(x, 3) for x in (call.theo, call.delta, call.gamma, call.vega, call.theta, call.rho)]
    [2.4, 0.522, 0.066, 12.105, -4.305, 8.907]
    """
    if not is_plain(spot, strike, years, volatility, rate, carry):
        return _limit(spot, strike, years, volatility, rate, carry, right)
    at = discounting(years, rate, carry)
    d1 = d1_of(spot, strike, years, volatility, carry, at)
    return plain_greeks(spot, strike, years, volatility, rate, carry, right, at, d1, density_of(d1))


@njit
def _limit(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float
) -> Greeks:
    """The Greeks where the formula does not hold as it stands."""
    found = status(spot, strike, years, volatility, rate, carry)
    if found in (Status.NOT_A_NUMBER, Status.BAD_INPUT):
        return _certain(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan)
    if found == Status.EXPIRED:
        intrinsic = _positive_part(right * (spot - strike))
        return _certain(intrinsic, right if intrinsic > 0.0 else 0.0, 0.0, 0.0, 0.0, 0.0)
    growth, discount, _ = discounting(years, rate, carry)
    asset, bond = spot * growth, strike * discount
    if volatility >= MOST:  # the call is the underlying, the put the strike
        asset, growth, bond = (asset, growth, 0.0) if right > 0.0 else (0.0, 0.0, bond)
    theo = _positive_part(right * (asset - bond))
    if theo == 0.0:
        return _certain(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    return _certain(
        theo,
        right * growth,
        -right * ((carry - rate) * asset + rate * bond),
        -years * theo if carry == 0.0 else right * years * bond,
        0.0 if carry == 0.0 else -right * years * asset,
        right * (rate - carry) * growth,
    )


@inlined
def _certain(theo: float, delta: float, theta: float, rho: float, dividend_rho: float, charm: float) -> Greeks:
    """The Greeks of a pay-off that is no longer uncertain; NaN in all where theo is."""
    none = 0.0 * theo
    return Greeks(theo, delta, none, none, theta, rho, dividend_rho, none, none, charm, none, none, none, none)
