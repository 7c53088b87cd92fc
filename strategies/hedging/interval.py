"""Hedge by the clock."""

from typing import NamedTuple

from mmsim import HedgeView


class Interval(NamedTuple):
    """Trade back to flat delta every `interval_ns`, and at no other time.

    units = −net_delta at the policy's own timer, which rings one `interval_ns` after the clock's start
    and every `interval_ns` from there.

    Source: Boyle and Emanuel, Discretely adjusted option hedges, Journal of Financial Economics 8 (1980) 259–282.
    """

    interval_ns: int = 3_600_000_000_000  # between hedges

    def check(self) -> dict[str, str]:
        return {} if self.interval_ns > 0 else {"interval_ns": "must be longer than 0"}

    def hedge(self, view: HedgeView) -> float:
        return -view.net_delta if view.timer else 0.0
