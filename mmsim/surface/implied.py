"""Volatilities from quotes and back, compiled: European and American options by their own models.

Options come as one array (fields, options) whose rows are spot, strike, years, rate, carry, right and whether they are
American (1.0).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F1, F2, VOID, entry, njit
from mmsim.pricing import american, black_scholes, implied

Floats = npt.NDArray[np.float64]


@njit
def _implied(
    price: float, spot: float, strike: float, years: float, rate: float, carry: float, right: float, early: float
) -> float:
    """The volatility of a price by the option's own model; NaN where there is none."""
    if early > 0.0:
        return american.implied_volatility(price, spot, strike, years, rate, carry, right)
    return implied.implied_volatility(price, spot, strike, years, rate, carry, right)


@entry(VOID(F2, F2, F2, F1, F1))
def fill_sides(options: Floats, prices: Floats, volatilities: Floats, deltas: Floats, vegas: Floats) -> None:
    """``volatilities[m, n]`` of price m of option n, NaN where there is none; its European delta and vega at price 1.

    Delta and vega are NaN where price 1, the mid, has no volatility.
    """
    spot, strike, years, rate, carry, right, early = options
    for n in range(len(deltas)):
        for m in range(len(prices)):
            volatilities[m, n] = _implied(
                prices[m, n], spot[n], strike[n], years[n], rate[n], carry[n], right[n], early[n]
            )
        mid = volatilities[1, n]
        deltas[n] = vegas[n] = math.nan
        if mid > 0.0:
            sensitivities = black_scholes.greeks(spot[n], strike[n], years[n], mid, rate[n], carry[n], right[n])
            deltas[n], vegas[n] = sensitivities.delta, sensitivities.vega


@entry(VOID(F2, F1, F1))
def fill_premiums(options: Floats, prices: Floats, premiums: Floats) -> None:
    """``premiums[n]``, what the right of early exercise adds to option n at its price; NaN without a volatility."""
    spot, strike, years, rate, carry, right, early = options
    for n in range(len(premiums)):
        mid = _implied(prices[n], spot[n], strike[n], years[n], rate[n], carry[n], right[n], early[n])
        premiums[n] = math.nan
        if mid > 0.0:
            premiums[n] = prices[n] - black_scholes.value(
                spot[n], strike[n], years[n], mid, rate[n], carry[n], right[n]
            )
