"""The volatility that each option's recorded mid implies, smoothed by what came before only."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mmsim.events import Events
from mmsim.kernel import F1, F64, I1, I64, entry
from mmsim.pricing import american, implied

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@entry(I64(I1, I1, F1, F1, F1, F1, F1, F1, I1, F1, F1, F64, F1))
def smoothed(
    ts: Integers,
    option: Integers,
    mid: Floats,
    spot: Floats,
    years: Floats,
    stretch: Floats,
    strike: Floats,
    right: Floats,
    early: Integers,
    rate: Floats,
    carry: Floats,
    half_life_ns: float,
    averages: Floats,
) -> int:
    """The volatility that each quote's mid implies, as an exponentially weighted average in time.

    σ̂ ← σ̂ + (1 − 2^(−Δt / half-life))·(σ − σ̂), Δt since the option's last implied volatility, σ̂ = σ at its first;
    a half-life of 0 does not smooth. Shapes: ``ts`` to ``stretch`` (quotes,), in order of time; the others (options,).
    ``years`` are those of volatility until expiry, in each of which the rates run for ``stretch`` of theirs; ``early``
    is 1 for American options.

    Writes ``averages``, shape (quotes,), NaN where a mid gives none or none that is new. Returns for how many quotes
    with mid and spot no volatility exists (below intrinsic value, say).
    """
    current = np.full(len(strike), np.nan)
    last = np.zeros(len(strike), np.int64)
    without = 0
    for n in range(len(ts)):
        o = option[n]
        averages[n] = math.nan
        if not (mid[n] > 0.0 and spot[n] > 0.0):
            continue
        interest, growth = rate[o] * stretch[n], carry[o] * stretch[n]
        if early[o] != 0:
            told = american.implied_volatility(mid[n], spot[n], strike[o], years[n], interest, growth, right[o])
        else:
            told = implied.implied_volatility(mid[n], spot[n], strike[o], years[n], interest, growth, right[o])
        if not told > 0.0:
            without += 1
            continue
        before = current[o]
        if math.isnan(before) or half_life_ns == 0.0:
            current[o] = told
        else:
            current[o] = before + (1.0 - 2.0 ** ((last[o] - ts[n]) / half_life_ns)) * (told - before)
        last[o] = ts[n]
        if current[o] != before:
            averages[n] = current[o]
    return without


def in_force(times: Integers, ticks: Events) -> Floats:
    """The mid of one underlying at given times, NaN before its first tick; ticks of the same time count.

    A tick's mid with one side missing is the other side, with both missing the mid before.
    """
    bid, ask = ticks["bid"], ticks["ask"]
    mid = np.where(np.isnan(bid), ask, np.where(np.isnan(ask), bid, 0.5 * (bid + ask)))
    known = ~np.isnan(mid)
    at = np.searchsorted(ticks["ts"][known], times, side="right") - 1
    return np.append(mid[known], np.nan)[at]  # -1, before the first tick, is the NaN at the end
