"""Where prices come from: models, or recorded files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from mmsim.scenario.parts.base import Part, one_or_each
from mmsim.scenario.parts.maker import Maker
from mmsim.scenario.values import (
    DeltaBound,
    Duration,
    Growth,
    ImpliedVolatility,
    Inside,
    NonNegative,
    Positive,
    Probability,
    RealisedVolatility,
    Step,
    Symbol,
    TheoVolatility,
)
from mmsim.units import UNITS_NS


class PathSpot(Part):
    """Given prices: ``prices[k]`` at the clock's start + k × step."""

    model: Literal["path"]
    step: Step = Field(description="time between two prices")
    prices: Annotated[tuple[Positive, ...], Field(min_length=1)] = Field(
        description="mids, in currency, as given: a fall at an ex-date is to be in them"
    )
    half_spread: NonNegative = Field(0.0, description="of the underlying's own market, in currency")


class GbmSpot(Part):
    """Geometric Brownian motion in exact lognormal steps from the clock's start to its end.

    Where there are dividends, it is the spot less the present value of those ahead that moves so (the escrowed model).
    """

    model: Literal["gbm"]
    start: Positive = Field(description="first mid, in currency")
    volatility: RealisedVolatility = Field(description="realised volatility a year (0.2 is 20 %)")
    drift: Growth = Field(0.0, description="expected growth a year (0.05 is 5 %)")
    step: Step = Field(description="time between two ticks")
    half_spread: NonNegative = Field(0.0, description="of the underlying's own market, in currency")


class ConstantVolatility(Part):
    """The same implied volatility for every option, for ever."""

    model: Literal["constant"]
    level: ImpliedVolatility = Field(description="implied volatility a year (0.2 is 20 %)")


SpotModel = Annotated[PathSpot | GbmSpot, Field(discriminator="model")]


SpotModels = Annotated[
    Annotated[SpotModel, Tag("one")] | Annotated[dict[Symbol, SpotModel], Tag("each")], Discriminator(one_or_each)
]


VolatilityModels = Annotated[
    Annotated[ConstantVolatility, Tag("one")] | Annotated[dict[Symbol, ConstantVolatility], Tag("each")],
    Discriminator(one_or_each),
]


class Theo(Part):
    """The volatility at which the scenario marks theoretical value."""

    volatility: TheoVolatility = Field(
        "market",
        description="market: the market's own; mid: of recorded mids; surface: fitted to recorded quotes; or a number",
    )
    half_life: Duration = Field(0, description="of the smoothing of volatilities from mids; 0: none")
    refit: Step = Field(UNITS_NS["m"], description="surface: time between fits, on a grid from the clock's start")
    dynamics: Literal["sticky_strike", "sticky_moneyness", "sticky_delta"] = Field(
        "sticky_strike", description="surface: what keeps its volatility as the spot moves between fits"
    )
    stale_after: Step = Field(30 * UNITS_NS["m"], description="surface: age from which a quote is not fitted")
    bid_ticks: NonNegative = Field(
        3.0, description="surface: quotes with a bid of so many ticks or less are not fitted"
    )
    min_delta: DeltaBound = Field(0.05, description="surface: |delta| below this, or above 1 less this, is not fitted")
    min_life: Duration = Field(UNITS_NS["h"], description="surface: an expiry with less time left keeps its last smile")


class Recorded(Part):
    """Recorded quotes and trades in Parquet files."""

    folder: Inside = Field(description="below --data, or below the folder that one stands in")
    refuse_above: Probability = Field(0.2, description="share of bad rows above which the run refuses the data")


class MarketEntry(Part):
    """Where prices come from: models, or recorded files."""

    spot: SpotModels | None = Field(None, description="a model, or {SYMBOL: model}")
    volatility: VolatilityModels | None = Field(None, description="a model of implied volatility, or {SYMBOL: model}")
    theo: Theo = Field(Theo(), description="how theoretical value is marked")
    recorded: Recorded | None = Field(None, description="replay recorded data instead of models")
    maker: Maker | None = Field(
        None, description="who quotes beside the desk; {} in a recorded market: its quotes. Default: nobody"
    )
