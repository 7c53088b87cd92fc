"""European options in Heston's model: value, vega and implied volatility of one option, compiled.

With X = ln(S_T/F), M(s) = E e^{sX} and k = ln(K/F), an option on a forward of 1 that is out of the money is worth

    1/(2πi) ∫ M(s)·e^{(1−s)k} / (s(s − 1)) ds,

along any contour that crosses the real axis at an s > 1 for a call, or at an s < 0 for a put, where M is finite. Here
it crosses at the saddle point of the integrand, so that nothing cancels however little the option is worth, and leaves
along a hyperbola, on which the trapezoidal rule converges geometrically: a few dozen evaluations for most options. The
number of points is doubled until nothing changes.

M is Heston's in the form without jumps of the complex logarithm, written so that it holds for a volatility of variance
towards 0 too; it is finite until the moment s explodes, for which there is a formula.

Sources: S. Heston, Review of Financial Studies 6 (1993); H. Albrecher, P. Mayer, W. Schoutens and J. Tistaert, The
little Heston trap, Wilmott (2007); L. Andersen and V. Piterbarg, Moment explosions in stochastic volatility models,
Finance and Stochastics 11 (2007), proposition 3.1; for saddle points, R. Lord and C. Kahl, Optimal Fourier inversion in
semi-analytical option pricing, Journal of Computational Finance 10 (2007); for contours that are bent, L. Andersen and
M. Lake, Robust high-precision option pricing by Fourier transforms, Wilmott (2019).
"""

from __future__ import annotations

import math
from typing import NamedTuple

from mmsim.kernel import internal, njit
from mmsim.pricing.complex_numbers import exp, log, size, sqrt
from mmsim.pricing.implied import implied_volatility

_STEP = 0.3  # of the rule, before it is halved
_HALVINGS_MAX = 8
_NODES_MAX = 4000
_SETTLED = 1e-7  # relative change at which the next one would be of its square
_NEGLIGIBLE = 1e-17  # of the sum
_BEND_MAX = 0.3  # of the contour
_FURTHEST = 1e9  # that a moment is looked for
_BISECTIONS, _NEWTONS = 40, 40
_DEEPEST = -600.0  # logarithm of a value below which the nearest strike of that value stands for it


class HestonTerms(NamedTuple):
    """The parameters of the variance: dv = κ(θ − v)dt + ξ√v·dB, with correlation ρ to the spot; a year."""

    variance: float  # v
    long_run_variance: float  # θ
    mean_reversion: float  # κ
    vol_of_vol: float  # ξ
    correlation: float  # ρ


class HestonValue(NamedTuple):
    """The value of an option on one unit of the underlying."""

    theo: float
    vega: float  # d theo / d √variance, per 1.00


class _TimeValue(NamedTuple):
    """What an option that is out of the money is worth on a forward of 1, undiscounted."""

    value: float
    by_variance: float  # its derivative


class _Integrand(NamedTuple):
    """The integrand's logarithm, and that of M by the variance."""

    logarithm: complex
    by_variance: complex


class _Saddle(NamedTuple):
    """Where the contour crosses the real axis."""

    at: float
    width: float  # standard deviation of the integrand there
    logarithm: float  # of its size


@internal
def _integrand(s: complex, k: float, years: float, of: HestonTerms) -> _Integrand:
    """ln(M(s)·e^{(1−s)k}/(s(s−1)))."""
    square, xi2 = s * s - s, of.vol_of_vol * of.vol_of_vol
    beta = of.mean_reversion - of.correlation * of.vol_of_vol * s
    d = sqrt(beta * beta - xi2 * square)
    below = beta + d
    w = square / below if below != 0.0 else complex(0.0, 0.0)  # (β − d)/ξ²
    x = d * years
    if size(x) < 1e-2:
        gone = years * (1.0 + x * (-0.5 + x * (1.0 / 6.0 + x * (-1.0 / 24.0 + x * (1.0 / 120.0 - x / 720.0)))))
    else:
        gone = (1.0 - exp(-x)) / d
    u = 0.5 * xi2 * w * gone
    if size(u) < 1e-4:
        logarithm = 0.5 * w * gone * (1.0 - u * (0.5 - u * (1.0 / 3.0 - 0.25 * u)))  # ln(1 + u)/ξ²
    else:
        logarithm = log(1.0 + u) / xi2
    by_variance = 0.5 * square * gone / (1.0 + u)
    drifted = of.mean_reversion * of.long_run_variance * (w * years - 2.0 * logarithm)
    return _Integrand(drifted + by_variance * of.variance + (1.0 - s) * k - log(square), by_variance)


@internal
def _explosion(s: float, of: HestonTerms) -> float:
    """The years after which the moment s is infinite."""
    square = s * s - s
    if square <= 0.0 or of.vol_of_vol == 0.0:
        return math.inf
    chi = of.correlation * of.vol_of_vol * s - of.mean_reversion
    within = chi * chi - of.vol_of_vol * of.vol_of_vol * square
    if within >= 0.0:
        if chi < 0.0:
            return math.inf
        root = math.sqrt(within)
        return math.log((chi + root) / (chi - root)) / root if root > 1e-8 * chi else 2.0 / chi
    root = math.sqrt(-within)
    return 2.0 / root * math.atan2(root, chi)


@internal
def _furthest(side: float, years: float, of: HestonTerms) -> float:
    """How far beyond 1 (side +1), or below 0 (side −1), moments are finite."""
    origin = 1.0 if side > 0.0 else 0.0
    near, far = 0.0, 1.0
    while _explosion(origin + side * far, of) > years:
        near, far = far, 2.0 * far
        if far > _FURTHEST:
            return near
    for _ in range(_BISECTIONS):
        middle = 0.5 * (near + far)
        if _explosion(origin + side * middle, of) > years:
            near = middle
        else:
            far = middle
    return near


