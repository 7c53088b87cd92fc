"""Compiled loops over a chain of American options: quickly by `american`, exactly by `collocation`."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F1, F2, I1, VOID, entry, njit
from mmsim.pricing import american, collocation
from mmsim.pricing.collocation import SCHEME, Scheme
from mmsim.pricing.status import Status, status

Floats = npt.NDArray[np.float64]

_STEPS_MAX, _LAST_STEP = 12, 1e-13  # relative


@njit
def _is_outside(spot: float, strike: float, volatility: float) -> bool:
    """Whether the model says nothing about such an option."""
    return not (spot > 0.0 and strike > 0.0 and volatility >= 0.0)


@entry(VOID(F2, F1))
def fill_values(columns: Floats, values: Floats) -> None:
    """``values[n]`` from column n of spot, strike, years, volatility, rate, carry, right."""
    spot, strike, years, volatility, rate, carry, right = columns
    for n in range(values.size):
        values[n] = (
            math.nan
            if _is_outside(spot[n], strike[n], volatility[n])
            else american.value(spot[n], strike[n], years[n], volatility[n], rate[n], carry[n], right[n])
        )


@entry(VOID(F2, F2))
def fill_greeks(columns: Floats, table: Floats) -> None:
    """``table[n]``, the fields of `Greeks`, from column n of the same rows as `fill_values`."""
    spot, strike, years, volatility, rate, carry, right = columns
    for n in range(len(table)):
        if _is_outside(spot[n], strike[n], volatility[n]):
            table[n] = math.nan
            continue
        row = american.greeks(spot[n], strike[n], years[n], volatility[n], rate[n], carry[n], right[n])
        for m in range(table.shape[1]):
            table[n, m] = row[m]


@entry(VOID(F2, F1))
def fill_implied_volatilities(columns: Floats, volatilities: Floats) -> None:
    """``volatilities[n]`` from column n of price, spot, strike, years, rate, carry, right."""
    price, spot, strike, years, rate, carry, right = columns
    for n in range(volatilities.size):
        volatilities[n] = (
            math.nan
            if _is_outside(spot[n], strike[n], 0.0)
            else american.implied_volatility(price[n], spot[n], strike[n], years[n], rate[n], carry[n], right[n])
        )


@entry(VOID(F2, SCHEME, F1))
def fill_exact_values(columns: Floats, scheme: Scheme, values: Floats) -> None:
    """``values[n]`` from column n of the same rows as `fill_values`, by collocation."""
    spot, strike, years, volatility, rate, carry, right = columns
    for n in range(values.size):
        values[n] = (
            math.nan
            if _is_outside(spot[n], strike[n], volatility[n])
            else collocation.value(spot[n], strike[n], years[n], volatility[n], rate[n], carry[n], right[n], scheme)
        )


@entry(VOID(F2, SCHEME, F2))
def fill_exact_greeks(columns: Floats, scheme: Scheme, table: Floats) -> None:
    """``table[n]``, the fields of `Greeks`, from column n of the same rows as `fill_values`, by collocation."""
    spot, strike, years, volatility, rate, carry, right = columns
    for n in range(len(table)):
        if _is_outside(spot[n], strike[n], volatility[n]):
            table[n] = math.nan
            continue
        row = collocation.greeks(spot[n], strike[n], years[n], volatility[n], rate[n], carry[n], right[n], scheme)
        for m in range(table.shape[1]):
            table[n, m] = row[m]


@entry(VOID(F2, I1))
def fill_statuses(columns: Floats, statuses: npt.NDArray[np.int64]) -> None:
    """The `Status` of each option as a code, from the same rows as `fill_values`."""
    spot, strike, years, volatility, rate, carry, right = columns
    for n in range(statuses.size):
        statuses[n] = status(spot[n], strike[n], years[n], volatility[n], rate[n], carry[n])
        if statuses[n] < Status.NOT_A_NUMBER and american.has_two_boundaries(rate[n], carry[n], right[n]):
            statuses[n] = Status.TWO_BOUNDARIES


@njit
def _status_of_price(
    price: float, spot: float, strike: float, years: float, rate: float, carry: float, right: float
) -> int:
    """What is to be said of the price of an option that is one."""
    if math.isnan(price):
        return Status.NOT_A_NUMBER
    if american.has_two_boundaries(rate, carry, right):
        return Status.TWO_BOUNDARIES
    certain = american.value(spot, strike, years, 0.0, rate, carry, right)
    if price < certain:
        return Status.BELOW_INTRINSIC
    if price == certain:
        return Status.NO_TIME_VALUE
    if price >= (spot if right > 0.0 else strike) and not american.is_never_early(rate, carry, right):
        return Status.ABOVE_BOUND
    quick = american.implied_volatility(price, spot, strike, years, rate, carry, right)
    return Status.OK if quick > 0.0 else Status.ABOVE_BOUND


@njit
def _exact_volatility(
    price: float, spot: float, strike: float, years: float, rate: float, carry: float, right: float, scheme: Scheme
) -> float:
    """By the secant method from what the quick value implies."""
    before = american.implied_volatility(price, spot, strike, years, rate, carry, right)
    if american.is_never_early(rate, carry, right):
        return before
    missed = collocation.value(spot, strike, years, before, rate, carry, right, scheme) - price
    after = before * (1.0 + 1e-4)
    for _ in range(_STEPS_MAX):
        miss = collocation.value(spot, strike, years, after, rate, carry, right, scheme) - price
        if miss == missed:
            break
        step = -miss * (after - before) / (miss - missed)
        before, missed = after, miss
        after = max(after + step, 0.5 * after)
        if abs(step) <= _LAST_STEP * after:
            break
    return after


@entry(VOID(F2, SCHEME, F1, I1))
def fill_exact_implied_volatilities(
    columns: Floats, scheme: Scheme, volatilities: Floats, statuses: npt.NDArray[np.int64]
) -> None:
    """``volatilities[n]`` at which collocation gives a price, and its `Status`.

    Column n of price, spot, strike, years, rate, carry, right; NaN where the status is not OK.
    """
    price, spot, strike, years, rate, carry, right = columns
    for n in range(volatilities.size):
        code = status(spot[n], strike[n], years[n], 1.0, rate[n], carry[n])
        if code == Status.OK:
            code = _status_of_price(price[n], spot[n], strike[n], years[n], rate[n], carry[n], right[n])
        volatilities[n], statuses[n] = math.nan, code
        if code == Status.OK:
            volatilities[n] = _exact_volatility(
                price[n], spot[n], strike[n], years[n], rate[n], carry[n], right[n], scheme
            )
