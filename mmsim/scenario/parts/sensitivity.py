"""What `mmsim sensitivity` varies, and how far."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from mmsim.scenario.parts.base import Part
from mmsim.scenario.values import Count, Duration, Inner, NonNegative, Positive, Probability, Step, mistake
from mmsim.units import UNITS_NS

MAX_RUNGS = 50


def _climbing(rungs: tuple[float, ...]) -> tuple[float, ...]:
    if any(second <= first for first, second in pairwise(rungs)):
        raise mistake(f"each must be greater than the one before it, not {list(rungs)}")
    return rungs


Rungs = Field(min_length=1, max_length=MAX_RUNGS)
Durations = Annotated[tuple[Duration, ...], Rungs, AfterValidator(_climbing)]
Multiples = Annotated[tuple[NonNegative, ...], Rungs, AfterValidator(_climbing)]
Shares = Annotated[tuple[Probability, ...], Rungs, AfterValidator(_climbing)]


class Sensitivity(Part):
    """The ladder of each factor, ascending; the scenario's own value is added to it."""

    latency: Durations = Field(
        (0, UNITS_NS["ms"], 100 * UNITS_NS["ms"]), description="latency.quote and latency.hedge, both"
    )
    latency_up_to: Step = Field(10 * UNITS_NS["s"], description="where the search for a break-even ends")
    informed: Shares = Field((0.0, 0.1, 0.3), description="share of a group's arrivals that know")
    informed_horizon: Step = Field(
        5 * UNITS_NS["m"], description="how far ahead they know the spot, where the scenario has no informed group"
    )
    hedge_cost: Multiples = Field((0.0, 1.0, 2.0, 4.0), description="multiples of what hedges cost")
    hedge_cost_up_to: Positive = Field(64.0, description="where the search for a break-even ends")
    cross: Annotated[Count, Field(le=10_000)] = Field(
        36, description="runs of all combinations, at most: beyond it those of the ladders' ends alone"
    )
    tolerance: Inner = Field(0.001, description="of a break-even, relative to it")
