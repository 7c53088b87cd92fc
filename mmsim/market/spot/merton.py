"""Merton's model: geometric Brownian motion with jumps at random times."""

from __future__ import annotations

from dataclasses import dataclass
from math import expm1
from typing import NamedTuple

import numpy as np

from mmsim.market.spot.brownian import BrownianMotion, BrownianSteps, BrownianWalk
from mmsim.market.spot.motion import Floats, Moves, Span
from mmsim.market.streams import generator


class MertonSteps(NamedTuple):
    """What no path changes of a span."""

    diffusion: BrownianSteps
    expected: Floats  # (steps,) jumps


@dataclass(frozen=True)
class MertonMotion:
    """Geometric Brownian motion, times the exponentials of jumps that come by a Poisson process; exact at its ticks.

    A jump's logarithm is normal with ``jump_mean`` and ``jump_deviation``; ``drift`` is the expected growth with the
    jumps, so the diffusion drifts by −λ·k, k = exp(jump_mean + jump_deviation²/2) − 1. Robert C. Merton, Option pricing
    when underlying stock returns are discontinuous, Journal of Financial Economics 3 (1976), equation 2. Jumps come by
    the years of variance. The Brownian motion is `BrownianMotion`'s, number by number.
    """

    diffusion: BrownianMotion
    intensity: float  # λ, jumps a year
    jump_mean: float
    jump_deviation: float

    def steps(self, span: Span) -> MertonSteps:
        plain = self.diffusion.steps(span)
        lost = self.intensity * expm1(self.jump_mean + 0.5 * self.jump_deviation**2)
        return MertonSteps(plain._replace(drifts=plain.drifts - lost * span.moving), self.intensity * span.moving)

    def walk(self, seed: int, path: int) -> MertonWalk:
        jumps, sizes = (generator(seed, f"{self.diffusion.stream}:{use}", path) for use in ("jumps", "sizes"))
        return MertonWalk(self, self.diffusion.walk(seed, path), jumps, sizes)


@dataclass
class MertonWalk:
    """One path of Merton's model."""

    motion: MertonMotion
    diffusion: BrownianWalk
    number_draws: np.random.Generator
    size_draws: np.random.Generator

    def over(self, steps: MertonSteps) -> Moves:
        jumps = self.number_draws.poisson(steps.expected)
        sizes = self.size_draws.standard_normal(len(jumps))
        jumped = jumps * self.motion.jump_mean + np.sqrt(jumps) * self.motion.jump_deviation * sizes
        plain = steps.diffusion
        return self.diffusion.over(plain._replace(drifts=plain.drifts + jumped))
