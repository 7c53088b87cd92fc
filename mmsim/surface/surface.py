"""The surface of one underlying: the smiles of all expiries, and volatility between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.surface.slices import Floats, QuoteStatus, SliceStatus
from mmsim.surface.smile import Smile
from mmsim.surface.ssvi import Ssvi

_COLUMNS = [
    "expiry",
    "years",
    "forward",
    "quotes",
    "used",
    "method",
    "status",
    "rms_svi",
    "rms_mark",
    "inside_svi",
    "inside_mark",
    "arbitrage_found",
    "arbitrage_left",
]


@dataclass(frozen=True)
class Surface:
    """All smiles of one time. An expiry of which nothing is known yet has a status and no smile."""

    smiles: Mapping[int, Smile]  # by expiry, nanoseconds UTC, in order of time
    statuses: Mapping[int, SliceStatus]  # of every slice that was given

    @cached_property
    def ssvi(self) -> Ssvi | None:
        """One shape for all expiries, fitted when it is asked for; none where fewer than two could be fitted."""
        from mmsim.surface.ssvi_fit import across

        return across(self.smiles.values())

    @cached_property
    def _years(self) -> Floats:
        return np.array([smile.years for smile in self.smiles.values()])

    def total_variance(self, years: npt.ArrayLike, k: npt.ArrayLike) -> Floats:
        """σ²·T at ``years`` to expiry and log-moneyness ``k`` = ln(K/F), in their broadcast shape.

        Linear in time between two expiries at the same moneyness; before the first and after the last at their
        volatility. ValueError where no smile is known, or a time is not positive.
        """
        if not self.smiles:
            raise ValueError("the surface has no smile")
        times, moneyness = np.broadcast_arrays(np.asarray(years, dtype=float), np.asarray(k, dtype=float))
        if not (times > 0.0).all():
            raise ValueError("years to expiry must be above zero")
        known = np.stack([smile.total_variance(moneyness) for smile in self.smiles.values()])
        after = np.searchsorted(self._years, times)
        low, high = np.maximum(after - 1, 0), np.minimum(after, len(self._years) - 1)
        near, far = (np.take_along_axis(known, side[np.newaxis], axis=0)[0] for side in (low, high))
        begin, end = self._years[low], self._years[high]
        share = np.where(low < high, (times - begin) / np.where(low < high, end - begin, 1.0), 0.0)
        total: Floats = np.where(low < high, near + share * (far - near), near * times / begin)
        return total

    def volatility(self, years: npt.ArrayLike, k: npt.ArrayLike) -> Floats:
        """Annual volatility at ``years`` to expiry and log-moneyness ``k``; see `total_variance`."""
        volatility: Floats = np.sqrt(self.total_variance(years, k) / np.asarray(years, dtype=float))
        return volatility

    def report(self) -> pd.DataFrame:
        """A row an expiry that was given, in order of time.

        expiry (time, UTC), years, forward, quotes (points given), used, method (`Method`, or none), status
        (`SliceStatus`), rms_svi and rms_mark (root mean square difference to the mids of the points used, in
        volatility), inside_svi and inside_mark (share of them inside their bid–ask), arbitrage_found (in the free
        fit) and arbitrage_left (in the mark), both in words, empty where there is none.
        """
        return pd.DataFrame([self._row(expiry) for expiry in sorted(self.statuses)], columns=_COLUMNS)

    def _row(self, expiry_ns: int) -> dict[str, object]:
        row: dict[str, object] = {
            "expiry": pd.Timestamp(expiry_ns, tz="UTC"),
            "method": "none",
            "status": str(self.statuses[expiry_ns]),
        }
        if expiry_ns not in self.smiles:
            return row
        smile = self.smiles[expiry_ns]
        table = smile.residuals
        used = table[table["status"] == QuoteStatus.USED]
        return row | {
            "years": smile.years,
            "forward": smile.forward,
            "quotes": len(table),
            "used": len(used),
            "method": str(smile.method),
            "rms_svi": float(np.sqrt(((used["svi"] - used["mid"]) ** 2).mean())),
            "rms_mark": float(np.sqrt(((used["mark"] - used["mid"]) ** 2).mean())),
            "inside_svi": float(used["svi_inside"].mean()),
            "inside_mark": float(used["mark_inside"].mean()),
            "arbitrage_found": "; ".join(map(str, smile.arbitrage_found)),
            "arbitrage_left": "; ".join(map(str, smile.arbitrage)),
        }
