"""The instants at which a model speaks: every so often, all the time or in trading hours only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Instants in order of time, numbered from 0: in each part its first, then one every ``step_ns``, then its last.

    They are worked out when they are asked for, because they may be too many for memory.
    """

    step_ns: int
    firsts: Times  # (parts,) the first instant of each part
    lasts: Times  # (parts,) beyond which no instant of a part lies
    counts: Times  # (parts,) how many instants a part has

    @classmethod
    def over(cls, parts: Iterable[tuple[int, int]], step_ns: int, cuts: Sequence[int] = ()) -> Grid:
        """Instants from the first to the last of each of ``parts``, both included, the last step being a shorter one.

        ``parts`` follow one another without touching. An instant among ``cuts`` that lies within a part is an instant
        of the grid too, from which the steps are counted afresh.
        """
        made = []
        for first, last in parts:
            edges = [first, *sorted({cut for cut in cuts if first < cut <= last})]
            for begin, end in pairwise(edges):
                made.append((begin, end, -(-(end - begin) // step_ns)))  # the end belongs to the next
            made.append((edges[-1], last, -(-(last - edges[-1]) // step_ns) + 1))
        return cls(step_ns, *np.array(made, np.int64).reshape(-1, 3).T.copy())

    @property
    def count(self) -> int:
        """How many instants there are."""
        return int(self.counts.sum())

    def times(self, first: int = 0, stop: int | None = None) -> Times:
        """All instants, or those from number ``first`` and before ``stop``, nanoseconds UTC."""
        numbers = np.arange(first, self.count if stop is None else min(stop, self.count), dtype=np.int64)
        ends = np.cumsum(self.counts)
        part = np.searchsorted(ends, numbers, side="right")
        within = numbers - (ends - self.counts)[part]
        times: Times = np.minimum(self.firsts[part] + self.step_ns * within, self.lasts[part])
        return times

    def before(self, instant_ns: int) -> int:
        """How many instants lie before one."""
        passed = np.clip(-(-(instant_ns - self.firsts) // self.step_ns), 0, self.counts)
        passed = np.where(self.lasts < instant_ns, self.counts, passed)
        return int(passed.sum())
