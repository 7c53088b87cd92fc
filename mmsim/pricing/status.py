"""What is to be said of one option's arguments or price: a code in compiled code, its name in tables."""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.kernel import bits_of, inlined, njit

# Within these bounds nothing overflows on the way to any Greek. A price, a time or a volatility below them is zero.
_EXPONENT, _SIGNIFICAND = 128, 52
LEAST, MOST = 2.0**-_EXPONENT, 2.0**_EXPONENT  # of a price, a time and a volatility: 3e-39 and 3e38
LOG_GROWTH_MAX = 400.0  # of |rate × years| + |carry × years|
_LEAST_BITS = (1023 - _EXPONENT) << _SIGNIFICAND
_RANGE_BITS = _SIGNIFICAND + 8  # of the doubles from LEAST to MOST


class Status(IntEnum):
    """Why a value is the limit that it is, or why there is none."""

    OK = 0
    # valued at a limit of the formula; there is no implied volatility
    EXPIRED = 1  # no time left: the intrinsic value
    ZERO_VOLATILITY = 2  # the discounted intrinsic value of the forward
    ZERO_STRIKE = 3  # the discounted forward, or nothing for a put
    # no value
    NOT_A_NUMBER = 4  # an argument is missing
    BAD_INPUT = 5  # a spot that is not positive, a strike, volatility or size that no option has
    # no implied volatility
    BELOW_INTRINSIC = 6  # the price is below the discounted intrinsic value of the forward
    NO_TIME_VALUE = 7  # the price is that value: every volatility near zero gives it
    ABOVE_BOUND = 8  # no volatility reaches the price: at or above the discounted forward (call) or strike (put)
    UNDERFLOW = 9  # the price is so small that a double has lost its digits
    # an American option of negative rates
    TWO_BOUNDARIES = 10  # it is exercised between two spots, which is not priced


NAMES = pd.CategoricalDtype([status.name.lower() for status in Status])


def named(codes: npt.NDArray[np.int64]) -> pd.Categorical:
    """Codes by their names, in lower case."""
    return pd.Categorical.from_codes(codes, dtype=NAMES)


@inlined
def is_plain(spot: float, strike: float, years: float, volatility: float, rate: float, carry: float) -> bool:
    """Whether the formula holds as it stands: no limit is met, nothing is outside the model, and nothing is NaN.

    The bits of positive doubles are in the order of the doubles; of all four inputs at once it costs one comparison.
    """
    above = (bits_of(spot) - _LEAST_BITS) | (bits_of(strike) - _LEAST_BITS)
    above |= (bits_of(years) - _LEAST_BITS) | (bits_of(volatility) - _LEAST_BITS)
    return above >> _RANGE_BITS == 0 and abs(rate * years) + abs(carry * years) <= LOG_GROWTH_MAX


@njit
def status(spot: float, strike: float, years: float, volatility: float, rate: float, carry: float) -> int:
    """The `Status` of an option's arguments; of OK, EXPIRED, ZERO_VOLATILITY and ZERO_STRIKE there is a value."""
    if is_plain(spot, strike, years, volatility, rate, carry):
        return Status.OK
    for argument in (spot, strike, years, volatility, rate, carry):
        if math.isnan(argument):
            return Status.NOT_A_NUMBER
    time = max(years, 0.0)
    if not (
        LEAST <= spot < MOST
        and 0.0 <= strike < MOST
        and time < MOST
        and volatility >= 0.0
        and abs(rate * time) + abs(carry * time) <= LOG_GROWTH_MAX
    ):
        return Status.BAD_INPUT
    if years < LEAST:
        return Status.EXPIRED
    if strike < LEAST:
        return Status.ZERO_STRIKE
    return Status.ZERO_VOLATILITY if volatility < LEAST else Status.OK  # a volatility without bound
