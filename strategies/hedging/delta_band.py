"""Hedge when the delta leaves a band."""

from typing import NamedTuple

from mmsim import HedgeView


class DeltaBand(NamedTuple):
    """Trade back to flat when the net delta stands outside ± `band`, and do nothing inside.

    units = −net_delta if |net_delta| > band, else 0

    Source: Whalley and Wilmott, An asymptotic analysis of an optimal hedging model for option pricing with
    transaction costs, Mathematical Finance 7 (1997) 307–324, for why a band; this one is fixed, and returns to its
    middle, as desks do where a ticket has a fixed cost.
    """

    band: float = 5.0  # units of the underlying

    def check(self) -> dict[str, str]:
        return {} if self.band >= 0.0 else {"band": "must be at least 0"}

    def hedge(self, view: HedgeView) -> float:
        return 0.0 if abs(view.net_delta) <= self.band else -view.net_delta
