"""Options with cash dividends exactly: `finite_differences` on two grids, extrapolated; and de-Americanisation.

The models and the dividends that count are those of `cash_dividends`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.kernel import njit
from mmsim.pricing import finite_differences
from mmsim.pricing.finite_differences import Solution

Floats = npt.NDArray[np.float64]

_NODES, _STEPS = 401, 100  # of the coarser of two grids
_VOLATILITY_MIN, _VOLATILITY_MAX = 1e-4, 8.0
_PRICE_NOISE = 1e-7  # of the strike: the finite differences' own error where nothing is uncertain
_ROOT_STEPS_MAX = 60
_ROOT_LAST_STEP = 1e-9


class Deamericanised(NamedTuple):
    """What an American price says of the European one."""

    volatility: float  # NaN where none gives the price, or many do
    european: float


@njit
def solved(
    spot: float,
    strike: float,
    years: float,
    volatility: float,
    rate: float,
    carry: float,
    right: float,
    times: Floats,
    amounts: Floats,
    is_escrowed: bool,
    is_american: bool,
) -> Solution:
    """Value, delta and gamma by finite differences on two grids, extrapolated to none (Richardson).

    ``times`` ascend. Expired, the value is intrinsic; without volatility it is the limit of a small one, 1e-4.
    """
    if years <= 0.0:
        intrinsic = right * (spot - strike)
        return Solution(max(intrinsic, 0.0), right if intrinsic > 0.0 else 0.0, 0.0)
    count, first = 0, 0
    for k in range(times.size):
        first += times[k] <= 0.0
        count += 0.0 < times[k] <= years
    ahead, paid = times[first : first + count], amounts[first : first + count]
    least = max(volatility, _VOLATILITY_MIN)
    coarse = finite_differences.solve(
        spot, strike, years, least, rate, carry, right, ahead, paid, is_escrowed, is_american, _NODES, _STEPS
    )
    fine = finite_differences.solve(
        spot,
        strike,
        years,
        least,
        rate,
        carry,
        right,
        ahead,
        paid,
        is_escrowed,
        is_american,
        2 * _NODES - 1,
        2 * _STEPS,
    )
    third = 1.0 / 3.0
    return Solution(
        fine.theo + third * (fine.theo - coarse.theo),
        fine.delta + third * (fine.delta - coarse.delta),
        fine.gamma + third * (fine.gamma - coarse.gamma),
    )


@njit
def deamericanised(
    price: float,
    spot: float,
    strike: float,
    years: float,
    rate: float,
    carry: float,
    right: float,
    times: Floats,
    amounts: Floats,
    is_escrowed: bool,
) -> Deamericanised:
    """The volatility at which the American option is worth ``price``, and the European option at that volatility.

    NaN where no volatility gives the price or many do: at or below what exercising now pays or the option is worth
    without volatility, and above what it is worth at a volatility of 800 %.
    """
    low, high = 0.0, 0.5
    below = solved(spot, strike, years, low, rate, carry, right, times, amounts, is_escrowed, True).theo - price
    above = solved(spot, strike, years, high, rate, carry, right, times, amounts, is_escrowed, True).theo - price
    while above < 0.0 and high < _VOLATILITY_MAX:
        low, high, below = high, 2.0 * high, above
        above = solved(spot, strike, years, high, rate, carry, right, times, amounts, is_escrowed, True).theo - price
    if not (below < -_PRICE_NOISE * strike and above >= 0.0 and years > 0.0):
        return Deamericanised(math.nan, math.nan)
    middle, side = low, 0
    for _ in range(_ROOT_STEPS_MAX):  # regula falsi, in which an end that stays twice counts half (Illinois)
        last = middle
        middle = high - above * (high - low) / (above - below)
        miss = solved(spot, strike, years, middle, rate, carry, right, times, amounts, is_escrowed, True).theo - price
        if miss == 0.0 or abs(middle - last) <= _ROOT_LAST_STEP * middle:
            break
        if miss > 0.0:
            high, above = middle, miss
            below = 0.5 * below if side > 0 else below
            side = 1
        else:
            low, below = middle, miss
            above = 0.5 * above if side < 0 else above
            side = -1
    european = solved(spot, strike, years, middle, rate, carry, right, times, amounts, is_escrowed, False).theo
    return Deamericanised(middle, european)
