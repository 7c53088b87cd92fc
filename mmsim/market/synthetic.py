"""A market from models: the spot of each underlying, and the volatility at which the market values its options."""

from __future__ import annotations

import numpy as np

from mmsim.events import Events, Kind
from mmsim.market import spot, volatility
from mmsim.market.source import Source
from mmsim.scenario import Scenario
from mmsim.scenario.parts import GbmSpot, PathSpot


def source(scenario: Scenario) -> Source:
    """The market data that a scenario's models make."""
    universe = scenario.build_universe()
    streams, drawn = [], []
    for number, underlying in enumerate(universe.underlyings):
        model = scenario.spot_model(underlying.symbol)
        if isinstance(model, PathSpot):
            streams.append(_given(scenario, number, model))
        else:
            motion = _brownian(scenario, number, underlying.symbol, model)
            drawn.append(motion)
            times = motion.times()
            streams.append(spot.ticks(number, times, np.full(len(times), np.nan), 0.0))
    fair = [scenario.volatility_model(option.underlying).level for option in universe.options]
    return Source(
        universe=universe,
        streams=[*streams, *_volatilities(scenario, fair)],
        quoted_from=np.full(len(universe.options), scenario.clock.start, np.int64),
        models=drawn,
    )


def _given(scenario: Scenario, underlying: int, model: PathSpot) -> Events:
    clock = scenario.clock
    return spot.explicit_path(underlying, clock.start, clock.end, model.step, model.prices, model.half_spread)


def _brownian(scenario: Scenario, underlying: int, symbol: str, model: GbmSpot) -> spot.GeometricBrownianMotion:
    return spot.GeometricBrownianMotion(
        underlying=underlying,
        stream=f"spot:{symbol}",
        start_ns=scenario.clock.start,
        end_ns=scenario.clock.end,
        step_ns=model.step,
        start=model.start,
        volatility=model.volatility,
        drift=model.drift,
        half_spread=model.half_spread,
        year_days=scenario.clock.volatility_days,
    )


def _volatilities(scenario: Scenario, fair: list[float]) -> list[Events]:
    """The scenario's marks, and the market's own volatility, at the clock's start."""
    theo = scenario.market.theo.volatility
    marks = [theo] * len(fair) if isinstance(theo, float) else fair
    start = scenario.clock.start
    return [volatility.constant(Kind.VOLATILITY, start, marks), volatility.constant(Kind.FAIR_VOLATILITY, start, fair)]
