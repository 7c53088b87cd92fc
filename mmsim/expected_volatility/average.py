"""The compiled loop of `ewma_volatility`."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mmsim.expected_volatility.recursion import gain, target
from mmsim.kernel import F1, F64, VOID, entry

Floats = npt.NDArray[np.float64]


@entry(VOID(F1, F1, F64, F64, F1))
def fill_averages(years: Floats, moves: Floats, decay: float, initial: float, found: Floats) -> None:
    """``found[n]``, a volatility a year: of the log returns ``moves[1..n]`` that took ``years[1..n]`` each.

    ``decay`` is that of the weights a year. From the volatility ``initial``; where that is NaN, from nothing, and NaN
    while returns have less than half of all weight.
    """
    has_start = initial == initial
    variance, known = (initial * initial, 1.0) if has_start else (0.0, 0.0)
    waited = move = 0.0
    for n in range(len(found)):
        if n > 0:
            waited += years[n]
            move += moves[n]
        if waited > 0.0:
            weight = gain(waited, decay)
            variance += weight * (target(move, waited, 0.0, 0.0) - variance)
            known += weight * (1.0 - known)
            waited = move = 0.0
        found[n] = math.sqrt(variance / known) if known >= 0.5 else math.nan
