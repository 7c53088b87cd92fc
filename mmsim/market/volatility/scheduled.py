"""Scheduled events: moves that are expected until they have happened, and volatilities that jump."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mmsim.market.spot.motion import Floats, Times


class Scheduled(NamedTuple):
    """At each of some instants the spot is expected to move, and volatility to be multiplied.

    An option that lives to see an expected move of deviation m has m² of variance more until it happens: with τ years
    left its implied volatility is √(σ² + m²/τ) before and σ after, so it collapses, and most for the nearest expiry.
    From the instant on σ is multiplied by ``factors``.
    """

    instants: Times  # (events,) nanoseconds UTC
    moves: Floats  # (events,) m, the standard deviation of the logarithm of the spot
    factors: Floats  # (events,)

    def effects(self, times: Times, expiries: Times, years: Floats) -> tuple[Floats, Floats]:
        """Factors at these times, (times,), and variance a year of moves ahead, (times, expiries), as ``years`` are."""
        factors, ahead = np.ones(len(times)), np.zeros(years.shape)
        for at, move, factor in zip(self.instants, self.moves, self.factors, strict=True):
            factors[times >= at] *= factor
            ahead[(times < at)[:, None] & (at <= expiries)] += move * move
        return factors, np.divide(ahead, years, out=np.zeros(years.shape), where=years > 0.0)
