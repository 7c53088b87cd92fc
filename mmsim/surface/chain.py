"""The quotes of one underlying's options at one time, as the slices that its surface is fitted to.

Of each expiry: its forward, from put–call parity or, for options on a future, the future itself; then of each strike
the option that is out of the money, if its quote is liquid; and the volatilities that its bid, mid and ask imply.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.pricing import parity
from mmsim.surface import implied
from mmsim.surface.slices import Slice

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_EARLY_ROUNDS = 8  # of taking early exercise out of parity, at most: mostly two or three
_EARLY_SHARE = 1e-3  # of the forward's standard error: a round that moves it by less is the last
_EARLY_MOVE = 1e-8  # of the forward: as much is always enough


class Use(StrEnum):
    """What a quote is to the fit: used, or the first reason against it."""

    USED = "used"
    UNSEEN = "not quoted yet"
    EXPIRED = "expired"
    SOON = "expires soon"
    NO_QUOTE = "no quote"
    NO_BID = "no bid"
    NO_ASK = "no ask"
    CROSSED = "crossed"
    STALE = "stale"
    NO_FORWARD = "no forward"
    IN_THE_MONEY = "in the money"
    SMALL = "bid of a few ticks"
    FAR = "delta too small or too large"
    NO_VOLATILITY = "no implied volatility"


_NOT_FITTED = np.array([Use.UNSEEN, Use.EXPIRED, Use.SOON], object)  # with their expiry, if it has no other options


class Liquid(NamedTuple):
    """Which quotes a fit takes notice of."""

    stale_after_ns: int = 1_800_000_000_000  # a quote that has not changed for longer is not looked at
    bid_ticks: float = 3.0  # the bid stands above so many ticks
    delta: float = 0.05  # |Δ| from this to 1 less this
    life_ns: int = 3_600_000_000_000  # expiries with less time left are not fitted anew


class Quotes(NamedTuple):
    """What is quoted at one time on one underlying, arrays (options,); a side that is not there is NaN."""

    expiry_ns: Integers
    strike: Floats
    right: Floats  # +1 call, −1 put
    bid: Floats
    ask: Floats
    updated_ns: Integers  # when the quote last changed, 0: never quoted yet
    tick: Floats  # the price increment at the bid
    rate: Floats  # continuous, a year
    carry: Floats  # of the forward where parity tells none
    now_ns: int
    spot: float
    year_ns: float
    on_future: bool  # the spot is the forward of every expiry
    american: bool


class Expiry(NamedTuple):
    """One expiry at one time."""

    expiry_ns: int
    years: float
    forward: float  # that the slice stands on; NaN without a spot
    model_forward: float  # the spot, grown at the carry given; NaN without one
    parity: parity.Forward  # what the quotes say
    slice: Slice
    options: Integers  # (points,) which of the quotes its points are


class Chain(NamedTuple):
    """The expiries of one underlying that are alive, and the use of each of its quotes."""

    expiries: Sequence[Expiry]
    uses: npt.NDArray[np.object_]  # (options,) of `Use`

    @property
    def slices(self) -> list[Slice]:
        """What to fit."""
        return [expiry.slice for expiry in self.expiries]


def read(quotes: Quotes, liquid: Liquid) -> Chain:
    """The chain's expiries, in order of time, and what became of each quote. Never raises for what quotes are."""
    uses = _uses(quotes, liquid)
    chosen = np.flatnonzero(~np.isin(uses, _NOT_FITTED))
    found = []
    for expiry_ns in np.unique(quotes.expiry_ns[chosen]).tolist():
        members = chosen[quotes.expiry_ns[chosen] == expiry_ns]
        found.append(_expiry(quotes, liquid, uses, members, int(expiry_ns)))
    return Chain(found, uses)


def _uses(quotes: Quotes, liquid: Liquid) -> npt.NDArray[np.object_]:
    """What can be said of each quote by itself."""
    left = quotes.expiry_ns - quotes.now_ns
    no_bid, no_ask = ~(quotes.bid > 0.0), ~(quotes.ask > 0.0)
    faults = {
        Use.UNSEEN: quotes.updated_ns == 0,
        Use.EXPIRED: left <= 0,
        Use.SOON: left < liquid.life_ns,
        Use.NO_QUOTE: no_bid & no_ask,
        Use.NO_BID: no_bid,
        Use.NO_ASK: no_ask,
        Use.CROSSED: quotes.bid > quotes.ask,
        Use.STALE: quotes.now_ns - quotes.updated_ns > liquid.stale_after_ns,
    }
    return np.select(list(faults.values()), [np.array(fault, object) for fault in faults], Use.USED)


