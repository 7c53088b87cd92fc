"""Fast traders, who hit quotes that latency has left stale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmsim import spool
from mmsim.events import Events, Kind, rows
from mmsim.market.clients.ground import Ground, Streams
from mmsim.market.clients.selection import Selection
from mmsim.market.clients.tape import Tape
from mmsim.scenario.parts.clients import SniperClients

Instants = npt.NDArray[np.int64]


def flow(client: int, group: SniperClients, ground: Ground) -> SniperFlow:
    """The looks of a group's keys."""
    return SniperFlow(client, group, ground, Selection.of(group, ground))


@dataclass(frozen=True)
class SniperFlow:
    """A standing rule: after a drawn share of the ticks, look at options and deal where the price is wrong enough.

    Each look is an order without a side that deals where the desk's price is better than the market's fair value by
    ``threshold_ticks``, with the desk alone whoever else quotes. Looks and options are drawn, and do not depend on
    what came of the looks before. Source of the race: Budish, Cramton and Shim, The high-frequency trading arms race,
    Quarterly Journal of Economics 130 (2015).
    """

    client: int
    group: SniperClients
    ground: Ground
    selection: Selection
    reads_market = True

    @property
    def expected(self) -> float:
        """How many orders a path has, at most on average."""
        options = len(self.ground.universe.options)
        return self.group.share * self.ground.tick_count * min(self.group.looks or options, options)

    def pieces(self, path: int, tape: Tape | None) -> Iterator[Events]:
        """ORDER rows of one path, in order of time, piece by piece."""
        assert tape is not None
        draws = Streams(self.ground.seed, self.group.name, path)
        looks = [self._looks(draws, tape, u) for u in range(len(tape.spots))]
        times = np.concatenate(looks)
        owners = np.repeat(np.arange(len(looks)), [len(mine) for mine in looks])
        order = np.argsort(times, kind="stable")
        step = max(spool.PIECE // max(len(self.ground.universe.options), 1), 1)
        for first in range(0, len(times), step):
            chosen = order[first : first + step]
            yield self._orders(times[chosen], owners[chosen], draws, tape)

    def _looks(self, draws: Streams, tape: Tape, underlying: int) -> Instants:
        """The instants of the looks that ticks of one underlying bring."""
        symbol = self.ground.universe.underlyings[underlying].symbol
        ticks = tape.spots[underlying]
        is_seen = draws[f"ticks:{symbol}"].random(len(ticks.times)) < self.group.share
        moves = np.abs(np.diff(ticks.values, prepend=np.nan)) / ticks.values
        times = ticks.times[is_seen & (moves >= self.group.trigger)] + self.group.reaction
        times = times[times <= self.ground.end_ns]
        return times if self.group.cooldown == 0 else _spaced(times, self.group.cooldown)

    def _orders(self, times: Instants, owners: npt.NDArray[np.intp], draws: Streams, tape: Tape) -> Events:
        """The rows of some looks: at all options of the underlying that qualify, or at as many drawn of them."""
        qualifies = self.selection.qualifying(times, tape) & (self.ground.owners == owners[:, None])
        if self.group.looks is not None:
            ranks = np.where(qualifies, draws["options"].random(qualifies.shape), np.inf)
            last = np.sort(ranks, axis=1)[:, min(self.group.looks, ranks.shape[1]) - 1]
            qualifies &= ranks <= last[:, None]
        look, options = np.nonzero(qualifies)
        return rows(
            Kind.ORDER,
            times[look],
            options.astype(np.int32),
            client=self.client,
            size=float(self.group.size),
            value=-self.group.threshold_ticks * self.ground.ticks[options],
        )


def _spaced(times: Instants, gap: int) -> Instants:
    """Those of the times, in order, that lie at least a gap after the last one kept."""
    kept = []
    last: int | None = None
    for at in times.tolist():
        if last is None or at - last >= gap:
            kept.append(at)
            last = at
    return np.array(kept, np.int64)
