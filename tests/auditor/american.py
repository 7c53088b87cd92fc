"""American options by Kim's integral over a boundary of three points: the auditor's own, from docs/american.md.

Compiled, because an audit prices a chain at every mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, exp, isfinite, log, pi, sqrt

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

Y = (0.25, 0.6, 1.0)  # (tau / T)^(2/3) of the boundary's points


def _nodes(count: int, mixed: float) -> Array:
    """Gauss-Legendre in u, e = sin^2 phi, phi = pi/2 ((1 - mixed) u + mixed u^4): e, y of what is left, the weight."""
    x, weight = np.polynomial.legendre.leggauss(count)
    u = (x + 1) / 2
    phi, slope = pi / 2 * ((1 - mixed) * u + mixed * u**4), pi / 2 * (1 - mixed + 4 * mixed * u**3)
    return np.array([np.sin(phi) ** 2, np.cos(phi) ** (4 / 3), weight / 2 * slope * np.sin(2 * phi)]).T.copy()


COARSE, FINE = _nodes(3, 0.0), _nodes(5, 0.3)
PASTE = 0.1  # of a deviation, over which the excess over the intrinsic value grows to whole


@numba.njit
def _cdf(x: float) -> float:
    return 0.5 * erfc(-x / sqrt(2.0))


@numba.njit
def _density(x: float) -> float:
    return exp(-x * x / 2) / sqrt(2 * pi)


@numba.njit
def _put(s: float, t: float, v: float, r: float, q: float) -> tuple[float, float, float, float, float]:
    """A European put on a strike of one: value, delta, gamma, theta and charm a year."""
    sd = v * sqrt(t)
    d1 = (log(s) + (r - q + v * v / 2) * t) / sd
    d2 = d1 - sd
    delta, bond = -exp(-q * t) * _cdf(-d1), exp(-r * t) * _cdf(-d2)
    gamma = exp(-q * t) * _density(d1) / (s * sd)
    theta = -v * v * s * s * gamma / 2 + q * s * delta + r * bond
    charm = exp(-q * t) * _density(d1) * (d2 / (2 * t) - (r - q) / sd) + q * delta
    return bond + s * delta, delta, gamma, theta, charm


@numba.njit
def _pull(t: float, v: float, b: float, endless: float) -> float:
    return max(2 * v * sqrt(t) - b * t, 0.2 * v * sqrt(t)) / max(1 - endless, 1e-12)


@numba.njit
def _qd_plus(t: float, v: float, r: float, q: float, top: float, endless: float, pull: float, steps: int) -> float:
    """ln B by Newton's method in B on Li's equation, each step taken in ln B."""
    w = 2 * (r - q) / (v * v)
    a = 2 * r / (v * v * (1 - exp(-r * t))) if r != 0 else 2 / (v * v * t)
    d = sqrt((w - 1) ** 2 + 4 * a)
    by_gain = -(w - 1 + d) / 2 + exp(-r * t) * a * (1 - a / d**2) / d
    x = log(endless + (top - endless) * exp(-pull))
    for _ in range(steps):
        b = exp(x)
        put, delta, gamma, theta, charm = _put(b, t, v, r, q)
        f = b * (1 + delta) + by_gain * (1 - b - put) - 2 * theta / (v * v * d)
        slope = (1 + delta) + b * gamma - by_gain * (1 + delta) - 2 * charm / (v * v * d)
        x = min(x - f / (slope * b), log(top))
    return x


@numba.njit
def _at(y: float, squares: tuple[float, float, float], top: float) -> float:
    """ln B where (tau / T)^(2/3) is y: ln^2(B / top) is the cubic through 0 and the three points (Lagrange)."""
    total = 0.0
    for i in range(3):
        term = squares[i] * y / Y[i]
        for j in range(3):
            if j != i:
                term *= (y - Y[j]) / (Y[i] - Y[j])
        total += term
    return log(top) - sqrt(max(total, 0.0))


@numba.njit
def _improved(
    x: float, t: float, y: float, v: float, r: float, q: float, squares: tuple[float, float, float], top: float
) -> float:
    """ln B after a Jacobi-Newton step on B = N / D."""
    sd = v * sqrt(t)
    d1 = (x + (r - q + v * v / 2) * t) / sd
    above, below = exp(-r * t) * _cdf(d1 - sd), exp(-q * t) * _cdf(d1)
    by_above, by_below = exp(-r * t) * _density(d1 - sd) / sd, exp(-q * t) * _density(d1) / sd
    for n in range(len(COARSE)):
        e, weight = t * COARSE[n, 0], t * COARSE[n, 2]
        d = v * sqrt(e)
        d1 = (x - _at(y * COARSE[n, 1], squares, top) + (r - q + v * v / 2) * e) / d
        above += r * weight * exp(-r * e) * _cdf(d1 - d)
        below += q * weight * exp(-q * e) * _cdf(d1)
    if not (above > 0 and below > 0):
        return x
    return min(x - (x - log(above / below)) / (1 - (by_above / above - by_below / below)), log(top))


@numba.njit
def _squares(points: tuple[float, float, float], top: float) -> tuple[float, float, float]:
    return (log(top) - points[0]) ** 2, (log(top) - points[1]) ** 2, (log(top) - points[2]) ** 2


@numba.njit
def _premium(s: float, k: float, t: float, v: float, r: float, b: float, wait: float) -> tuple[float, float, float]:
    """What exercise after a wait adds to a put, its change by the spot, and the deviations from the boundary."""
    q = r - b
    top = min(1.0, r / q) if q > 0 else 1.0
    w = 2 * b / (v * v)
    power = (w - 1 + sqrt((w - 1) ** 2 + 8 * r / (v * v))) / 2
    endless = power / (power + 1)
    life = t - wait
    t1, t2 = life * Y[0] ** 1.5, life * Y[1] ** 1.5
    one = _qd_plus(t1, v, r, q, top, endless, _pull(t1, v, b, endless), 2)
    two = _qd_plus(t2, v, r, q, top, endless, _pull(t2, v, b, endless), 2)
    last = _qd_plus(life, v, r, q, top, endless, _pull(life, v, b, endless), 1)
    guess = _squares((one, two, last), top)
    two = _improved(two, t2, Y[1], v, r, q, guess, top)
    last = _improved(last, life, 1.0, v, r, q, guess, top)
    squares, x = _squares((one, two, last), top), log(s / k)
    value, by_x = 0.0, 0.0
    for n in range(len(FINE)):
        e, weight = wait + life * FINE[n, 0], life * FINE[n, 2]
        d = v * sqrt(e)
        d1 = (x - _at(FINE[n, 1], squares, top) + (b + v * v / 2) * e) / d
        earned, paid = r * exp(-r * e) * _cdf(d - d1), q * exp(x - q * e) * _cdf(-d1)
        value += weight * (earned - paid)
        by_x -= weight * (r * exp(-r * e) * _density(d1 - d) / d - q * exp(x - q * e) * _density(d1) / d + paid)
    if value <= 0:
        value = by_x = 0.0
    return k * value, k * by_x / s, (x - last) / (v * sqrt(t))


@numba.njit
def _american_put(s: float, k: float, t: float, v: float, r: float, b: float) -> tuple[float, float, float]:
    """Value and delta, and the value that the delta is of: where the excess grows it is that of the whole."""
    more, by_s, away = _premium(s, k, t, v, r, b, 0.0)
    worth, slope, _, _, _ = _put(s / k, t, v, r, r - b)
    share = min(max(away / PASTE, 0.0), 1.0)
    excess = max(k * worth + more - (k - s), 0.0)
    if share < 1.0:
        excess *= share * share * (3 - 2 * share)
    excess = max(excess, k * worth - (k - s))
    if excess <= 0.0:
        return k - s, -1.0, k - s
    return k - s + excess, max(slope + by_s, -1.0), k * worth + more


@numba.njit
def _american(s: float, k: float, t: float, v: float, r: float, b: float, right: float) -> tuple[float, float]:
    """A call is the put with spot and strike, and rate and dividend yield, exchanged, and homogeneous in both."""
    if right < 0:
        worth, slope, _ = _american_put(s, k, t, v, r, b)
        return worth, slope
    worth, slope, whole = _american_put(k, s, t, v, r - b, -b)
    return worth, min(max((whole - k * slope) / s, -1.0), 1.0)


def added(s: float, k: float, t: float, v: float, r: float, b: float, right: float, wait: float) -> float:
    """What the right to exercise after ``wait`` years adds to the European option."""
    if not early(np.array([r]), np.array([b]), np.array([right]))[0] or v <= 0:
        return 0.0
    terms = (s, k, t, v, r, b) if right < 0 else (k, s, t, v, r - b, -b)
    return float(_premium(*terms, wait)[0])


@numba.njit
def _fill(s: Array, k: Array, t: Array, v: Array, r: Array, b: Array, right: Array, out: Array) -> None:
    for n in range(len(s)):
        if isfinite(out[0, n]):
            out[0, n], out[1, n] = _american(s[n], k[n], t[n], v[n], r[n], b[n], right[n])


def early(rate: Array, carry: Array, right: Array) -> NDArray[np.bool_]:
    """Which options may be worth exercising early at some spot; rates are those that have one boundary."""
    return np.where(right > 0, (rate - carry > 0) | (carry < 0), (rate > 0) | (carry > 0))


def values_and_deltas(terms: Sequence[Array], which: NDArray[np.bool_]) -> Array:
    """Values and deltas, two rows, of the options of ``which``, which have time and volatility left; NaN elsewhere.

    ``terms``: spot, strike, years, volatility, rate, carry, right.
    """
    out = np.tile(np.where(which, 0.0, np.nan), (2, 1))
    columns = [np.ascontiguousarray(np.broadcast_to(column, which.shape), float) for column in terms]
    _fill(*columns, out)
    return out
