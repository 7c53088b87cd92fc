"""The scenario's declared clock: what a day of theta is, and how many years lie between marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmsim.scenario.parts.clock import Clock, Sessions
from mmsim.scenario.years import Years, years_between
from mmsim.units import DAY_NS


def years(summary: Mapping[str, Any]) -> Years:
    """The years of volatility of a run, between its start and its end; ``summary`` is run.json."""
    scenario = summary["scenario"]
    clock, sessions = Clock.model_validate(scenario["clock"]), scenario.get("sessions")
    hours = Sessions.model_validate(sessions) if sessions else None
    return years_between(clock, hours, clock.start, clock.end)


def days_a_year(summary: Mapping[str, Any]) -> float:
    """Days in a year of the clock: a year's theta is so many days' of it."""
    return years(summary).volatility_ns / DAY_NS


def day(summary: Mapping[str, Any]) -> str:
    """What a day of theta is, in words."""
    named = "ordinary trading day" if summary["scenario"]["clock"].get("weights") else "day"
    return f"{named} of the scenario's clock, whose year has {days_a_year(summary):,.6g}"
