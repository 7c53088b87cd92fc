"""A market from models: the spot of each underlying, and the volatility at which the market values its options."""

from __future__ import annotations

import numpy as np

from mmsim.errors import UserError
from mmsim.events import Events, Kind
from mmsim.market import spot, volatility
from mmsim.market.source import Source
from mmsim.scenario import Scenario
from mmsim.scenario.parts.market import GbmSpot, PathSpot
from mmsim.scenario.years import Years, years_of


def source(scenario: Scenario) -> Source:
    """The market data that a scenario's models make."""
    universe = scenario.build_universe()
    years = years_of(scenario, universe)
    streams, drawn = [], []
    for number, underlying in enumerate(universe.underlyings):
        model = scenario.spot_model(underlying.symbol)
        if isinstance(model, PathSpot):
            streams.append(_given(scenario, number, model))
        else:
            drawn.append(_brownian(scenario, years, number, underlying.symbol, model))
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


def _brownian(
    scenario: Scenario, years: Years, underlying: int, symbol: str, model: GbmSpot
) -> spot.GeometricBrownianMotion:
    """The motion of an underlying's spot; UserError if its dividends are worth more than it is."""
    rates = scenario.rates
    motion = spot.GeometricBrownianMotion(
        underlying=underlying,
        stream=f"spot:{symbol}",
        start_ns=scenario.clock.start,
        end_ns=scenario.clock.end,
        step_ns=model.step,
        start=model.start,
        volatility=model.volatility,
        drift=model.drift,
        half_spread=model.half_spread,
        year_days=scenario.clock.volatility_days if years.clock is None else scenario.clock.interest_days,
        dividends=_dividends(scenario, symbol),
        rate=rates.options_cash if rates.pricing is None else rates.pricing,
        clock=years.clock,
    )
    if motion.escrow(motion.times(0, 1))[0] >= model.start:
        message = f"the dividends on {symbol} are worth more than its spot at the start, {model.start:g}"
        raise UserError(scenario.problem(("dividends",), message))
    return motion


def _dividends(scenario: Scenario, symbol: str) -> tuple[tuple[int, float], ...]:
    """The dividends that the run or an option on the underlying can live to see."""
    expiries = [
        option.expiry_ns for entry in scenario.options if entry.underlying == symbol for option in entry.options()
    ]
    last = max([scenario.clock.end, *expiries])
    return tuple((d.ex, d.amount) for d in scenario.dividends if d.underlying == symbol and d.ex <= last)


def _volatilities(scenario: Scenario, fair: list[float]) -> list[Events]:
    """The scenario's marks, and the market's own volatility, at the clock's start."""
    theo = scenario.market.theo.volatility
    marks = [theo] * len(fair) if isinstance(theo, float) else fair
    start = scenario.clock.start
    return [volatility.constant(Kind.VOLATILITY, start, marks), volatility.constant(Kind.FAIR_VOLATILITY, start, fair)]
