"""The market data of one underlying that every path draws anew: its ticks, and the volatilities of its options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from mmsim import spool
from mmsim.events import Events, Kind, merge
from mmsim.market.spot.motion import Floats
from mmsim.market.spot.ticks import Ticks, TickSteps
from mmsim.market.volatility.implied import Implied, ImpliedSteps
from mmsim.market.volatility.sight import Follower

Slots = npt.NDArray[np.intp]


class Placed(Protocol):
    """A model whose rows stand among the events of a path."""

    def fill(self, events: Events, seed: int, path: int) -> None:
        """Write path number ``path`` into this model's rows among ``events``."""


class Model(Protocol):
    """What draws a part of the market data. A path is the same, to the bit, in memory and in pieces."""

    @property
    def count(self) -> int:
        """How many rows a path has."""

    def room(self) -> Events:
        """The rows, waiting for what is drawn."""

    def placed(self, fixed: Events) -> Placed:
        """The model with its rows found among events that `room` is a part of."""

    def pieces(self, seed: int, path: int) -> Iterator[Events]:
        """The rows of path number ``path`` in their order, piece by piece."""


@dataclass(frozen=True)
class UnderlyingModel:
    """The ticks of an underlying and, unless its options have constant volatilities, those volatilities."""

    ticks: Ticks
    implied: Implied | None

    @property
    def count(self) -> int:
        return self.ticks.count + (self.implied.count if self.implied else 0)

    def room(self) -> Events:
        return merge([self.ticks.room(), *([self.implied.room()] if self.implied else [])])

    def placed(self, fixed: Events) -> PlacedModel:
        own = (fixed["kind"] == Kind.SPOT) & (fixed["instrument"] == self.ticks.underlying)
        return PlacedModel(
            self.ticks, np.flatnonzero(own), self.ticks.steps(0, self.ticks.count), self._placed_volatilities(fixed)
        )

    def _placed_volatilities(self, fixed: Events) -> PlacedVolatilities | None:
        if self.implied is None:
            return None
        own = np.isin(fixed["instrument"], self.implied.terms.numbers)
        slots = tuple(np.flatnonzero(own & (fixed["kind"] == kind)) for kind in self.implied.kinds)
        return PlacedVolatilities(self.implied, slots, self.implied.steps(0, self.implied.grid.count))

    def pieces(self, seed: int, path: int) -> Iterator[Events]:
        ticks, implied = self.ticks, self.implied
        walk, follower = ticks.walk(seed, path), Follower()
        volatilities = implied.walk(seed, path) if implied else None
        tick = told = 0
        while tick < ticks.count or (implied and told < implied.grid.count):
            next_tick, next_told = self._until(tick, told)
            steps = ticks.steps(tick, next_tick)
            moves = walk.over(steps)
            made = [ticks.rows(steps.span.times, moves.prices)]
            if implied and volatilities:
                own = implied.steps(told, next_told)
                sight = follower.over(steps.span, moves, own.times)
                made.append(implied.rows(own, volatilities.over(own, sight)))
            yield merge(made)
            tick, told = next_tick, next_told

    def _until(self, tick: int, told: int) -> tuple[int, int]:
        """The tick and the instant of volatilities with which the next piece begins."""
        ends = self.ticks.grid.times(tick + spool.PIECE, tick + spool.PIECE + 1)
        if self.implied is None:
            return min(tick + spool.PIECE, self.ticks.count), 0
        rows = len(self.implied.kinds) * len(self.implied.terms.numbers)
        after = told + max(spool.PIECE // rows, 1)
        ends = np.append(ends, self.implied.grid.times(after, after + 1))
        if not len(ends):
            return self.ticks.count, self.implied.grid.count
        end = int(ends.min())
        return self.ticks.grid.before(end), self.implied.grid.before(end)


class PlacedVolatilities(NamedTuple):
    """Volatilities of which it is known where they stand, and all that no path changes."""

    implied: Implied
    slots: tuple[Slots, ...]  # of each kind of row
    steps: ImpliedSteps


@dataclass(frozen=True)
class PlacedModel:
    """A model with everything worked out that no path changes: what is left for each is to draw."""

    ticks: Ticks
    slots: Slots  # (ticks,) where they stand among the events
    steps: TickSteps
    volatilities: PlacedVolatilities | None

    def fill(self, events: Events, seed: int, path: int) -> None:
        moves = self.ticks.walk(seed, path).over(self.steps)
        events["bid"][self.slots] = moves.prices - self.ticks.half_spread
        events["ask"][self.slots] = moves.prices + self.ticks.half_spread
        if self.volatilities is None:
            return
        implied, slots, steps = self.volatilities
        sight = Follower().over(self.steps.span, moves, steps.times)
        values: Floats = implied.walk(seed, path).over(steps, sight)[steps.alive]
        for places in slots:
            events["value"][places] = values
