"""Policies that must not be: they look up what their market has yet to bring, in the folder that PEEK_AT names."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmsim import HedgeView, Quote, QuoteView
from mmsim.events import Kind
from mmsim.market import build

TEN_MINUTES_NS = 600_000_000_000


def ticks(scenario: Any) -> Any:
    """All ticks of a scenario's first underlying."""
    data = Path(os.environ["PEEK_AT"]) if scenario.market.recorded else None
    events = build(scenario, data).events(0)
    return events[(events["kind"] == Kind.SPOT) & (events["instrument"] == 0)]


class KnowsTheClose(NamedTuple):
    """Holds 50 units with the sign of what the spot will have done by the close; compiled."""

    close: float = 0.0

    def prepare(self, scenario: Any) -> "KnowsTheClose":
        return self._replace(close=float(ticks(scenario)["bid"][-1]))

    def hedge(self, view: HedgeView) -> float:
        return (50.0 if self.close > view.spot else -50.0) - view.hedge - view.pending


class ReadsAhead(NamedTuple):
    """Quotes around theo, moved by a quarter of what the spot does in the ten minutes to come; plain Python."""

    ticks: Any = None

    def prepare(self, scenario: Any) -> "ReadsAhead":
        return self._replace(ticks={"ts": ticks(scenario)["ts"], "bid": ticks(scenario)["bid"]})

    def quote(self, view: QuoteView) -> Quote:
        now, later = (np.searchsorted(self.ticks["ts"], view.ts_ns + ahead) for ahead in (0, TEN_MINUTES_NS))
        bids = self.ticks["bid"]
        rise = bids[min(later, len(bids) - 1)] - bids[min(now, len(bids) - 1)]
        fair = max(view.theo + 0.25 * rise * view.right, 0.05)
        return Quote(0.98 * fair, 1.02 * fair, 10.0, 10.0)
