"""The desk's smile of one expiry, and how well it was fitted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.surface.arbitrage import Arbitrage, Curve
from mmsim.surface.slices import MONEYNESS_MAX, Floats, Slice, SliceStatus, Texts
from mmsim.surface.svi import Svi


class Method(StrEnum):
    """What a smile was made by."""

    SVI = "svi"  # raw SVI and its correction
    SSVI = "ssvi"  # the smile of its level in the surface of all expiries
    SPLINE = "spline"  # volatility through the quotes, flat beyond
    PREVIOUS = "previous"  # carried from the surface before


@dataclass(frozen=True)
class Smile:
    """The mark of one expiry at one time."""

    expiry_ns: int
    years: float
    forward: float
    status: SliceStatus  # what could be made of its slice
    method: Method
    curve: Curve  # the mark
    svi: Svi | None  # the parametric smile below the mark; a spline has none
    quotes: Slice  # what it was fitted to, or for a carried smile what it could not be fitted to
    quote_statuses: Texts  # `QuoteStatus` of each point
    arbitrage_found: tuple[Arbitrage, ...]  # in the free fit of raw SVI
    arbitrage: tuple[Arbitrage, ...]  # left in the mark

    def total_variance(self, k: npt.ArrayLike) -> Floats:
        """σ²·T of the mark at log-moneyness ``k`` = ln(K/F), in its shape."""
        return self.curve.derivatives(k)[0]

    def volatility(self, k: npt.ArrayLike) -> Floats:
        """Annual volatility of the mark at log-moneyness ``k``, in its shape."""
        return np.sqrt(self.total_variance(k) / self.years)

    def at(self, years: float, forward: float) -> Smile:
        """The smile at another time to expiry and forward: the same volatility at the same moneyness."""
        factor = years / self.years
        svi = None if self.svi is None else self.svi.scaled(factor)
        return replace(self, years=years, forward=forward, curve=self.curve.scaled(factor), svi=svi)

    @cached_property
    def residuals(self) -> pd.DataFrame:
        """A row a point: k, bid, mid, ask, svi, mark (volatilities), svi_inside, mark_inside, and its status.

        A point that is not used has NaN or what it came with; without raw SVI that column is NaN.
        """
        k, bid, mid, ask = (np.asarray(column, dtype=float) for column in self.quotes[3:7])
        known = np.abs(k) <= MONEYNESS_MAX
        mark = np.full(k.shape, np.nan)
        mark[known] = self.volatility(k[known])
        parametric = np.full(k.shape, np.nan)
        if self.svi is not None:
            parametric[known] = np.sqrt(self.svi.derivatives(k[known])[0] / self.years)
        return pd.DataFrame(
            {
                "k": k,
                "bid": bid,
                "mid": mid,
                "ask": ask,
                "svi": parametric,
                "mark": mark,
                "svi_inside": (bid <= parametric) & (parametric <= ask),
                "mark_inside": (bid <= mark) & (mark <= ask),
                "status": self.quote_statuses,
            }
        )
