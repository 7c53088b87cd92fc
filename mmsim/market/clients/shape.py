"""A clock of activity: arrivals that are even on it come by an intraday shape on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Instants = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SLICES = 13  # of a named shape: half hours in a New York session


def u_shape() -> tuple[float, ...]:
    """Busy at both ends: the means over equal slices of ½ + 6·(x − ½)², x from 0 at the open to 1 at the close.

    The intensity is 2 at the ends, ½ in the middle, 1 on average. That volume has this shape: Jain and Joh, The
    dependence between hourly prices and trading volume, Journal of Financial and Quantitative Analysis 23 (1988).

    >>> [round(weight, 2) for weight in u_shape()[:7]]
    [1.78, 1.39, 1.07, 0.82, 0.64, 0.54, 0.5]
    """
    edges = np.arange(SLICES + 1) / SLICES - 0.5
    return tuple((0.5 + 2.0 * SLICES * np.diff(edges**3)).tolist())


@dataclass(frozen=True)
class Activity:
    """Time that runs as fast as clients are active: ``passed`` at ``times``, linear between them.

    On average over a session it runs as fast as time itself; between sessions it stands still.
    """

    times: Instants  # (knots,) edges of the slices
    passed: Floats  # (knots,) nanoseconds of activity since the start

    @classmethod
    def of(cls, weights: Sequence[float], sessions: Sequence[tuple[int, int]], start_ns: int, end_ns: int) -> Activity:
        """Relative intensities over equal slices of each session, (open, close) in nanoseconds, from start to end."""
        relative = np.asarray(weights, np.float64) / np.mean(weights)
        edges, rates = [np.array([start_ns])], [np.zeros(0)]
        for opens, closes in sessions:
            cuts = opens + (closes - opens) * np.arange(len(relative) + 1, dtype=np.float64) / len(relative)
            inside = np.clip(np.rint(cuts - opens).astype(np.int64) + opens, start_ns, end_ns)
            edges.append(inside)
            rates += [np.zeros(1), relative]  # nothing until it opens
        times = np.concatenate(edges)
        passed = np.concatenate([[0.0], np.cumsum(np.diff(times) * np.concatenate(rates))])
        return cls(times, passed)

    @property
    def total(self) -> float:
        """Nanoseconds of activity until the end."""
        return float(self.passed[-1])

    def at(self, activity: Floats) -> Instants:
        """The instants by which so many nanoseconds of activity have passed, each below the total."""
        knot = np.searchsorted(self.passed, activity, side="right") - 1
        knot = np.minimum(knot, len(self.times) - 2)
        span, gain = np.diff(self.times)[knot], np.diff(self.passed)[knot]
        share = (activity - self.passed[knot]) / np.where(gain > 0.0, gain, 1.0)
        return self.times[knot] + np.floor(share * span).astype(np.int64)
