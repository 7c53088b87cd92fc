"""American options by Li's QD+ approximation, from docs/american.md: the auditor's own, one option at a time.

Compiled, because an audit prices a chain at every mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, exp, expm1, isfinite, log, pi, sqrt

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@numba.njit
def _cdf(x: float) -> float:
    return 0.5 * erfc(-x / sqrt(2.0))


@numba.njit
def _put(s: float, k: float, t: float, v: float, r: float, b: float) -> tuple[float, float, float]:
    """A European put, its delta, and its change a year as time passes."""
    sd = v * sqrt(t)
    d1 = (log(s / k) + (b + v * v / 2) * t) / sd
    d2 = d1 - sd
    asset, bond = s * exp((b - r) * t) * _cdf(-d1), k * exp(-r * t) * _cdf(-d2)
    decay = -s * exp((b - r) * t) * exp(-d1 * d1 / 2) / sqrt(2 * pi) * v / (2 * sqrt(t))
    return bond - asset, -asset / s, decay + (b - r) * asset + r * bond


@numba.njit
def _american_put(s: float, k: float, t: float, v: float, r: float, b: float) -> tuple[float, float]:
    """Value and delta, the boundary found by bisection of the condition on it."""
    q = r - b
    h = -expm1(-r * t)
    a = 2 * r / (v * v * h) if r != 0.0 else 2 / (v * v * t)
    w = 2 * b / (v * v)
    d = sqrt((w - 1) ** 2 + 4 * a)
    lam = -(w - 1 + d) / 2
    fixed = exp(-r * t) * a * (1 - a / (d * d)) / d
    low, high = 0.0, k * (min(1.0, r / q) if q > r else 1.0)
    for _ in range(200):
        at = 0.5 * (low + high)
        put, delta, theta = _put(at, k, t, v, r, b)
        gain = k - at - put
        if at * (1 + delta) + (lam + fixed) * gain - 2 * theta / (v * v * d) > 0.0:
            high = at
        else:
            low = at
        if high - low <= 1e-15 * high:
            break
    if s <= high:
        return k - s, -1.0
    put, _, theta = _put(high, k, t, v, r, b)
    gain = k - high - put
    c = fixed - 2 * theta / (v * v * d * gain)
    beta = -exp(-r * t) * a * a / (2 * d * d)
    x = log(s / high)
    under = 1 - beta * x * x - c * x
    premium = gain * exp(lam * x) / under
    european, slope, _ = _put(s, k, t, v, r, b)
    return european + premium, slope + premium * (lam + (2 * beta * x + c) / under) / s


@numba.njit
def _american(s: float, k: float, t: float, v: float, r: float, b: float, right: float) -> tuple[float, float]:
    """A call is the put with spot and strike, and rate and dividend yield, exchanged, and homogeneous in both."""
    if right < 0:
        return _american_put(s, k, t, v, r, b)
    worth, slope = _american_put(k, s, t, v, r - b, -b)
    return worth, (worth - k * slope) / s


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
