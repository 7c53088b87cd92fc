"""A reservation price at an exponential distance from the market's fair value."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np
import numpy.typing as npt

from mmsim.events import Events
from mmsim.market.clients.ground import Ground, Streams
from mmsim.market.clients.tape import Tape
from mmsim.scenario.parts.clients import Conceding


@dataclass(frozen=True)
class Distance:
    """The client pays up to fair + ``value`` or sells down to fair − ``value``.

    Arrivals at the rate A·e^{kc} with distances Exp(1/k) − c make the intensity of trades at a distance δ ≥ −c of the
    desk's price A·e^{−kδ} (Avellaneda and Stoikov, 2008, eq. 2.11), where A is ``per_hour``, 1/k is
    ``reservation_ticks`` and c is ``offset_ticks``. A tick is the smallest of the option's table, since its price is
    not known in advance.
    """

    reservation_ticks: float
    offset_ticks: float
    ticks: npt.NDArray[np.float64]  # (options,)
    reads_market = False

    @classmethod
    def of(cls, group: Conceding, ground: Ground) -> Distance:
        """That of a group's keys."""
        return cls(group.reservation_ticks, group.offset_ticks, ground.ticks)

    def set(self, orders: Events, draws: Streams, _tape: Tape | None) -> None:
        """Write the distances."""
        distances = draws["distances"].standard_exponential(len(orders)) * self.reservation_ticks
        orders["value"] = (distances - self.offset_ticks) * self.ticks[orders["instrument"]]


def faster(group: Conceding) -> float:
    """e^{kc}: how many times as often clients arrive as they would trade at fair value."""
    return exp(group.offset_ticks / group.reservation_ticks)
