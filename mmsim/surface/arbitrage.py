"""Where a smile, or two of them, would let money be made without risk."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What costs less than nothing."""

    BUTTERFLY = "butterfly"  # Durrleman's g below zero
    WING = "wing"  # total variance grows faster than 2·|k| (Lee)
    CALENDAR = "calendar"  # total variance above that of a later expiry


class Arbitrage(NamedTuple):
    """A range of log-moneyness in which a smile has an arbitrage."""

    kind: Kind
    low: float  # the range, in log-moneyness
    high: float
    worst: float  # where it is largest
    amount: float  # there: −g, the slope above 2, or the total variance above the later expiry's

    def __str__(self) -> str:
        return f"{self.kind} by {self.amount:.2g} at {self.worst:+.3f} (from {self.low:+.3f} to {self.high:+.3f})"
