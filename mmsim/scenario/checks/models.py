"""Checks within and between the models of spot and implied volatility."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mmsim.scenario.checks.common import MAX_TICKS, each_model
from mmsim.scenario.checks.registry import Mistake, reads

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario


@reads("market", "sessions")
def _hours(s: Scenario) -> Iterator[Mistake]:
    for path, model in each_model(s.market.spot, ("market", "spot")):
        if model.model != "path" and model.hours == "sessions" and s.sessions is None:
            yield Mistake((*path, "hours"), "sessions needs `sessions`: the trading hours")


@reads("market")
def _probabilities(s: Scenario) -> Iterator[Mistake]:
    for path, model in each_model(s.market.spot, ("market", "spot")):
        if model.model == "oscillation" and model.up + model.down > 1.0:
            yield Mistake((*path, "up"), f"up and down add up to {model.up + model.down:g}: at most 1")


@reads("market")
def _recordings(s: Scenario) -> Iterator[Mistake]:
    for path, model in each_model(s.market.spot, ("market", "spot")):
        if model.model != "bootstrap":
            continue
        if (model.prices is None) == (model.file is None):
            yield Mistake(path, "a bootstrap has prices or a file: one of the two")
        if model.prices is not None and model.block > len(model.prices) - 1:
            yield Mistake((*path, "block"), f"is longer than what was recorded, {len(model.prices) - 1} returns")


@reads("market", "underlyings")
def _pairs(s: Scenario) -> Iterator[Mistake]:
    """Models of implied volatility that need something of the model of the spot."""
    for symbol in (u.symbol for u in s.underlyings):
        spot, path = _of(s.market.spot, symbol), ("market", "volatility")
        model = _of(s.market.volatility, symbol)
        if spot is None or model is None:
            continue
        place = (*path, symbol) if isinstance(s.market.volatility, Mapping) else path
        if model.model == "heston" and spot.model != "heston":
            yield Mistake((*place, "model"), f"heston needs the variance of a spot of model heston, not {spot.model}")
        if model.model == "mean_reverting" and model.correlation != 0.0:
            if spot.model not in ("gbm", "merton"):
                yield Mistake(
                    (*place, "correlation"), f"must be 0: spots of model {spot.model} have no Brownian motion"
                )
            elif model.step < spot.step:
                yield Mistake((*place, "step"), "is shorter than the spot's, with which it is to be correlated")


@reads("market", "underlyings", "options", "clock")
def _crowded(s: Scenario) -> Iterator[Mistake]:
    length = s.clock.end - s.clock.start
    for symbol in (u.symbol for u in s.underlyings):
        model = _of(s.market.volatility, symbol)
        if model is None or model.model == "constant" or length <= 0:
            continue
        place = (
            ("market", "volatility", symbol) if isinstance(s.market.volatility, Mapping) else ("market", "volatility")
        )
        if model.step > length:
            yield Mistake((*place, "step"), "is longer than the clock")
        options = sum(1 for entry in s.options if entry.underlying == symbol for _ in entry.options())
        count = 2 * options * (length // model.step + 1)
        if count > MAX_TICKS:
            yield Mistake((*place, "step"), f"gives {count:,} volatilities a path: at most {MAX_TICKS:,}")


def _of(models: Any, symbol: str) -> Any:
    """The model of a symbol, where there is one."""
    return models.get(symbol) if isinstance(models, Mapping) else models
