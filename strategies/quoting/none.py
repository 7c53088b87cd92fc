"""No quotes."""

from typing import NamedTuple

from mmsim import Quote, QuoteView


class NoQuote(NamedTuple):
    """Quote nothing: the desk deals with no client, and only hedges what it opened with.

    Source: none; the control that tells what quoting adds.
    """

    size: float = 0.0  # contracts a side

    def check(self) -> dict[str, str]:
        return {"size": "must be at least 0"} if self.size < 0.0 else {}

    def quote(self, view: QuoteView) -> Quote:
        return Quote(view.theo, view.theo, self.size, self.size)
