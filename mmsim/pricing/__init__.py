"""Theoretical value over arrays: price, Greeks and implied volatility of European options.

All arguments broadcast against each other as NumPy arrays do. Prices are per unit of the underlying; ``years`` is the
time to expiry; ``volatility``, ``rate`` and ``carry`` are annual and absolute (0.20 is 20 %), rates continuous.
``carry`` is the growth rate of the forward: r − q for a stock or an index with dividend yield q, 0 for a future
(Black 1976), r − r_foreign for a currency; left out it is ``rate``, a stock without dividends. ``right`` is "call" or
"put", or +1 or -1. An argument outside the model (a spot or strike that is not positive, a negative volatility, a NaN)
gives NaN; a word that is no right, or shapes that do not broadcast, a ValueError.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.pricing.black_scholes import Greeks

__all__ = ["greeks", "implied_volatility", "price"]

_Floats = npt.NDArray[np.float64]
_SIGNS: dict[object, float] = {"call": 1.0, "put": -1.0, 1: 1.0, -1: -1.0}


def price(
    *,
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    volatility: npt.ArrayLike,
    rate: npt.ArrayLike = 0.0,
    carry: npt.ArrayLike | None = None,
    right: npt.ArrayLike = "call",
) -> _Floats:
    """The Black–Scholes–Merton value in the broadcast shape; `black_scholes` has the formula and its source.

    >>> price(spot=100.0, strike=[90.0, 100.0, 110.0], years=0.25, volatility=0.2, right="put").round(4)
    array([ 0.7124,  3.9878, 10.9539])
    """
    from mmsim.pricing.chain import fill_values  # compiled at import, which the engine has no use for

    columns, shape = _broadcast(spot, strike, years, volatility, rate, rate if carry is None else carry, _signs(right))
    values = np.empty(columns.shape[1])
    fill_values(columns, values)
    return values.reshape(shape)


def greeks(
    *,
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    volatility: npt.ArrayLike,
    rate: npt.ArrayLike = 0.0,
    carry: npt.ArrayLike | None = None,
    right: npt.ArrayLike = "call",
) -> pd.DataFrame:
    """Value and Greeks, a row an option in C order of the broadcast shape, the columns those of `black_scholes.Greeks`.

    Vega, vanna, volga, zomma and veta are per 1.00 of volatility, rho per 1.00 of rate, theta, charm, colour and veta
    per year. Rho holds the dividend yield still (the carry moves with the rate); where a carry of zero is given, the
    price of the future.

    >>> greeks(spot=49.0, strike=50.0, years=0.3846, volatility=0.2, rate=0.05).round(3).iloc[0, :8]
    theo      2.400
    delta     0.522
    gamma     0.066
    vega     12.105
    theta    -4.305
    rho       8.907
    vanna     0.139
    volga    -0.229
    Name: 0, dtype: float64
    """
    from mmsim.pricing.chain import fill_greeks  # compiled at import, which the engine has no use for

    columns, _ = _broadcast(spot, strike, years, volatility, rate, rate if carry is None else carry, _signs(right))
    table = np.empty((columns.shape[1], len(Greeks._fields)))
    fill_greeks(columns, table)
    frame = pd.DataFrame(table, columns=list(Greeks._fields))
    if carry is None:  # a stock even where the rate, and so the carry, is zero
        frame["rho"] = np.maximum(columns[2], 0.0) * (columns[0] * frame["delta"] - frame["theo"])
    return frame


def implied_volatility(
    *,
    price: npt.ArrayLike,
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    rate: npt.ArrayLike = 0.0,
    carry: npt.ArrayLike | None = None,
    right: npt.ArrayLike = "call",
) -> _Floats:
    """The volatility that gives each price, in the broadcast shape; NaN where none does, see `implied`.

    >>> implied_volatility(price=[3.9878, 0.0, 101.0], spot=100.0, strike=100.0, years=0.25).round(4)
    array([0.2, nan, nan])
    """
    from mmsim.pricing.chain import fill_implied_volatilities  # compiled at import, which the engine has no use for

    columns, shape = _broadcast(price, spot, strike, years, rate, rate if carry is None else carry, _signs(right))
    volatilities = np.empty(columns.shape[1])
    fill_implied_volatilities(columns, volatilities)
    return volatilities.reshape(shape)


def _signs(right: npt.ArrayLike) -> _Floats:
    """Rights as +1.0 and -1.0."""
    given = np.asarray(right)
    if given.dtype.kind in "if":
        signs = given.astype(float)
    else:
        signs = np.array([_SIGNS.get(one, np.nan) for one in given.ravel().tolist()]).reshape(given.shape)
    wrong = np.abs(signs) != 1.0
    if wrong.any():
        names = ", ".join(sorted({repr(one) for one in given[wrong].tolist()}))
        raise ValueError(f"right is 'call', 'put', +1 or -1, not {names}")
    return signs


def _broadcast(*arguments: npt.ArrayLike) -> tuple[_Floats, tuple[int, ...]]:
    """The arguments as rows of one array, an option a column, and the shape that they broadcast to."""
    arrays = np.broadcast_arrays(*(np.asarray(argument, dtype=float) for argument in arguments))
    return np.stack([array.ravel() for array in arrays]), arrays[0].shape
