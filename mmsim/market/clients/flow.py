"""Groups that arrive at random: what each arrival wants, drawn in advance, as ORDER rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from mmsim.events import Events, Kind, rows
from mmsim.market.clients.arrivals import Arrivals
from mmsim.market.clients.ground import Ground, Streams
from mmsim.market.clients.legs import Legs
from mmsim.market.clients.selection import Selection
from mmsim.market.clients.tape import Tape
from mmsim.scenario.parts.clients import Arriving


class Flow(Protocol):
    """A group of clients whose orders are drawn: what is left for each path is to draw."""

    @property
    def expected(self) -> float:
        """How many orders a path has, on average, or at most."""

    @property
    def reads_market(self) -> bool:
        """Whether its draws are used on the market data of the path."""

    def pieces(self, path: int, tape: Tape | None) -> Iterator[Events]:
        """ORDER rows of one path in order of time, piece by piece; ``tape`` is given where it reads the market."""


class Wish(NamedTuple):
    """One kind of order that a group has."""

    share: float  # of the group's orders
    buy_share: float  # of this kind's
    selection: Selection


class Reservation(Protocol):
    """What the clients of a group take an option to be worth, and what they ask beyond it."""

    @property
    def reads_market(self) -> bool:
        """Whether that needs market data."""

    def set(self, orders: Events, draws: Streams, tape: Tape | None, /) -> None:
        """Write the price that each order deals at, at worst, and what else of it follows from the reason to trade.

        Every arrival has its row, those without an option too (-1), so that each draws as many numbers.
        """


@dataclass(frozen=True)
class OrderFlow:
    """Arrivals, each with a wish, an option, a side, a size and a reservation price.

    Each use of random numbers has its own stream, so that another list of sizes, say, leaves arrivals and sides as
    they were, and an end that comes earlier only cuts orders off. Options are drawn evenly from those that qualify at
    the time (in a recorded market, that have been quoted by then), sizes evenly from ``sizes``.
    """

    client: int
    name: str
    seed: int
    arrivals: Arrivals
    wishes: Sequence[Wish]
    sizes: npt.NDArray[np.float64]
    reservation: Reservation
    legs: Legs

    @classmethod
    def of(
        cls,
        client: int,
        group: Arriving,
        ground: Ground,
        wishes: Sequence[Wish],
        reservation: Reservation,
        faster: float = 1.0,
    ) -> OrderFlow:
        """The flow of a group's keys; ``faster`` is how many times as often as ``per_hour`` it arrives."""
        return cls(
            client=client,
            name=group.name,
            seed=ground.seed,
            arrivals=Arrivals.of(group, ground, faster),
            wishes=[wish for wish in wishes if wish.share > 0.0],
            sizes=np.array(group.sizes, np.float64),
            reservation=reservation,
            legs=Legs.of(group, ground),
        )

    @property
    def expected(self) -> float:
        """How many orders a path has, on average."""
        return self.arrivals.expected * self.legs.most

    @property
    def reads_market(self) -> bool:
        """Whether options or reservations need market data."""
        return self.reservation.reads_market or any(wish.selection.reads_market for wish in self.wishes)

    def pieces(self, path: int, tape: Tape | None) -> Iterator[Events]:
        """ORDER rows of one path, piece by piece; who finds no option to trade goes away."""
        draws = Streams(self.seed, self.name, path)
        for times in self.arrivals.pieces(draws["times"]):
            count = len(times)
            options, buys = self._wanted(times, draws, tape)
            made = rows(
                Kind.ORDER,
                times,
                options,
                client=self.client,
                side=np.where(draws["sides"].random(count) < buys, 1, -1),
                size=self.sizes[(draws["sizes"].random(count) * len(self.sizes)).astype(np.intp)],
            )
            self.reservation.set(made, draws, tape)
            yield self.legs.spread(made[options >= 0])

    def _wanted(
        self, times: npt.NDArray[np.int64], draws: Streams, tape: Tape | None
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """The option that each arrival asks for, and how likely it is to buy it."""
        uniform = draws["options"].random(len(times))
        if len(self.wishes) == 1:
            (wish,) = self.wishes
            return wish.selection.choose(times, uniform, tape), np.full(len(times), wish.buy_share)
        edges = np.cumsum([wish.share for wish in self.wishes])
        kinds = np.searchsorted(edges[:-1], draws["wishes"].random(len(times)) * edges[-1], side="right")
        options, buys = np.full(len(times), -1, np.int32), np.zeros(len(times))
        for number, wish in enumerate(self.wishes):
            mine = kinds == number
            options[mine] = wish.selection.choose(times[mine], uniform[mine], tape)
            buys[mine] = wish.buy_share
        return options, buys
