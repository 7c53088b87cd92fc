"""A spot that goes back and forth around a level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmsim.market.spot.motion import Moves, Span
from mmsim.market.streams import generator

States = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Oscillation:
    """Three states, one ``move`` below the level, at it and one above it; each tick goes to the next state.

    From the level it goes up with probability ``up``, down with ``down``, and else stays; from either side it comes
    back with probability ``back``, and else stays. Salih N. Neftci, Principles of Financial Engineering, section 9.4.2.
    In the long run it is above the level for up / (back + up + down) of the ticks, and below it for down / (back + up
    + down). It begins at the level.
    """

    stream: str
    level: float  # without what dividends ahead are worth, currency a unit
    move: float
    up: float
    down: float
    back: float

    def steps(self, span: Span) -> int:
        return len(span.years)

    def walk(self, seed: int, path: int) -> OscillationWalk:
        return OscillationWalk(self, generator(seed, self.stream, path))


@dataclass
class OscillationWalk:
    """One path of states."""

    motion: Oscillation
    draws: np.random.Generator
    state: int | None = None  # at the last tick: −1, 0 or 1

    def over(self, steps: int) -> Moves:
        of, uniform = self.motion, self.draws.random(steps)
        after: dict[int, list[int]] = {
            0: np.where(uniform < of.up, 1, np.where(uniform < of.up + of.down, -1, 0)).tolist(),
            1: np.where(uniform < of.back, 0, 1).tolist(),
            -1: np.where(uniform < of.back, 0, -1).tolist(),
        }
        states = [] if self.state is not None else [0]
        state = self.state or 0
        for n in range(steps):
            state = after[state][n]
            states.append(state)
        self.state = state
        return Moves(of.level + of.move * np.array(states, np.float64))
