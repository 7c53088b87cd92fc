"""Where two runs part: the first fill that only one of them has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

_SAME = ("ts", "kind", "instrument", "side", "size", "price")  # fills that agree in these are the same
COLUMNS = ("path", *_SAME, "client", "position_after")  # of the fills


class Parting(NamedTuple):
    """The fill at which two runs part, and what each of them dealt there."""

    fill: int  # its row among the fills of the path, from 0
    rows: tuple[pd.DataFrame, pd.DataFrame]  # of the first and of the second run: a fill each, or none where it ended


def first(one: Iterable[pd.DataFrame], other: Iterable[pd.DataFrame]) -> Parting | None:
    """Where the fills of two runs, which come in pieces of any length, first differ; None if they never do.

    Nothing is read beyond that fill's piece.
    """
    sides = (_Fills(one), _Fills(other))
    before = 0
    while True:
        ahead = [side.ahead() for side in sides]
        count = min(map(len, ahead))
        if count == 0:
            return None if not any(map(len, ahead)) else Parting(before, (ahead[0][:1], ahead[1][:1]))
        differs = np.flatnonzero(~_are_same(ahead[0][:count], ahead[1][:count]))
        if len(differs):
            place = int(differs[0])
            return Parting(before + place, (ahead[0][place : place + 1], ahead[1][place : place + 1]))
        for side in sides:
            side.skip(count)
        before += count


class _Fills:
    """Rows that come in pieces, read from the front."""

    def __init__(self, pieces: Iterable[pd.DataFrame]) -> None:
        self._pieces: Iterator[pd.DataFrame] = iter(pieces)
        self._ahead = pd.DataFrame(columns=list(COLUMNS))

    def ahead(self) -> pd.DataFrame:
        """The rows that come next; none if there are no more."""
        while self._ahead.empty and (piece := next(self._pieces, None)) is not None:
            self._ahead = piece
        return self._ahead

    def skip(self, count: int) -> None:
        """Leave so many rows behind."""
        self._ahead = self._ahead[count:]


def _are_same(one: pd.DataFrame, other: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Row by row whether fills are the same; what both have no number for is."""
    same = np.ones(len(one), bool)
    for column in _SAME:
        left, right = _plain(one[column]), _plain(other[column])
        same &= (left == right) | ((left != left) & (right != right))
    return same


def _plain(column: pd.Series) -> npt.NDArray[np.generic]:
    """Names as texts, whatever other names a run knows; times without their zone."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.categories.to_numpy(object)[column.cat.codes]
    return column.to_numpy("datetime64[ns]") if column.name == "ts" else column.to_numpy()
