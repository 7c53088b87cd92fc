"""American options exactly: the exercise boundary by spectral collocation, compiled.

The boundary B(τ) of a put on a strike of one, q = r − b, is the fixed point of

    B = N/D,   N = f(τ, B) + r·∫₀^τ f(e, B/B(τ − e)) de,   f = e^{−re}·n(d2)/(σ√e)
               D = g(τ, B) + q·∫₀^τ g(e, B/B(τ − e)) de,   g = e^{−qe}·(N(d1) + n(d1)/(σ√e))

(system A of Andersen, Lake and Offengenden, times a discount), at τ = T·y² for the Chebyshev points y of [0, 1]; in
between ln(B(τ)/B(0))² is the polynomial through them. Instead of iterating the fixed point, Newton's method is applied
to ln B − ln(N/D) at all points together, from QD+: two or three steps. The premium is Kim's integral of
r·e^{−re}·N(−d2) − q·S·e^{−qe}·N(−d1) over the boundary, `early_exercise`. All integrals are taken by Gauss–Legendre
quadrature in φ, e = τ·sin²φ, which makes both ends smooth; the paper's e = τ·(1 + x)²/4 leaves a root at one of them.

Source: L. Andersen, M. Lake and D. Offengenden, High-performance American option pricing, Journal of Computational
Finance 20 (2016). A call is the put with spot and strike, and r and q, exchanged (McDonald and Schroder 1998).
"""

from __future__ import annotations

import math

import numpy as np

from mmsim.kernel import internal, njit
from mmsim.pricing import black_scholes, early_exercise
from mmsim.pricing.american import constant, european_life, has_two_boundaries, with_premium
from mmsim.pricing.black_scholes import Greeks
from mmsim.pricing.collocation_scheme import SCHEME, Floats, Scheme, scheme
from mmsim.pricing.early_exercise import Model, Premium
from mmsim.pricing.normal import mills_ratio

__all__ = ["SCHEME", "Scheme", "greeks", "scheme", "value"]

_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)
_QD_STEPS = 8
_START_MIN = 0.3  # deviations
_CHANGE_MAX = 3.0  # of a gap in one step
_VOLATILITY_STEP = 5e-3  # relative
_RATE_STEP = 1e-3  # times the volatility


@njit
def squared_logs(model: Model, years: float, scheme: Scheme) -> Floats:
    """ln(B(τ)/B(0))² at the collocation points."""
    count = scheme.points.size
    gaps = np.empty(count)  # ln(B(0)/B(τ))
    widest = 0.5 * (model.log_first - math.log(model.endless)) if model.endless > 0.0 else math.inf
    for i in range(count):
        tau = years * scheme.points[i]
        start = early_exercise.quadratic_boundary(model, tau, _QD_STEPS)
        gaps[i] = max(model.log_first - start, min(_START_MIN * model.volatility * math.sqrt(tau), widest))
    residuals, jacobian = np.empty(count), np.empty((count, count))
    points = scheme.elapsed.size
    between, by_between, spare = np.empty(points), np.empty(points), np.empty(points)
    for _ in range(scheme.steps):
        for i in range(count):
            weights = scheme.between[i * count : (i + 1) * count]
            _interpolate(gaps, weights, between)
            tau = years * scheme.points[i]
            residuals[i], own = _residual(model, gaps[i], tau, scheme, between, by_between, spare)
            for j in range(count):
                by_gap = 0.0
                for k in range(by_between.size):
                    by_gap += by_between[k] * weights[j, k]
                jacobian[i, j] = by_gap * gaps[j] + (own if i == j else 0.0)
        solve(jacobian, residuals)
        for i in range(count):
            gaps[i] = min(max(gaps[i] - residuals[i], gaps[i] / _CHANGE_MAX), gaps[i] * _CHANGE_MAX)
    return gaps * gaps


@internal
def _interpolate(gaps: Floats, weights: Floats, between: Floats) -> None:
    """Squared gaps at quadrature points from those at the collocation points."""
    between[:] = 0.0
    for j in range(gaps.size):
        square = gaps[j] * gaps[j]
        for k in range(between.size):
            between[k] += weights[j, k] * square


