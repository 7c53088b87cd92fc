"""The instruments of a scenario: underlyings, their dividends, and the options on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from mmsim.instruments import Exercise, Option, Premium, Right, Settlement, TickTable, Underlying, UnderlyingKind
from mmsim.scenario.parts.base import Part
from mmsim.scenario.values import Instant, NonNegative, Positive, Rate, Strikes, Symbol, Ticks, ZonedTime, read_date
from mmsim.units import day_time_ns


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


class Dividend(Part):
    """A cash dividend."""

    underlying: Symbol = Field(description="symbol")
    ex: Instant = Field(description="instant from which the underlying trades without it")
    amount: Positive = Field(description="currency a unit")
