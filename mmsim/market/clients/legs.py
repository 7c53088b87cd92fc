"""Orders that stand for several: sweeps over strikes, and packages of two legs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from mmsim.events import Events, Leg
from mmsim.instruments import Option
from mmsim.market.clients.ground import Ground
from mmsim.market.clients.listing import Instants
from mmsim.scenario.parts.clients import Arriving, Conceding

Numbers = npt.NDArray[np.int32]
SAME_SIDE = ("straddle", "strangle")  # packages whose second leg is bought with the first


@dataclass(frozen=True)
class Legs:
    """What an order for one option becomes: rows for each of several, of the same time."""

    others: Numbers  # (options, legs after the first) numbers of the other options, -1: there is none
    is_package: bool
    other_side: int  # of a package's second leg, relative to the first
    begins: Instants
    ends: Instants
    ticks: npt.NDArray[np.float64]

    @classmethod
    def of(cls, group: Arriving, ground: Ground) -> Legs:
        """Those of a group's keys."""
        options = ground.universe.options
        package = group.package if isinstance(group, Conceding) else None
        others = np.full((len(options), 0 if package is None else 1), -1, np.int32)
        if package is not None:
            assert isinstance(group, Conceding)
            for first, second in _partners(options, package, group.width):
                others[first, 0] = second
        elif group.sweep > 1:
            others = _nearest(options, group.sweep - 1)
        side = 1 if package in SAME_SIDE else -1
        return cls(others, package is not None, side, ground.quoted_from, ground.until, ground.ticks)

    @property
    def most(self) -> int:
        """The most rows that an order becomes."""
        return 1 + int(self.others.shape[1])

    def spread(self, orders: Events) -> Events:
        """Each order as its rows, one behind the other.

        A sweep asks as many ticks of each option; where one does not trade there is no row. A package asks its net
        distance on the first leg; where the second does not trade there is none of it.
        """
        if self.most == 1:
            return orders
        made = np.repeat(orders, self.most).reshape(len(orders), self.most)
        made["instrument"][:, 1:] = self.others[orders["instrument"]]
        if self.is_package:
            made["side"][:, 1] *= self.other_side
            made["value"][:, 1] = 0.0
            made["ask_size"] = [Leg.FIRST, Leg.SECOND]
        else:
            made["value"] *= self.ticks[made["instrument"]] / self.ticks[orders["instrument"]][:, None]
        number, times = made["instrument"], made["ts"]
        trades = (number >= 0) & (self.begins[number] <= times) & (times < self.ends[number])
        if self.is_package:
            trades &= trades.all(axis=1)[:, None]
        kept: Events = made[trades]
        return kept


def _chains(options: tuple[Option, ...]) -> Iterator[list[int]]:
    """The numbers of the options of each underlying, expiry and right, by strike."""

    def chain(n: int) -> tuple[str, int, int]:
        return options[n].underlying, options[n].expiry_ns, int(options[n].right)

    for _, numbers in groupby(sorted(range(len(options)), key=lambda n: (chain(n), options[n].strike)), chain):
        yield list(numbers)


def _nearest(options: tuple[Option, ...], count: int) -> Numbers:
    """(options, count) the options of the same chain with the nearest strikes, nearest first, the lower of a tie."""
    found = np.full((len(options), count), -1, np.int32)
    for chain in _chains(options):
        for n in chain:
            near = sorted((m for m in chain if m != n), key=lambda m: (abs(options[m].strike - options[n].strike), m))
            found[n, : min(count, len(near))] = near[:count]
    return found


def _partners(options: tuple[Option, ...], package: str, width: int) -> Iterator[tuple[int, int]]:
    """(first leg, second leg) of each option that has one, the chain's strikes being counted by ``width``."""
    if package == "calendar":
        yield from _calendars(options)
        return
    numbers = {(o.underlying, o.expiry_ns, int(o.right), o.strike): n for n, o in enumerate(options)}
    for chain in _chains(options):
        strikes = [options[n].strike for n in chain]
        for place, n in enumerate(chain):
            option, right = options[n], int(options[n].right)
            if package == "vertical":
                further = place + width * right  # out of the money
                if 0 <= further < len(chain):
                    yield n, chain[further]
                continue
            nearer = place if package == "straddle" else place - width * right  # the put's strike is the lower one
            if 0 <= nearer < len(chain):
                other = numbers.get((option.underlying, option.expiry_ns, -right, strikes[nearer]))
                if other is not None:
                    yield n, other


def _calendars(options: tuple[Option, ...]) -> Iterator[tuple[int, int]]:
    """Each option with that of the next expiry that differs by nothing else."""

    def terms(n: int) -> tuple[str, int, float]:
        return options[n].underlying, int(options[n].right), options[n].strike

    for _, numbers in groupby(sorted(range(len(options)), key=lambda n: (terms(n), options[n].expiry_ns)), terms):
        yield from pairwise(numbers)
