"""How a scenario's time makes years: those of volatility, and those of the rates in option prices."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.errors import UserError
from mmsim.instruments import Universe
from mmsim.scenario.model import Scenario
from mmsim.scenario.parts.clock import Clock, Sessions, Weights
from mmsim.trading_time import VarianceClock, variance_clock
from mmsim.units import DAY_NS

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Years(NamedTuple):
    """Nanoseconds of each kind of year. Without weights both are of time, and alike."""

    clock: VarianceClock | None  # by which time to expiry goes; None: time itself
    volatility_ns: float  # of the clock
    discount_ns: float  # of time

    def at(self, times: npt.ArrayLike) -> Integers:
        """What the clock shows at these times, nanoseconds."""
        return np.asarray(times, np.int64) if self.clock is None else self.clock.at(times)

    def of_volatility(self, start: npt.ArrayLike, end: npt.ArrayLike) -> Floats:
        """Years of volatility between times."""
        years: Floats = (self.at(end) - self.at(start)) / self.volatility_ns
        return years

    def stretch(self, start: npt.ArrayLike, end: npt.ArrayLike) -> Floats:
        """Years of discounting in a year of volatility between times: what a rate is multiplied by to go with it."""
        years = np.asarray(self.of_volatility(start, end))
        if self.clock is None:
            return np.ones_like(years)
        waits = (np.asarray(end, np.int64) - np.asarray(start, np.int64)) / self.discount_ns
        return np.divide(waits, years, out=np.ones_like(years), where=years > 0.0)


def years_of(scenario: Scenario, universe: Universe) -> Years:
    """The years of a scenario; UserError where its weights make no clock."""
    clock = scenario.clock
    last = max([clock.end, *(option.expiry_ns for option in universe.options)])
    try:
        return years_between(clock, scenario.sessions, clock.start - scenario.latency.quote, last)
    except (ValueError, UserError) as error:
        raise UserError(scenario.problem(("clock", "weights"), str(error))) from error


def years_between(clock: Clock, sessions: Sessions | None, first: int, last: int) -> Years:
    """The years of a clock, for times from ``first`` to ``last``; ValueError or UserError as `variance_clock`."""
    if clock.weights is None:
        return Years(None, clock.volatility_days * DAY_NS, clock.volatility_days * DAY_NS)
    variance = _clock(clock.weights, sessions, first, last)
    return Years(variance, variance.year_days * DAY_NS, clock.interest_days * DAY_NS)


@lru_cache(maxsize=8)
def _clock(weights: Weights, sessions: Sessions | None, first: int, last: int) -> VarianceClock:
    given = sessions or Sessions(open=dt.time(), close=dt.time(12), zone="UTC")  # unread: a calendar has its own
    return variance_clock(
        first,
        last,
        open=given.open,
        close=given.close,
        zone=given.zone,
        overnight=weights.overnight,
        weekend=weights.weekend,
        holidays=weights.holidays,
        calendar=weights.calendar,
        events=[(event.at, event.days) for event in weights.events],
        trading_days=weights.trading_days,
    )
