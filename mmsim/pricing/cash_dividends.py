"""Cash dividends, quickly: options as the loop prices them, by options without dividends, compiled.

A dividend is a time in years from now, 0 where the price is still with it, and an amount; those until expiry count, in
order of time. Two models of the spot:

    escrowed   S less the present value of the dividends until expiry is lognormal: European options have closed forms
    spot       S is lognormal and falls by each dividend at its ex-date; nothing has a closed form

European options are exact in the escrowed model, and Bos and Vandermark's in the spot model. An American option is the
European one and what the right to exercise adds. A call is exercised just before an ex-date if ever (Black): that adds
the most of what one of them does (`ex_dates`), and what a dividend yield adds. A put is exercised at once, or after the
last ex-date: that adds what its premium for early exercise earns from then on. docs/american.md has the errors against
`dividend_grid`, which is exact.

Sources: J. Hull, Options, Futures and Other Derivatives, section 15.12, for the escrowed model and Black's
approximation; M. Bos and S. Vandermark, Finessing fixed dividends, Risk (September 2002), for the spot model.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.kernel import njit
from mmsim.pricing import american, black_scholes
from mmsim.pricing.black_scholes import Greeks
from mmsim.pricing.ex_dates import ExDate, gain

Floats = npt.NDArray[np.float64]

_LEAST_SHARE = 1e-9  # of the spot, that dividends leave of it
_BUMP = 1e-3  # relative


class Equivalent(NamedTuple):
    """An option that pays no dividends; the derivatives by its spot are those by the spot."""

    spot: float
    strike: float


@njit
def without_dividends(
    spot: float,
    strike: float,
    years: float,
    rate: float,
    carry: float,
    times: Floats,
    amounts: Floats,
    is_escrowed: bool,
) -> Equivalent:
    """The European option without dividends that is worth the same, about the same in the spot model.

    In the escrowed model the spot is less Σ D·e^{−rt}. In the spot model, near dividends are taken out of the spot and
    far ones added to the strike: S − Σ D·e^{−bt}·(T − t)/T and K + Σ D·e^{b(T−t)}·t/T. A spot that the dividends
    exceed is 1e-9 of itself.
    """
    near, far = 0.0, 0.0
    for k in range(times.size):
        time = max(times[k], 0.0)
        if time > years:
            break
        if is_escrowed:
            near += amounts[k] * math.exp(-rate * time)
        else:
            share = time / years if years > 0.0 else 0.0
            near += amounts[k] * math.exp(-carry * time) * (1.0 - share)
            far += amounts[k] * math.exp(carry * (years - time)) * share
    return Equivalent(max(spot - near, _LEAST_SHARE * spot), strike + far)


@njit
def value(
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
) -> float:
    """The value of an option with dividends of ``amounts`` at ``times`` years from now: ``greeks(...).theo``, and cheaper.

    The other arguments and their limits are those of `black_scholes.greeks`.
    """
    held = without_dividends(spot, strike, years, rate, carry, times, amounts, is_escrowed)
    european = black_scholes.value(held.spot, held.strike, years, volatility, rate, carry, right)
    if not is_american:
        return european
    more = added(spot, strike, years, volatility, rate, carry, right, times, amounts, is_escrowed)
    return max(european + more, right * (spot - strike))


@njit
def is_exercised(
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
) -> bool:
    """Whether exercising an American option now brings more than waiting."""
    intrinsic = right * (spot - strike)
    held = without_dividends(spot, strike, years, rate, carry, times, amounts, is_escrowed)
    european = black_scholes.value(held.spot, held.strike, years, volatility, rate, carry, right)
    more = added(spot, strike, years, volatility, rate, carry, right, times, amounts, is_escrowed)
    return intrinsic > 0.0 and intrinsic > european + more


@njit
def added(
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
) -> float:
    """What the right to exercise early, but not at once, adds to the European option."""
    held = without_dividends(spot, strike, years, rate, carry, times, amounts, is_escrowed)
    wait, most = 0.0, 0.0
    for k in range(times.size):
        if times[k] <= years:
            if right < 0.0:
                wait = max(times[k], 0.0)
            elif times[k] > 0.0:
                call, price = _before(spot, strike, years, rate, carry, times, amounts, k, is_escrowed)
                most = max(most, gain(call, held.spot if is_escrowed else price, volatility))
    if years <= wait:
        return most
    return most + american.premium_after(held.spot, held.strike, years, volatility, rate, carry, right, wait)


@njit
def _before(
    spot: float,
    strike: float,
    years: float,
    rate: float,
    carry: float,
    times: Floats,
    amounts: Floats,
    k: int,
    is_escrowed: bool,
) -> tuple[ExDate, float]:
    """A call around dividend number ``k``, and in the spot model the price that it is written on until then."""
    until, left = times[k], years - times[k]
    credit, fall, rise = 0.0, 0.0, 0.0
    for j in range(times.size):
        time, amount = max(times[j], 0.0), amounts[j]
        if time > years:
            break
        wait = time - until
        if is_escrowed:
            credit += amount * math.exp(-rate * wait) if j >= k else 0.0
        elif j < k:
            spot -= amount * math.exp(-carry * time) * (until - time) / until
            credit -= amount * math.exp(-carry * wait) * time / until
        else:
            share = wait / left if left > 0.0 else 0.0
            fall += amount * math.exp(-carry * wait) * (1.0 - share)
            rise += amount * math.exp(carry * (left - wait)) * share
    if is_escrowed:
        fall = credit
    return ExDate(strike, rate, carry, until, left, credit, fall, rise), spot


@njit
def greeks(
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
) -> Greeks:
    """The value and the Greeks of an option with dividends; the arguments are those of `value`.

    Those of the European option hold the terms that it is priced by; those of what early exercise adds are differences.
    """
    held = without_dividends(spot, strike, years, rate, carry, times, amounts, is_escrowed)
    european = black_scholes.greeks(held.spot, held.strike, years, volatility, rate, carry, right)
    if not is_american:
        return european
    grid = np.zeros((3, 5))  # by now, then a little later, then at more volatility; by spot
    rise, shift, later = _BUMP * spot, _BUMP * volatility, _BUMP * years
    for k in range(times.size - 1, -1, -1):
        if times[k] > 0.0:
            later = _BUMP * min(years, times[k])
    for row in range(3):
        left, ahead = (years - later, times - later) if row == 1 else (years, times)
        sigma = volatility + shift if row == 2 else volatility
        for column in range(5):
            if row == 0 or abs(column - 2) <= 1:
                grid[row, column] = added(
                    spot + (column - 2) * rise, strike, left, sigma, rate, carry, right, ahead, amounts, is_escrowed
                )
    now = grid[0, 2]
    intrinsic = right * (spot - strike)
    if intrinsic >= european.theo + now:
        return american.constant(intrinsic, right)
    if now == 0.0:
        return european
    poor = added(spot, strike, years, volatility - shift, rate, carry, right, times, amounts, is_escrowed)
    later_rich = added(
        spot, strike, years - later, volatility + shift, rate, carry, right, times - later, amounts, is_escrowed
    )
    delta = 0.5 * (grid[:, 3] - grid[:, 1]) / rise
    gamma = (grid[:, 3] - 2.0 * grid[:, 2] + grid[:, 1]) / (rise * rise)
    third = 0.5 * (grid[0, 4] - 2.0 * grid[0, 3] + 2.0 * grid[0, 1] - grid[0, 0]) / (rise * rise * rise)
    soon, rich = grid[1, 2], grid[2, 2]
    return Greeks(
        theo=european.theo + now,
        delta=european.delta + delta[0],
        gamma=european.gamma + gamma[0],
        vega=european.vega + 0.5 * (rich - poor) / shift,
        theta=european.theta + (soon - now) / later,
        rho=european.rho,
        vanna=european.vanna + (delta[2] - delta[0]) / shift,
        volga=european.volga + (rich - 2.0 * now + poor) / (shift * shift),
        charm=european.charm + (delta[1] - delta[0]) / later,
        speed=european.speed + third,
        colour=european.colour + (gamma[1] - gamma[0]) / later,
        zomma=european.zomma + (gamma[2] - gamma[0]) / shift,
        veta=european.veta + (later_rich - soon - rich + now) / (shift * later),
    )
