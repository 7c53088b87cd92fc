"""Who trades with the desk."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mmsim.scenario.parts.base import Part
from mmsim.scenario.values import (
    Count,
    Duration,
    ImpliedVolatility,
    Inner,
    Instant,
    NonNegative,
    Positive,
    Probability,
    Step,
    Symbol,
    mistake,
)

SETTLING = 20.0  # relaxation times that a Hawkes process is run for before the clock's start: e^-20 is left of it
MAX_SLICES = 10_000
MAX_STRIKES = 100  # of a sweep


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


def _ascending(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[1] < bounds[0]:
        raise mistake(f"the second must be at least the first, not {list(bounds)}")
    return bounds


def _some_activity(weights: str | tuple[float, ...]) -> str | tuple[float, ...]:
    if not isinstance(weights, str) and sum(weights) <= 0.0:
        raise mistake("at least one of the weights must be greater than 0")
    return weights


DeltaRange = Annotated[tuple[Probability, Probability], AfterValidator(_ascending)]
Range = Annotated[tuple[NonNegative, NonNegative], AfterValidator(_ascending)]
Shape = Annotated[
    Literal["u_shape"] | Annotated[tuple[NonNegative, ...], Field(min_length=1, max_length=MAX_SLICES)],
    AfterValidator(_some_activity),
]


class Excitement(Part):
    """Arrivals that bring arrivals: a Hawkes process with an exponential kernel."""

    branching: Annotated[Inner, Field(ge=1e-6)] = Field(
        description="mean number of arrivals that one directly brings: below 1"
    )
    decay: Step = Field(description="time in which what an arrival has added to the intensity falls to 1/e of it")


class Choosing(Part):
    """Which options a group asks for: one drawn evenly of those that qualify when it arrives."""

    name: Symbol = Field(description="of the group")
    underlyings: tuple[Symbol, ...] = Field((), description="symbols of the underlyings; default: all")
    rights: Annotated[tuple[Literal["call", "put"], ...], Field(min_length=1)] = Field(
        ("call", "put"), description="of the options"
    )
    delta: DeltaRange | None = Field(
        None, description="[least, most] |delta| by the market's volatility, without rates (0.25 is 25 delta)"
    )
    moneyness: Range | None = Field(None, description="[least, most] strike / spot; instead of delta")
    days: Range | None = Field(None, description="[least, most] days until expiry")


class Arriving(Choosing):
    """Clients who arrive at random."""

    per_hour: Positive = Field(description="arrivals an hour, on average, that would trade at fair value")
    shape: Shape | None = Field(
        None, description="relative intensities over equal slices of each session (without sessions: of the clock)"
    )
    hawkes: Excitement | None = Field(None, description="arrivals that bring arrivals; default: a Poisson process")
    sizes: Annotated[tuple[Count, ...], Field(min_length=1)] = Field((1,), description="contracts, drawn evenly")
    sweep: Annotated[Count, Field(le=MAX_STRIKES)] = Field(
        1, description="strikes that an arrival asks for at once: the option drawn, and the nearest in its expiry"
    )


class Conceding(Arriving):
    """Clients whose reservation prices lie at exponential distances from the market's fair value."""

    reservation_ticks: Positive = Field(
        description="mean of the exponential distance that they concede, in ticks of the option"
    )
    offset_ticks: NonNegative = Field(
        0.0, description="clients ask for up to this much better than fair value, in ticks"
    )
    package: Literal["vertical", "calendar", "straddle", "strangle", "risk_reversal"] | None = Field(
        None, description="a second leg: both are dealt or none, by the sum of their prices"
    )
    width: Annotated[Count, Field(le=MAX_STRIKES)] = Field(
        1, description="strikes between the legs of a vertical, strangle or risk reversal"
    )


class PoissonClients(Conceding):
    """Clients who arrive at random and trade if the price is good enough."""

    model: Literal["poisson"]
    buy_share: Probability = Field(0.5, description="share of orders that buy")


class RetailClients(Conceding):
    """Private investors: they buy calls, and sell covered calls and cash-secured puts out of the money and near."""

    model: Literal["retail"]
    covered_calls: Probability = Field(0.25, description="share of orders that sell calls against shares held")
    cash_secured_puts: Probability = Field(0.25, description="share of orders that sell puts against cash held")
    delta: DeltaRange | None = Field((0.1, 0.6), description="[least, most] |delta| of the calls that they buy")
    sold_delta: DeltaRange = Field((0.1, 0.4), description="[least, most] |delta| of what they sell")
    days: Range | None = Field((0.0, 60.0), description="[least, most] days until expiry")


class HedgerClients(Conceding):
    """Holders of a portfolio who buy puts on its index, whatever the price within reason."""

    model: Literal["hedger"]
    reservation_ticks: Positive = Field(50.0, description="mean of the distance that they concede, in ticks")
    delta: DeltaRange | None = Field((0.1, 0.4), description="[least, most] |delta| of the puts")
    days: Range | None = Field((20.0, 120.0), description="[least, most] days until expiry")


class NetBuyerClients(Conceding):
    """End users as a whole: net long the options of an index, net short those of single names."""

    model: Literal["customer_net_buyer"]
    of: Literal["index", "single_name"] = Field(
        "index", description="index: they buy puts and sell calls; single_name: the opposite"
    )
    puts: Probability = Field(0.65, description="share of orders in puts; the others are in calls")
    delta: DeltaRange | None = Field((0.05, 0.5), description="[least, most] |delta|")


class InformedClients(Conceding):
    """Clients some of whom know where the market will be, and pay what the option is worth there."""

    model: Literal["informed"]
    probability: Probability = Field(description="share of arrivals that know; the others are ordinary clients")
    horizon: Step = Field(description="how far ahead they know the market")
    knows: Literal["spot", "volatility"] = Field("spot", description="what of the market")
    buy_share: Probability = Field(0.5, description="share of the ordinary clients' orders that buy")


class VolTraderClients(Arriving):
    """Traders of volatility: they deal with whoever's price is off their forecast by more than a threshold."""

    model: Literal["vol_trader"]
    forecast: Literal["market"] | ImpliedVolatility = Field(
        "market", description="volatility a year; market: the market's own when they arrive"
    )
    error: NonNegative = Field(0.0, description="standard deviation of what each adds to the forecast, absolute")
    threshold: NonNegative = Field(description="edge that they want, absolute volatility (0.01 is one point)")


class SniperClients(Choosing):
    """Fast traders who look at the desk's quotes after ticks, and deal where latency has left one stale."""

    model: Literal["sniper"]
    share: Probability = Field(1.0, description="of the ticks that are looked at")
    trigger: NonNegative = Field(0.0, description="least move of the tick, relative (0.0005 is 5 basis points)")
    reaction: Duration = Field(0, description="from the tick to the order")
    cooldown: Duration = Field(0, description="least time between two looks at one underlying")
    looks: Count | None = Field(None, description="options drawn at each look; default: all that qualify")
    threshold_ticks: NonNegative = Field(
        0.0, description="edge against the market's fair value that pays for the trade, in ticks of the option"
    )
    size: Count = Field(1, description="contracts")


Clients = Annotated[
    ScriptedClients
    | PoissonClients
    | RecordedClients
    | RetailClients
    | HedgerClients
    | NetBuyerClients
    | InformedClients
    | VolTraderClients
    | SniperClients,
    Field(discriminator="model"),
]
