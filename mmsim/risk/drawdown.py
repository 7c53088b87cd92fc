"""How far, and for how long, a line of profits was below its highest point so far."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]


class Drawdown(NamedTuple):
    """The deepest fall of a line. Without a fall its depth is 0, and all its times are those of the line's start."""

    depth: float  # lowest point less the highest before it: 0 or negative
    start_ns: int  # of that highest point; where it is reached several times, the last
    trough_ns: int  # of that lowest point
    end_ns: int | None  # when the line is back at the highest point; None: it never is
    under_water: float  # share of the line's time spent below the highest point so far


def under_water(profits: Floats) -> Floats:
    """Each point of a line less the highest so far: 0 or negative, shape (times,).

    >>> under_water(np.array([0.0, 3.0, 1.0, 4.0]))
    array([ 0.,  0., -2.,  0.])
    """
    below: Floats = profits - np.maximum.accumulate(profits)
    return below


def deepest(times: Times, profits: Floats) -> Drawdown:
    """The deepest fall of a line of ``profits`` at ascending ``times`` (nanoseconds), both of shape (times,).

    A point holds until the next; of two falls that are equally deep it is the first. ValueError without points.
    """
    below = under_water(profits)
    trough = int(np.argmin(below))
    peak = profits[: trough + 1].max()
    start = int(np.flatnonzero(profits[: trough + 1] == peak)[-1])
    back = np.flatnonzero(profits[trough:] >= peak)
    waits = np.diff(times)
    length = int(waits.sum())
    return Drawdown(
        depth=float(below[trough]),
        start_ns=int(times[start]),
        trough_ns=int(times[trough]),
        end_ns=int(times[trough + back[0]]) if len(back) else None,
        under_water=int(waits[below[:-1] < 0.0].sum()) / length if length else 0.0,
    )
