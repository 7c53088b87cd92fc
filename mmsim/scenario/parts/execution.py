"""How the desk trades: prices, fees, lots and latency."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mmsim.scenario.parts.base import Part
from mmsim.scenario.values import Duration, Flag, NonNegative, Number


class Offload(Part):
    """What a volatility desk asks for taking options off the book, or for giving some: see docs/hedging.md."""

    half_spread_vol: NonNegative = Field(
        0.01, description="it deals at theo and so much volatility against the desk, absolute (0.01 is one point)"
    )
    fee: NonNegative = Field(0.0, description="currency a contract")


class Execution(Part):
    """How the desk quotes and its hedges trade, what trading costs, and how lots are matched."""

    hedge_at: Literal["mid", "touch"] = Field("mid", description="touch: hedges buy at the ask and sell at the bid")
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
