"""Years, by the calendar or minute by minute where hours have weights: the auditor's own count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
NS_PER_DAY = 86_400 * 10**9
NS_PER_MINUTE = 60 * 10**9


class Clock:
    """Time to expiry in years of volatility, and the years that interest runs meanwhile."""

    def __init__(self, settings: Mapping[str, Any], last_ns: int) -> None:
        self.weights = settings.get("weights")
        self.year_ns = settings["volatility_days"] * NS_PER_DAY
        self.interest_ns = self.year_ns
        if self.weights is not None:
            self.interest_ns = settings["interest_days"] * NS_PER_DAY
            self.first_ns = settings["start_ns"] // NS_PER_DAY * NS_PER_DAY - 3 * NS_PER_DAY
            self._count_minutes(self.weights, last_ns)

    def _count_minutes(self, weights: Mapping[str, Any], last_ns: int) -> None:
        """Minutes of a session from the first instant to each minute, and how many an ordinary year has."""
        opens, closes = (pd.Timedelta(f"{weights[key]}:00") for key in ("open", "close"))
        is_evening = opens >= closes
        stamps = pd.to_datetime(np.arange(self.first_ns, last_ns + NS_PER_DAY, NS_PER_MINUTE), utc=True)
        local = stamps.tz_convert(weights["zone"]).tz_localize(None)
        day = local.normalize()
        wall = local - day
        trades_after = day + pd.Timedelta(days=1) if is_evening else day  # the trading day of what opens on `day`
        inside = (wall >= opens) & self._trades(trades_after)
        if is_evening:
            inside |= (wall < closes) & self._trades(day)
        else:
            inside &= wall < closes
        outside = np.where(self._trades(day), weights["overnight"], weights["weekend"])
        self.counted = np.append(0.0, np.cumsum(np.where(inside, 1.0, outside)))
        hours = (closes - opens) / pd.Timedelta("1h") % 24
        ordinary, closed = hours + (24 - hours) * weights["overnight"], 24 * weights["weekend"]
        self.day_minutes = 60 * ordinary
        self.year_minutes = 60 * (weights["trading_days"] * ordinary + (365 - weights["trading_days"]) * closed)

    def _trades(self, days: pd.DatetimeIndex) -> npt.NDArray[np.bool_]:
        assert self.weights is not None
        return np.asarray((days.day_of_week < 5) & ~days.isin(pd.to_datetime(self.weights["holidays"])))

    def _shown(self, times_ns: npt.ArrayLike) -> Array:
        assert self.weights is not None
        since = (np.asarray(times_ns, np.int64) - self.first_ns) / NS_PER_MINUTE
        shown = np.interp(since, np.arange(len(self.counted)), self.counted)
        for at_ns, days in self.weights["events"]:
            shown = shown + np.where(np.asarray(times_ns) >= at_ns, days * self.day_minutes, 0.0)
        return shown

    def years(self, start_ns: npt.ArrayLike, end_ns: npt.ArrayLike) -> Array:
        """Years of volatility."""
        if self.weights is None:
            return np.asarray(np.asarray(end_ns) - np.asarray(start_ns)) / self.year_ns
        return (self._shown(end_ns) - self._shown(start_ns)) / self.year_minutes

    def interest_years(self, start_ns: npt.ArrayLike, end_ns: npt.ArrayLike) -> Array:
        """Years of interest in the prices of options."""
        return np.asarray(np.asarray(end_ns) - np.asarray(start_ns)) / self.interest_ns
