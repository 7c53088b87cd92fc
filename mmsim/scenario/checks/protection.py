"""Checks of protections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmsim.scenario.checks.registry import Mistake, reads

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario


@reads("protection")
def _window(s: Scenario) -> Iterator[Mistake]:
    limits = [key for key in ("quantity", "net_delta", "net_vega") if getattr(s.protection, key) is not None]
    times = [key for key in ("window", "freeze") if getattr(s.protection, key) is not None]
    if limits and len(times) < 2:
        yield Mistake(("protection", limits[0]), "needs a window that it is counted in, and how long to freeze")
    if times and not limits:
        yield Mistake(("protection", times[0]), "needs what is counted: quantity, net_delta or net_vega")


@reads("protection")
def _alarms(s: Scenario) -> Iterator[Mistake]:
    for key in ("jump", "thin", "volatility"):
        alarm = getattr(s.protection, key)
        if alarm is not None and alarm.action == "widen" and alarm.factor is None:
            yield Mistake(("protection", key, "action"), "widen needs a factor: 2 makes quotes twice as wide")


@reads("protection", "market")
def _sizes(s: Scenario) -> Iterator[Mistake]:
    if s.protection.thin is not None and s.market.recorded is None:
        yield Mistake(("protection", "thin"), "is for a recorded market: a model's touch has no limit of size")


@reads("protection")
def _messages(s: Scenario) -> Iterator[Mistake]:
    quotes = s.protection.quotes
    if quotes is None or quotes.burst is None:
        return
    if quotes.messages_per_second is None:
        yield Mistake(("protection", "quotes", "burst"), "is for messages_per_second, which are not given")
    if quotes.burst < 1.0:
        yield Mistake(("protection", "quotes", "burst"), f"must be at least 1 message, not {quotes.burst:g}")
