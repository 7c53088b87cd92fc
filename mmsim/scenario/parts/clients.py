"""Who trades with the desk."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mmsim.scenario.parts.base import Part
from mmsim.scenario.values import Count, Instant, NonNegative, Positive, Probability, Symbol


class Order(Part):
    """One order of a script."""

    at: Instant = Field(description="when it arrives, with a zone")
    option: Symbol = Field(description="as `ABC 2026-01-16 C100`: underlying, UTC date of expiry, right and strike")
    side: Literal["buy", "sell"] = Field(description="the client's side")
    size: Positive = Field(description="contracts")
    price: NonNegative = Field(description="the client's limit, in currency; the fill is at the desk's quote")


class ScriptedClients(Part):
    """Orders as written."""

    model: Literal["scripted"]
    name: Symbol = Field(description="of the group")
    orders: Annotated[tuple[Order, ...], Field(min_length=1)] = Field(description="in any order of time")


class PoissonClients(Part):
    """Clients who arrive at random and trade if the price is good enough."""

    model: Literal["poisson"]
    name: Symbol = Field(description="of the group")
    per_hour: Positive = Field(description="arrivals an hour that would trade at fair value")
    reservation_ticks: Positive = Field(
        description="mean of the exponential distance that they concede, in ticks of the option"
    )
    offset_ticks: NonNegative = Field(
        0.0, description="clients ask for up to this much better than fair value, in ticks"
    )
    sizes: Annotated[tuple[Count, ...], Field(min_length=1)] = Field((1,), description="contracts, drawn evenly")
    buy_share: Probability = Field(0.5, description="share of orders that buy")


class RecordedClients(Part):
    """Recorded trades, as orders at their price."""

    model: Literal["recorded_trades"]
    name: Symbol = Field(description="of the group")
    allocation: Literal["none", "pro_rata", "price_time"] = Field(
        "none", description="what the desk gets at a price that it shares with the market; with fills: touch"
    )
    fills: Literal["trade_through", "back_of_queue", "touch"] = Field(
        "touch", description="which trades the desk takes part in"
    )


Clients = Annotated[ScriptedClients | PoissonClients | RecordedClients, Field(discriminator="model")]