@internal
def _residual(
    model: Model, gap: float, tau: float, scheme: Scheme, between: Floats, by_between: Floats, spare: Floats
) -> tuple[float, float]:
    """ln(N/D) − ln B at ``tau`` and its derivative by the gap there; by half the squares ``between`` as an array.

    Near expiry the polynomial may come too close to zero; the gap grows no faster than √τ, of which half is kept.
    """
    deviation = model.volatility * math.sqrt(tau)
    log_b = model.log_first - gap
    d1 = (log_b + model.carry * tau) / deviation + 0.5 * deviation
    above, above_slope = _density_term(math.exp(-model.rate * tau), d1 - deviation, deviation)
    below, below_slope = _asset_term(math.exp(-model.yield_ * tau), d1, deviation)
    for k in range(between.size):
        elapsed, weight = tau * scheme.elapsed[k], tau * scheme.weights[k]
        least = 0.25 * gap * gap * (1.0 - scheme.elapsed[k])
        apart = math.sqrt(max(between[k], least))
        deviation = model.volatility * math.sqrt(elapsed)
        d1 = (apart - gap + model.carry * elapsed) / deviation + 0.5 * deviation
        bond = model.rate * weight * math.exp(-model.rate * elapsed)
        asset = model.yield_ * weight * math.exp(-model.yield_ * elapsed)
        integral, slope = _density_term(bond, d1 - deviation, deviation)
        above, above_slope = above + integral, above_slope + slope
        by_between[k] = slope / apart if between[k] > least else 0.0
        integral, slope = _asset_term(asset, d1, deviation)
        below, below_slope = below + integral, below_slope + slope
        spare[k] = slope / apart if between[k] > least else 0.0
    if not (above > 0.0 and below > 0.0):  # beyond doubles: the start stays
        by_between[:] = 0.0
        return 0.0, 1.0
    for k in range(between.size):
        by_between[k] = by_between[k] / above - spare[k] / below
    return math.log(above / below) - log_b, 1.0 - above_slope / above + below_slope / below


@internal
def _density_term(scale: float, d2: float, deviation: float) -> tuple[float, float]:
    """``scale``·n(d2)/σ√e, and its derivative by ln B."""
    term = scale * _DENSITY * math.exp(-0.5 * d2 * d2) / deviation
    return term, -term * d2 / deviation


@internal
def _asset_term(scale: float, d1: float, deviation: float) -> tuple[float, float]:
    """``scale``·(N(d1) + n(d1)/σ√e), and its derivative by ln B."""
    density = scale * _DENSITY * math.exp(-0.5 * d1 * d1)
    tail, term = density * mills_ratio(abs(d1)), density / deviation
    return (scale - tail if d1 > 0.0 else tail) + term, term * (1.0 - d1 / deviation)


@internal
def _earning(model: Model, spot: float, log_ratio: float, elapsed: float, deviated: float) -> Premium:
    """What the premium earns a year, ``elapsed`` years from now, where the boundary is S·e^{−log_ratio} then."""
    rate, yield_ = model.rate, model.yield_
    d1 = (log_ratio + model.carry * elapsed) / deviated + 0.5 * deviated
    d2 = d1 - deviated
    bond, asset = math.exp(-rate * elapsed), spot * math.exp(-yield_ * elapsed)
    density1 = asset * _DENSITY * math.exp(-0.5 * d1 * d1)
    density2 = bond * _DENSITY * math.exp(-0.5 * d2 * d2)
    tail1, tail2 = density1 * mills_ratio(abs(d1)), density2 * mills_ratio(abs(d2))
    paid = yield_ * (tail1 if d1 > 0.0 else asset - tail1)
    turn = (rate * density2 - yield_ * density1) / deviated
    lost = yield_ * density1 / deviated
    bend, steep = d2 / deviated, 1.0 / (deviated * deviated)
    return Premium(
        rate * (tail2 if d2 > 0.0 else bond - tail2) - paid,
        -turn - paid,
        turn * bend + lost - paid,
        turn * (steep - bend * bend) + lost * (1.0 - bend) - paid,
        turn * bend * (bend * bend - 3.0 * steep) + lost * (1.0 - bend + bend * bend - steep) - paid,
    )


@internal
def solve(matrix: Floats, vector: Floats) -> None:
    """``vector`` becomes the solution of matrix·x = vector, by elimination with partial pivoting. Destroys it."""
    count = vector.size
    for column in range(count):
        pivot = column
        for row in range(column + 1, count):
            if abs(matrix[row, column]) > abs(matrix[pivot, column]):
                pivot = row
        for n in range(column, count):
            matrix[column, n], matrix[pivot, n] = matrix[pivot, n], matrix[column, n]
        vector[column], vector[pivot] = vector[pivot], vector[column]
        for row in range(column + 1, count):
            factor = matrix[row, column] / matrix[column, column]
            for n in range(column + 1, count):
                matrix[row, n] -= factor * matrix[column, n]
            vector[row] -= factor * vector[column]
    for row in range(count - 1, -1, -1):
        for n in range(row + 1, count):
            vector[row] -= matrix[row, n] * vector[n]
        vector[row] /= matrix[row, row]


