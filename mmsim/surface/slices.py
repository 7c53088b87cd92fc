"""What a surface is fitted to: the quotes of one expiry in volatility, and which of them say something."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]

MONEYNESS_MAX = 20.0  # |ln(K/F)| of anything that is a strike
VOLATILITY_MIN, VOLATILITY_MAX = 1e-4, 100.0  # of anything that is a volatility
_VEGA_MIN = 0.01
WIDTH_MIN = 1e-5  # of volatility: a quote without a width is not known to be better than this


class Slice(NamedTuple):
    """The quotes of one expiry at one time, in any order; a call and a put of one strike are two points.

    Arrays have one shape (points,). A point is used if all of it are numbers with 0 < bid ≤ mid ≤ ask; the others have
    a status, see `QuoteStatus`. A bid at or below the intrinsic value has volatility 0, a missing side NaN.
    """

    expiry_ns: int  # UTC; what names the expiry in a surface
    years: float  # to expiry
    forward: float
    log_moneyness: Floats  # ln(K/F)
    bid_volatility: Floats
    mid_volatility: Floats
    ask_volatility: Floats
    vega: Floats  # of one option, in currency per 1.00 of volatility


class QuoteStatus(StrEnum):
    """Why a point is used in the fit, or is not."""

    USED = "used"
    NO_QUOTE = "no quote"
    NO_BID = "no bid"
    NO_ASK = "no ask"
    BELOW_INTRINSIC = "bid below intrinsic"  # and so the mid says little: it is between nothing and the ask
    CROSSED = "crossed"
    NO_VOLATILITY = "no volatility"  # a mid that is missing, nothing or outside its bid and ask
    NO_STRIKE = "no strike"  # a moneyness that none has
    LITTLE_VEGA = "little vega"  # below a hundredth of the largest: so far out that its volatility says nothing


class SliceStatus(StrEnum):
    """What could be made of a slice."""

    FITTED = "fitted"
    FEW_STRIKES = "few strikes"
    ONE_STRIKE = "one strike"
    NO_QUOTES = "no valid quotes"
    NO_FORWARD = "no forward"
    EXPIRED = "expired"


class Points(NamedTuple):
    """The points of a slice that are used, by strike, as the compiled fits take them."""

    log_moneyness: Floats
    bid: Floats  # volatilities
    mid: Floats
    ask: Floats
    weight: Floats  # one over the uncertainty of a mid, in volatility

    @property
    def strikes(self) -> int:
        """How many different strikes there are."""
        return int(np.count_nonzero(np.diff(self.log_moneyness))) + 1 if self.log_moneyness.size else 0


def quote_statuses(quotes: Slice) -> Texts:
    """The `QuoteStatus` of every point; where several hold, the first in the order of that class."""
    bid, mid, ask = (np.asarray(side, dtype=float) for side in quotes[4:7])
    vega = np.where(np.isfinite(quotes.vega), quotes.vega, 0.0)
    no_bid, no_ask = ~(np.isfinite(bid) & (bid >= 0.0)), ~((ask > 0.0) & (ask <= VOLATILITY_MAX))
    reasons = {
        QuoteStatus.NO_QUOTE: no_bid & no_ask,
        QuoteStatus.NO_BID: no_bid,
        QuoteStatus.NO_ASK: no_ask,
        QuoteStatus.BELOW_INTRINSIC: bid == 0.0,
        QuoteStatus.CROSSED: bid > ask,
        QuoteStatus.NO_VOLATILITY: ~((mid >= VOLATILITY_MIN) & (bid <= mid) & (mid <= ask)),
        QuoteStatus.NO_STRIKE: ~(np.abs(quotes.log_moneyness) <= MONEYNESS_MAX),
        QuoteStatus.LITTLE_VEGA: ~(vega > _VEGA_MIN * np.max(vega, initial=0.0)),
    }
    return np.select(list(reasons.values()), [str(reason) for reason in reasons], str(QuoteStatus.USED))


def points(quotes: Slice, statuses: Texts) -> Points:
    """The points that are used, sorted by strike."""
    used = np.flatnonzero(statuses == QuoteStatus.USED)
    order = used[np.argsort(quotes.log_moneyness[used], kind="stable")]
    k, bid, mid, ask, vega = (np.ascontiguousarray(column[order], dtype=float) for column in quotes[3:])
    return Points(k, bid, mid, ask, _weights(bid, ask, vega))


def _weights(bid: Floats, ask: Floats, vega: Floats) -> Floats:
    """Vega over √(h² + h̄²): h is a quote's half-width in currency, h̄ the median one, which stands for all other errors.

    A narrow quote then has at most √2 of the weight of a usual one, and a wide one the less the wider it is.
    """
    if not vega.size:
        return vega
    half_width = vega * np.maximum(0.5 * (ask - bid), WIDTH_MIN)
    return vega / np.hypot(half_width, np.median(half_width))


def one_a_strike(used: Points) -> tuple[Floats, Floats]:
    """Log-moneyness and the weighted mean of the mids of each strike."""
    k, place = np.unique(used.log_moneyness, return_inverse=True)
    return k, np.bincount(place, used.weight * used.mid) / np.bincount(place, used.weight)
