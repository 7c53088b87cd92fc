"""Policies that are prepared before the run."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmsim import Quote, QuoteView


class Tabulated(NamedTuple):
    """Asks from a table that `prepare` makes of the scenario: (seed + 1) and twice that."""

    asks: NDArray[np.float64] = np.zeros(2)  # currency, by tick
    size: float = 1.0  # contracts

    def prepare(self, scenario: Any) -> "Tabulated":
        return self._replace(asks=np.array([1.0, 2.0]) * (scenario.seed + 1))

    def quote(self, view: QuoteView) -> Quote:
        return Quote(0.5, self.asks[min(view.ticks, 2) - 1], self.size, self.size)


class Looked(NamedTuple):
    """The same from a dict, which runs as plain Python."""

    asks: Any = None  # currency, by tick
    size: float = 1.0  # contracts

    def prepare(self, scenario: Any) -> "Looked":
        return self._replace(asks={1: 1.0 * (scenario.seed + 1), 2: 2.0 * (scenario.seed + 1)})

    def quote(self, view: QuoteView) -> Quote:
        return Quote(0.5, self.asks[min(view.ticks, 2)], self.size, self.size)