def _expiry(quotes: Quotes, liquid: Liquid, uses: npt.NDArray[np.object_], members: Integers, expiry_ns: int) -> Expiry:
    """One expiry; ``uses`` of its options, whose numbers are ``members``, are made final."""
    years = (expiry_ns - quotes.now_ns) / quotes.year_ns
    rate, carry = float(quotes.rate[members[0]]), float(quotes.carry[members[0]])
    model = quotes.spot * math.exp(carry * years)
    sound = members[uses[members] == Use.USED]
    told = _parity(quotes, sound, years, rate)
    forward = model if quotes.on_future or told.value is None else told.value
    if not (forward > 0.0 and quotes.spot > 0.0):
        uses[sound] = Use.NO_FORWARD
        return Expiry(expiry_ns, years, math.nan, math.nan, told, _slice(expiry_ns, years, math.nan), sound[:0])
    otm = quotes.right[sound] * (quotes.strike[sound] - forward) >= 0.0
    uses[sound[~otm]] = Use.IN_THE_MONEY
    used = sound[otm]
    small = ~(quotes.bid[used] > liquid.bid_ticks * quotes.tick[used] * (1.0 + 1e-9))
    uses[used[small]] = Use.SMALL
    used = used[~small]
    options = _options(quotes, used, years, rate, math.log(forward / quotes.spot) / years)
    prices = np.stack([quotes.bid[used], 0.5 * (quotes.bid[used] + quotes.ask[used]), quotes.ask[used]])
    sides, delta, vega = np.empty_like(prices), np.empty(len(used)), np.empty(len(used))
    implied.fill_sides(options, prices, sides, delta, vega)
    known = ~np.isnan(sides[1:]).any(axis=0)
    uses[used[~known]] = Use.NO_VOLATILITY
    near = (np.abs(delta) >= liquid.delta) & (np.abs(delta) <= 1.0 - liquid.delta)
    uses[used[known & ~near]] = Use.FAR
    kept = known & near
    sides[0] = np.where(np.isnan(sides[0]), 0.0, sides[0])  # a bid below intrinsic value bounds nothing
    k = np.log(quotes.strike[used] / forward)
    points = _slice(expiry_ns, years, forward, k[kept], *sides[:, kept], vega[kept])
    return Expiry(expiry_ns, years, forward, model, told, points, used[kept])


def _parity(quotes: Quotes, sound: Integers, years: float, rate: float) -> parity.Forward:
    """The forward that the sound quotes tell; of American options, without their early-exercise premiums.

    They are taken at the volatility that each mid implies on the forward of the round before.
    """
    pairs = parity.paired(quotes.strike[sound], quotes.right[sound], quotes.bid[sound], quotes.ask[sound])
    near = parity.near_the_money(pairs)
    told = parity.forward(pairs, years=years, rate=rate, among=near)
    if not (quotes.american and quotes.spot > 0.0):
        return told
    for _ in range(_EARLY_ROUNDS):
        if told.value is None or told.error is None:
            break
        forward = quotes.spot if quotes.on_future else told.value
        premium, carry = np.full(len(pairs.strike), math.nan), math.log(forward / quotes.spot) / years
        premium[near] = _early_exercise(quotes, pairs.where(near), years, rate, carry)
        before = told.value
        told = parity.forward(pairs, years=years, rate=rate, premium=premium, among=near & ~np.isnan(premium))
        settled = (
            told.value is None
            or told.error is None
            or abs(told.value - before) <= max(_EARLY_SHARE * told.error, _EARLY_MOVE * before)
        )
        if quotes.on_future or settled:
            break
    return told


def _early_exercise(quotes: Quotes, pairs: parity.Pairs, years: float, rate: float, carry: float) -> Floats:
    """The early-exercise premium of each call less that of its put, NaN where a mid has no volatility."""
    count = len(pairs.strike)
    strike, right = np.tile(pairs.strike, 2), np.repeat([1.0, -1.0], count)
    mids = 0.5 * np.concatenate([pairs.call_bid + pairs.call_ask, pairs.put_bid + pairs.put_ask])
    premiums = np.empty(2 * count)
    implied.fill_premiums(_columns(quotes, strike, right, years, rate, carry), mids, premiums)
    return premiums[:count] - premiums[count:]


def _options(quotes: Quotes, chosen: Integers, years: float, rate: float, carry: float) -> Floats:
    return _columns(quotes, quotes.strike[chosen], quotes.right[chosen], years, rate, carry)


def _columns(quotes: Quotes, strike: Floats, right: Floats, years: float, rate: float, carry: float) -> Floats:
    """Options of one expiry as the rows that `implied` takes."""
    parts = np.broadcast_arrays(quotes.spot, strike, years, rate, carry, right, float(quotes.american))
    return np.stack(parts)


def _slice(expiry_ns: int, years: float, forward: float, *columns: Floats) -> Slice:
    """A slice, without points if none are given."""
    return Slice(expiry_ns, years, forward, *(columns or (np.zeros(0),) * 5))
