"""Jumps of the spot at scheduled instants."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mmsim.market.spot.motion import Floats, Times
from mmsim.market.streams import generator


class Leaps(NamedTuple):
    """At each of some instants the price is multiplied by exp(m·Z − m²/2), Z standard normal: its mean is 1.

    A leap shows at the first tick at its instant or after it. The numbers are drawn in order of time from a stream of
    their own.
    """

    stream: str
    instants: Times  # (leaps,) ascending, nanoseconds UTC
    moves: Floats  # (leaps,) m, the standard deviation of each leap's logarithm

    def factors(self, seed: int, path: int) -> Floats:
        """(leaps + 1,) by what the price is multiplied before any leap, after the first, and so on."""
        draws = generator(seed, self.stream, path).standard_normal(len(self.moves))
        logarithms: Floats = np.append(0.0, np.cumsum(self.moves * draws - 0.5 * self.moves**2))
        return np.exp(logarithms)

    def passed(self, times: Times) -> Times:
        """(times,) how many leaps have happened by each."""
        return np.searchsorted(self.instants, times, side="right")
