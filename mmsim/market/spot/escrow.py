"""What dividends that are yet to be paid are worth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mmsim.market.spot.motion import Floats, Times
from mmsim.units import DAY_NS


class Escrow(NamedTuple):
    """The escrowed model of dividends, by which theo prices options too.

    The spot is S(t) = X(t) + Σ amount · exp(−rate·(ex − t)) over those with ex > t, X being what a model moves. So the
    spot falls by each dividend as it goes ex and stays down, and is never below zero. Source: Hull, Options, Futures,
    and Other Derivatives, the chapter on the Black-Scholes-Merton model, "Dividends".
    """

    dividends: tuple[tuple[int, float], ...] = ()  # (ex-date in nanoseconds, currency a unit)
    rate: float = 0.0  # a year, at which dividends are discounted
    year_days: float = 365.0  # of that year

    def at(self, times: Times, until_ns: int | None = None) -> Floats:
        """Present value at these times, shape (times,), of the dividends yet to be paid, in currency a unit.

        With ``until_ns``, of those that go ex by then.
        """
        worth = np.zeros(len(times))
        for ex, amount in self.dividends:
            if until_ns is None or ex <= until_ns:
                years = (ex - times) / (self.year_days * DAY_NS)
                worth += np.where(times < ex, amount * np.exp(-self.rate * years), 0.0)
        return worth
