"""Checks of where prices come from, and of what is expected of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import expm1, log
from typing import TYPE_CHECKING

from mmsim.scenario.checks.common import crowded, each_model, symbols_of, unknown
from mmsim.scenario.checks.registry import Mistake, reads
from mmsim.scenario.values import LARGEST, SMALLEST
from mmsim.units import DAY_NS, MAX_DURATION_NS

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario


@reads("market")
def _one_source(s: Scenario) -> Iterator[Mistake]:
    market = s.market
    if market.recorded is None:
        for key in ("spot", "volatility"):
            if getattr(market, key) is None:
                yield Mistake(("market", key), "is missing: a market has models of spot and volatility, or is recorded")
        if (given := market.theo.volatility) in ("mid", "surface"):
            yield Mistake(
                ("market", "theo", "volatility"), f"{given} is for recorded markets: write market or a number"
            )
        if market.theo.half_life:
            yield Mistake(("market", "theo", "half_life"), "smooths recorded mids: a market of models has none")
        return
    if market.theo.half_life and market.theo.volatility == "surface":
        yield Mistake(
            ("market", "theo", "half_life"), "smooths volatilities from mids: a surface is fitted anew instead"
        )
    for key in ("spot", "volatility"):
        if getattr(market, key) is not None:
            yield Mistake(("market", key), "a recorded market takes it from the data: take one of the two out")


@reads("market", "underlyings")
def _models(s: Scenario) -> Iterator[Mistake]:
    symbols = symbols_of(s)
    for key in ("spot", "volatility"):
        models = getattr(s.market, key)
        if isinstance(models, Mapping):
            for symbol in sorted(models.keys() - set(symbols)):
                yield unknown(("market", key, symbol), "underlying", symbol, symbols)
            for symbol in sorted(set(symbols) - models.keys()):
                yield Mistake(("market", key), f"has no model for {symbol!r}")


@reads("market", "clock")
def _steps(s: Scenario) -> Iterator[Mistake]:
    length = s.clock.end - s.clock.start
    for path, model in each_model(s.market.spot, ("market", "spot")):
        if model.model == "path":
            if model.step * (len(model.prices) - 1) > MAX_DURATION_NS:
                yield Mistake((*path, "step"), f"takes {len(model.prices):,} prices over more than 50 years")
        elif length > 0:
            if model.step > length:
                yield Mistake((*path, "step"), "is longer than the clock")
            elif wrong := crowded(length, model.step, "ticks"):
                yield Mistake((*path, "step"), wrong)


@reads("clock", "market")
def _growth(s: Scenario) -> Iterator[Mistake]:
    """The mean and the median of a random spot at the clock's end are prices that can be kept."""
    years = (s.clock.end - s.clock.start) / (s.clock.volatility_days * DAY_NS)
    for path, model in each_model(s.market.spot, ("market", "spot")):
        if model.model not in ("gbm", "heston", "merton") or years <= 0:
            continue
        lost = 0.5 * max(model.volatility, getattr(model, "long_run_volatility", 0.0)) ** 2
        if model.model == "merton":
            mean, deviation = model.jump_mean, model.jump_deviation
            lost += model.intensity * (expm1(mean + 0.5 * deviation**2) - mean)
        for key, growth in (("drift", model.drift), ("volatility", model.drift - lost)):
            if not log(SMALLEST) <= log(model.start) + growth * years <= log(LARGEST):
                yield Mistake((*path, key), f"takes the spot from {model.start:g} out of {SMALLEST:g} to {LARGEST:g}")
                break


@reads("market")
def _spreads(s: Scenario) -> Iterator[Mistake]:
    for path, model in each_model(s.market.spot, ("market", "spot")):
        if model.lowest <= 0.0:
            yield Mistake((*path, "move"), f"must be less than the level, {model.level:g}")
        elif model.half_spread >= model.lowest:
            yield Mistake((*path, "half_spread"), f"must be less than the spot, {model.lowest:g}: a bid is above 0")


@reads("expected_volatility", "underlyings")
def _expected(s: Scenario) -> Iterator[Mistake]:
    symbols = symbols_of(s)
    if isinstance(s.expected_volatility, Mapping):
        for symbol in sorted(s.expected_volatility.keys() - set(symbols)):
            yield unknown(("expected_volatility", symbol), "underlying", symbol, symbols)
    for path, model in each_model(s.expected_volatility, ("expected_volatility",)):
        if model.model == "garch" and model.alpha + model.beta >= 1.0:
            yield Mistake((*path, "alpha"), f"alpha and beta add up to {model.alpha + model.beta:g}: must be below 1")
        if model.model == "realised" and model.every > model.window:
            yield Mistake((*path, "every"), "is longer than the window")
        if model.model == "realised" and model.window // model.every > MAX_SAMPLES:
            yield Mistake((*path, "every"), f"gives {model.window // model.every:,} samples: at most {MAX_SAMPLES:,}")


MAX_SAMPLES = 1_000_000  # of a window of realised volatility
