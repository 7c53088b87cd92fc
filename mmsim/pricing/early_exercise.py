"""The premium for early exercise of a put, quickly: a boundary of three points, and the integral over it, compiled.

Everything is on a strike of one: B, S and prices are shares of the strike, q = r − b, x = ln S. The premium is what
holding earns while the put is exercised (Kim 1990):

    π = ∫₀ᵀ r·e^{−re}·N(−d2) − q·S·e^{−qe}·N(−d1) de,   d1, d2 of S/B(T − e) after e years
    B(0) = min(1, r/q) if q > 0, else 1

The boundary is found at T·0.25^{3/2}, T·0.6^{3/2} and T: by two, two and one step of Newton's method on Li's equation
(QD+), from Barone-Adesi and Whaley's start, and at the latter two by one Jacobi–Newton step on the fixed point of
Andersen, Lake and Offengenden:

    B = N(τ, B)/D(τ, B),   N = e^{−rτ}·N(d2(τ, B)) + r·∫₀^τ e^{−re}·N(d2(e, B/B(τ − e))) de
                           D = e^{−qτ}·N(d1(τ, B)) + q·∫₀^τ e^{−qe}·N(d1(e, B/B(τ − e))) de

In between, ln(B(τ)/B(0))² is the polynomial in y = (τ/T)^{2/3} through these and zero. The integrals are taken by
Gauss–Legendre quadrature in u from zero to one, e = τ·sin²φ, so that both ends are smooth: by 3 points for the
boundary, φ = (π/2)·u, and by 5 for the premium, φ = (π/2)·(0.7·u + 0.3·u⁴), of which more are near now.

Sources: M. Li, Analytical approximations for the critical stock prices of American options: a performance comparison,
Review of Derivatives Research 13 (2010); G. Barone-Adesi and R. Whaley, Efficient analytic approximation of American
option values, Journal of Finance 42 (1987); L. Andersen, M. Lake and D. Offengenden, High-performance American option
pricing, Journal of Computational Finance 20 (2016); I. J. Kim, Review of Financial Studies 3 (1990).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mmsim.kernel import internal
from mmsim.pricing import black_scholes
from mmsim.pricing.normal import mills_ratio

_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)
_Y1, _Y2 = 0.25, 0.6  # and one
_SHARE1, _SHARE2 = 0.125, 0.46475800154489  # of T, their powers of 3/2
_LAST_STEPS, _OTHER_STEPS = 1, 2  # at T, before it

# Quadrature points: sin²φ, (sin φ,) cos^{4/3} φ, weight.
_FOR_BOUNDARY = np.array(
    [
        (0.0310140674884633, 0.1761081130682607, 0.9792155799188595, 0.1512813780030699),
        (0.5, 0.7071067811865475, 0.6299605249474366, 0.6981317007977318),
        (0.9689859325115367, 0.9843708307906816, 0.09871257592702394, 0.1512813780030699),
    ]
)
_FOR_PREMIUM = np.array(
    [
        (0.002658406150194384, 0.9982269430680777, 0.0134165774208749),
        (0.06366490611133795, 0.9570931340369335, 0.1312007779051513),
        (0.2996255834484294, 0.788654615153591, 0.3479532020734064),
        (0.7178578961122776, 0.4301750986659666, 0.4216597894479274),
        (0.9821580705805546, 0.06828016228900026, 0.08566943231840456),
    ]
)


class Model(NamedTuple):
    """What holds at every life of the put."""

    rate: float
    yield_: float
    carry: float
    volatility: float
    drift: float  # 2b/σ² − 1
    log_first: float  # ln B(0)
    first: float  # B(0)
    endless: float  # B of a put without expiry


class Boundary(NamedTuple):
    """ln(B(τ)/B(0))² = y·(g1 + (y − y1)·(g2 + (y − y2)·g3)), y = (τ/T)^{2/3}."""

    log_now: float  # ln B(T)
    g1: float
    g2: float
    g3: float


class Premium(NamedTuple):
    """The premium, or what it earns, and its derivatives by ln S, or by S."""

    value: float
    first: float
    second: float
    third: float
    fourth: float


@internal
def model_of(volatility: float, rate: float, carry: float) -> Model:
    """The model of a put that has one boundary."""
    yield_ = rate - carry
    variance = volatility * volatility
    drift = 2.0 * carry / variance - 1.0
    power = 0.5 * (drift + math.sqrt(drift * drift + 8.0 * rate / variance))
    first = min(1.0, rate / yield_) if yield_ > 0.0 else 1.0
    log_first = math.log(first) if first < 1.0 else 0.0
    return Model(rate, yield_, carry, volatility, drift, log_first, first, power / (power + 1.0))


@internal
def boundary_of(model: Model, years: float) -> Boundary:
    """The boundary of a put with ``years`` to live."""
    tau1, tau2 = _SHARE1 * years, _SHARE2 * years
    one = quadratic_boundary(model, tau1, _OTHER_STEPS)
    two = quadratic_boundary(model, tau2, _OTHER_STEPS)
    last = quadratic_boundary(model, years, _LAST_STEPS)
    guess = _through(model, one, two, last)
    two = _fixed_point(model, guess, two, tau2, _Y2)
    last = _fixed_point(model, guess, last, years, 1.0)
    return _through(model, one, two, last)


@internal
def _through(model: Model, one: float, two: float, last: float) -> Boundary:
    """The boundary through its logarithms at the three points, by divided differences."""
    gap1, gap2, gap3 = model.log_first - one, model.log_first - two, model.log_first - last
    g1 = gap1 * gap1 / _Y1
    g2 = gap2 * gap2 / _Y2
    g12 = (g2 - g1) / (_Y2 - _Y1)
    g23 = (gap3 * gap3 - g2) / (1.0 - _Y2)
    return Boundary(last, g1, g12, (g23 - g12) / (1.0 - _Y1))


@internal
def _log_boundary(model: Model, boundary: Boundary, y: float) -> float:
    """The logarithm of the boundary at y = (τ/T)^{2/3}."""
    square = y * (boundary.g1 + (y - _Y1) * (boundary.g2 + (y - _Y2) * boundary.g3))
    return model.log_first - math.sqrt(max(square, 0.0))


@internal
def quadratic_boundary(model: Model, tau: float, steps: int) -> float:
    """The boundary (ln B) at ``tau`` years to expiry, by steps of Newton's method on the equation of QD+.

    With h = 1 − e^{−rτ}, a = 2r/(σ²h) (2/(σ²τ) where r is zero), ω = 2b/σ², w = √((ω − 1)² + 4a), A = 1 − B − p:

        B·(1 + Δ) + A·(−(ω − 1 + w)/2 + e^{−rτ}·a·(1 − a/w²)/w) − 2θ/(σ²·w) = 0

    where p, Δ and θ (a year, as time passes) are the European put's at B. The start is B∞ + (B(0) − B∞)·e^{−k}, with
    k = max(2σ√τ − bτ, σ√τ/5)/(1 − B∞) and B∞ the boundary of a put without expiry.
    """
    rate, yield_, carry = model.rate, model.yield_, model.carry
    variance = model.volatility * model.volatility
    deviation = model.volatility * math.sqrt(tau)
    bond, growth = math.exp(-rate * tau), math.exp(-yield_ * tau)
    a = 2.0 * rate / (variance * (1.0 - bond)) if bond != 1.0 else 2.0 / (variance * tau)
    width = math.sqrt(model.drift * model.drift + 4.0 * a)
    by_gain = bond * a * (1.0 - a / (width * width)) / width - 0.5 * (model.drift + width)
    by_theta = 2.0 / (variance * width)
    inverse, half_rate = 1.0 / deviation, 0.5 / tau
    drifted, loss = carry * tau * inverse + 0.5 * deviation, carry * inverse
    pull = max(2.0 * deviation - carry * tau, 0.2 * deviation) / max(1.0 - model.endless, 1e-12)
    log_b = math.log(model.endless + (model.first - model.endless) * math.exp(-pull))
    for _ in range(steps):
        b = math.exp(log_b)
        d1 = log_b * inverse + drifted
        d2 = d1 - deviation
        density = growth * _DENSITY * math.exp(-0.5 * d1 * d1)
        tail1, tail2 = density * mills_ratio(abs(d1)), b * density * mills_ratio(abs(d2))
        delta = -tail1 if d1 > 0.0 else tail1 - growth
        strike_leg = tail2 if d2 > 0.0 else bond - tail2
        slope = 1.0 + delta
        theta = rate * strike_leg + yield_ * b * delta - half_rate * b * density * deviation
        charm = density * (half_rate * d2 - loss) + yield_ * delta
        excess = b * slope + by_gain * (1.0 - b - strike_leg - b * delta) - by_theta * theta
        by_b = slope + density * inverse - by_gain * slope - by_theta * charm
        log_b = min(log_b - excess / (by_b * b), model.log_first)
    return log_b


@internal
def _fixed_point(model: Model, boundary: Boundary, log_b: float, tau: float, y: float) -> float:
    """The boundary (ln B) at ``tau`` after one Jacobi–Newton step on ln B = ln(N/D), given the boundary before."""
    rate, yield_, carry = model.rate, model.yield_, model.carry
    deviation = model.volatility * math.sqrt(tau)
    d1 = (log_b + carry * tau) / deviation + 0.5 * deviation
    d2 = d1 - deviation
    bond, growth = math.exp(-rate * tau), math.exp(-yield_ * tau)
    density1 = growth * _DENSITY * math.exp(-0.5 * d1 * d1)
    density2 = bond * _DENSITY * math.exp(-0.5 * d2 * d2)
    tail1, tail2 = density1 * mills_ratio(abs(d1)), density2 * mills_ratio(abs(d2))
    above = bond - tail2 if d2 > 0.0 else tail2
    below = growth - tail1 if d1 > 0.0 else tail1
    for n in range(len(_FOR_BOUNDARY)):
        elapsed, deviated = tau * _FOR_BOUNDARY[n, 0], deviation * _FOR_BOUNDARY[n, 1]
        weight = tau * _FOR_BOUNDARY[n, 3]
        log_ratio = log_b - _log_boundary(model, boundary, y * _FOR_BOUNDARY[n, 2])
        d1 = (log_ratio + carry * elapsed) / deviated + 0.5 * deviated
        d2 = d1 - deviated
        bond, growth = math.exp(-rate * elapsed), math.exp(-yield_ * elapsed)
        tail = bond * _DENSITY * math.exp(-0.5 * d2 * d2) * mills_ratio(abs(d2))
        above += rate * weight * (bond - tail if d2 > 0.0 else tail)
        tail = growth * _DENSITY * math.exp(-0.5 * d1 * d1) * mills_ratio(abs(d1))
        below += yield_ * weight * (growth - tail if d1 > 0.0 else tail)
    if not (above > 0.0 and below > 0.0):
        return log_b
    slope = (density2 / above - density1 / below) / deviation
    return min(log_b - (log_b - math.log(above / below)) / (1.0 - slope), model.log_first)


@internal
def premium_of(
    model: Model, boundary: Boundary, spot: float, log_spot: float, years: float, wait: float
) -> tuple[float, float]:
    """The premium of a put above its boundary, never negative, and its derivative by ln S.

    It may be exercised after ``wait`` years; the boundary is that of the life ``years − wait``.
    """
    rate, yield_, life = model.rate, model.yield_, years - wait
    value, slope = 0.0, 0.0
    for n in range(len(_FOR_PREMIUM)):
        elapsed, weight = wait + life * _FOR_PREMIUM[n, 0], life * _FOR_PREMIUM[n, 2]
        deviated = model.volatility * math.sqrt(elapsed)
        inverse = 1.0 / deviated
        log_b = _log_boundary(model, boundary, _FOR_PREMIUM[n, 1])
        d1 = (log_spot - log_b + model.carry * elapsed) * inverse + 0.5 * deviated
        d2 = d1 - deviated
        bond, asset = math.exp(-rate * elapsed), spot * math.exp(-yield_ * elapsed)
        density1 = asset * _DENSITY * math.exp(-0.5 * d1 * d1)
        density2 = bond * _DENSITY * math.exp(-0.5 * d2 * d2)
        tail1, tail2 = density1 * mills_ratio(abs(d1)), density2 * mills_ratio(abs(d2))
        paid = yield_ * (tail1 if d1 > 0.0 else asset - tail1)
        value += weight * (rate * (tail2 if d2 > 0.0 else bond - tail2) - paid)
        slope -= weight * ((rate * density2 - yield_ * density1) * inverse + paid)
    return (value, slope) if value > 0.0 else (0.0, 0.0)


@internal
def with_curvature(
    value: float, slope: float, model: Model, boundary: Boundary, log_spot: float, years: float
) -> Premium:
    """The premium with its higher derivatives, from their ratios to its value in the shape of QD+.

    That is S^λ/(1 − β·ξ² − c·ξ), ξ = ln S/B(T), with c such that the slope of the option at B is −1. The derivatives of
    the sum of a few points would be those of its points.
    """
    rate, volatility = model.rate, model.volatility
    b = math.exp(boundary.log_now)
    at_b = black_scholes.greeks(b, 1.0, years, volatility, rate, model.carry, -1.0)
    gain = 1.0 - b - at_b.theo
    bond = math.exp(-rate * years)
    variance = volatility * volatility
    a = 2.0 * rate / (variance * (1.0 - bond)) if bond != 1.0 else 2.0 / (variance * years)
    squared_width = model.drift * model.drift + 4.0 * a
    power = -0.5 * (model.drift + math.sqrt(squared_width))
    bent = -0.5 * bond * a * a / squared_width
    turned = -b * (1.0 + at_b.delta) / gain - power
    x = max(log_spot - boundary.log_now, 0.0)
    under = 1.0 / (1.0 - x * (turned + bent * x))
    f = (turned + 2.0 * bent * x) * under
    f1 = 2.0 * bent * under + f * f
    f2 = 2.0 * f * (bent * under + f1)
    f3 = 2.0 * f1 * (bent * under + f1) + 2.0 * f * (bent * f * under + f2)
    e = power + f
    second = value * (e * e + f1)
    third = value * (e * (e * e + f1) + 2.0 * e * f1 + f2)
    fourth = value * (e * (e * (e * e + f1) + 2.0 * e * f1 + f2) + 3.0 * (e * e * f1 + f1 * f1 + e * f2) + f3)
    most = 2.0 * (rate - model.yield_ * b) / variance  # S²·gamma of the option at the boundary, where it is largest
    if not abs(second - slope) <= most:  # out of the shape's reach, which has a pole: a gamma that stays as S moves
        second = slope + min(max(second - slope, -most), most) if abs(second) < math.inf else slope
        third = 3.0 * second - 2.0 * slope
        fourth = 6.0 * third - 11.0 * second + 6.0 * slope
    return Premium(value, slope, second, third, fourth)


@internal
def in_spot(put: Premium, spot: float, strike: float, right: float) -> Premium:
    """The premium in money and its derivatives by spot: of a put, or of the call whose mirrored put is given."""
    value, first, second, third, fourth = put
    unit = strike
    if right > 0.0:  # S·π(ln K/S)
        unit = spot
        fourth = value - 4.0 * first + 6.0 * second - 4.0 * third + fourth
        third = value - 3.0 * first + 3.0 * second - third
        second = value - 2.0 * first + second
        first = value - first
    square = spot * spot
    return Premium(
        unit * value,
        unit * first / spot,
        unit * (second - first) / square,
        unit * (third - 3.0 * second + 2.0 * first) / (square * spot),
        unit * (fourth - 6.0 * third + 11.0 * second - 6.0 * first) / (square * square),
    )
