"""Policies that go wrong at the second tick, each in its own way."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmsim import FillView, HedgeView, Quote, QuoteView, TickView

TEXT = {"boom": "boom"}  # numba reads no such thing


class Fault(IntEnum):
    NAN = 0
    CROSSED = 1
    NEGATIVE_PRICE = 2
    NEGATIVE_SIZE = 3
    NAN_SIZE = 4
    RAISES = 5
    DIVIDES = 6
    INFINITE = 7
    OUT_OF_RANGE = 8


def answer(fault: Fault, ticks: int) -> Quote:
    if fault == Fault.NAN:
        return Quote(float("nan"), 2.0, 1.0, 1.0)
    if fault == Fault.CROSSED:
        return Quote(3.0, 2.0, 1.0, 1.0)
    if fault == Fault.NEGATIVE_PRICE:
        return Quote(-1.0, 2.0, 1.0, 1.0)
    if fault == Fault.NEGATIVE_SIZE:
        return Quote(1.0, 2.0, 1.0, -1.0)
    if fault == Fault.NAN_SIZE:
        return Quote(1.0, 2.0, float("nan"), 1.0)
    if fault == Fault.INFINITE:
        return Quote(1.0, float("inf"), 1.0, 1.0)
    if fault == Fault.DIVIDES:
        return Quote(1.0 / (ticks - 2), 2.0, 1.0, 1.0)
    if fault == Fault.OUT_OF_RANGE:
        return Quote(float(np.ones(1)[ticks]), 2.0, 1.0, 1.0)
    raise ValueError("boom")


class PlainQuoter(NamedTuple):
    """Plain Python."""

    fault: Fault  # what goes wrong

    def quote(self, view: QuoteView) -> Quote:
        assert TEXT["boom"]
        return Quote(1.0, 2.0, 1.0, 1.0) if view.ticks < 2 else answer(self.fault, view.ticks)


class Quoter(NamedTuple):
    """Compiled: the same."""

    fault: Fault  # what goes wrong

    def quote(self, view: QuoteView) -> Quote:
        if view.ticks < 2:
            return Quote(1.0, 2.0, 1.0, 1.0)
        if self.fault == Fault.NAN:
            return Quote(np.nan, 2.0, 1.0, 1.0)
        if self.fault == Fault.CROSSED:
            return Quote(3.0, 2.0, 1.0, 1.0)
        if self.fault == Fault.NEGATIVE_PRICE:
            return Quote(-1.0, 2.0, 1.0, 1.0)
        if self.fault == Fault.NEGATIVE_SIZE:
            return Quote(1.0, 2.0, 1.0, -1.0)
        if self.fault == Fault.NAN_SIZE:
            return Quote(1.0, 2.0, np.nan, 1.0)
        if self.fault == Fault.INFINITE:
            return Quote(1.0, np.inf, 1.0, 1.0)
        if self.fault == Fault.DIVIDES:
            return Quote(1.0 / (view.ticks - 2), 2.0, 1.0, 1.0)
        if self.fault == Fault.OUT_OF_RANGE:
            return Quote(np.ones(1)[view.ticks], 2.0, 1.0, 1.0)
        raise ValueError("boom")


class Hedger(NamedTuple):
    """Compiled."""

    units: float = 0.0  # answered divided by itself at the second tick
    is_raising: bool = False  # or an exception

    def hedge(self, view: HedgeView) -> float:
        if view.ticks < 2:
            return 0.0
        if self.is_raising:
            raise ValueError("boom")
        return np.inf if self.units > 0.0 else np.nan


class PlainHedger(NamedTuple):
    """Plain Python."""

    units: float = 0.0  # answered at the second tick
    is_raising: bool = False  # or an exception

    def hedge(self, view: HedgeView) -> float:
        assert TEXT["boom"]
        return Hedger(*self).hedge(view)


class Listener(NamedTuple):
    """A quote whose ear goes wrong. Compiled."""

    size: float = 1.0  # contracts

    MEMORY = 1

    def on_tick(self, memory: NDArray[np.float64], view: TickView) -> None:
        if view.ticks == 2:
            raise ValueError("boom")

    def quote(self, view: QuoteView) -> Quote:
        return Quote(1.0, 2.0, self.size, self.size)


class PlainListener(NamedTuple):
    """A quote whose ear goes wrong. Plain Python."""

    size: float = 1.0  # contracts

    MEMORY = 1

    def on_fill(self, memory: NDArray[np.float64], view: FillView) -> None:
        raise ValueError(TEXT["boom"])

    def quote(self, view: QuoteView) -> Quote:
        return Quote(1.0, 2.0, self.size, self.size)


class Interrupted(NamedTuple):
    """The user has had enough."""

    size: float = 1.0  # contracts

    def quote(self, view: QuoteView) -> Quote:
        raise KeyboardInterrupt(TEXT["boom"])
