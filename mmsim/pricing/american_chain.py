"""Compiled loops over a chain of American options: quickly by `american`, exactly by `collocation`."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F1, F2, VOID, entry, njit
from mmsim.pricing import american, collocation
from mmsim.pricing.collocation import SCHEME, Scheme

Floats = npt.NDArray[np.float64]


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
