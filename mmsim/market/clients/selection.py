"""Which options a group asks for: by right, underlying, days to expiry, delta or moneyness."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import inf
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from mmsim.market.clients.ground import Ground
from mmsim.market.clients.listing import Instants, Listing, Numbers
from mmsim.market.clients.tape import Tape
from mmsim.scenario.parts.clients import Choosing
from mmsim.units import DAY_NS

Floats = npt.NDArray[np.float64]
AT_ONCE = 1 << 20  # pairs of a time and an option that are looked at together
YEAR_NS = 365.0 * DAY_NS


@dataclass(frozen=True)
class Band:
    """A range of |delta| or of moneyness at the time of the order.

    |Δ| = Φ(±d₁) with d₁ = (ln(S/K) + σ²T/2) / (σ√T), + for calls: at the market's volatility, by the calendar, without
    rates. Moneyness is K/S.
    """

    is_delta: bool
    low: float  # a quantile of the normal distribution if of delta
    high: float
    strikes: Floats
    rights: Floats
    expiries: Instants
    owners: Numbers

    def holds(self, times: Instants, tape: Tape) -> npt.NDArray[np.bool_]:
        """(times, options) whether each option is in the range at each time; unknown spots or volatilities are not."""
        spot = np.stack([series.at(times) for series in tape.spots], axis=1)[:, self.owners]
        if not self.is_delta:
            measure = self.strikes / spot
        else:
            volatility = np.stack([series.at(times) for series in tape.volatilities], axis=1)
            deviation = volatility * np.sqrt(np.maximum(self.expiries - times[:, None], 1) / YEAR_NS)
            measure = self.rights * (np.log(spot / self.strikes) / deviation + 0.5 * deviation)
        found: npt.NDArray[np.bool_] = (self.low <= measure) & (measure <= self.high)
        return found


@dataclass(frozen=True)
class Selection:
    """The options that a group asks for, one drawn evenly of those that qualify at a time."""

    begins: Instants  # (options,) from when each qualifies by its terms
    ends: Instants  # (options,) until when
    listing: Listing
    band: Band | None

    @classmethod
    def of(cls, chosen: Choosing, ground: Ground, rights: Collection[str] | None = None) -> Selection:
        """That of a group's keys, or with rights and a range of |delta| of its model's own."""
        options = ground.universe.options
        allowed = chosen.rights if rights is None else rights
        begins, ends = ground.quoted_from.copy(), ground.until.copy()
        expiries = np.array([option.expiry_ns for option in options], np.int64)
        if chosen.days is not None:
            near, far = (np.int64(round(days * DAY_NS)) for days in chosen.days)
            begins, ends = np.maximum(begins, expiries - far), np.minimum(ends, expiries - near)
        names = chosen.underlyings or tuple(u.symbol for u in ground.universe.underlyings)
        out = np.array([o.right.name.lower() not in allowed or o.underlying not in names for o in options], np.bool_)
        ends = np.where(out, begins, np.maximum(begins, ends))
        return cls(begins, ends, Listing.of(begins, ends), _band(chosen, ground, expiries))

    @property
    def reads_market(self) -> bool:
        """Whether market data are needed to choose."""
        return self.band is not None

    def trades(self, options: Numbers, times: Instants) -> npt.NDArray[np.bool_]:
        """Whether options qualify by their terms at given times."""
        found: npt.NDArray[np.bool_] = (self.begins[options] <= times) & (times < self.ends[options])
        return found

    def qualifying(self, times: Instants, tape: Tape | None) -> npt.NDArray[np.bool_]:
        """(times, options) which options qualify at each time."""
        found = (self.begins <= times[:, None]) & (times[:, None] < self.ends)
        if self.band is not None:
            assert tape is not None
            found &= self.band.holds(times, tape)
        return found

    def choose(self, times: Instants, uniform: Floats, tape: Tape | None) -> Numbers:
        """An option for each time by a draw from [0, 1); -1 where none qualifies."""
        if self.band is None:
            return self.listing.choose(times, uniform)
        chosen = np.empty(len(times), np.int32)
        step = max(AT_ONCE // max(len(self.begins), 1), 1)
        for first in range(0, len(times), step):
            part = slice(first, first + step)
            ranks = np.cumsum(self.qualifying(times[part], tape), axis=1)
            wanted = (uniform[part] * ranks[:, -1]).astype(np.intp) + 1
            chosen[part] = np.where(ranks[:, -1] > 0, np.argmax(ranks >= wanted[:, None], axis=1), -1)
        return chosen


def _band(chosen: Choosing, ground: Ground, expiries: Instants) -> Band | None:
    is_delta = chosen.moneyness is None  # which takes the place of a delta that is a model's default
    given = chosen.delta if is_delta else chosen.moneyness
    if given is None:
        return None
    low, high = (_quantile(bound) for bound in given) if is_delta else given
    options = ground.universe.options
    strikes = np.array([option.strike for option in options], np.float64)
    rights = np.array([int(option.right) for option in options], np.float64)
    return Band(is_delta, low, high, strikes, rights, expiries, ground.owners)


def _quantile(share: float) -> float:
    """Of the normal distribution, infinite at its ends."""
    return -inf if share <= 0.0 else inf if share >= 1.0 else NormalDist().inv_cdf(share)
