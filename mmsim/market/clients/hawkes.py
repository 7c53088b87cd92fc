"""Arrivals that bring arrivals: a Hawkes process with an exponential kernel, drawn exactly."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim import spool
from mmsim.scenario.parts.clients import SETTLING


class Hawkes(NamedTuple):
    """λ(t) = 1 − n + Σ n·β·exp(−β·(t − tᵢ)) over the arrivals tᵢ before t, time in mean gaps between arrivals.

    n is the ``branching`` ratio, the mean number of arrivals that one arrival directly brings, β is ``decay``. The
    mean rate is 1; the variance of the count over a long time is 1 / (1 − n)² times that of a Poisson process. Source:
    Hawkes, Spectra of some self-exciting and mutually exciting point processes, Biometrika 58 (1971).
    """

    branching: float
    decay: float  # per mean gap

    @property
    def settling(self) -> float:
        """Mean gaps that the process is run for before the start, so that the start is like any other time."""
        return SETTLING / (self.decay * (1.0 - self.branching))

    def elapsed(self, draws: np.random.Generator, until: float) -> Iterator[npt.NDArray[np.float64]]:
        """Times of arrivals from 0 on, in order and in pieces; the last one of the last piece is beyond ``until``.

        The next arrival is the earlier of one that the base rate brings and one that the excess does, of which each
        has an inverse in closed form, so that nothing is approximated or rejected: Dassios and Zhao, Exact simulation
        of Hawkes process with exponentially decaying intensity, Electronic Communications in Probability 18 (2013),
        algorithm 3.1. Each arrival takes two numbers: a later ``until`` only adds arrivals.
        """
        base, jump = 1.0 - self.branching, self.branching * self.decay
        now, excess = -self.settling, self.branching
        while now <= until:
            found = []
            for own, brought in draws.standard_exponential((_block(until - now), 2)).tolist():
                wait = own / base
                left = 1.0 - self.decay * brought / excess  # of the excess when it brings an arrival, if ever it does
                if left > 0.0:
                    wait = min(wait, -log(left) / self.decay)
                now += wait
                excess = excess * exp(-self.decay * wait) + jump
                if now >= 0.0:
                    found.append(now)
                if now > until:
                    break
            yield np.array(found, np.float64)


def _block(likely: float) -> int:
    """How many arrivals to draw at once: about as many as are still to come."""
    return min(int(likely + 4.0 * likely**0.5) + 4, spool.PIECE)
