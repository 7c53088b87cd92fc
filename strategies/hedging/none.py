"""No hedge."""

from typing import NamedTuple

from mmsim import HedgeView


class NoHedge(NamedTuple):
    """Trade nothing: the whole delta is kept.

    Source: none; the control that tells what hedging costs and saves.
    """

    def hedge(self, view: HedgeView) -> float:  # noqa: ARG002
        return 0.0
