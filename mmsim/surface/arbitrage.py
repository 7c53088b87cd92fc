"""Where a smile, or two of them, would let money be made without risk."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from mmsim.surface.durrleman import durrleman
from mmsim.surface.svi import Svi

Floats = npt.NDArray[np.float64]

SLOPE_MAX = 2.0
_VARIANCE_MIN = 1e-12
_ROUNDING = 1e-9  # of g, and of total variance relative to the other


class Curve(Protocol):
    """Total variance as a function of log-moneyness."""

    def derivatives(self, k: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
        """w, w' and w'' at log-moneyness ``k``, in its shape."""

    def scaled(self, factor: float) -> Curve:
        """The curve of total variance ``factor``·w."""


class Kind(StrEnum):
    """What costs less than nothing."""

    BUTTERFLY = "butterfly"  # Durrleman's g below zero
    WING = "wing"  # total variance grows faster than 2·|k|
    CALENDAR = "calendar"  # total variance above that of a later expiry


class Arbitrage(NamedTuple):
    """A range of log-moneyness in which a smile has an arbitrage."""

    kind: Kind
    low: float  # the range, in log-moneyness
    high: float
    worst: float  # where it is largest
    amount: float  # there: −g, what the slope exceeds 2 by, or total variance that of the later expiry

    def __str__(self) -> str:
        return f"{self.kind} by {self.amount:.2g} at {self.worst:+.3f} (from {self.low:+.3f} to {self.high:+.3f})"


def butterflies(k: Floats, w: Floats, slope: Floats, curvature: Floats) -> list[Arbitrage]:
    """Where on the increasing ``k`` Durrleman's condition fails, or total variance is not above zero."""
    alive = w > _VARIANCE_MIN
    g = np.where(alive, durrleman(k, np.where(alive, w, 1.0), slope, curvature), -np.inf)
    return _ranges(Kind.BUTTERFLY, k, -g, _ROUNDING)


def wings(svi: Svi) -> list[Arbitrage]:
    """Wings steeper than Lee's bound, beyond which moments of the price that must be finite are not.

    Source: R. Lee, The moment formula for implied volatility at extreme strikes, Mathematical Finance 14 (2004).
    """
    left, right = svi.slopes
    sides = ((-np.inf, svi.m, -np.inf, left - SLOPE_MAX), (svi.m, np.inf, np.inf, right - SLOPE_MAX))
    return [Arbitrage(Kind.WING, *side) for side in sides if side[3] > 0.0]


def calendars(k: Floats, near: Floats, far: Floats) -> list[Arbitrage]:
    """Where on the increasing ``k`` the total variance ``near`` of an expiry is above that of a later one, ``far``."""
    return _ranges(Kind.CALENDAR, k, near - far, _ROUNDING * np.abs(far))


def _ranges(kind: Kind, k: Floats, amounts: Floats, allowed: Floats | float) -> list[Arbitrage]:
    """The runs of neighbouring points whose amount is above what is allowed."""
    over = np.flatnonzero(amounts > allowed)
    found = []
    for run in np.split(over, np.flatnonzero(np.diff(over) > 1) + 1):
        if run.size:
            worst = run[np.argmax(amounts[run])]
            found.append(Arbitrage(kind, *(float(x) for x in (k[run[0]], k[run[-1]], k[worst], amounts[worst]))))
    return found
