"""When clients arrive: by a Poisson or a Hawkes process, evenly or by an intraday shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmsim import spool
from mmsim.market.clients.ground import Ground
from mmsim.market.clients.hawkes import Hawkes
from mmsim.market.clients.shape import Activity, u_shape
from mmsim.scenario.parts.clients import Arriving
from mmsim.units import UNITS_NS

Instants = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Arrivals:
    """The arrivals of a group between two instants.

    They are a process in time counted in mean gaps; with a shape it runs on a clock of activity (`Activity`).
    """

    start_ns: int
    end_ns: int
    gap_ns: float  # mean time between arrivals, of activity if there is a shape
    activity: Activity | None = None
    hawkes: Hawkes | None = None

    @classmethod
    def of(cls, group: Arriving, ground: Ground, faster: float = 1.0) -> Arrivals:
        """Those of a group's keys, ``faster`` times as many as ``per_hour``."""
        gap_ns = UNITS_NS["h"] / (group.per_hour * faster)
        weights = u_shape() if group.shape == "u_shape" else group.shape
        activity = None
        if weights is not None:
            activity = Activity.of(weights, ground.sessions, ground.start_ns, ground.end_ns)
        hawkes = None if group.hawkes is None else Hawkes(group.hawkes.branching, gap_ns / group.hawkes.decay)
        return cls(ground.start_ns, ground.end_ns, gap_ns, activity, hawkes)

    @property
    def expected(self) -> float:
        """How many a path has, on average."""
        length = self.end_ns - self.start_ns if self.activity is None else self.activity.total
        return length / self.gap_ns

    def pieces(self, draws: np.random.Generator) -> Iterator[Instants]:
        """Their times in order, piece by piece."""
        elapsed = self._poisson(draws) if self.hawkes is None else self.hawkes.elapsed(draws, self.expected)
        for piece in elapsed:
            inside = piece[piece <= self.expected] * self.gap_ns
            if self.activity is None:
                yield self.start_ns + np.floor(inside).astype(np.int64)
            else:
                yield self.activity.at(inside)

    def _poisson(self, draws: np.random.Generator) -> Iterator[npt.NDArray[np.float64]]:
        """Sums of exponential gaps, as far as the clock goes, in mean gaps."""
        likely = int(self.expected + 4.0 * self.expected**0.5) + 4  # seldom too few, and then more are drawn
        reached = 0.0
        while reached <= self.expected:
            gaps = draws.standard_exponential(min(likely, spool.PIECE))
            gaps[0] += reached
            elapsed = np.cumsum(gaps)
            reached = float(elapsed[-1])
            yield elapsed
