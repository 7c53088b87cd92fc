"""The parts of a scenario: every key, its default, what it means and what may stand there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    StringConstraints,
    Tag,
    WithJsonSchema,
)

from mmsim.instruments import Exercise, Option, Premium, Right, Settlement, TickTable, Underlying, UnderlyingKind
from mmsim.scenario.values import (
    ClockTime,
    Count,
    DeltaBound,
    Duration,
    Flag,
    Growth,
    ImpliedVolatility,
    Inside,
    Instant,
    Limit,
    NonNegative,
    Number,
    Positive,
    Probability,
    Rate,
    RealisedVolatility,
    Step,
    Strikes,
    Symbol,
    TheoVolatility,
    Ticks,
    YearDays,
    Zone,
    ZonedTime,
    read_date,
)
from mmsim.units import UNITS_NS, day_time_ns


class Part(BaseModel):
    """A mapping of a scenario: immutable, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Date = Annotated[
    dt.date,
    BeforeValidator(read_date),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "format": "date"}),
]


class VarianceEvent(Part):
    """An instant at which more is to be expected than of the hours around it."""

    at: Instant = Field(description="when, with a zone; at the instant itself it has passed")
    days: NonNegative = Field(description="days of variance that it adds: 1 is an ordinary trading day's")


class Weights(Part):
    """What an hour weighs against one of a session, in the time that volatility runs by."""

    overnight: NonNegative = Field(description="outside the sessions of a trading day")
    weekend: NonNegative = Field(description="on Saturdays, Sundays and holidays")
    trading_days: Annotated[float, Field(strict=True, gt=0, le=365)] = Field(
        252.0, description="trading days in a standard year"
    )
    holidays: tuple[Date, ...] = Field((), description="dates without a session, beside weekends")
    calendar: Symbol | None = Field(
        None, description="sessions as exchange_calendars has them (XNYS, an extra); default: those of `sessions`"
    )
    events: tuple[VarianceEvent, ...] = Field((), description="instants that add variance")


class Clock(Part):
    """When the scenario begins and ends, and how its days make years."""

    start: Instant = Field(description="the first instant, with a zone")
    end: Instant = Field(description="the last instant, with a zone")
    volatility_days: YearDays = Field(365.0, description="days in a year of volatility, drift and time to expiry")
    interest_days: YearDays = Field(365.0, description="days in a year of interest")
    weights: Weights | None = Field(
        None, description="of nights, weekends and events in the time that volatility runs by; default: all hours alike"
    )


class Rates(Part):
    """Interest a year, as fractions: 0.04 is 4 %."""

    options_cash: Rate = Field(0.0, description="on the cash of the options (0.04 is 4 % a year)")
    hedge_cash: Rate = Field(0.0, description="on the cash of the hedge (0.04 is 4 % a year)")
    pricing: Rate | None = Field(None, description="in option prices (0.04 is 4 % a year); default: options_cash")
    borrow: Rate = Field(0.0, description="fee for borrowing the stock of a short hedge, a year")
    borrowing_spread: Rate = Field(0.0, description="added to the rate where a cash balance is negative, a year")
    funding: Literal["gross", "net"] = Field(
        "gross", description="net: the two balances are netted before lending or borrowing"
    )
    compounding: Literal["continuous", "simple_daily"] = Field("continuous", description="how interest earns interest")


class UnderlyingEntry(Part):
    """A stock, an index or a future."""

    symbol: Symbol = Field(description="how the scenario names it")
    kind: Literal["stock", "index", "future"] = Field(
        "stock", description="decides how its hedge is paid and its options priced"
    )
    tick: Positive = Field(0.01, description="price increment, in currency")
    multiplier: Positive = Field(
        1.0, description="units of the underlying in one contract of the hedge (1 for a share)"
    )
    lot: NonNegative | None = Field(
        None, description="smallest hedge, in contracts; 0: continuous; default: execution.lot"
    )
    dividend_yield: Rate = Field(0.0, description="continuous, a year")
    data_symbol: Symbol | None = Field(None, description="its name in the recorded underlying files; default: symbol")

    def build(self, default_lot: float) -> Underlying:
        """The instrument that this entry describes."""
        lot = default_lot if self.lot is None else self.lot
        kind = UnderlyingKind[self.kind.upper()]
        return Underlying(self.symbol, kind, self.tick, self.multiplier, lot, self.dividend_yield)


HalfDays = Annotated[
    dict[Annotated[dt.date, BeforeValidator(read_date), PlainSerializer(str)], ZonedTime],
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]


