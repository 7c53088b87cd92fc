"""Theoretical value over arrays: price, Greeks and implied volatility of European and American options.

All arguments broadcast against each other as NumPy arrays do. Prices are per unit of the underlying; ``years`` is the
time to expiry; ``volatility``, ``rate``, ``carry`` and ``dividend_yield`` are annual and absolute (0.20 is 20 %), rates
continuous. ``carry`` is the growth rate of the forward: r − q for a stock or an index with dividend yield q, which may
be given as ``dividend_yield`` instead, 0 for a future (Black 1976), r − r_foreign for a currency; with neither it is
``rate``, a stock without dividends. ``right`` is "call" or "put", or +1 or -1; ``exercise`` "european" or "american"
for all. American options are valued by spectral collocation (docs/american.md), to about 1e-9 of the strike.

What is no option's (a negative spot, a NaN) is never answered with a number: tables name the `Status` of every option,
and `price`, which has no room for one, raises a ValueError that does. A word that is no right, shapes that do not
broadcast, and a carry beside a dividend yield are a ValueError everywhere. Tables
keep the labels of pandas Series.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.pricing.black_scholes import Greeks
from mmsim.pricing.status import Status, named

__all__ = ["Status", "greeks", "implied_volatility", "price"]

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
    dividend_yield: npt.ArrayLike | None = None,
    right: npt.ArrayLike = "call",
    exercise: str = "european",
) -> _Floats:
    """The value in the broadcast shape: Black–Scholes–Merton's, or with the right to exercise early.

    ValueError where an option has no value; `greeks` says of each one why.

    >>> price(spot=100.0, strike=[90.0, 100.0, 110.0], years=0.25, volatility=0.2, right="put").round(4)
    array([ 0.7124,  3.9878, 10.9539])
    >>> price(spot=[100.0, -1.0], strike=90.0, years=0.25, volatility=0.2)
    Traceback (most recent call last):
    ValueError: 1 of 2 options has no value: bad_input (the first at 1)
    """
    growth = _carry(rate, carry, dividend_yield)
    _labels(spot, strike, years, volatility, rate, carry, dividend_yield, right)
    columns, shape = _broadcast(spot, strike, years, volatility, rate, growth, _signs(right))
    values, statuses = np.empty(columns.shape[1]), np.empty(columns.shape[1], np.int64)
    if _is_american(exercise):
        from mmsim.pricing import american_chain, collocation  # compiled at import, which others have no use for

        american_chain.fill_statuses(columns, statuses)
        american_chain.fill_exact_values(columns, collocation.scheme(), values)
    else:
        from mmsim.pricing import chain

        chain.fill_values(columns, values, statuses)
    _raise_for(statuses)
    return values.reshape(shape)


def greeks(
    *,
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    volatility: npt.ArrayLike,
    rate: npt.ArrayLike = 0.0,
    carry: npt.ArrayLike | None = None,
    dividend_yield: npt.ArrayLike | None = None,
    right: npt.ArrayLike = "call",
    exercise: str = "european",
) -> pd.DataFrame:
    """Value, Greeks and status, a row an option in C order of the broadcast shape.

    The columns are those of `black_scholes.Greeks`, and ``status``, the name of a `Status`: all others are NaN where it
    is ``bad_input`` or ``not_a_number``.

    Vega, vanna, volga, zomma and veta are per 1.00 of volatility, both rhos per 1.00 of their rate, theta, charm,
    colour and veta per year. Rho holds the dividend yield still (the carry moves with the rate); where a carry of zero
    is given, the price of the future, of which there is no dividend rho.

    >>> greeks(spot=49.0, strike=50.0, years=0.3846, volatility=0.2, rate=0.05).round(3).iloc[0, :9]
    theo             2.400
    delta            0.522
    gamma            0.066
    vega            12.105
    theta           -4.305
    rho              8.907
    dividend_rho    -9.830
    vanna            0.139
    volga           -0.229
    Name: 0, dtype: float64
    """
    growth = _carry(rate, carry, dividend_yield)
    labels = _labels(spot, strike, years, volatility, rate, carry, dividend_yield, right)
    columns, _ = _broadcast(spot, strike, years, volatility, rate, growth, _signs(right))
    count, fields = columns.shape[1], len(Greeks._fields)
    statuses = np.empty(count, np.int64)
    if _is_american(exercise):
        from mmsim.pricing import american_chain, collocation  # compiled at import, which others have no use for

        table = np.empty((count, fields))
        american_chain.fill_statuses(columns, statuses)
        american_chain.fill_exact_greeks(columns, collocation.scheme(), table)
    else:
        from mmsim.pricing import chain

        table = np.empty((fields, count)).T
        chain.fill_greeks(columns, table.T, statuses)
    frame = pd.DataFrame(table, columns=list(Greeks._fields), copy=False)
    if carry is None:
        _as_of_a_stock(frame, columns)
    frame["status"] = named(statuses)
    return frame if labels is None else frame.set_index(labels)


def implied_volatility(
    *,
    price: npt.ArrayLike,
    spot: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    rate: npt.ArrayLike = 0.0,
    carry: npt.ArrayLike | None = None,
    dividend_yield: npt.ArrayLike | None = None,
    right: npt.ArrayLike = "call",
    exercise: str = "european",
) -> pd.DataFrame:
    """The volatility that gives each price and its status, a row an option in C order of the broadcast shape.

    ``volatility`` is NaN wherever ``status``, the name of a `Status`, is not ``ok``.

    >>> implied_volatility(price=[3.98776, 0.0, 101.0], spot=100.0, strike=100.0, years=0.25).round(4)
       volatility         status
    0         0.2             ok
    1         NaN  no_time_value
    2         NaN    above_bound
    """
    growth = _carry(rate, carry, dividend_yield)
    labels = _labels(price, spot, strike, years, rate, carry, dividend_yield, right)
    columns, _ = _broadcast(price, spot, strike, years, rate, growth, _signs(right))
    volatilities, statuses = np.empty(columns.shape[1]), np.empty(columns.shape[1], np.int64)
    if _is_american(exercise):
        from mmsim.pricing import american_chain, collocation  # compiled at import, which others have no use for

        american_chain.fill_exact_implied_volatilities(columns, collocation.scheme(), volatilities, statuses)
    else:
        from mmsim.pricing import chain

        chain.fill_implied_volatilities(columns, volatilities, statuses)
    return pd.DataFrame({"volatility": volatilities, "status": named(statuses)}, index=labels)


def _carry(rate: npt.ArrayLike, carry: npt.ArrayLike | None, dividend_yield: npt.ArrayLike | None) -> npt.ArrayLike:
    """The growth rate of the forward."""
    if carry is None:
        return rate if dividend_yield is None else np.subtract(rate, dividend_yield)
    if dividend_yield is not None:
        raise ValueError("carry and dividend_yield say the same: give one of them")
    return carry


def _as_of_a_stock(frame: pd.DataFrame, columns: _Floats) -> None:
    """Both rhos where the carry of a stock is zero, which the compiled functions take for a future's."""
    spot, years = columns[0], np.maximum(columns[2], 0.0)
    is_zero = columns[5] == 0.0
    frame.loc[is_zero, "rho"] = (years * (spot * frame["delta"] - frame["theo"]))[is_zero]
    frame.loc[is_zero, "dividend_rho"] = (-years * spot * frame["delta"])[is_zero]


def _labels(*arguments: object) -> pd.Index | None:
    """The labels that pandas Series among the arguments share; ValueError if they do not: places would be paired."""
    indexes = [argument.index for argument in arguments if isinstance(argument, pd.Series)]
    if any(not index.equals(indexes[0]) for index in indexes):
        raise ValueError("the Series have different labels: align them first")
    return indexes[0] if indexes else None


def _is_american(exercise: str) -> bool:
    """Whether options may be exercised early."""
    if exercise not in ("european", "american"):
        raise ValueError(f"exercise is 'european' or 'american', not {exercise!r}")
    return exercise == "american"


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


def _raise_for(statuses: npt.NDArray[np.int64]) -> None:
    """A ValueError that says which options have no value."""
    without = np.flatnonzero(np.isin(statuses, (Status.NOT_A_NUMBER, Status.BAD_INPUT, Status.TWO_BOUNDARIES)))
    if without.size:
        reasons = ", ".join(sorted({Status(code).name.lower() for code in statuses[without].tolist()}))
        have = "has" if without.size == 1 else "have"
        raise ValueError(
            f"{without.size} of {statuses.size} options {have} no value: {reasons} (the first at {without[0]})"
        )