@internal
def _expected(years: float, of: HestonTerms) -> float:
    """The variance that is expected until then."""
    passed = of.mean_reversion * years
    share = -math.expm1(-passed) / passed if passed > 1e-12 else 1.0
    return years * (of.long_run_variance + (of.variance - of.long_run_variance) * share)


@internal
def _saddle(side: float, k: float, years: float, of: HestonTerms) -> _Saddle:
    """Where the integrand is least along the real axis, by Newton's method within bounds, nearly."""
    origin = 1.0 if side > 0.0 else 0.0
    reach = _furthest(side, years, of)
    variance = max(_expected(years, of), 1e-300)
    guess = (abs(k) + math.sqrt(k * k + 8.0 * variance)) / (2.0 * variance)
    x = math.sqrt(guess * guess + 0.25) - 0.5  # the distance from the origin, of a lognormal spot
    near, far = 0.0, reach
    if x >= far:
        x = 0.5 * far
    width, logarithm = 1.0, 0.0
    for _ in range(_NEWTONS):
        h = 0.02 * min(x, reach - x)
        here = _integrand(complex(origin + side * x, 0.0), k, years, of).logarithm
        beside = _integrand(complex(origin + side * x, h), k, years, of).logarithm
        slope, bend = side * beside.imag / h, 2.0 * (here.real - beside.real) / (h * h)
        logarithm = here.real
        width = 1.0 / math.sqrt(bend) if bend > 0.0 else x
        if slope > 0.0:
            far = x
        else:
            near = x
        step = slope / bend if bend > 0.0 else math.inf
        if abs(step) < 0.1 * width:
            break
        x = x - step if near < x - step < far else 0.5 * (near + far)
    return _Saddle(origin + side * x, width, logarithm)


@internal
def _sum(first: float, step: float, at: _Saddle, bend: float, k: float, years: float, of: HestonTerms) -> _TimeValue:
    """Points of the rule at ``first``, ``first + step``, ... of the hyperbola, until they are negligible."""
    total, slopes, t = 0.0, 0.0, first
    for _ in range(_NODES_MAX):
        cosh, sinh = math.cosh(t), math.sinh(t)
        s = complex(at.at + bend * at.width * (cosh - 1.0), at.width * sinh)
        found = _integrand(s, k, years, of)
        term = exp(found.logarithm - at.logarithm) * complex(bend * sinh, cosh)
        share = 0.5 if t == 0.0 else 1.0
        total += share * term.imag
        slopes += share * (term * found.by_variance).imag
        if size(term) <= _NEGLIGIBLE * abs(total):
            break
        t += step
    return _TimeValue(total, slopes)


@internal
def _time_value(at: _Saddle, k: float, years: float, of: HestonTerms) -> _TimeValue:
    """The integral, the points being doubled until nothing changes."""
    across = math.sqrt(max(1.0 - of.correlation * of.correlation, 1e-12))
    tail = (
        of.variance + of.mean_reversion * of.long_run_variance * years
    )  # along which the integrand falls off far away
    wanted = (k * of.vol_of_vol / tail + of.correlation) / across if tail > 0.0 else 0.0
    bend = max(-_BEND_MAX, min(_BEND_MAX, wanted))
    step, made = _STEP, _sum(0.0, _STEP, at, bend, k, years, of)
    value, slope = step * made.value, step * made.by_variance
    for _ in range(_HALVINGS_MAX):
        made = _sum(0.5 * step, step, at, bend, k, years, of)
        step *= 0.5
        before, value, slope = value, 0.5 * value + step * made.value, 0.5 * slope + step * made.by_variance
        if abs(value - before) <= _SETTLED * abs(value):
            break
    scale = at.width * math.exp(at.logarithm) / math.pi
    return _TimeValue(scale * value, scale * slope)


@njit
def value(
    spot: float, strike: float, years: float, rate: float, carry: float, right: float, of: HestonTerms
) -> HestonValue:
    """The value of a European option on one unit of the underlying, and its vega.

    ``rate`` and ``carry`` are continuous and annual, ``right`` is +1.0 for a call and −1.0 for a put; terms are
    `HestonTerms`, variances 0 or more, the volatility of variance too, the correlation from −1 to 1. At or after expiry
    the value is the intrinsic value. The error is below 1e-10 of the spot.
    """
    if years <= 0.0:
        return HestonValue(max(right * (spot - strike), 0.0), 0.0)
    forward, discount = spot * math.exp(carry * years), math.exp(-rate * years)
    k = math.log(strike / forward)
    intrinsic = max(right * (forward - strike), 0.0)
    at = _saddle(1.0 if k >= 0.0 else -1.0, k, years, of)
    if at.logarithm < _DEEPEST:
        return HestonValue(discount * intrinsic, 0.0)
    made = _time_value(at, k, years, of)
    vega = 2.0 * math.sqrt(of.variance) * made.by_variance
    return HestonValue(discount * (intrinsic + forward * made.value), discount * forward * vega)


@njit
def implied(k: float, years: float, of: HestonTerms) -> float:
    """The Black–Scholes volatility of an option with k = ln(strike/forward) that expires in ``years`` > 0.

    Where an option is worth less than e^-600 of the forward, it is that of a nearer strike which is worth about that.
    """
    side = 1.0 if k >= 0.0 else -1.0
    at = _saddle(side, k, years, of)
    for _ in range(8):
        if at.logarithm >= _DEEPEST:
            break
        k *= math.sqrt(0.95 * _DEEPEST / at.logarithm)
        at = _saddle(side, k, years, of)
    made = _time_value(at, k, years, of)
    return implied_volatility(made.value, 1.0, math.exp(k), years, 0.0, 0.0, side)
