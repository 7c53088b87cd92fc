"""How closely the loop follows exact values: Greeks between events, and the grid of marks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mmsim.scenario.parts.base import Part
from mmsim.scenario.values import Flag, NonNegative, Positive, Step
from mmsim.units import UNITS_NS


class Pricing(Part):
    """The model of cash dividends, and how closely the loop follows exact Greeks between events."""

    dividends: Literal["escrowed", "spot"] = Field(
        "escrowed", description="what is lognormal: the spot less the dividends ahead, or the spot between ex-dates"
    )
    exact: Flag = Field(False, description="price everything at every tick: slow, and the oracle of the tests")
    refresh_spot: NonNegative = Field(
        0.0005, description="relative move of the spot after which Greeks are computed afresh"
    )
    refresh_every: Step = Field(UNITS_NS["m"], description="time after which Greeks are computed afresh")


class ReportEntry(Part):
    """The grid of marks: each option is marked at all of these; and the options whose quotes are kept there."""

    mark_every: Step = Field(UNITS_NS["m"], description="time between marks")
    mark_spot: Positive = Field(0.005, description="relative move of the spot that makes a mark (0.005 is 0.5 %)")
    mark_vol: Positive = Field(
        0.02, description="relative move of an option's volatility that makes a mark (0.02 is 2 %)"
    )
    quotes_of: Annotated[tuple[str, ...], Field(max_length=20)] | None = Field(
        None, description="options whose quotes are kept at marks, by name; default: the three most asked for"
    )
