"""Clients some of whom know where the market will be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmsim.events import Events
from mmsim.market.clients.distance import Distance, faster
from mmsim.market.clients.flow import OrderFlow, Wish
from mmsim.market.clients.ground import Ground, Streams
from mmsim.market.clients.selection import Selection
from mmsim.market.clients.tape import Tape
from mmsim.scenario.parts.clients import InformedClients

Floats = npt.NDArray[np.float64]


def flow(client: int, group: InformedClients, ground: Ground) -> OrderFlow:
    """One wish, as of `poisson`, whose side and price those who know decide by what they know."""
    wish = Wish(1.0, group.buy_share, Selection.of(group, ground))
    return OrderFlow.of(client, group, ground, [wish], Foresight.of(group, ground), faster(group))


@dataclass(frozen=True)
class Foresight:
    """With a probability a client knows the market of ``horizon_ns`` later, its spot or its volatility.

    It buys what will be worth more and sells what will be worth less, and pays or takes up to the option's value in
    that market. Who knows of no move, or does not know, is a client like any other. Source of the mixture: Glosten and
    Milgrom, Bid, ask and transaction prices in a specialist market with heterogeneously informed traders, Journal of
    Financial Economics 14 (1985).

    This is the one thing in mmsim that reads the future: an order at t depends on the market up to t + horizon.
    """

    ordinary: Distance
    probability: float
    horizon_ns: int
    knows_spot: bool
    owners: npt.NDArray[np.int32]
    rights: Floats
    dividends: tuple[tuple[int, int, float], ...]  # underlying, ex-date, amount
    reads_market = True

    @classmethod
    def of(cls, group: InformedClients, ground: Ground) -> Foresight:
        """That of a group's keys."""
        universe = ground.universe
        paid = ((universe.underlying_index[d.underlying], d.ex, d.amount) for d in ground.scenario.dividends)
        return cls(
            ordinary=Distance.of(group, ground),
            probability=group.probability,
            horizon_ns=group.horizon,
            knows_spot=group.knows == "spot",
            owners=ground.owners,
            rights=np.array([int(option.right) for option in universe.options], np.float64),
            dividends=tuple(paid),
        )

    def set(self, orders: Events, draws: Streams, tape: Tape | None) -> None:
        """Write distances, and over them side and value of those who know."""
        assert tape is not None
        self.ordinary.set(orders, draws, tape)
        knows = (draws["informed"].random(len(orders)) < self.probability) & (orders["instrument"] >= 0)
        options, times = orders["instrument"], orders["ts"]
        now, later, sign = np.full(len(orders), np.nan), np.full(len(orders), np.nan), np.ones(len(orders))
        groups = tape.spots if self.knows_spot else tape.volatilities
        of_group = self.owners[options] if self.knows_spot else options
        for number in np.unique(of_group[knows]):
            mine = knows & (of_group == number)
            now[mine] = groups[number].at(times[mine])
            later[mine] = groups[number].at(times[mine] + self.horizon_ns)
        if self.knows_spot:
            later += self._paid(of_group, times)
            sign = self.rights[options]
        moved = knows & (np.abs(later - now) > 0.0)
        orders["side"][moved] = np.sign((later - now) * sign)[moved]
        orders["value"][moved] = 0.0
        orders["ask" if self.knows_spot else "bid"][moved] = later[moved]

    def _paid(self, underlyings: npt.NDArray[np.int32], times: npt.NDArray[np.int64]) -> Floats:
        """Dividends that go ex until the horizon, by which the spot falls and that are no loss of value."""
        paid = np.zeros(len(times))
        for underlying, ex, amount in self.dividends:
            paid += np.where((underlyings == underlying) & (times < ex) & (ex <= times + self.horizon_ns), amount, 0.0)
        return paid
