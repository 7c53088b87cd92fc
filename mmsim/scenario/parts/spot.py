"""Models of the spot."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from mmsim.scenario.parts.base import Part, one_or_each
from mmsim.scenario.values import (
    Correlation,
    Count,
    Growth,
    ImpliedVolatility,
    InsideFile,
    Instant,
    JumpDeviation,
    JumpMean,
    NonNegative,
    Positive,
    Probability,
    RealisedVolatility,
    Step,
    Symbol,
)


class PathSpot(Part):
    """Given prices: ``prices[k]`` at the clock's start + k × step."""

    model: Literal["path"]
    step: Step = Field(description="time between two prices")
    prices: Annotated[tuple[Positive, ...], Field(min_length=1)] = Field(
        description="mids, in currency, as given: a fall at an ex-date is to be in them"
    )
    half_spread: NonNegative = Field(0.0, description="of the underlying's own market, in currency")

    @property
    def first(self) -> float:
        """The first mid, in currency."""
        return self.prices[0]

    @property
    def lowest(self) -> float:
        """The lowest mid that is known beforehand."""
        return min(self.prices)


class SpotEvent(Part):
    """An instant at which the spot jumps."""

    at: Instant = Field(description="when, with a zone; the first tick from then on shows it")
    move: JumpDeviation = Field(description="standard deviation of the jump's logarithm (0.05 is about 5 %)")


class RandomSpot(Part):
    """What all spots that are drawn have in common."""

    model: str
    step: Step = Field(description="time between two ticks")
    half_spread: NonNegative = Field(0.0, description="of the underlying's own market, in currency")
    hours: Literal["all", "sessions"] = Field(
        "all", description="sessions: ticks in trading hours only, what happens between them arriving at the open"
    )


class GrowingSpot(RandomSpot):
    """What drawn spots without a level have in common. With dividends, all but what they are worth is drawn."""

    start: Positive = Field(description="first mid, in currency")
    events: tuple[SpotEvent, ...] = Field((), description="scheduled jumps, of expected size nothing")

    @property
    def first(self) -> float:
        """The first mid, in currency."""
        return self.start

    @property
    def lowest(self) -> float:
        """The lowest mid that is known beforehand."""
        return self.start


class GbmSpot(GrowingSpot):
    """Geometric Brownian motion in exact lognormal steps from the clock's start to its end.

    Where there are dividends, it is the spot less the present value of those ahead that moves so (the escrowed model).
    """

    model: Literal["gbm"]
    volatility: RealisedVolatility = Field(description="realised volatility a year (0.2 is 20 %)")
    drift: Growth = Field(0.0, description="expected growth a year (0.05 is 5 %)")


class HestonSpot(GrowingSpot):
    """Heston's model by Andersen's quadratic-exponential scheme: volatility is drawn too. Feller may be broken."""

    model: Literal["heston"]
    volatility: RealisedVolatility = Field(description="realised volatility at the start, a year (0.2 is 20 %)")
    drift: Growth = Field(0.0, description="expected growth a year (0.05 is 5 %)")
    long_run_volatility: ImpliedVolatility = Field(description="to whose square variance goes back, a year")
    mean_reversion: Positive = Field(description="speed at which it does so, a year (2: half of the way in 0.35 years)")
    vol_of_vol: Positive = Field(description="volatility of variance, a year: d variance = ... + it · volatility · dB")
    correlation: Correlation = Field(0.0, description="of the spot's moves and those of variance, from −1 to 1")


class MertonSpot(GrowingSpot):
    """Geometric Brownian motion with lognormal jumps at random times, in exact steps."""

    model: Literal["merton"]
    volatility: RealisedVolatility = Field(description="realised volatility a year between jumps (0.2 is 20 %)")
    drift: Growth = Field(0.0, description="expected growth a year (0.05 is 5 %)")
    intensity: NonNegative = Field(description="jumps a year")
    jump_mean: JumpMean = Field(0.0, description="mean of a jump's logarithm (−0.05: about 5 % down)")
    jump_deviation: JumpDeviation = Field(0.0, description="standard deviation of a jump's logarithm")


class OscillationSpot(RandomSpot):
    """A spot that goes back and forth around a level: one move below it, at it, or one move above it."""

    model: Literal["oscillation"]
    level: Positive = Field(description="mid in the middle, and at the start, in currency")
    move: Positive = Field(description="from the level to either side, in currency")
    up: Probability = Field(0.5, description="probability that the tick after one at the level is above it")
    down: Probability = Field(0.5, description="probability that the tick after one at the level is below it")
    back: Probability = Field(1.0, description="probability that the tick after one beside the level is at it")

    @property
    def first(self) -> float:
        """The first mid, in currency."""
        return self.level

    @property
    def lowest(self) -> float:
        """The lowest mid, without dividends."""
        return self.level - self.move


class BootstrapSpot(GrowingSpot):
    """Recorded returns drawn again in blocks, a return a tick."""

    model: Literal["bootstrap"]
    prices: Annotated[tuple[Positive, ...], Field(min_length=3)] | None = Field(
        None, description="recorded prices, one a step, in order; or a file"
    )
    file: InsideFile | None = Field(None, description="CSV or Parquet file below --data with a price a row, in order")
    column: Symbol = Field("close", description="of the file")
    block: Count = Field(description="returns that stay together: the mean, or all with blocks: fixed")
    blocks: Literal["geometric", "fixed"] = Field("geometric", description="lengths (geometric: stationary bootstrap)")
    drift: Growth | None = Field(None, description="expected growth a year; default: as recorded")


SpotModel = Annotated[
    PathSpot | GbmSpot | HestonSpot | MertonSpot | OscillationSpot | BootstrapSpot, Field(discriminator="model")
]


SpotModels = Annotated[
    Annotated[SpotModel, Tag("one")] | Annotated[dict[Symbol, SpotModel], Tag("each")], Discriminator(one_or_each)
]
