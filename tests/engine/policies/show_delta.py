"""A quote that tells what it was shown."""

from typing import NamedTuple

from mmsim import Quote, QuoteView


class ShowDelta(NamedTuple):
    """Bid and ask 200 plus the net delta of the book."""

    size: float = 10.0  # contracts

    def quote(self, view: QuoteView) -> Quote:
        return Quote(200.0 + view.net_delta, 200.0 + view.net_delta, self.size, self.size)
