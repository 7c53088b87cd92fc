"""Options with cash dividends ahead, one at a time, from docs/accounting.md: the auditor's own."""

from __future__ import annotations

from math import erfc, exp, log, pi, sqrt
from typing import NamedTuple

import numba
import numpy as np

from . import american

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)


class Terms(NamedTuple):
    """An option: strike, right +1 or -1, rate and carry a year, American or not, years to its expiry."""

    strike: float
    right: float
    rate: float
    carry: float
    american: bool
    years: float


Paid = list[tuple[float, float]]  # (years to the ex-date, amount), in order, until the option's expiry
Worth = tuple[float, float]  # value and delta of one unit


@numba.njit
def _plain(s: float, k: float, t: float, v: float, r: float, b: float, w: float) -> tuple[float, float]:
    asset, bond = s * exp((b - r) * t), k * exp(-r * t)
    if t <= 0 or v <= 0 or k <= 0:
        worth = w * (asset - bond)
        return max(worth, 0.0), w * exp((b - r) * t) if worth > 0 else 0.0
    sd = v * sqrt(t)
    d1 = (log(s / k) + (b + v * v / 2) * t) / sd
    slope = w * exp((b - r) * t) * 0.5 * erfc(-w * d1 / sqrt(2.0))
    return max(slope * s - w * bond * 0.5 * erfc(-w * (d1 - sd) / sqrt(2.0)), 0.0), slope


def _european(s: float, k: float, t: float, v: float, terms: Terms) -> Worth:
    return _plain(s, k, t, v, terms.rate, terms.carry, terms.right)


def _written(s: float, terms: Terms, paid: Paid, until: float, before: int, spot_model: bool) -> tuple[float, float]:
    """Price and strike of the option exercised in ``until`` years, just before the dividend number ``before``."""
    k, r, b = terms.strike, terms.rate, terms.carry
    if spot_model:
        far = [(t, d, t / until if until > 0 else 0.0) for t, d in paid[:before]]
        s -= sum(d * exp(-b * t) * (1 - share) for t, d, share in far)
        return s, k + sum(d * exp(b * (until - t)) * share for t, d, share in far)
    s -= sum(d * exp(-r * t) for t, d in paid)
    return s, k - sum(d * exp(-r * (t - until)) for t, d in paid[before:])


def _gain(s: float, v: float, terms: Terms, paid: Paid, n: int, spot_model: bool) -> float:
    """What the right to exercise a call just before dividend ``n`` adds."""
    ex = paid[n][0]
    y0, k0 = _written(s, terms, paid, ex, n, spot_model)
    after, left = [(t - ex, d) for t, d in paid[n:]], terms.years - ex
    fall, k1 = _written(0.0, terms, after, left, len(after), spot_model)
    return _mean_gain(y0, terms.strike, terms.strike - k0, fall, k1, ex, left, v, terms.rate, terms.carry)


@numba.njit
def _more(
    y: float, k: float, credit: float, fall: float, k1: float, left: float, v: float, r: float, b: float
) -> float:
    """What exercise brings more than holding on."""
    spot = y + credit
    held = _plain(spot + fall, k1, left, v, r, b, 1.0)[0] if spot + fall > 0 else 0.0
    return spot - k - held


@numba.njit
def _mean_gain(
    y0: float, k: float, credit: float, fall: float, k1: float, ex: float, left: float, v: float, r: float, b: float
) -> float:
    """Its mean above the price where it begins (by bisection), by Gauss-Legendre on both sides of the median."""
    high = k
    while _more(high, k, credit, fall, k1, left, v, r, b) <= 0:
        high *= 2
        if high > 1e6 * k:
            return 0.0
    low = 0.0
    for _ in range(120):
        middle = (low + high) / 2
        if _more(middle, k, credit, fall, k1, left, v, r, b) > 0:
            high = middle
        else:
            low = middle
    sd, growth = v * sqrt(ex), (b - v * v / 2) * ex
    first = max((log(high / y0) - growth) / sd, -7.0) if high > 0 else -7.0
    total = 0.0
    for start, stop in ((min(first, 0.0), 0.0), (max(first, 0.0), max(first, 0.0) + 7.0)):
        for x, weight in zip(NODES, WEIGHTS):  # noqa: B905  (numba)
            z = start + (stop - start) * (1 + x) / 2
            gain = max(_more(y0 * exp(growth + sd * z), k, credit, fall, k1, left, v, r, b), 0.0)
            total += (stop - start) / 2 * weight * exp(-z * z / 2) / sqrt(2 * pi) * gain
    return exp(-r * ex) * total


def _gains(s: float, v: float, terms: Terms, paid: Paid, spot_model: bool) -> float:
    if terms.right < 0 or v <= 0:
        return 0.0
    return max([0.0, *(_gain(s, v, terms, paid, n, spot_model) for n, (ex, _) in enumerate(paid) if ex > 0)])


def _added(s: float, v: float, terms: Terms, paid: Paid, spot_model: bool) -> float:
    """What the right to exercise early, but not at once, adds to the European option."""
    whole = _written(s, terms, paid, terms.years, len(paid), spot_model)
    wait = paid[-1][0] if terms.right < 0 else 0.0
    added = _gains(s, v, terms, paid, spot_model)
    if terms.years <= wait:
        return added
    rest = (terms.years, v, terms.rate)
    after = american.added(*whole, *rest, terms.carry, terms.right, wait)
    if terms.right > 0:
        return added + after
    share = sum(d * exp(-terms.rate * t) for t, d in paid) / s
    lower = terms.carry + log(max(1 - share, 1e-9)) / terms.years
    return max(after, american.added(s, terms.strike, *rest, lower, terms.right, 0.0))


def waiting(s: float, v: float, terms: Terms, paid: Paid, spot_model: bool) -> Worth:
    """Value and delta of an option that is not exercised at once."""
    whole = _written(s, terms, paid, terms.years, len(paid), spot_model)
    worth, slope = _european(*whole, terms.years, v, terms)
    if not terms.american:
        return worth, slope
    h = 1e-3 * s
    up, down = (_added(s + move, v, terms, paid, spot_model) for move in (h, -h))
    slope = terms.right * min(max(terms.right * (slope + (up - down) / (2 * h)), 0.0), 1.0)
    return worth + _added(s, v, terms, paid, spot_model), slope


def value_and_delta(s: float, v: float, terms: Terms, paid: Paid, spot_model: bool) -> Worth:
    """The same, or exercise at once where that is better."""
    held, at_once = waiting(s, v, terms, paid, spot_model), terms.right * (s - terms.strike)
    return (at_once, terms.right) if terms.american and at_once >= held[0] else held
