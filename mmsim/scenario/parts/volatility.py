"""Models of implied volatility."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from mmsim.scenario.parts.base import Part, one_or_each
from mmsim.scenario.values import (
    Correlation,
    ImpliedVolatility,
    Instant,
    JumpDeviation,
    NonNegative,
    Number,
    Positive,
    Step,
    Symbol,
)


class ConstantVolatility(Part):
    """The same implied volatility for every option, for ever."""

    model: Literal["constant"]
    level: ImpliedVolatility = Field(description="implied volatility a year (0.2 is 20 %)")


class VolatilityEvent(Part):
    """An instant that the options know of beforehand."""

    at: Instant = Field(description="when, with a zone; at the instant itself it has happened")
    move: JumpDeviation = Field(
        0.0, description="expected move of the spot (0.05 is about 5 %): variance until then of options that outlive it"
    )
    factor: Positive = Field(1.0, description="by which implied volatility is multiplied from then on")


class MovingVolatility(Part):
    """What all implied volatilities that change have in common."""

    model: str
    step: Step = Field(description="time between two of an option's volatilities")
    events: tuple[VolatilityEvent, ...] = Field((), description="scheduled: expected moves, and jumps of volatility")


class SmiledVolatility(MovingVolatility):
    """A smile around a volatility at the money."""

    sticky: Literal["strike", "moneyness", "delta"] = Field(
        "strike", description="what keeps its volatility as the spot moves"
    )
    skew: Number = Field(
        0.0, description="volatility a unit of distance: of ln(strike/forward), or, sticky delta, of deviations"
    )
    curvature: Number = Field(0.0, description="volatility a unit of distance squared")
    reversion: NonNegative = Field(
        0.0, description="speed a year at which the volatility of an expiry goes to the long run; 0: none"
    )


class SmileVolatility(SmiledVolatility):
    """A smile whose volatility at the money stays where it is."""

    model: Literal["smile"]
    level: ImpliedVolatility = Field(description="implied volatility at the money a year (0.2 is 20 %)")
    long_run: ImpliedVolatility | None = Field(None, description="of far expiries, with reversion; default: level")


class MeanRevertingVolatility(SmiledVolatility):
    """A smile whose volatility at the money is drawn: its logarithm goes back to a long run, in exact steps."""

    model: Literal["mean_reverting"]
    start: ImpliedVolatility = Field(description="first implied volatility at the money a year (0.2 is 20 %)")
    long_run: ImpliedVolatility = Field(description="to which it goes back, a year")
    speed: NonNegative = Field(description="at which it does so, a year (2: half of the way in 0.35 years); 0: never")
    vol_of_vol: Annotated[NonNegative, Field(le=20)] = Field(
        description="volatility of its logarithm, a year (0.8: about 5 % a day)"
    )
    correlation: Correlation = Field(0.0, description="with the spot's Brownian motion, from −1 to 1")


class HestonVolatility(MovingVolatility):
    """The surface of Heston's model, from the spot's own variance. What is not given is that of the spot."""

    model: Literal["heston"]
    long_run_volatility: ImpliedVolatility | None = Field(
        None, description="as options are priced; default: the spot's"
    )
    mean_reversion: Positive | None = Field(None, description="as options are priced, a year; default: the spot's")
    vol_of_vol: Positive | None = Field(None, description="as options are priced, a year; default: the spot's")
    correlation: Correlation | None = Field(None, description="as options are priced; default: the spot's")


VolatilityModel = Annotated[
    ConstantVolatility | SmileVolatility | MeanRevertingVolatility | HestonVolatility, Field(discriminator="model")
]


VolatilityModels = Annotated[
    Annotated[VolatilityModel, Tag("one")] | Annotated[dict[Symbol, VolatilityModel], Tag("each")],
    Discriminator(one_or_each),
]
