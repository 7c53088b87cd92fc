"""Who else makes a market."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mmsim.scenario.parts.base import Part
from mmsim.scenario.values import Count, ImpliedVolatility, NonNegative


class Maker(Part):
    """A rival beside the desk, to whom client orders go where the price is better; of recorded data, their quotes."""

    half_spread_vol: ImpliedVolatility | None = Field(
        None, description="of its quotes around the market's fair volatility, absolute (0.005 is half a point)"
    )
    half_spread_ticks: NonNegative | None = Field(
        None, description="of its quotes around the market's fair value, in ticks of the option; instead of the other"
    )
    size: Count | None = Field(None, description="contracts that it shows a side; default: 10")
    allocation: Literal["none", "pro_rata", "price_time"] = Field(
        "pro_rata", description="what the desk gets at a price that both show; none: no rule, it gets everything"
    )
