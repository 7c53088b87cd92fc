"""Cash dividends: the option without dividends that an option is priced as, and the numerical truth beside it.

A dividend is a time in years from now and an amount; those in (0, T] count. Two models of the spot:

    escrowed   S less the present value of the dividends until expiry is lognormal: European options have closed forms
    spot       S is lognormal and falls by each dividend at its ex-date; nothing has a closed form

`without_dividends` is quick, for the loop. `solved` is `finite_differences`, extrapolated; `deamericanised` inverts it.

Sources: J. Hull, Options, Futures and Other Derivatives, section 15.12, for the escrowed model and for Black's
approximation, that an American call is worth the most that it is worth if held to expiry or exercised just before one
of the ex-dates; M. Bos and S. Vandermark, Finessing fixed dividends, Risk (September 2002), for the spot model.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.kernel import njit
from mmsim.pricing import american, finite_differences
from mmsim.pricing.finite_differences import Solution

Floats = npt.NDArray[np.float64]

_NODES, _STEPS = 401, 100  # of the coarser of two grids
_LEAST_SHARE = 1e-9
_VOLATILITY_MIN, _VOLATILITY_MAX = 1e-4, 8.0
_PRICE_NOISE = 1e-7  # of the strike: the finite differences' own error where nothing is uncertain
_ROOT_STEPS_MAX = 60
_ROOT_LAST_STEP = 1e-9


class Equivalent(NamedTuple):
    """An option that pays no dividends; the derivatives by its spot are those by the spot."""

    spot: float
    strike: float
    years: float


class Deamericanised(NamedTuple):
    """What an American price says of the European one."""

    volatility: float  # NaN where none gives the price, or many do
    european: float


@njit
def without_dividends(
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
) -> Equivalent:
    """The option without dividends that is worth about as much.

    In the escrowed model the spot is less Σ D·e^{−rt}. In the spot model, near dividends are taken out of the spot and
    far ones added to the strike: S − Σ D·e^{−bt}·(T − t)/T and K + Σ D·e^{b(T−t)}·t/T. An American call may end at one
    of the ex-dates instead, with the dividends before it. A spot that the dividends exceed is 1e-9 of itself.

    European options are exact in the escrowed model. Everything else is an approximation: docs/american.md.
    """
    held = _until(spot, strike, years, rate, carry, times, amounts, years, is_escrowed)
    if not (is_american and right > 0.0):
        return held
    best = american.value(held.spot, held.strike, held.years, volatility, rate, carry, right)
    for k in range(times.size):
        if 0.0 < times[k] <= years:
            early = _until(spot, strike, times[k], rate, carry, times, amounts, math.nan, is_escrowed)
            worth = american.value(early.spot, early.strike, early.years, volatility, rate, carry, right)
            if worth > best:
                held, best = early, worth
    return held


@njit
def _until(
    spot: float,
    strike: float,
    end: float,
    rate: float,
    carry: float,
    times: Floats,
    amounts: Floats,
    last: float,
    is_escrowed: bool,
) -> Equivalent:
    """The option that ends at ``end``; dividends at that time are paid out of it if it is ``last``, expiry."""
    near, far = 0.0, 0.0
    for k in range(times.size):
        time = times[k]
        if not 0.0 < time <= end or (time == end and end != last):
            continue
        if is_escrowed:
            near += amounts[k] * math.exp(-rate * time)
        else:
            near += amounts[k] * math.exp(-carry * time) * (end - time) / end
            far += amounts[k] * math.exp(carry * (end - time)) * time / end
    return Equivalent(max(spot - near, _LEAST_SHARE * spot), strike + far, end)


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
        spot, strike, years, least, rate, carry, right, ahead, paid, is_escrowed, is_american, 2 * _NODES - 1, 2 * _STEPS
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
