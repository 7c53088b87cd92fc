"""Cash dividends, quickly: options as the loop prices them, by options without dividends, compiled.

A dividend is a time in years from now and an amount, in order of time. Those from now (the price is still with it)
until expiry count. Two models of the spot:

    escrowed   S less the present value of the dividends until expiry is lognormal: European options have closed forms
    spot       S is lognormal and falls by each dividend at its ex-date; nothing has a closed form

European options are exact in the escrowed model, and Bos and Vandermark's in the spot model. An American option is the
European one and what the right to exercise adds. A call is exercised just before an ex-date if ever (Black): that adds
the most of what one of them does (`ex_dates`), and what a dividend yield adds. To a put it adds the more of two: what
its premium for early exercise earns after the last ex-date, as when dividends are large; and the premium of the put
whose yield takes as much from the forward as the dividends, as when they are many and small. docs/american.md has the
errors against `dividend_grid`, which is exact.

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
    elapsed: float = 0.0,
) -> Equivalent:
    """The European option without dividends that is worth the same, about the same in the spot model.

    In the escrowed model the spot is less Σ D·e^{−rt}. In the spot model, near dividends are taken out of the spot and
    far ones added to the strike: S − Σ D·e^{−bt}·(T − t)/T and K + Σ D·e^{b(T−t)}·t/T. A spot that the dividends
    exceed is 1e-9 of itself. ``elapsed`` years have passed since the times were counted.
    """
    near, far = 0.0, 0.0
    for k in range(times.size):
        time = max(times[k] - elapsed, 0.0)
        if times[k] < 0.0:
            continue
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
    """The value of an option with dividends of ``amounts`` at ``times``: ``greeks(...).theo``, and cheaper.

    The other arguments and their limits are those of `black_scholes.greeks`.
    """
    held = without_dividends(spot, strike, years, rate, carry, times, amounts, is_escrowed)
    european = black_scholes.value(held.spot, held.strike, years, volatility, rate, carry, right)
    if not is_american:
        return european
    if not are_paid(times, years):
        return american.value(spot, strike, years, volatility, rate, carry, right)
    more = added(spot, strike, years, volatility, rate, carry, right, times, amounts, is_escrowed)
    return max(european + more, right * (spot - strike))


@njit
def are_paid(times: Floats, years: float) -> bool:
    """Whether there is a dividend until expiry."""
    count = 0
    for time in times:
        count += 0.0 <= time <= years
    return count > 0


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
    elapsed: float = 0.0,
) -> float:
    """What the right to exercise early, but not at once, adds to the European option."""
    held = without_dividends(spot, strike, years, rate, carry, times, amounts, is_escrowed, elapsed)
    wait, most, paid = 0.0, 0.0, 0.0
    for k in range(times.size):
        time = times[k] - elapsed
        if time <= years and times[k] >= 0.0:
            if right < 0.0:
                wait = max(time, 0.0)
                paid += amounts[k] * math.exp(-rate * wait)
            elif time > 0.0:
                call, price = _before(spot, strike, years, rate, carry, times, amounts, k, is_escrowed, elapsed)
                most = max(most, gain(call, held.spot if is_escrowed else price, volatility))
    if years <= wait:
        return most
    after = american.premium_after(held.spot, held.strike, years, volatility, rate, carry, right, wait)
    if right > 0.0 or paid <= 0.0:
        return most + after
    lower = carry + math.log(max(1.0 - paid / spot, _LEAST_SHARE)) / years
    return max(after, american.premium_after(spot, strike, years, volatility, rate, lower, right, 0.0))


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
    elapsed: float,
) -> tuple[ExDate, float]:
    """A call around dividend number ``k``, and in the spot model the price that it is written on until then."""
    until = times[k] - elapsed
    left = years - until
    credit, fall, rise = 0.0, 0.0, 0.0
    for j in range(times.size):
        time, amount = max(times[j] - elapsed, 0.0), amounts[j]
        if times[j] < 0.0:
            continue
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
    if not are_paid(times, years):
        return american.greeks(spot, strike, years, volatility, rate, carry, right)
    now = added(spot, strike, years, volatility, rate, carry, right, times, amounts, is_escrowed)
    intrinsic = right * (spot - strike)
    if intrinsic >= european.theo + now:
        return american.constant(intrinsic, right)
    if now == 0.0:
        return european
    rise, shift, later = _BUMP * spot, _BUMP * volatility, _BUMP * years
    for k in range(times.size - 1, -1, -1):
        if times[k] > 0.0:
            later = _BUMP * min(years, times[k])
    left, rich, dear = years - later, volatility + shift, spot + rise
    cheap, poor = spot - rise, volatility - shift
    up = added(dear, strike, years, volatility, rate, carry, right, times, amounts, is_escrowed)
    down = added(cheap, strike, years, volatility, rate, carry, right, times, amounts, is_escrowed)
    up_2 = added(dear + rise, strike, years, volatility, rate, carry, right, times, amounts, is_escrowed)
    down_2 = added(cheap - rise, strike, years, volatility, rate, carry, right, times, amounts, is_escrowed)
    at_rich = added(spot, strike, years, rich, rate, carry, right, times, amounts, is_escrowed)
    at_poor = added(spot, strike, years, poor, rate, carry, right, times, amounts, is_escrowed)
    up_rich = added(dear, strike, years, rich, rate, carry, right, times, amounts, is_escrowed)
    down_rich = added(cheap, strike, years, rich, rate, carry, right, times, amounts, is_escrowed)
    soon = added(spot, strike, left, volatility, rate, carry, right, times, amounts, is_escrowed, later)
    up_soon = added(dear, strike, left, volatility, rate, carry, right, times, amounts, is_escrowed, later)
    down_soon = added(cheap, strike, left, volatility, rate, carry, right, times, amounts, is_escrowed, later)
    soon_rich = added(spot, strike, left, rich, rate, carry, right, times, amounts, is_escrowed, later)
    square = rise * rise
    delta, gamma = 0.5 * (up - down) / rise, (up - 2.0 * now + down) / square
    delta_rich, gamma_rich = 0.5 * (up_rich - down_rich) / rise, (up_rich - 2.0 * at_rich + down_rich) / square
    delta_soon, gamma_soon = 0.5 * (up_soon - down_soon) / rise, (up_soon - 2.0 * soon + down_soon) / square
    return Greeks(
        theo=european.theo + now,
        delta=right * min(max(right * (european.delta + delta), 0.0), 1.0),
        gamma=max(european.gamma + gamma, 0.0),
        vega=max(european.vega + 0.5 * (at_rich - at_poor) / shift, 0.0),
        theta=european.theta + (soon - now) / later,
        rho=european.rho,
        dividend_rho=european.dividend_rho,
        vanna=european.vanna + (delta_rich - delta) / shift,
        volga=european.volga + (at_rich - 2.0 * now + at_poor) / (shift * shift),
        charm=european.charm + (delta_soon - delta) / later,
        speed=european.speed + 0.5 * (up_2 - 2.0 * up + 2.0 * down - down_2) / (square * rise),
        colour=european.colour + (gamma_soon - gamma) / later,
        zomma=european.zomma + (gamma_rich - gamma) / shift,
        veta=european.veta + (soon_rich - soon - at_rich + now) / (shift * later),
    )
