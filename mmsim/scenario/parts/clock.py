"""When a scenario begins and ends, its trading hours, and what time and money are worth a year."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mmsim.scenario.parts.base import Date, Part
from mmsim.scenario.values import ClockTime, Instant, NonNegative, Rate, Symbol, YearDays, Zone


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


class Sessions(Part):
    """Trading hours, Monday to Friday; an ``open`` later than ``close`` is the evening before."""

    open: ClockTime = Field(description="time of day")
    close: ClockTime = Field(description="time of day")
    zone: Zone = Field(description="as America/New_York")
    settlement: ClockTime | None = Field(None, description="time of day of settlement marks; default: close")


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
