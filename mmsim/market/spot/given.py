"""Prices as written."""

from __future__ import annotations

from dataclasses import dataclass

from mmsim.market.spot.motion import Floats, Moves, Span


@dataclass(frozen=True)
class GivenPrices:
    """``prices[k]`` at tick k, whatever is drawn elsewhere."""

    prices: Floats

    def steps(self, span: Span) -> int:
        return len(span.times)

    def walk(self, seed: int, path: int) -> GivenWalk:  # noqa: ARG002  (every path is alike)
        return GivenWalk(self.prices)


@dataclass
class GivenWalk:
    """How far the prices have been read."""

    prices: Floats
    read: int = 0

    def over(self, steps: int) -> Moves:
        first, self.read = self.read, self.read + steps
        return Moves(self.prices[first : self.read])
