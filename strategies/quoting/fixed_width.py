"""A quote of one width in money around theoretical value."""

from typing import NamedTuple

from mmsim import Quote, QuoteView


class FixedWidth(NamedTuple):
    """Quote theo ± `half_spread`, the same width for every option.

    bid = theo − half_spread, ask = theo + half_spread; a bid below zero is not made.

    Source: the simplest market maker there is; the benchmark that other quotes are measured against.
    """

    half_spread: float = 0.05  # currency per unit of the underlying
    size: float = 10.0  # contracts a side

    def check(self) -> dict[str, str]:
        return {key: "must be at least 0" for key in ("half_spread", "size") if getattr(self, key) < 0.0}

    def quote(self, view: QuoteView) -> Quote:
        bid = view.theo - self.half_spread
        ask = view.theo + self.half_spread
        return Quote(bid, ask, self.size if bid >= 0.0 else 0.0, self.size)
