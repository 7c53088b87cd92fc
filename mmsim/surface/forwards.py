"""Marks on one forward for prices on another, compiled."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F1, VOID, entry
from mmsim.pricing.normal import mills_ratio

Floats = npt.NDArray[np.float64]

_INVERSE_SQRT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)


@entry(VOID(F1, F1, F1, F1, F1))
def move_to(strike: Floats, years: Floats, forward: Floats, other: Floats, volatilities: Floats) -> None:
    """Change volatilities on ``forward`` so that prices on ``other`` come out the same, as far as one a strike can.

    A call wants its volatility raised by N·(F − F')/𝒱 and a put of its strike lowered by (1 − N)·(F − F')/𝒱, to the
    first order, N being N(d1) and 𝒱 vega. The strike's one volatility weighs the two by the inverse squares of their
    deltas: it follows the option that is out of the money, and at the money stays where it is. Arrays (options,), all
    above zero.
    """
    for n in range(len(volatilities)):
        root = math.sqrt(years[n])
        deviation = volatilities[n] * root
        d1 = math.log(forward[n] / strike[n]) / deviation + 0.5 * deviation
        distance = abs(d1)
        ratio = mills_ratio(distance)
        tail = (
            ratio * _INVERSE_SQRT_TWO_PI * math.exp(-0.5 * distance * distance)
        )  # |delta| of the one out of the money
        body = 1.0 - tail
        share = ratio * body * (body - tail) / (body * body + tail * tail)
        moved = (forward[n] - other[n]) / (forward[n] * root) * share
        changed = volatilities[n] + (moved if d1 < 0.0 else -moved)
        if changed > 0.0:
            volatilities[n] = changed
