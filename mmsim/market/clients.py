"""The clients: who asks to trade, when, what, and at what price."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
import numpy.typing as npt

from mmsim import spool
from mmsim.events import Events, Kind, rows
from mmsim.instruments import Option, Universe
from mmsim.market.streams import generator
from mmsim.scenario.parts.clients import Order
from mmsim.units import UNITS_NS

TOO_LATE = "option no longer trades"

Instants = npt.NDArray[np.int64]


def last_instants(options: Sequence[Option]) -> Instants:
    """The instants from which options take no orders: last trade or expiry, whichever comes first."""
    return np.array([min(o.last_trade_ns or o.expiry_ns, o.expiry_ns) for o in options], np.int64)


def scripted(client: int, orders: Sequence[Order], universe: Universe) -> Events:
    """ORDER rows of a script, in its order."""
    return rows(
        Kind.ORDER,
        np.array([order.at for order in orders], np.int64),
        np.array([universe.option_index[order.option] for order in orders], np.int32),
        client=client,
        side=np.array([1 if order.side == "buy" else -1 for order in orders], np.int8),
        size=np.array([order.size for order in orders], np.float64),
        price=np.array([order.price for order in orders], np.float64),
    )


@dataclass(frozen=True)
class PoissonFlow:
    """Clients who arrive by a Poisson process and accept a price that is good enough.

    An order carries a reservation price as its distance from the market's fair value: the client pays up to
    fair + ``value`` or sells down to fair − ``value``. Arrivals at the rate A·e^{kc} with distances Exp(1/k) − c make
    the intensity of trades at a distance δ ≥ −c of the desk's price A·e^{−kδ} (Avellaneda and Stoikov, 2008, eq. 2.11),
    where A is ``per_hour``, 1/k is ``reservation_ticks`` and c is ``offset_ticks``. A tick is the smallest of the
    option's table, since its price is not known in advance. Options are drawn evenly from those that trade at the time
    (in a recorded market, that have been quoted by then), sizes evenly from ``sizes``.
    """

    client: int
    name: str
    per_hour: float
    reservation_ticks: float
    offset_ticks: float
    sizes: tuple[float, ...]
    buy_share: float

    def prepare(
        self, options: Sequence[Option], quoted_from: Instants, start_ns: int, end_ns: int, seed: int
    ) -> PreparedFlow:
        """What does not depend on the path; option n may be asked for from ``quoted_from[n]``."""
        per_hour = self.per_hour * exp(self.offset_ticks / self.reservation_ticks)
        return PreparedFlow(
            flow=self,
            seed=seed,
            start_ns=start_ns,
            end_ns=end_ns,
            gap_ns=UNITS_NS["h"] / per_hour,
            listing=Listing.of(quoted_from, last_instants(options)),
            ticks=np.array([min(option.ticks.steps) for option in options], np.float64),
        )


@dataclass(frozen=True)
class Listing:
    """Which options trade at any time: the same ones from each change to the next."""

    changes: Instants  # when an option begins or ceases to trade
    offsets: npt.NDArray[np.intp]  # (changes + 1,) where the options before, between and after the changes start
    counts: npt.NDArray[np.intp]  # (changes + 1,) how many they are
    options: npt.NDArray[np.int32]  # all these options, in the order of the universe

    @classmethod
    def of(cls, begins: Instants, ends: Instants) -> Listing:
        """The listing of options that trade from ``begins`` on and before ``ends``."""
        changes = np.unique(np.concatenate([begins, ends]))
        trading = [np.flatnonzero((begins <= change) & (change < ends)) for change in changes]
        counts = np.array([0, *(len(numbers) for numbers in trading)], np.intp)
        return cls(changes, np.cumsum(counts) - counts, counts, np.concatenate(trading).astype(np.int32))

    def choose(self, times: Instants, uniform: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
        """An option for each time by a draw from [0, 1); -1 where none trades."""
        period = np.searchsorted(self.changes, times, side="right")
        chosen = self.offsets[period] + (uniform * self.counts[period]).astype(np.intp)
        return np.where(self.counts[period] > 0, np.append(self.options, -1)[chosen], -1).astype(np.int32)


@dataclass(frozen=True)
class PreparedFlow:
    """A Poisson group with its options at hand: what is left for each path is to draw.

    Each use of random numbers has its own stream, so that another list of sizes, say, leaves arrivals and sides as
    they were, and an end that comes earlier only cuts orders off.
    """

    flow: PoissonFlow
    seed: int
    start_ns: int
    end_ns: int
    gap_ns: float  # mean time between arrivals
    listing: Listing
    ticks: npt.NDArray[np.float64]  # (options,) their smallest price increments

    @property
    def expected(self) -> float:
        """How many orders a path has, on average."""
        return (self.end_ns - self.start_ns) / self.gap_ns

    def orders(self, path: int) -> Events:
        """ORDER rows of one path."""
        return np.concatenate([*self.pieces(path)])

    def pieces(self, path: int) -> Iterator[Events]:
        """ORDER rows of one path, piece by piece; who finds no option to trade goes away."""
        draws = {use: self._stream(use, path) for use in ("options", "distances", "sides", "sizes")}
        sizes = np.array(self.flow.sizes, np.float64)
        for times in self._arrivals(path):
            count = len(times)
            options = self.listing.choose(times, draws["options"].random(count))
            distances = draws["distances"].standard_exponential(count) * self.flow.reservation_ticks
            made = rows(
                Kind.ORDER,
                times,
                options,
                client=self.flow.client,
                side=np.where(draws["sides"].random(count) < self.flow.buy_share, 1, -1),
                size=sizes[(draws["sizes"].random(count) * len(sizes)).astype(np.intp)],
                value=(distances - self.flow.offset_ticks) * self.ticks[options],
            )
            yield made[options >= 0]

    def _arrivals(self, path: int) -> Iterator[Instants]:
        """The times of one path's orders, piece by piece: sums of exponential gaps, as far as the clock goes."""
        draws = self._stream("times", path)
        likely = int(self.expected + 4.0 * self.expected**0.5) + 4  # seldom too few, and then more are drawn
        reached = 0.0
        while reached <= self.expected:
            gaps = draws.standard_exponential(min(likely, spool.PIECE))
            gaps[0] += reached
            elapsed = np.cumsum(gaps)
            reached = float(elapsed[-1])
            yield self.start_ns + np.floor(elapsed[elapsed <= self.expected] * self.gap_ns).astype(np.int64)

    def _stream(self, use: str, path: int) -> np.random.Generator:
        return generator(self.seed, f"client:{self.flow.name}:{use}", path)
