"""The band of strategies/hedging/delta_band.py, written so that numba cannot compile it."""

from typing import NamedTuple

from mmsim import HedgeView

NOTHING = {"units": 0.0}  # numba reads no such thing


class PlainBand(NamedTuple):
    """Trade back to flat when the net delta stands outside ± `band`, in plain Python."""

    band: float = 5.0  # units of the underlying

    def hedge(self, view: HedgeView) -> float:
        delta = view.net_delta
        return NOTHING["units"] if abs(delta) <= self.band else -delta
