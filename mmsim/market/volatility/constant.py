"""Volatilities that stand from one instant on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmsim.events import Events, Kind, rows


def constant(kind: Kind, ts_ns: int, levels: Sequence[float]) -> Events:
    """VOLATILITY or FAIR_VOLATILITY rows of all options at one time; ``levels[n]`` is option n's."""
    times = np.full(len(levels), ts_ns, np.int64)
    return rows(kind, times, np.arange(len(levels), dtype=np.int32), value=np.array(levels, np.float64))
