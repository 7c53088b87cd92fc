"""Where prices come from: models, or recorded files."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mmsim.scenario.parts.base import Part
from mmsim.scenario.parts.maker import Maker
from mmsim.scenario.parts.spot import SpotModels
from mmsim.scenario.parts.volatility import VolatilityModels
from mmsim.scenario.values import DeltaBound, Duration, Inside, NonNegative, Probability, Step, TheoVolatility
from mmsim.units import UNITS_NS


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

    @property
    def reads_files(self) -> bool:
        """Whether there is no market without recorded files."""
        models = self.spot.values() if isinstance(self.spot, dict) else [self.spot]
        return self.recorded is not None or any(getattr(model, "file", None) is not None for model in models)
