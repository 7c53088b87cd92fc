"""The forward of one expiry from put–call parity over its chain, and what the forward implies.

At each strike K of European options C − P = D·(F − K): with the discount D known, each pair of quotes gives the forward
K + (C − P)/D to within the half-widths of both; with it unknown, a straight line through the pairs gives both, the
discount as minus its slope. The estimate, see `robust`, weighs a pair by 1/h², h being half of the width of both
quotes, and is not moved by quotes that are quite wrong, as long as they are fewer than half.

American options obey parity as a range only, see `american_range`. The early-exercise premium of the call less that of
the put is taken out of C − P where it is given; otherwise `near_the_money` picks the pairs for which it is small.

Source: H. R. Stoll, The Relationship between Put and Call Option Prices (1969).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.pricing import robust

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_PAIRS_NEAR_MIN = 3


class Status(StrEnum):
    """What came of a chain."""

    OK = "ok"
    ONE_STRIKE = "one strike"  # a forward all the same, if the rate is given
    EXPIRED = "expired"
    NO_CALLS = "no calls"
    NO_PUTS = "no puts"
    NO_PAIRS = "no strike with call and put"
    NO_GOOD_PAIRS = "no strike with sound quotes of call and put"
    NO_RATE = "the strikes do not tell the rate"
    NO_FORWARD = "no positive forward"


class PairStatus(StrEnum):
    """What is the matter with the quotes of one strike."""

    OK = "ok"
    NO_CALL = "no call"
    NO_PUT = "no put"
    ONE_SIDED = "one-sided"
    CROSSED = "crossed"
    NOT_POSITIVE = "not positive"


@dataclass(frozen=True)
class Pairs:
    """Calls and puts side by side, ascending by strike; arrays (strikes,), NaN where there is no such price."""

    strike: Floats
    call_bid: Floats
    call_ask: Floats
    put_bid: Floats
    put_ask: Floats

    @property
    def difference(self) -> Floats:
        """C − P at the mids."""
        return 0.5 * (self.call_bid + self.call_ask - self.put_bid - self.put_ask)

    @property
    def half_width(self) -> Floats:
        """Half of the width of both quotes, which C − P may be off by."""
        return 0.5 * (self.call_ask - self.call_bid + self.put_ask - self.put_bid)

    def status(self) -> npt.NDArray[np.object_]:
        """A `PairStatus` for each strike. A quote with bid and ask equal is sound."""
        prices = np.stack([self.call_bid, self.call_ask, self.put_bid, self.put_ask])
        call, put = ~np.isnan(prices[:2]), ~np.isnan(prices[2:])
        crossed = (self.call_bid > self.call_ask) | (self.put_bid > self.put_ask)
        unsound = (~(self.strike > 0.0)) | np.isinf(self.strike) | (prices <= 0.0).any(axis=0) | np.isinf(prices).any(0)
        faults = {
            PairStatus.NOT_POSITIVE: unsound,
            PairStatus.NO_CALL: ~call.any(axis=0),
            PairStatus.NO_PUT: ~put.any(axis=0),
            PairStatus.ONE_SIDED: ~(call.all(axis=0) & put.all(axis=0)),
            PairStatus.CROSSED: crossed,
        }
        return np.select(list(faults.values()), [np.array(fault, object) for fault in faults], PairStatus.OK)

    def where(self, chosen: Flags) -> Pairs:
        """Some of the strikes."""
        return Pairs(*(column[chosen] for column in vars(self).values()))


@dataclass(frozen=True)
class Forward:
    """The forward of one expiry, with how well it is known. Without one, its figures are None and `status` says why."""

    status: Status
    pairs: Pairs  # all strikes
    used: Flags  # (strikes,) which of them the estimate is from
    value: float | None = None
    error: float | None = None  # standard error
    discount: float | None = None
    rate: float | None = None  # continuous, a year
    rate_error: float | None = None  # standard error; 0 where the rate was given

    def residuals(self) -> pd.DataFrame:
        """The check of the data: a row a strike, by how much its pair misses parity.

        Columns: ``strike``, ``status`` (`PairStatus`), ``used``, ``forward`` (what the pair gives), ``residual``
        (that less the forward) and ``half_widths`` (the same over the pair's half-width: beyond ±1 no prices within
        the quotes agree with the forward).
        """
        status = self.pairs.status()
        discount = math.nan if self.discount is None else self.discount
        implied = np.where(status == PairStatus.OK, self.pairs.strike + self.pairs.difference / discount, math.nan)
        residual = implied - (math.nan if self.value is None else self.value)
        with np.errstate(divide="ignore", invalid="ignore"):
            half_widths = np.where(residual == 0.0, 0.0, residual * discount / self.pairs.half_width)
        return pd.DataFrame(
            {
                "strike": self.pairs.strike,
                "status": [str(one) for one in status],
                "used": self.used,
                "forward": implied,
                "residual": residual,
                "half_widths": half_widths,
            }
        )


def paired(strike: npt.ArrayLike, right: npt.ArrayLike, bid: npt.ArrayLike, ask: npt.ArrayLike) -> Pairs:
    """The quotes of one expiry, arrays (options,), with call and put of a strike side by side.

    ``right`` is +1 for a call and −1 for a put; a side that is not quoted is NaN. ValueError if an option stands twice.
    """
    columns = [np.asarray(column, float).ravel() for column in (strike, right, bid, ask)]
    strikes, rights, bids, asks = columns
    levels = np.unique(strikes[~np.isnan(strikes)])
    sides = np.full((4, len(levels)), math.nan)
    for n, sign in enumerate((1.0, -1.0)):
        mine = (rights == sign) & ~np.isnan(strikes)
        if len(np.unique(strikes[mine])) != np.count_nonzero(mine):
            raise ValueError("an option stands twice")
        at = np.searchsorted(levels, strikes[mine])
        sides[2 * n, at], sides[2 * n + 1, at] = bids[mine], asks[mine]
    return Pairs(levels, *sides)


def near_the_money(pairs: Pairs) -> Flags:
    """The sound strikes (strikes,) within the price of the straddle at the money, or the three that are nearest.

    That is about 0.8 standard deviations of the underlying until expiry. Further out, the early exercise of American
    options pulls C − P away from parity, by more on the side of the option that is in the money.
    """
    sound = pairs.status() == PairStatus.OK
    if not sound.any():
        return np.zeros(len(pairs.strike), np.bool_)
    difference = np.where(sound, np.abs(pairs.difference), math.inf)
    at = int(np.argmin(difference))
    straddle = 0.5 * (pairs.call_bid[at] + pairs.call_ask[at] + pairs.put_bid[at] + pairs.put_ask[at])
    distance = np.where(sound, np.abs(pairs.strike - pairs.strike[at]), math.inf)
    reach = max(straddle, np.sort(distance)[: min(_PAIRS_NEAR_MIN, int(sound.sum()))][-1])
    return np.asarray(distance <= reach)


def forward(
    pairs: Pairs,
    *,
    years: float,
    rate: float | None = None,
    premium: npt.ArrayLike = 0.0,
    among: npt.ArrayLike | None = None,
) -> Forward:
    """The forward of an expiry ``years`` from now, at a given continuous ``rate`` or, without one, with the rate.

    ``premium`` is the early-exercise premium of the call less that of the put, (strikes,) or one number, 0 for European
    options; ``among`` (strikes,) says which strikes to look at, by default all. The rate without being given is
    identified by the spread of the strikes only: its standard error is about half a width over the range of strikes,
    over ``years``; see `Forward.rate_error` before using it. Never raises for what a market may show: the status says
    what is the matter.

    >>> calls, puts = [11.0, 4.0, 1.0], [1.0, 4.0, 11.0]
    >>> pairs = paired([90, 100, 110] * 2, [1] * 3 + [-1] * 3, calls + puts, calls + puts)
    >>> round(forward(pairs, years=0.5, rate=0.0).value, 6)
    100.0
    """
    used = np.asarray(pairs.status() == PairStatus.OK) & (True if among is None else np.asarray(among, np.bool_))
    if fault := _without(pairs, used, years):
        return Forward(fault, pairs, used)
    strike, half_width = pairs.strike[used], pairs.half_width[used]
    difference = (pairs.difference - np.broadcast_to(np.asarray(premium, float), pairs.strike.shape))[used]
    least = max(1e-3 * float(np.median(half_width)), 1e-9 * float(np.max(strike)))
    half_width = np.maximum(half_width, least)  # quotes without a width do not outweigh all others
    if rate is None:
        return _with_rate(pairs, used, strike, difference, half_width, years)
    discount = math.exp(-rate * years)
    line = robust.fit(strike, strike + difference / discount, half_width / discount, with_slope=False)
    if not _positive(line.level):
        return Forward(Status.NO_FORWARD, pairs, used)
    status = Status.OK if len(strike) > 1 else Status.ONE_STRIKE
    return Forward(status, pairs, used, line.level, math.sqrt(line.level_variance), discount, rate, 0.0)


def _without(pairs: Pairs, used: Flags, years: float) -> Status | None:
    """Why there is no forward, if that can be told before estimating."""
    has_call = ~np.isnan(pairs.call_bid) | ~np.isnan(pairs.call_ask)
    has_put = ~np.isnan(pairs.put_bid) | ~np.isnan(pairs.put_ask)
    faults = {
        Status.EXPIRED: not years > 0.0,
        Status.NO_CALLS: not has_call.any(),
        Status.NO_PUTS: not has_put.any(),
        Status.NO_PAIRS: not (has_call & has_put).any(),
        Status.NO_GOOD_PAIRS: not used.any(),
    }
    return next((fault for fault, holds in faults.items() if holds), None)


def _with_rate(
    pairs: Pairs, used: Flags, strike: Floats, difference: Floats, half_width: Floats, years: float
) -> Forward:
    """Forward and rate from the line C − P = D·F − D·K."""
    if len(strike) < 3:  # two pairs lie on a line, whatever they are
        return Forward(Status.ONE_STRIKE if len(strike) == 1 else Status.NO_RATE, pairs, used)
    centre = float(np.average(strike, weights=half_width**-2.0))
    line = robust.fit(strike - centre, difference, half_width, with_slope=True)
    discount = -line.slope
    if not discount > 0.0:
        return Forward(Status.NO_RATE, pairs, used)
    beyond = line.level / discount
    if not _positive(centre + beyond):
        return Forward(Status.NO_FORWARD, pairs, used)
    variance = line.level_variance + 2.0 * beyond * line.covariance + beyond * beyond * line.slope_variance
    return Forward(
        Status.OK,
        pairs,
        used,
        centre + beyond,
        math.sqrt(max(variance, 0.0)) / discount,
        discount,
        -math.log(discount) / years,
        math.sqrt(line.slope_variance) / (discount * years),
    )


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0.0


def implied_yield(forward: npt.ArrayLike, spot: npt.ArrayLike, years: npt.ArrayLike, rate: npt.ArrayLike) -> Floats:
    """What the forward takes from the rate: dividend yield and borrow fee together, r − ln(F/S)/T, continuous."""
    carry = np.log(np.asarray(forward, float) / np.asarray(spot, float)) / np.asarray(years, float)
    return np.asarray(np.asarray(rate, float) - carry)


def implied_dividends(forward: npt.ArrayLike, spot: npt.ArrayLike, years: npt.ArrayLike, rate: npt.ArrayLike) -> Floats:
    """The present value of the cash dividends until expiry that the forward implies, S − F·e^{−rT}."""
    discount = np.exp(-np.asarray(rate, float) * np.asarray(years, float))
    return np.asarray(np.asarray(spot, float) - np.asarray(forward, float) * discount)


def american_range(
    spot: npt.ArrayLike, strike: npt.ArrayLike, years: npt.ArrayLike, rate: npt.ArrayLike, carry: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """The least and the most that C − P of American options may be, in the broadcast shape.

    S·e^{(b−r)T} − K ≤ C − P ≤ S − K·e^{−rT}; for a future, F·e^{−rT} − K and F − K·e^{−rT}. Where the rate or the yield
    is below zero, the wider of both sides. Source: J. C. Hull, Options, Futures, and Other Derivatives, chapters 11
    and 18.
    """
    s, k, t, r, b = np.broadcast_arrays(*(np.asarray(x, float) for x in (spot, strike, years, rate, carry)))
    asset, bond = s * np.exp((b - r) * t), k * np.exp(-r * t)
    return np.minimum(s, asset) - np.maximum(k, bond), np.maximum(s, asset) - np.minimum(k, bond)
