"""Fewer points for the same picture: long series are thinned so that no extreme is lost."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt


def keep_extremes(values: npt.ArrayLike, limit: int) -> npt.NDArray[np.intp]:
    """Indices, ascending, of at most ``limit`` values which draw the same line.

    The series is cut into equal pieces, and of each its first, lowest, highest and last value stay (NaN are passed
    over in looking for the extremes), so that the global minimum, maximum, first and last are always among them.

    >>> keep_extremes([0, 1, 9, 1, 0, 1, -9, 1, 0, 1, 2, 3], 8).tolist()
    [0, 2, 5, 6, 11]
    """
    series = np.asarray(values, float)
    assert limit >= 4, limit
    if len(series) <= limit:
        return np.arange(len(series))
    edges = np.linspace(0, len(series), limit // 4 + 1).astype(int)
    kept: set[int] = set()
    for start, stop in pairwise(edges.tolist()):
        piece = series[start:stop]
        kept |= {start, stop - 1}
        if not np.isnan(piece).all():
            kept |= {start + int(np.nanargmin(piece)), start + int(np.nanargmax(piece))}
    return np.array(sorted(kept), np.intp)


def evenly(length: int, limit: int) -> npt.NDArray[np.intp]:
    """Indices of at most ``limit`` of ``length`` rows, evenly spaced, the first and the last among them.

    >>> evenly(10, 4).tolist(), evenly(2, 4).tolist(), evenly(0, 4).tolist()
    ([0, 3, 6, 9], [0, 1], [])
    """
    return np.unique(np.linspace(0, length - 1, min(length, limit)).round().astype(np.intp))
