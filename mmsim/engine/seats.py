"""Where policies sit in the loop: their slots, and what a seat holds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F1, F2, Slot, function_at, tuple_of
from mmsim.policy import FillView, HedgeView, Quote, QuoteView, TickView

QUOTE = Slot("quote", QuoteView, Quote)
HEDGE = Slot("hedge", HedgeView, float)
ON_TICK = Slot("on_tick", TickView, None)
ON_FILL = Slot("on_fill", FillView, None)


quote_at, hedge_at = function_at(QUOTE.signature), function_at(HEDGE.signature)
on_tick_at, on_fill_at = function_at(ON_TICK.signature), function_at(ON_FILL.signature)


class Tables(NamedTuple):
    """The arrays of both policies: the parameters of each method, and the memories, (underlyings, MEMORY) floats."""

    quote: npt.NDArray[np.float64]
    quote_tick: npt.NDArray[np.float64]
    quote_fill: npt.NDArray[np.float64]
    hedge: npt.NDArray[np.float64]
    hedge_tick: npt.NDArray[np.float64]
    hedge_fill: npt.NDArray[np.float64]
    quote_memory: npt.NDArray[np.float64]
    hedge_memory: npt.NDArray[np.float64]


TABLES: Any = tuple_of(Tables, [F1, F1, F1, F1, F1, F1, F2, F2])


class Seat(NamedTuple):
    """A policy's methods with the parameters of each, and its memory."""

    decide: Any  # quote or hedge
    parameters: Any
    on_tick: Any
    tick_parameters: Any
    on_fill: Any
    fill_parameters: Any
    memory: Any  # as its listeners are given it
    shown_memory: Any  # as it is shown to a decision, which may not write to it
