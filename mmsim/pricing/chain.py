"""Compiled loops over a chain of options: what the array functions of this package run.

A chain is worked on by blocks, whose columns stand in one flat workspace: the compiler sees that they do not overlap,
and values several options by one instruction. Discounts and roots are computed once for neighbours of one expiry. The
few options to which a limit applies, or whose volatility takes more steps than most, are done one by one afterwards,
by the functions for one option, which the results of a block equal to the bit.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mmsim.kernel import F1, F2, I1, VOID, entry, inlined
from mmsim.pricing.black_scholes import (
    Discounting,
    Greeks,
    d1_of,
    density_of,
    discounting,
    greeks,
    plain_greeks,
    plain_value,
    value,
)
from mmsim.pricing.implied import (
    ANY_VOLATILITY,
    Normalised,
    estimated,
    implied_status,
    implied_volatility,
    is_finished,
    is_solvable,
    normalised,
)
from mmsim.pricing.status import Status, is_plain, status

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ALL, FIRST = len(Greeks._fields), 5  # fields of `Greeks`; the first are theo, delta, gamma, vega and theta
_LANES = 64  # options of a block; a column of the workspace begins at a multiple of it
_INPUTS = 7  # spot, strike, years, volatility, rate, carry, right; or price, spot, strike, years, rate, carry, right
_A, _B, _C, _D, _E, _F, _G = (_LANES * column for column in range(_INPUTS))
_GROWTH, _DISCOUNT, _ROOT_YEARS, _D1, _DENSITY, _OUT = (_LANES * (_INPUTS + column) for column in range(6))
_ALONE = _OUT + _LANES  # 1.0 for a price whose volatility is found by itself
_STAND_IN = (0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, math.exp(-1.0), 1.0)  # in the place of an option done by itself


@inlined
def _load(columns: Floats, first: int, count: int, block: Floats) -> None:
    """Copy the inputs of a block's options from the rows of ``columns``."""
    for k in range(_INPUTS):
        row = columns[k][first : first + count]
        for j in range(count):
            block[k * _LANES + j] = row[j]


@inlined
def _unload(block: Floats, table: Floats, first: int, count: int) -> None:
    """Copy a block's results to the rows of ``table``."""
    for k in range(table.shape[0]):
        row = table[k][first : first + count]
        for j in range(count):
            row[j] = block[_OUT + k * _LANES + j]


@inlined
def _inputs(block: Floats, j: int) -> tuple[float, float, float, float, float, float, float]:
    """The inputs of an option of a block."""
    return (
        block[_A + j],
        block[_B + j],
        block[_C + j],
        block[_D + j],
        block[_E + j],
        block[_F + j],
        block[_G + j],
    )


@inlined
def _stand_in(block: Floats, j: int) -> None:
    """Put an option without limits into the place of one that is done by itself."""
    for k in range(len(_STAND_IN)):
        block[k * _LANES + j] = _STAND_IN[k]


@inlined
def _discount(block: Floats, count: int, years: int, rate: int, carry: int) -> None:
    """The common terms of each expiry, for every option of it; the arguments are the places of columns."""
    at = Discounting(1.0, 1.0, 1.0)
    for j in range(count):
        last = max(j - 1, 0)
        if (
            j == 0
            or block[years + j] != block[years + last]
            or block[rate + j] != block[rate + last]
            or block[carry + j] != block[carry + last]
        ):
            at = discounting(block[years + j], block[rate + j], block[carry + j])
        block[_GROWTH + j], block[_DISCOUNT + j], block[_ROOT_YEARS + j] = at


@inlined
def _discounting_of(block: Floats, j: int) -> Discounting:
    """What `_discount` has left for an option."""
    return Discounting(block[_GROWTH + j], block[_DISCOUNT + j], block[_ROOT_YEARS + j])


@inlined
def _prepare(columns: Floats, first: int, count: int, block: Floats, statuses: Integers) -> int:
    """Fill a block with options to be valued; how many of them are done by themselves, as their statuses say why."""
    _load(columns, first, count, block)
    plain = 0
    for j in range(count):
        spot, strike, years, volatility, rate, carry, _ = _inputs(block, j)
        plain += is_plain(spot, strike, years, volatility, rate, carry)
    statuses[first : first + count] = Status.OK
    if plain < count:
        for j in range(count):
            spot, strike, years, volatility, rate, carry, _ = _inputs(block, j)
            if not is_plain(spot, strike, years, volatility, rate, carry):
                statuses[first + j] = status(spot, strike, years, volatility, rate, carry)
                _stand_in(block, j)
    _discount(block, count, _C, _E, _F)
    for j in range(count):
        spot, strike, years, volatility, _, carry, _ = _inputs(block, j)
        block[_D1 + j] = d1_of(spot, strike, years, volatility, carry, _discounting_of(block, j))
    for j in range(count):
        block[_DENSITY + j] = density_of(block[_D1 + j])
    return count - plain


@inlined
def _greeks_of(block: Floats, j: int) -> Greeks:
    """The Greeks of an option of a block."""
    spot, strike, years, volatility, rate, carry, right = _inputs(block, j)
    at, d1, density = _discounting_of(block, j), block[_D1 + j], block[_DENSITY + j]
    return plain_greeks(spot, strike, years, volatility, rate, carry, right, at, d1, density)


@inlined
def _first_greeks(block: Floats, count: int) -> None:
    """The first fields; what only the others need is not computed."""
    for j in range(count):
        row = _greeks_of(block, j)
        block[_OUT + j], block[_OUT + 1 * _LANES + j] = row.theo, row.delta
        block[_OUT + 2 * _LANES + j], block[_OUT + 3 * _LANES + j] = row.gamma, row.vega
        block[_OUT + 4 * _LANES + j] = row.theta


