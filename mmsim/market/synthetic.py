"""A market from models: the spot of each underlying, and the volatility at which the market values its options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from mmsim.errors import UserError
from mmsim.events import Events, Kind
from mmsim.instruments import UnderlyingKind
from mmsim.market import calendar
from mmsim.market.grid import Grid
from mmsim.market.model import UnderlyingModel
from mmsim.market.source import Source
from mmsim.market.spot.brownian import BrownianMotion
from mmsim.market.spot.escrow import Escrow
from mmsim.market.spot.given import GivenPrices
from mmsim.market.spot.leaps import Leaps
from mmsim.market.spot.motion import Motion
from mmsim.market.spot.ticks import Ticks
from mmsim.market.volatility.constant import constant
from mmsim.market.volatility.implied import Implied, ImpliedModel, Terms
from mmsim.market.volatility.scheduled import Scheduled
from mmsim.scenario import Scenario
from mmsim.scenario.parts.spot import (
    BootstrapSpot,
    GbmSpot,
    GrowingSpot,
    HestonSpot,
    MertonSpot,
    OscillationSpot,
    PathSpot,
    SpotModel,
)
from mmsim.scenario.parts.volatility import (
    ConstantVolatility,
    HestonVolatility,
    MeanRevertingVolatility,
    MovingVolatility,
    SmileVolatility,
)
from mmsim.scenario.years import years_of
from mmsim.units import DAY_NS


def source(scenario: Scenario, data: Path | None) -> Source:
    """The market data that a scenario's models make, recorded prices being under ``data``."""
    made = Builder(scenario, data)
    models = [made.model(number, underlying.symbol) for number, underlying in enumerate(made.universe.underlyings)]
    return Source(
        universe=made.universe,
        streams=[*made.constants()],
        quoted_from=np.full(len(made.universe.options), scenario.clock.start, np.int64),
        models=models,
        inputs=made.inputs,
    )


