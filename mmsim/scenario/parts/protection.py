"""What protects the desk's quotes, how often they are replaced, and what the desk owes the venue."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from mmsim.scenario.parts.base import Part
from mmsim.scenario.values import ImpliedVolatility, Inner, Limit, NonNegative, Positive, Probability, Step, Ticks

Factor = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=1, le=1000)]


class Alarm(Part):
    """What the desk does about something, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    action: Literal["pull", "widen"] = Field("pull", description="pull: no quotes on the underlying; widen: wider ones")
    factor: Factor | None = Field(None, description="widen: what the distance of a price from the middle is times")
    duration: Step = Field(alias="for", description="how long after it was last so")


class Jump(Alarm):
    """The underlying's mid moves fast."""

    spot: Inner = Field(description="relative move (0.005 is 0.5 %) from any mid of the time `within`")
    within: Step = Field(description="how far back; of the last 1,024 ticks at most")


class Thin(Alarm):
    """The underlying's book thins out."""

    size: Positive = Field(description="units at the bid or the ask below which the book is thin")


class VolatilityMove(Alarm):
    """An option's volatility mark moves fast."""

    move: ImpliedVolatility = Field(
        description="change of the mark (0.01 is a point) from any of the option's marks of the time `within`"
    )
    within: Step = Field(description="how far back; of the option's last 64 marks at most")


class Quotes(Part):
    """Quotes that stand until it is worth a message to replace them."""

    requote_ticks: Positive = Field(1.0, description="replaced where a price differs by at least so many ticks")
    requote_size: Probability = Field(
        0.0, description="or a size by more than this share of what is left of it; 0: by anything"
    )
    messages_per_second: Positive | None = Field(
        None, description="messages that the venue takes, one an option; beyond them stale quotes stand; default: any"
    )
    burst: Positive | None = Field(
        None, description="messages that may be sent at once after a pause; default: those of a second, at least 1"
    )


class Obligation(Part):
    """What the desk has undertaken to quote."""

    max_width: Ticks = Field(description="ask less bid, in currency: one for all, or a table {bid from which: width}")
    min_size: NonNegative = Field(1.0, description="contracts on each side")
    share: Probability = Field(description="of the time of each series to be quoted so (0.9 is 90 %)")


class Protection(Part):
    """Market-maker protection by the venue, the desk's own alarms, standing quotes and the obligation to quote."""

    window: Step | None = Field(None, description="of market-maker protection, from the first fill that it counts")
    freeze: Step | None = Field(None, description="how long a breach of it pulls all quotes on the underlying")
    quantity: Limit | None = Field(None, description="contracts dealt within the window that are a breach")
    net_delta: Limit | None = Field(None, description="delta dealt within it, without sign, in units of the underlying")
    net_vega: Limit | None = Field(None, description="vega dealt within it, without sign, in currency for 1.00 of vol")
    jump: Jump | None = Field(None, description="pull or widen when the underlying jumps")
    thin: Thin | None = Field(None, description="pull or widen when the underlying's book thins out")
    volatility: VolatilityMove | None = Field(None, description="pull or widen when a volatility mark moves fast")
    quotes: Quotes | None = Field(None, description="quotes stand until replaced; default: each order meets a new one")
    obligation: Obligation | None = Field(None, description="what is owed to the venue; its quotes stand too")