@inlined
def _all_greeks(block: Floats, count: int) -> None:
    """All the fields, in their order."""
    for j in range(count):
        row = _greeks_of(block, j)
        block[_OUT + j], block[_OUT + 1 * _LANES + j] = row.theo, row.delta
        block[_OUT + 2 * _LANES + j], block[_OUT + 3 * _LANES + j] = row.gamma, row.vega
        block[_OUT + 4 * _LANES + j], block[_OUT + 5 * _LANES + j] = row.theta, row.rho
        block[_OUT + 6 * _LANES + j], block[_OUT + 7 * _LANES + j] = row.dividend_rho, row.vanna
        block[_OUT + 8 * _LANES + j], block[_OUT + 9 * _LANES + j] = row.volga, row.charm
        block[_OUT + 10 * _LANES + j], block[_OUT + 11 * _LANES + j] = row.speed, row.colour
        block[_OUT + 12 * _LANES + j], block[_OUT + 13 * _LANES + j] = row.zomma, row.veta


@entry(VOID(F2, F1, I1))
def fill_values(columns: Floats, values: Floats, statuses: Integers) -> None:
    """``values[n]`` and ``statuses[n]`` from column n of spot, strike, years, volatility, rate, carry, right."""
    block = np.ones(_OUT + _LANES)
    for first in range(0, values.size, _LANES):
        count = min(_LANES, values.size - first)
        apart = _prepare(columns, first, count, block, statuses)
        for j in range(count):
            spot, strike, _, volatility, _, _, right = _inputs(block, j)
            at, d1, density = _discounting_of(block, j), block[_D1 + j], block[_DENSITY + j]
            block[_OUT + j] = plain_value(spot, strike, volatility, right, at, d1, density)
        row = values[first : first + count]
        for j in range(count):
            row[j] = block[_OUT + j]
        if apart > 0:
            for n in range(first, first + count):
                spot, strike, years, volatility, rate, carry, right = columns[:, n]
                if not is_plain(spot, strike, years, volatility, rate, carry):
                    values[n] = value(spot, strike, years, volatility, rate, carry, right)


@entry(VOID(F2, F2, I1))
def fill_greeks(columns: Floats, table: Floats, statuses: Integers) -> None:
    """``table[:, n]`` and ``statuses[n]`` from column n of the same rows as `fill_values`.

    The rows of ``table`` are the fields of `Greeks`: ALL of them, or the FIRST.
    """
    block = np.ones(_OUT + _LANES * ALL)
    fields = table.shape[0]
    for first in range(0, statuses.size, _LANES):
        count = min(_LANES, statuses.size - first)
        apart = _prepare(columns, first, count, block, statuses)
        if fields == FIRST:
            _first_greeks(block, count)
        else:
            _all_greeks(block, count)
        _unload(block, table, first, count)
        if apart > 0:
            for n in range(first, first + count):
                spot, strike, years, volatility, rate, carry, right = columns[:, n]
                if not is_plain(spot, strike, years, volatility, rate, carry):
                    row = greeks(spot, strike, years, volatility, rate, carry, right)
                    for k in range(fields):
                        table[k, n] = row[k]


@inlined
def _normalised_of(block: Floats, j: int) -> Normalised:
    """What the price of an option of a block says."""
    price, spot, strike, years, _, carry, right = _inputs(block, j)
    return normalised(price, spot, strike, years, carry, right, _discounting_of(block, j))


@inlined
def _prepare_prices(columns: Floats, first: int, count: int, block: Floats) -> None:
    """Fill a block with prices that a volatility gives; those of none are marked as done by themselves."""
    _load(columns, first, count, block)
    for j in range(count):
        _, spot, strike, years, rate, carry, _ = _inputs(block, j)
        block[_ALONE + j] = 0.0
        if not is_plain(spot, strike, years, ANY_VOLATILITY, rate, carry):
            _stand_in(block, j)
            block[_ALONE + j] = 1.0
    _discount(block, count, _D, _E, _F)
    solvable = 0
    for j in range(count):
        solvable += is_solvable(_normalised_of(block, j))
    if solvable < count:
        for j in range(count):
            if not is_solvable(_normalised_of(block, j)):
                _stand_in(block, j)
                block[_ALONE + j] = 1.0


@entry(VOID(F2, F1, I1))
def fill_implied_volatilities(columns: Floats, volatilities: Floats, statuses: Integers) -> None:
    """``volatilities[n]`` and ``statuses[n]`` from column n of price, spot, strike, years, rate, carry, right."""
    block = np.ones(_ALONE + _LANES)
    for first in range(0, volatilities.size, _LANES):
        count = min(_LANES, volatilities.size - first)
        _prepare_prices(columns, first, count, block)
        for j in range(count):
            found = estimated(_normalised_of(block, j))
            block[_OUT + j] = found.deviation / block[_ROOT_YEARS + j]
            block[_ALONE + j] = block[_ALONE + j] if is_finished(found) else 1.0
        for j in range(count):
            n = first + j
            volatilities[n], statuses[n] = block[_OUT + j], Status.OK
            if block[_ALONE + j] != 0.0:
                price, spot, strike, years, rate, carry, right = columns[:, n]
                volatilities[n] = implied_volatility(price, spot, strike, years, rate, carry, right)
                statuses[n] = implied_status(price, spot, strike, years, rate, carry, right)
