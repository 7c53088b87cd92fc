"""Prices as given, whatever the market does: for textbook examples and tests."""

from typing import NamedTuple

from mmsim import Quote, QuoteView


class FixedPrice(NamedTuple):
    """Quote `bid` and `ask` on every option at all times.

    `bid_size` and `ask_size` hold for their side; where they are below zero, `size` holds for both.

    Source: none; textbook examples give the price at which the desk dealt.
    """

    bid: float  # currency per unit of the underlying
    ask: float  # currency per unit of the underlying
    bid_size: float = -1.0  # contracts; below zero: `size`
    ask_size: float = -1.0  # contracts; below zero: `size`
    size: float = 10.0  # contracts a side

    def check(self) -> dict[str, str]:
        return {"size": "must be at least 0"} if self.size < 0.0 else {}

    def quote(self, view: QuoteView) -> Quote:  # noqa: ARG002
        bid_size = self.bid_size if self.bid_size >= 0.0 else self.size
        ask_size = self.ask_size if self.ask_size >= 0.0 else self.size
        return Quote(self.bid, self.ask, bid_size, ask_size)
