"""The models of the volatility that is expected of an underlying from its own ticks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from mmsim.scenario.parts.base import Part, one_or_each
from mmsim.scenario.parts.volatility import ConstantVolatility
from mmsim.scenario.values import ImpliedVolatility, Inner, Probability, Step, Symbol
from mmsim.units import UNITS_NS

Every = Annotated[Step, Field(description="least time between two sampled ticks, against the noise of a single one")]
Initial = Annotated[
    ImpliedVolatility | None,
    Field(description="until enough is known, a year (0.2 is 20 %); default: nothing is expected before"),
]


class EwmaExpected(Part):
    """An exponentially weighted average of squared returns, in time."""

    model: Literal["ewma"]
    half_life: Step = Field(description="time after which a return weighs half")
    every: Every = UNITS_NS["m"]
    initial: Initial = None


class RealisedExpected(Part):
    """The volatility realised over the time before."""

    model: Literal["realised"]
    window: Step = Field(description="time that is looked back at")
    every: Every = UNITS_NS["m"]
    initial: Initial = None


class GarchExpected(Part):
    """GARCH(1,1) with given parameters, such as `mmsim.fit_garch` finds."""

    model: Literal["garch"]
    long_run: ImpliedVolatility = Field(description="to which it returns, a year (0.2 is 20 %)")
    alpha: Probability = Field(description="weight of a step's squared return")
    beta: Inner = Field(description="weight of the variance before")
    step: Step = Field(UNITS_NS["d"], description="time that alpha and beta are for")
    every: Every = UNITS_NS["m"]
    initial: Initial = None


Expected = Annotated[EwmaExpected | RealisedExpected | GarchExpected | ConstantVolatility, Field(discriminator="model")]
ExpectedVolatility = Annotated[
    Annotated[Expected, Tag("one")] | Annotated[dict[Symbol, Expected], Tag("each")], Discriminator(one_or_each)
]
