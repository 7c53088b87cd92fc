"""Which options trade at any time, and one of them by a draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmsim.instruments import Option

Instants = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]


def last_instants(options: Sequence[Option]) -> Instants:
    """The instants from which options take no orders: last trade or expiry, whichever comes first."""
    return np.array([min(o.last_trade_ns or o.expiry_ns, o.expiry_ns) for o in options], np.int64)


@dataclass(frozen=True)
class Listing:
    """Which options trade at any time: the same ones from each change to the next."""

    changes: Instants  # when an option begins or ceases to trade
    offsets: npt.NDArray[np.intp]  # (changes + 1,) where the options before, between and after the changes start
    counts: npt.NDArray[np.intp]  # (changes + 1,) how many they are
    options: Numbers  # all these options, in the order of the universe

    @classmethod
    def of(cls, begins: Instants, ends: Instants) -> Listing:
        """The listing of options that trade from ``begins`` on and before ``ends``."""
        changes = np.unique(np.concatenate([begins, ends]))
        trading = [np.flatnonzero((begins <= change) & (change < ends)) for change in changes]
        counts = np.array([0, *(len(numbers) for numbers in trading)], np.intp)
        return cls(changes, np.cumsum(counts) - counts, counts, np.concatenate(trading).astype(np.int32))

    def choose(self, times: Instants, uniform: npt.NDArray[np.float64]) -> Numbers:
        """An option for each time by a draw from [0, 1); -1 where none trades."""
        period = np.searchsorted(self.changes, times, side="right")
        chosen = self.offsets[period] + (uniform * self.counts[period]).astype(np.intp)
        return np.where(self.counts[period] > 0, np.append(self.options, -1)[chosen], -1).astype(np.int32)