class Builder:
    """From a scenario's words to models."""

    def __init__(self, scenario: Scenario, data: Path | None) -> None:
        self.scenario, self.data = scenario, data
        self.universe = scenario.build_universe()
        self.years = years_of(scenario, self.universe)
        self.inputs: dict[str, str] = {}  # file: its SHA-256
        rates = scenario.rates
        self.rate = rates.options_cash if rates.pricing is None else rates.pricing

    def model(self, number: int, symbol: str) -> UnderlyingModel:
        """The model of an underlying; UserError if its dividends are worth more than it is."""
        ticks = self._ticks(number, symbol, self.scenario.spot_model(symbol))
        volatility = self.scenario.volatility_model(symbol)
        if isinstance(volatility, ConstantVolatility) or not len(self.universe.chains[symbol]):
            return UnderlyingModel(ticks, None)
        return UnderlyingModel(ticks, self._implied(number, symbol, volatility))

    def constants(self) -> Iterator[Events]:
        """The scenario's marks, and the market's own volatility, at the clock's start, where no path changes them."""
        options, start = self.universe.options, self.scenario.clock.start
        models = [self.scenario.volatility_model(option.underlying) for option in options]
        fair = [model.level if isinstance(model, ConstantVolatility) else np.nan for model in models]
        theo = self.scenario.market.theo.volatility
        marks = [theo] * len(fair) if isinstance(theo, float) else fair
        for kind, levels in ((Kind.VOLATILITY, marks), (Kind.FAIR_VOLATILITY, fair)):
            rows = constant(kind, start, levels)
            yield rows[~np.isnan(rows["value"])]

    def _ticks(self, number: int, symbol: str, model: SpotModel) -> Ticks:
        clock, scenario = self.scenario.clock, self.scenario
        ticks = Ticks(
            underlying=number,
            grid=self._grid(symbol, model.step),
            motion=GivenPrices(np.empty(0)),
            half_spread=model.half_spread,
            year_days=clock.volatility_days if self.years.clock is None else clock.interest_days,
            escrow=Escrow(),
            clock=self.years.clock,
        )
        if isinstance(model, PathSpot):
            last = min(clock.end, clock.start + model.step * (len(model.prices) - 1))
            count = (last - clock.start) // model.step + 1
            grid = Grid.over([(clock.start, clock.start + model.step * (count - 1))], model.step)
            return replace(ticks, grid=grid, motion=GivenPrices(np.array(model.prices[:count], np.float64)))
        escrow = Escrow(self._dividends(symbol), self.rate, ticks.year_days)
        held = float(escrow.at(np.array([clock.start], np.int64))[0])
        if held >= model.lowest:
            message = f"the dividends on {symbol} are worth more than its spot at the start, {model.lowest:g}"
            raise UserError(scenario.problem(("dividends",), message))
        motion = self._motion(symbol, model, model.first - held)
        return replace(ticks, motion=motion, escrow=escrow, leaps=self._leaps(symbol, model))

    def _motion(self, symbol: str, model: SpotModel, worth: float) -> Motion:
        """What moves the price of ``worth`` without dividends."""
        stream = f"spot:{symbol}"
        if isinstance(model, GbmSpot):
            return BrownianMotion(stream, worth, model.volatility, model.drift)
        if isinstance(model, MertonSpot):
            from mmsim.market.spot.merton import MertonMotion

            plain = BrownianMotion(stream, worth, model.volatility, model.drift)
            return MertonMotion(plain, model.intensity, model.jump_mean, model.jump_deviation)
        if isinstance(model, HestonSpot):
            from mmsim.market.spot.heston import HestonMotion  # compiled at import, which others have no use for

            return HestonMotion(
                stream=stream,
                worth=worth,
                drift=model.drift,
                variance=model.volatility**2,
                long_run_variance=model.long_run_volatility**2,
                mean_reversion=model.mean_reversion,
                vol_of_vol=model.vol_of_vol,
                correlation=model.correlation,
            )
        if isinstance(model, OscillationSpot):
            from mmsim.market.spot.oscillation import Oscillation

            return Oscillation(stream, worth, model.move, model.up, model.down, model.back)
        assert isinstance(model, BootstrapSpot)
        from mmsim.market.spot import recorded_returns

        return recorded_returns.bootstrap(self.scenario, self.data, symbol, model, worth, self.years, self.inputs)

    def _leaps(self, symbol: str, model: SpotModel) -> Leaps | None:
        """The jumps of the spot that are scheduled after the start and by the clock's end."""
        clock = self.scenario.clock
        events = model.events if isinstance(model, GrowingSpot) else ()
        inside = sorted((event.at, event.move) for event in events if clock.start < event.at <= clock.end)
        if not inside:
            return None
        instants, moves = zip(*inside, strict=True)
        return Leaps(f"spot:{symbol}:events", np.array(instants, np.int64), np.array(moves, np.float64))

    def _implied(self, number: int, symbol: str, model: MovingVolatility) -> Implied:
        """Where the volatilities of an underlying's options come from."""
        clock, universe = self.scenario.clock, self.universe
        numbers = [n for n, option in enumerate(universe.options) if option.underlying == symbol]
        underlying = universe.underlyings[number]
        is_marked = isinstance(self.scenario.market.theo.volatility, float)
        events = sorted((event.at, event.move, event.factor) for event in model.events if event.at > clock.start)
        scheduled = np.array(events).reshape(-1, 3)
        instants = np.array([at for at, _, _ in events], np.int64)
        return Implied(
            grid=self._grid(symbol, model.step, instants.tolist()),
            terms=Terms(
                numbers=np.array(numbers, np.int32),
                strikes=np.array([universe.options[n].strike for n in numbers], np.float64),
                expiries=np.array([universe.options[n].expiry_ns for n in numbers], np.int64),
                carry=0.0 if underlying.kind == UnderlyingKind.FUTURE else self.rate - underlying.dividend_yield,
            ),
            model=self._implied_model(symbol, model),
            scheduled=Scheduled(instants, scheduled[:, 1], scheduled[:, 2]),
            kinds=(Kind.FAIR_VOLATILITY,) if is_marked else (Kind.VOLATILITY, Kind.FAIR_VOLATILITY),
            years=self.years,
            escrow=Escrow(self._dividends(symbol), self.rate, self.years.discount_ns / DAY_NS),
        )

    def _implied_model(self, symbol: str, model: MovingVolatility) -> ImpliedModel:
        if isinstance(model, HestonVolatility):
            from mmsim.market.volatility.heston import HestonSurface

            spot = self.scenario.spot_model(symbol)
            assert isinstance(spot, HestonSpot), "checked when the scenario was read"
            given = {key: getattr(model, key) for key in PRICED}
            priced = {key: getattr(spot, key) if value is None else value for key, value in given.items()}
            return HestonSurface(long_run_variance=priced.pop("long_run_volatility") ** 2, **priced)
        from mmsim.market.volatility.level import ConstantLevel, Level, MeanRevertingLevel
        from mmsim.market.volatility.smile import Smile, Sticky

        assert isinstance(model, SmileVolatility | MeanRevertingVolatility)
        level: Level
        if isinstance(model, SmileVolatility):
            level, long_run = ConstantLevel(model.level), model.level if model.long_run is None else model.long_run
        else:
            stream, long_run = f"volatility:{symbol}", model.long_run
            level = MeanRevertingLevel(stream, model.start, long_run, model.speed, model.vol_of_vol, model.correlation)
        return Smile(level, Sticky(model.sticky), model.skew, model.curvature, model.reversion, long_run)

    def _grid(self, symbol: str, step_ns: int, cuts: list[int] | None = None) -> Grid:
        """Instants every so often within the hours of an underlying's model, the clock's start among them."""
        clock, model = self.scenario.clock, self.scenario.spot_model(symbol)
        inside = [cut for cut in cuts or [] if cut <= clock.end]
        if getattr(model, "hours", "all") == "all":
            return Grid.over([(clock.start, clock.end)], step_ns, inside)
        parts = [(max(opens, clock.start), min(closes, clock.end)) for opens, closes in self._sessions]
        open_ones = [part for part in parts if part[0] <= part[1]]
        if not open_ones or open_ones[0][0] > clock.start:
            open_ones.insert(0, (clock.start, clock.start))
        return Grid.over(open_ones, step_ns, inside)

    @cached_property
    def _sessions(self) -> list[tuple[int, int]]:
        """When the venue opens and closes; UserError for a time that daylight saving skips or repeats."""
        given, clock = self.scenario.sessions, self.scenario.clock
        assert given is not None, "checked when the scenario was read"
        hours = calendar.TradingHours(given.open, given.close, given.settlement or given.close, given.zone)
        try:
            return [(opens, closes) for opens, closes, _ in hours.sessions(clock.start, clock.end)]
        except ValueError as error:
            raise UserError(self.scenario.problem(("sessions",), str(error))) from error

    def _dividends(self, symbol: str) -> tuple[tuple[int, float], ...]:
        """The dividends that the run or an option on the underlying can live to see."""
        scenario = self.scenario
        expiries = [option.expiry_ns for option in self.universe.options if option.underlying == symbol]
        last = max([scenario.clock.end, *expiries])
        return tuple((d.ex, d.amount) for d in scenario.dividends if d.underlying == symbol and d.ex <= last)


PRICED = ("long_run_volatility", "mean_reversion", "vol_of_vol", "correlation")  # of Heston's model
