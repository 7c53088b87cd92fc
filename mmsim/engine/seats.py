"""Where policies sit in the loop: their slots, and what a seat holds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F1, F2, Slot, function_at, tuple_of
from mmsim.policy import FillView, HedgeView, OptionView, Quote, QuoteView, TickView

QUOTE = Slot("quote", QuoteView, Quote)
HEDGE = Slot("hedge", HedgeView, float)
ON_TICK = Slot("on_tick", TickView, None)
ON_FILL = Slot("on_fill", FillView, None)
HEDGE_VOL = Slot("hedge_vol", OptionView, float)
HEDGE_SLOPE = Slot("hedge_slope", OptionView, float)
OFFLOAD = Slot("offload", OptionView, float)

QUOTING = (QUOTE, ON_TICK, ON_FILL)  # the methods of each policy, in the order in which the loop is given them
HEDGING = (HEDGE, ON_TICK, ON_FILL, HEDGE_VOL, HEDGE_SLOPE, OFFLOAD)

quote_at, hedge_at = function_at(QUOTE.signature), function_at(HEDGE.signature)
on_tick_at, on_fill_at = function_at(ON_TICK.signature), function_at(ON_FILL.signature)
of_option_at = function_at(OFFLOAD.signature)


class Tables(NamedTuple):
    """The arrays of both policies: the parameters of each method, and the memories, (underlyings, MEMORY) floats."""

    quote: npt.NDArray[np.float64]
    quote_tick: npt.NDArray[np.float64]
    quote_fill: npt.NDArray[np.float64]
    hedge: npt.NDArray[np.float64]
    hedge_tick: npt.NDArray[np.float64]
    hedge_fill: npt.NDArray[np.float64]
    hedge_vol: npt.NDArray[np.float64]
    hedge_slope: npt.NDArray[np.float64]
    hedge_offload: npt.NDArray[np.float64]
    quote_memory: npt.NDArray[np.float64]
    hedge_memory: npt.NDArray[np.float64]


TABLES: Any = tuple_of(Tables, [F1, F1, F1, F1, F1, F1, F1, F1, F1, F2, F2])


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


class HedgeSeat(NamedTuple):
    """A hedging policy's methods with the parameters of each, and its memory."""

    decide: Any
    parameters: Any
    on_tick: Any
    tick_parameters: Any
    on_fill: Any
    fill_parameters: Any
    memory: Any
    shown_memory: Any
    hedge_vol: Any
    vol_parameters: Any
    hedge_slope: Any
    slope_parameters: Any
    offload: Any
    offload_parameters: Any
