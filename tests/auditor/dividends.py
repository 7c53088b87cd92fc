"""Options with cash dividends ahead, one at a time, from docs/accounting.md: the auditor's own."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from .american import early, values_and_deltas


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


def _european(s: float, k: float, t: float, v: float, terms: Terms) -> Worth:
    r, b, w = terms.rate, terms.carry, terms.right
    asset, bond = s * exp((b - r) * t), k * exp(-r * t)
    if t <= 0 or v <= 0 or k <= 0:
        worth = w * (asset - bond)
        return max(worth, 0.0), w * exp((b - r) * t) if worth > 0 else 0.0
    sd = v * sqrt(t)
    d1 = (log(s / k) + (b + v * v / 2) * t) / sd
    slope = w * exp((b - r) * t) * float(ndtr(w * d1))
    return max(slope * s - w * bond * float(ndtr(w * (d1 - sd))), 0.0), slope


def _american(s: float, k: float, t: float, v: float, terms: Terms) -> Worth:
    one = np.ones(1)
    if t <= 0 or v <= 0 or k <= 0 or not early(terms.rate * one, terms.carry * one, terms.right * one)[0]:
        return _european(s, k, t, v, terms)
    given = (s, k, t, v, terms.rate, terms.carry, terms.right)
    worth, slope = values_and_deltas([np.array([x]) for x in given], np.ones(1, bool))
    return float(worth[0]), float(slope[0])


def _written(s: float, terms: Terms, paid: Paid, until: float, before: int, spot_model: bool) -> tuple[float, float]:
    """Price and strike of the option exercised in ``until`` years, just before the dividend number ``before``."""
    k, r = terms.strike, terms.rate
    if spot_model:
        far = [(t, d, t / until if until > 0 else 0.0) for t, d in paid[:before]]
        s -= sum(d * exp(-r * t) * (1 - share) for t, d, share in far)
        return s, k + sum(d * exp(-r * t) * share * exp(r * until) for t, d, share in far)
    s -= sum(d * exp(-r * t) for t, d in paid)
    return s, max(k - sum(d * exp(-r * (t - until)) for t, d in paid[before:]), 0.0)


def waiting(s: float, v: float, terms: Terms, paid: Paid, spot_model: bool) -> Worth:
    """Value and delta of an option that is not exercised at once."""
    t = terms.years
    whole = _written(s, terms, paid, t, len(paid), spot_model)
    if not terms.american:
        return _european(*whole, t, v, terms)
    kept = _american(*whole, t, v, terms)
    if terms.right > 0:
        dates = [(n, ex) for n, (ex, _) in enumerate(paid) if ex > 0]
        choices = [_european(*_written(s, terms, paid, ex, n, spot_model), ex, v, terms) for n, ex in dates]
        return max([kept, *choices], key=lambda choice: choice[0])
    worth = _european(*whole, t, v, terms)
    last, r = paid[-1][0], terms.rate
    if t <= 0:
        return worth
    share = (exp(-r * last) - exp(-r * t)) / (1 - exp(-r * t)) if r else 1 - last / t
    return worth[0] + share * (kept[0] - worth[0]), worth[1] + share * (kept[1] - worth[1])


def value_and_delta(s: float, v: float, terms: Terms, paid: Paid, spot_model: bool) -> Worth:
    """The same, or exercise at once where that is better."""
    held, at_once = waiting(s, v, terms, paid, spot_model), terms.right * (s - terms.strike)
    return (at_once, terms.right) if terms.american and at_once >= held[0] else held
