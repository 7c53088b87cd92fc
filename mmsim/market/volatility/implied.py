"""The implied volatilities of one underlying's options, at the instants of a grid, as rows of events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from mmsim.events import Events, Kind, rows
from mmsim.market.grid import Grid
from mmsim.market.spot.escrow import Escrow
from mmsim.market.spot.motion import Floats, Times
from mmsim.market.volatility.scheduled import Scheduled
from mmsim.market.volatility.sight import Sight
from mmsim.scenario.years import Years

LOWEST, HIGHEST = 1e-4, 20.0  # of any implied volatility


class Terms(NamedTuple):
    """Options on one underlying."""

    numbers: npt.NDArray[np.int32]  # (options,) in the universe
    strikes: Floats  # (options,)
    expiries: Times  # (options,) nanoseconds UTC
    carry: float  # growth of the forward, a year of discounting


class View(NamedTuple):
    """What no path changes of some instants."""

    times: Times  # (instants,)
    moving: Floats  # (steps,) years of variance, to each from the one before; none to the path's first
    years: Floats  # (instants, options) of variance until expiry
    growth: Floats  # (instants, options) the forward over the spot less dividends
    escrow: Floats  # (instants, options) what dividends until expiry are worth
    strikes: Floats  # (options,)

    def forwards(self, spots: Floats) -> Floats:
        """(instants, options) at spots of shape (instants,)."""
        return np.maximum(spots[:, None] - self.escrow, 1e-6 * spots[:, None]) * self.growth


class ImpliedWalk(Protocol):
    """One path on its way."""

    def over(self, steps: Any, sight: Sight) -> Floats:
        """Volatilities at the next instants, (instants, options), from what `ImpliedModel.steps` made of them."""


class ImpliedModel(Protocol):
    """A model of implied volatility."""

    def steps(self, view: View) -> Any:
        """What can be said of some instants before anything is drawn."""

    def walk(self, seed: int, path: int) -> ImpliedWalk:
        """Path number ``path`` from its first instant on, by a stream of its own."""


class ImpliedSteps(NamedTuple):
    """Instants that follow one another, worked out but for what is drawn."""

    times: Times
    steps: Any  # the model's
    factors: Floats  # (instants,) by which events have multiplied volatility
    added: Floats  # (instants, options) of variance a year, by events that are expected
    alive: npt.NDArray[np.bool_]  # (instants, options) not yet expired


@dataclass(frozen=True)
class Implied:
    """Rows of each of ``kinds`` for each option that has not expired, at each instant of the grid."""

    grid: Grid
    terms: Terms
    model: ImpliedModel
    scheduled: Scheduled
    kinds: tuple[Kind, ...]
    years: Years
    escrow: Escrow

    @cached_property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.kinds) * sum(self.grid.before(int(expiry)) for expiry in self.terms.expiries)

    def room(self) -> Events:
        """Rows that wait for a path's volatilities."""
        steps = self.steps(0, self.grid.count)
        return self.rows(steps, np.full(steps.alive.shape, np.nan))

    def rows(self, steps: ImpliedSteps, volatilities: Floats) -> Events:
        """Rows of volatilities, shape (instants, options)."""
        times = np.broadcast_to(steps.times[:, None], steps.alive.shape)[steps.alive]
        numbers = np.broadcast_to(self.terms.numbers, steps.alive.shape)[steps.alive]
        values = volatilities[steps.alive]
        return np.concatenate([rows(kind, times, numbers, value=values) for kind in self.kinds])

    def steps(self, first: int, stop: int) -> ImpliedSteps:
        """What no path changes of the instants from number ``first`` and before ``stop``."""
        before = self.grid.times(max(first - 1, 0), stop)
        times = before[min(first, 1) :]
        terms, years = self.terms, self.years
        left = np.maximum(terms.expiries - times[:, None], 0)
        alive = left > 0
        until = np.where(alive, terms.expiries, times[:, None])
        variance_years = years.of_volatility(times[:, None], until)
        escrow = np.empty(alive.shape)
        for expiry in np.unique(terms.expiries):
            escrow[:, terms.expiries == expiry] = self.escrow.at(times, int(expiry))[:, None]
        view = View(
            times=times,
            moving=np.diff(years.at(before)) / years.volatility_ns,
            years=variance_years,
            growth=np.exp(terms.carry * left / years.discount_ns),
            escrow=escrow,
            strikes=terms.strikes,
        )
        factors, added = self.scheduled.effects(times, terms.expiries, variance_years)
        return ImpliedSteps(times, self.model.steps(view), factors, added, alive)

    def walk(self, seed: int, path: int) -> VolatilityWalk:
        """Path number ``path`` from its first instant on."""
        return VolatilityWalk(self.model.walk(seed, path))


@dataclass
class VolatilityWalk:
    """One path on its way."""

    walk: ImpliedWalk

    def over(self, steps: ImpliedSteps, sight: Sight) -> Floats:
        """Volatilities at the next instants, (instants, options), events included."""
        plain = self.walk.over(steps.steps, sight) * steps.factors[:, None]
        return np.clip(np.sqrt(plain * plain + steps.added), LOWEST, HIGHEST)
