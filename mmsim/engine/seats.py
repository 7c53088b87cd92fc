"""Where policies sit in the loop: their slots, and what a seat holds."""

from __future__ import annotations

from typing import Any, NamedTuple

from mmsim.kernel import F1, F2, Slot, function
from mmsim.policy import FillView, HedgeView, Quote, QuoteView, TickView

QUOTE = Slot("quote", QuoteView, Quote)
HEDGE = Slot("hedge", HedgeView, float)
ON_TICK = Slot("on_tick", TickView, None)
ON_FILL = Slot("on_fill", FillView, None)


class Seat(NamedTuple):
    """A policy's methods with the parameters of each, and its memory: (underlyings, MEMORY) floats."""

    decide: Any  # quote or hedge
    parameters: Any
    on_tick: Any
    tick_parameters: Any
    on_fill: Any
    fill_parameters: Any
    memory: Any


def seat_types(decide: Slot) -> list[Any]:
    """The compiled types of a seat's fields, as the loop takes them."""
    slots = (decide, ON_TICK, ON_FILL)
    return [argument for slot in slots for argument in (function(slot.signature), F1)] + [F2]
