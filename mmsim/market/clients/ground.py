"""What every group of clients stands on: the options, the clock and the seed, whatever its model."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mmsim.events import Kind
from mmsim.instruments import Universe
from mmsim.market.calendar import TradingHours
from mmsim.market.clients.listing import Instants, last_instants
from mmsim.market.source import Source
from mmsim.market.streams import generator
from mmsim.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence


class Ground:
    """A scenario and its market as groups of clients need them."""

    def __init__(self, scenario: Scenario, source: Source) -> None:
        self.scenario, self.source = scenario, source
        self.start_ns, self.end_ns, self.seed = scenario.clock.start, scenario.clock.end, scenario.seed

    @property
    def universe(self) -> Universe:
        """The instruments."""
        return self.source.universe

    @property
    def quoted_from(self) -> Instants:
        """(options,) the instants from which the market is known to have each."""
        return self.source.quoted_from

    @cached_property
    def until(self) -> Instants:
        """(options,) the instants from which each takes no orders."""
        return last_instants(self.universe.options)

    @cached_property
    def ticks(self) -> npt.NDArray[np.float64]:
        """(options,) the smallest price increment of each one's table: its price is not known in advance."""
        return np.array([min(option.ticks.steps) for option in self.universe.options], np.float64)

    @cached_property
    def owners(self) -> npt.NDArray[np.int32]:
        """(options,) numbers of their underlyings."""
        return np.array([self.universe.underlying_of(n) for n in range(len(self.universe.options))], np.int32)

    @cached_property
    def sessions(self) -> Sequence[tuple[int, int]]:
        """(open, close) of each trading day within the clock; without sessions the clock itself."""
        given = self.scenario.sessions
        if given is None:
            return [(self.start_ns, self.end_ns)]
        hours = TradingHours(given.open, given.close, given.settlement or given.close, given.zone)
        days = [(opens, closes) for opens, closes, _ in hours.sessions(self.start_ns, self.end_ns)]
        return [(opens, closes) for opens, closes in days if opens < self.end_ns and closes > self.start_ns]

    @cached_property
    def tick_count(self) -> int:
        """How many ticks a path has, of all underlyings."""
        given = sum(int(np.count_nonzero(stream["kind"] == Kind.SPOT)) for stream in self.source.streams)
        return given + sum(model.count for model in self.source.models)


class Streams:
    """The random numbers of one group on one path: a stream for each use, so that none moves another's draws."""

    def __init__(self, seed: int, name: str, path: int) -> None:
        self._of = seed, name, path
        self._made: dict[str, np.random.Generator] = {}

    def __getitem__(self, use: str) -> np.random.Generator:
        if use not in self._made:
            seed, name, path = self._of
            self._made[use] = generator(seed, f"client:{name}:{use}", path)
        return self._made[use]
