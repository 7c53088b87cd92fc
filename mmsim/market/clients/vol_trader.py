"""Traders of volatility, who take the imbalance of a desk that leans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmsim.events import Events
from mmsim.market.clients.flow import OrderFlow, Wish
from mmsim.market.clients.ground import Ground, Streams
from mmsim.market.clients.selection import Selection
from mmsim.market.clients.tape import Tape
from mmsim.scenario.parts.clients import VolTraderClients

LEAST = 1e-4  # volatility that anybody forecasts, beyond the threshold


def flow(client: int, group: VolTraderClients, ground: Ground) -> OrderFlow:
    """Orders without a side: each looks at both of the desk's."""
    wish = Wish(1.0, 0.5, Selection.of(group, ground))
    forecast = Forecast(None if group.forecast == "market" else group.forecast, group.error, group.threshold)
    return OrderFlow.of(client, group, ground, [wish], forecast)


@dataclass(frozen=True)
class Forecast:
    """The client buys at up to the option's value at forecast − threshold, and sells from forecast + threshold on.

    The forecast is a number, or the market's volatility when the client arrives, and an error of its own, normal.
    Where the market has no volatility yet, the client has no forecast, and goes by the market's fair value.
    """

    level: float | None  # None: the market's
    error: float
    threshold: float

    @property
    def reads_market(self) -> bool:
        """Whether the forecast is the market's."""
        return self.level is None

    def set(self, orders: Events, draws: Streams, tape: Tape | None) -> None:
        """Write forecast and threshold."""
        forecast = np.full(len(orders), np.nan if self.level is None else self.level)
        if self.level is None:
            assert tape is not None
            for number in np.unique(orders["instrument"][orders["instrument"] >= 0]):
                mine = orders["instrument"] == number
                forecast[mine] = tape.volatilities[number].at(orders["ts"][mine])
        forecast += self.error * draws["forecasts"].standard_normal(len(orders))
        orders["side"], orders["value"] = 0, 0.0
        orders["bid"] = np.maximum(forecast, self.threshold + LEAST)
        orders["bid_size"] = self.threshold