@njit
def _premium(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float, scheme: Scheme
) -> tuple[bool, Premium]:
    """Whether the spot is beyond the boundary, and the premium with its derivatives by spot."""
    if right > 0.0:
        rate, carry = rate - carry, -carry
    model = early_exercise.model_of(volatility, rate, carry)
    squares = squared_logs(model, years, scheme)
    log_spot = -right * math.log(spot / strike)
    spot_share = math.exp(log_spot)
    value, first, second, third, fourth = 0.0, 0.0, 0.0, 0.0, 0.0
    for k in range(scheme.premium_elapsed.size):
        square = 0.0
        for j in range(squares.size):
            square += scheme.premium_between[j, k] * squares[j]
        elapsed, weight = years * scheme.premium_elapsed[k], years * scheme.premium_weights[k]
        log_ratio = log_spot - model.log_first + math.sqrt(max(square, 0.0))
        earned = _earning(model, spot_share, log_ratio, elapsed, volatility * math.sqrt(elapsed))
        value += weight * earned.value
        first += weight * earned.first
        second += weight * earned.second
        third += weight * earned.third
        fourth += weight * earned.fourth
    is_beyond = log_spot <= model.log_first - math.sqrt(squares[-1])
    return is_beyond, early_exercise.in_spot(Premium(value, first, second, third, fourth), spot, strike, right)


@njit
def value(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float, scheme: Scheme
) -> float:
    """The value of an American option on one unit of the underlying: ``greeks(...).theo`` to the bit, and cheaper.

    Arguments, limits and what is not priced are those of `american.greeks`, to which ``scheme`` is added.
    """
    if has_two_boundaries(rate, carry, right):
        return math.nan
    life = european_life(spot, strike, years, volatility, rate, carry, right)
    if not math.isnan(life):
        return black_scholes.value(spot, strike, life, volatility, rate, carry, right)
    intrinsic = right * (spot - strike)
    is_beyond, premium = _premium(spot, strike, years, volatility, rate, carry, right, scheme)
    if is_beyond:
        return intrinsic
    european = black_scholes.value(spot, strike, years, volatility, rate, carry, right)
    return max(european + max(premium.value, 0.0), intrinsic)


@njit
def greeks(
    spot: float, strike: float, years: float, volatility: float, rate: float, carry: float, right: float, scheme: Scheme
) -> Greeks:
    """The value and the Greeks of an American option on one unit of the underlying.

    Arguments, limits and what is not priced are those of `american.greeks`, to which ``scheme`` is added. Derivatives
    by volatility are differences of fourth order, rho one of second order; those by spot and time are exact.
    """
    if has_two_boundaries(rate, carry, right):
        return constant(math.nan, math.nan)
    life = european_life(spot, strike, years, volatility, rate, carry, right)
    if not math.isnan(life):
        return black_scholes.greeks(spot, strike, life, volatility, rate, carry, right)
    is_beyond, now = _premium(spot, strike, years, volatility, rate, carry, right, scheme)
    european = black_scholes.greeks(spot, strike, years, volatility, rate, carry, right)
    theo = european.theo + max(now.value, 0.0)
    if is_beyond or theo <= right * (spot - strike):
        return constant(right * (spot - strike), right)
    step, shift = _VOLATILITY_STEP * volatility, _RATE_STEP * volatility
    _, up = _premium(spot, strike, years, volatility + step, rate, carry, right, scheme)
    _, down = _premium(spot, strike, years, volatility - step, rate, carry, right, scheme)
    _, far_up = _premium(spot, strike, years, volatility + 2.0 * step, rate, carry, right, scheme)
    _, far_down = _premium(spot, strike, years, volatility - 2.0 * step, rate, carry, right, scheme)
    volga = 16.0 * (up.value + down.value) - far_up.value - far_down.value - 30.0 * now.value
    carries = 0.0 if carry == 0.0 else 1.0  # a future's carry stays
    _, dearer = _premium(spot, strike, years, volatility, rate + shift, carry + carries * shift, right, scheme)
    shift *= 2.0
    _, dearest = _premium(spot, strike, years, volatility, rate + shift, carry + carries * shift, right, scheme)
    rho = (4.0 * dearer.value - 3.0 * now.value - dearest.value) / shift
    _, paying = _premium(spot, strike, years, volatility, rate, carry - 0.5 * shift, right, scheme)
    _, most = _premium(spot, strike, years, volatility, rate, carry - shift, right, scheme)
    dividend_rho = (4.0 * paying.value - 3.0 * now.value - most.value) / shift
    by_volatility = Premium(
        _slope(down.value, up.value, far_down.value, far_up.value, step),
        _slope(down.first, up.first, far_down.first, far_up.first, step),
        _slope(down.second, up.second, far_down.second, far_up.second, step),
        0.0,
        0.0,
    )
    volga /= 12.0 * step * step
    return with_premium(theo, european, now, by_volatility, volga, rho, dividend_rho, spot, volatility, rate, carry)


@internal
def _slope(down: float, up: float, far_down: float, far_up: float, step: float) -> float:
    """The derivative of a function from its values one and two steps away."""
    return (8.0 * (up - down) - (far_up - far_down)) / (12.0 * step)
