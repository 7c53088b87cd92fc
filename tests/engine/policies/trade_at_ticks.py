"""A hedge that trades what it is told."""

from typing import NamedTuple

from mmsim import HedgeView


class TradeAtTicks(NamedTuple):
    """Trade the given units at the first, second and third tick of the underlying, once each."""

    first: float = 0.0  # units of the underlying
    second: float = 0.0  # units of the underlying
    third: float = 0.0  # units of the underlying

    def hedge(self, view: HedgeView) -> float:
        if view.last_hedge_ns == view.ts_ns:  # asked again, after a client's fill
            return 0.0
        if view.ticks == 1:
            return self.first
        if view.ticks == 2:
            return self.second
        return self.third if view.ticks == 3 else 0.0
