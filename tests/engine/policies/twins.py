"""Policies with every kind of parameter and a memory, once as numba compiles them and once as it does not."""

from enum import Enum, IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmsim import FillView, HedgeView, Quote, QuoteView, TickView

SETTINGS = {"scale": 1.0}  # numba reads no such thing
TICKS, FILLS, LAST_SPOT = range(3)  # places in the memory


class Lean(Enum):
    NONE = "none"
    POSITION = "position"


class Side(IntEnum):
    BOTH = 0
    BUY = 1


class Quoter(NamedTuple):
    """theo ± widths[row, column], wider by `per_fill` for each fill so far, and leaning against the position."""

    widths: NDArray[np.float64]  # currency, shape (2, 2): by right, by whether the spot has just risen
    per_fill: float = 0.0  # currency
    lean: Lean = Lean.NONE  # what the quote leans against
    side: Side = Side.BOTH  # which sides are quoted
    is_patient: bool = False  # no quotes before the third tick
    size: int = 3  # contracts

    MEMORY = 3

    def on_tick(self, memory: NDArray[np.float64], view: TickView) -> None:
        memory[TICKS] += 1.0
        memory[LAST_SPOT] = view.spot

    def on_fill(self, memory: NDArray[np.float64], view: FillView) -> None:
        memory[FILLS] += abs(view.size)

    def quote(self, view: QuoteView) -> Quote:
        width = self.widths[0 if view.right > 0 else 1, 1 if view.spot > 100.0 else 0]
        width += self.per_fill * view.memory[FILLS]
        fair = view.theo
        if self.lean is Lean.POSITION:
            fair -= 0.02 * view.position
        size = float(self.size)
        if self.is_patient and view.memory[TICKS] < 3.0:
            size = 0.0
        bid = max(fair - width, 0.0)
        return Quote(bid, fair + width, size, 0.0 if self.side == Side.BUY else size)


class PlainQuoter(NamedTuple):
    """The same, which numba refuses."""

    widths: NDArray[np.float64]  # currency, shape (2, 2)
    per_fill: float = 0.0  # currency
    lean: Lean = Lean.NONE  # what the quote leans against
    side: Side = Side.BOTH  # which sides are quoted
    is_patient: bool = False  # no quotes before the third tick
    size: int = 3  # contracts

    MEMORY = 3

    def on_tick(self, memory: NDArray[np.float64], view: TickView) -> None:
        memory[TICKS] += SETTINGS["scale"]
        memory[LAST_SPOT] = view.spot

    def on_fill(self, memory: NDArray[np.float64], view: FillView) -> None:
        memory[FILLS] += SETTINGS["scale"] * abs(view.size)

    def quote(self, view: QuoteView) -> Quote:
        compiled = Quoter(*self)
        return compiled.quote(view) if SETTINGS["scale"] else Quote(0.0, 0.0, 0.0, 0.0)


class Hedger(NamedTuple):
    """Hedge `share` of the delta at every second tick that it has been told of, and after every fill."""

    share: float = 1.0  # of the net delta

    MEMORY = 3

    def on_tick(self, memory: NDArray[np.float64], view: TickView) -> None:
        memory[TICKS] += 1.0

    def on_fill(self, memory: NDArray[np.float64], view: FillView) -> None:
        memory[FILLS] += 1.0

    def hedge(self, view: HedgeView) -> float:
        is_due = view.memory[TICKS] % 2.0 == 0.0 or view.memory[FILLS] > 0.0
        return -self.share * view.net_delta if is_due else 0.0


class PlainHedger(NamedTuple):
    """The same, which numba refuses."""

    share: float = 1.0  # of the net delta

    MEMORY = 3

    def on_tick(self, memory: NDArray[np.float64], view: TickView) -> None:
        memory[TICKS] += SETTINGS["scale"]

    def on_fill(self, memory: NDArray[np.float64], view: FillView) -> None:
        memory[FILLS] += SETTINGS["scale"]

    def hedge(self, view: HedgeView) -> float:
        return Hedger(*self).hedge(view) * SETTINGS["scale"]
