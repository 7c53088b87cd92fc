"""How the desk trades: prices, fees, lots and latency."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from mmsim.scenario.parts.base import Part, one_or_each
from mmsim.scenario.values import Duration, Flag, NonNegative, Number, Positive, Probability, RealisedVolatility, Symbol


class OptionFees(Part):
    """What the venue of the options charges."""

    maker: Number = Field(0.0, description="currency a contract dealt at the desk's own quote; negative: a rebate")
    taker: Number = Field(
        0.0, description="currency a contract dealt with the volatility desk, at its price; negative: a rebate"
    )
    cap: Probability | None = Field(
        None, description="share of a contract's premium that its fee is at most (0.125 is 12.5 %)"
    )


class HedgeFees(Part):
    """What the venue of the hedge charges."""

    maker: Number = Field(0.0, description="currency a contract of a hedge that rested; negative: a rebate")
    taker: Number = Field(0.0, description="currency a contract of a hedge at mid or touch; negative: a rebate")


class Fees(Part):
    """Fees by venue, in place of fee_per_option and fee_per_hedge."""

    option: OptionFees | None = Field(None, description="of the options' venue")
    hedge: HedgeFees | None = Field(None, description="of the hedge's venue")


class Impact(Part):
    """What the desk's hedges do to the price of what it hedges with."""

    permanent: NonNegative = Field(
        0.0,
        description="currency that a unit bought lifts the mid by, and a unit sold lowers it, for good; "
        "half of it is in the trade's own price",
    )
    temporary: NonNegative = Field(
        0.0, description="a trade's own price is worse by this x daily_volatility x mid x sqrt(units / daily_volume)"
    )
    daily_volatility: RealisedVolatility | None = Field(
        None, description="of one trading day, of the price (0.0126 is 1.26 %); for temporary"
    )
    daily_volume: Positive | None = Field(None, description="units that the market trades in a day; for temporary")


Impacts = Annotated[
    Annotated[Impact, Tag("one")] | Annotated[dict[Symbol, Impact], Tag("each")], Discriminator(one_or_each)
]


class Offload(Part):
    """What a volatility desk asks for taking options off the book, or for giving some: see docs/hedging.md."""

    half_spread_vol: NonNegative = Field(
        0.01, description="it deals at fair value and so much volatility against the desk, absolute (0.01 is one point)"
    )


class Execution(Part):
    """How the desk quotes and its hedges trade, what trading costs, and how lots are matched."""

    hedge_at: Literal["mid", "touch", "passive"] = Field(
        "mid",
        description="touch: hedges buy at the ask and sell at the bid; passive: they rest at the near touch, and cross "
        "the spread when patience ends",
    )
    fill_probability: Probability = Field(
        0.0, description="passive: that a resting hedge is filled at a tick which leaves no better price before it"
    )
    patience: Duration = Field(0, description="passive: time at rest after which the next tick's touch is taken")
    impact: Impacts | None = Field(
        None, description="what hedges do to the price of their instrument; or {SYMBOL: ...} by instrument"
    )
    fees: Fees = Field(Fees(), description="by venue; or fee_per_option and fee_per_hedge, for makers and takers alike")
    hedge_cost: NonNegative = Field(
        1.0,
        description="multiple of what hedges cost: of the distance from the mid at which they take a price, impact "
        "included, and of their fees",
    )
    fee_per_hedge: Number = Field(0.0, description="currency a contract of the hedge; negative: a rebate")
    fee_per_option: Number = Field(0.0, description="currency a contract of the option; negative: a rebate")
    fee_per_exercise: NonNegative = Field(
        0.0, description="currency a contract that is exercised or assigned, at expiry or before"
    )
    early_exercise: Literal["optimal", "never"] = Field(
        "optimal", description="the desk's American options: exercised at a close when they are worth no more alive"
    )
    early_assignment: Literal["optimal", "never"] = Field(
        "optimal", description="the American options that it has sold: whether their holders do so"
    )
    lot: NonNegative = Field(1.0, description="smallest hedge, in contracts; 0: continuous")
    matching: Literal["lifo", "fifo", "average"] = Field("lifo", description="which lots of the hedge a trade closes")
    post_only: Flag = Field(True, description="quotes never cross the market")
    requote: Literal["on_demand", "every_tick"] = Field(
        "on_demand",
        description="every_tick: all options at each tick of their underlying, to see more crosses; slower, same fills",
    )
    offload: Offload = Field(
        Offload(), description="what it costs to trade options with a volatility desk, where the hedging policy does"
    )


class Latency(Part):
    """From a decision to its effect."""

    quote: Duration = Field(0, description="until a quote is in force")
    hedge: Duration = Field(0, description="until a hedge fills")