class OptionEntry(Part):
    """Options on one underlying that share their terms: strikes of one expiry, or all that a recorded market has."""

    underlying: Symbol = Field(description="symbol of the underlying")
    strikes: Strikes | None = Field(None, description="a list, or {from, to, step}; none with a recorded market")
    expiry: Instant | None = Field(None, description="instant of settlement, with a zone; none with a recorded market")
    rights: Annotated[tuple[Literal["call", "put"], ...], Field(min_length=1)] = Field(
        ("call", "put"), description="which of the two are listed"
    )
    multiplier: Positive = Field(100.0, description="units of the underlying in one contract of the option")
    ticks: Ticks = Field(
        TickTable(), description="price increment in currency, or a table {price from which it holds: increment}"
    )
    exercise: Literal["european", "american"] = Field("european", description="when it may be exercised")
    settlement: Literal["cash", "physical"] = Field("cash", description="what it delivers at expiry")
    premium: Literal["upfront", "futures_style"] = Field(
        "upfront", description="futures_style: margined daily, without premium cash at the trade"
    )
    last_trade: Instant | None = Field(None, description="last instant of trading; default: expiry")
    settlement_price: NonNegative | None = Field(
        None, description="of the underlying at expiry, in currency; default: its mid then"
    )
    expiry_time: ZonedTime | None = Field(
        None, description="recorded markets: time of day of settlement, with its zone"
    )
    half_days: HalfDays = Field(
        {},
        description="recorded markets: expiry dates with another time, {2015-12-24: 13:00 America/New_York}",
    )

    def option(self, right: Right, strike: float, expiry_ns: int) -> Option:
        """The option with these terms."""
        return Option(
            underlying=self.underlying,
            right=right,
            strike=strike,
            expiry_ns=expiry_ns,
            multiplier=self.multiplier,
            ticks=self.ticks,
            exercise=Exercise[self.exercise.upper()],
            settlement=Settlement[self.settlement.upper()],
            premium=Premium[self.premium.upper()],
            last_trade_ns=self.last_trade or 0,
            settlement_price=float("nan") if self.settlement_price is None else self.settlement_price,
        )

    def options(self) -> Iterator[Option]:
        """The options that this entry spells out; none where strikes or expiry come with recorded data."""
        if self.strikes is not None and self.expiry is not None:
            for strike in self.strikes:
                for right in self.rights:
                    yield self.option(Right[right.upper()], strike, self.expiry)

    def expiry_ns(self, day: dt.date) -> int:
        """The instant, in nanoseconds UTC, at which a recorded series that expires on ``day`` is settled."""
        at = self.half_days.get(day, self.expiry_time)
        assert at is not None, "checked when the scenario was read"
        return day_time_ns(day, at.time, at.zone)


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


def one_or_each(value: Any) -> str:
    """Whether a model is given for all underlyings, or a mapping {SYMBOL: model}."""
    each = (
        isinstance(value, Mapping)
        and "model" not in value
        and all(isinstance(v, Mapping | Part) for v in value.values())
    )
    return "each" if each else "one"


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


class PolicyEntry(Part):
    """A policy by name (a file in strategies/) or as path.py:Class; its parameters stand beside it as keys."""

    model_config = ConfigDict(frozen=True, extra="allow")

    policy: Annotated[str, StringConstraints(strict=True, min_length=1)] = Field(
        "none", description="a file name in strategies/, or path.py:Class; its parameters are further keys"
    )

    @property
    def parameters(self) -> dict[str, Any]:
        """The policy's parameters, as written: plain values."""
        return dict(self.model_extra or {})


class Quoting(PolicyEntry):
    """The quoting policy."""


class Hedging(PolicyEntry):
    """The hedging policy."""

    instrument: Symbol | dict[Symbol, Symbol] | None = Field(
        None, description="what hedges: a symbol, or {SYMBOL: SYMBOL}; default: each underlying itself"
    )


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


class Latency(Part):
    """From a decision to its effect."""

    quote: Duration = Field(0, description="until a quote is in force")
    hedge: Duration = Field(0, description="until a hedge fills")


class Limits(Part):
    """Beyond which quotes on the side that adds are pulled; a loss beyond its limit stops the desk."""

    position: Limit | None = Field(None, description="contracts of one option")
    net_delta: Limit | None = Field(None, description="units of the underlying")
    net_gamma: Limit | None = Field(None, description="change of delta, in units, for a move of 1 of the spot")
    net_vega: Limit | None = Field(None, description="currency for 1.00 of volatility")
    loss: Limit | None = Field(None, description="currency")


class OpeningOption(Part):
    """Options that the desk holds when the clock starts."""

    option: Symbol = Field(description="as `ABC 2026-01-16 C100`")
    size: Number = Field(description="contracts; negative: short")
    mark: NonNegative | None = Field(None, description="price at which it is taken over, in currency; default: theo")


class OpeningHedge(Part):
    """Underlying that the desk holds when the clock starts."""

    underlying: Symbol = Field(description="symbol")
    units: Number = Field(description="units of the underlying; negative: short")
    price: Positive | None = Field(None, description="at which it is taken over, in currency; default: mid")


class Opening(Part):
    """What the desk holds when the clock starts."""

    options: tuple[OpeningOption, ...] = Field((), description="options")
    hedges: tuple[OpeningHedge, ...] = Field((), description="underlyings")


class Sessions(Part):
    """Trading hours, Monday to Friday; an ``open`` later than ``close`` is the evening before."""

    open: ClockTime = Field(description="time of day")
    close: ClockTime = Field(description="time of day")
    zone: Zone = Field(description="as America/New_York")
    settlement: ClockTime | None = Field(None, description="time of day of settlement marks; default: close")


class Dividend(Part):
    """A cash dividend."""

    underlying: Symbol = Field(description="symbol")
    ex: Instant = Field(description="instant from which the underlying trades without it")
    amount: Positive = Field(description="currency a unit")


class Pricing(Part):
    """The model of cash dividends, and how closely the loop follows exact Greeks between events."""

    dividends: Literal["escrowed", "spot"] = Field(
        "escrowed", description="what is lognormal: the spot less the dividends ahead, or the spot between ex-dates"
    )
    exact: Flag = Field(False, description="price everything at every tick: slow, and the oracle of the tests")
    refresh_spot: NonNegative = Field(
        0.0005, description="relative move of the spot after which Greeks are computed afresh"
    )
    refresh_every: Step = Field(UNITS_NS["m"], description="time after which Greeks are computed afresh")


class ReportEntry(Part):
    """The grid of marks: each option is marked at all of these."""

    mark_every: Step = Field(UNITS_NS["m"], description="time between marks")
    mark_spot: Positive = Field(0.005, description="relative move of the spot that makes a mark (0.005 is 0.5 %)")
    mark_vol: Positive = Field(
        0.02, description="relative move of an option's volatility that makes a mark (0.02 is 2 %)"
    )
