"""Cash dividends, quickly: options as the loop prices them, by options without dividends, compiled.

A dividend is a time in years from now and an amount; those in (0, T] count. Two models of the spot:

    escrowed   S less the present value of the dividends until expiry is lognormal: European options have closed forms
    spot       S is lognormal and falls by each dividend at its ex-date; nothing has a closed form

European options are exact in the escrowed model, and Bos and Vandermark's in the spot model. American options are
approximations in both: docs/american.md has their errors against `dividend_grid`, which is exact.

Sources: J. Hull, Options, Futures and Other Derivatives, section 15.12, for the escrowed model and for Black's
approximation, that an American call is worth the most that it is worth if held to expiry or exercised just before one
of the ex-dates; M. Bos and S. Vandermark, Finessing fixed dividends, Risk (September 2002), for the spot model.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.kernel import internal, njit
from mmsim.pricing import american, black_scholes
from mmsim.pricing.black_scholes import Greeks

Floats = npt.NDArray[np.float64]

_LEAST_SHARE = 1e-9  # of the spot, that dividends leave of it


class Equivalent(NamedTuple):
    """An option that pays no dividends; the derivatives by its spot are those by the spot."""

    spot: float
    strike: float
    years: float


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
    return _until(spot, strike, years, rate, carry, times, amounts, True, is_escrowed)


@njit
def _until(
    spot: float,
    strike: float,
    end: float,
    rate: float,
    carry: float,
    times: Floats,
    amounts: Floats,
    is_last: bool,
    is_escrowed: bool,
) -> Equivalent:
    """The option that ends at ``end``, with the dividends of that time if they come first: ``is_last``."""
    near, far = 0.0, 0.0
    for k in range(times.size):
        time = times[k]
        if not 0.0 < time <= end or (time == end and not is_last):
            continue
        if is_escrowed:
            near += amounts[k] * math.exp(-rate * time)
        else:
            near += amounts[k] * math.exp(-carry * time) * (end - time) / end
            far += amounts[k] * math.exp(carry * (end - time)) * time / end
    return Equivalent(max(spot - near, _LEAST_SHARE * spot), strike + far, end)


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
    """The value of an option with dividends of ``amounts`` at ``times`` years from now: ``greeks(...).theo``, cheaper.

    An American option is the European one and the premium of the American option whose yield takes the same from the
    forward as the dividends do; a call no less than if it were exercised just before one of the ex-dates (Black).
    """
    held = without_dividends(spot, strike, years, rate, carry, times, amounts, is_escrowed)
    european = black_scholes.value(held.spot, held.strike, held.years, volatility, rate, carry, right)
    if not is_american:
        return european
    lower = _carry_of(spot, years, rate, carry, times, amounts)
    premium = american.value(spot, strike, years, volatility, rate, lower, right) - black_scholes.value(
        spot, strike, years, volatility, rate, lower, right
    )
    _, early = _best_before(spot, strike, years, volatility, rate, carry, right, times, amounts, is_escrowed)
    return max(european + premium, early, right * (spot - strike))


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
    """The value and the Greeks of an option with dividends; arguments are those of `value`.

    They are those of the options that it is priced by, whose terms are held still.
    """
    held = without_dividends(spot, strike, years, rate, carry, times, amounts, is_escrowed)
    european = black_scholes.greeks(held.spot, held.strike, held.years, volatility, rate, carry, right)
    if not is_american:
        return european
    lower = _carry_of(spot, years, rate, carry, times, amounts)
    more = american.greeks(spot, strike, years, volatility, rate, lower, right)
    less = black_scholes.greeks(spot, strike, years, volatility, rate, lower, right)
    theo = european.theo + (more.theo - less.theo)
    early, worth = _best_before(spot, strike, years, volatility, rate, carry, right, times, amounts, is_escrowed)
    intrinsic = right * (spot - strike)
    if intrinsic >= max(theo, worth):
        return american.constant(intrinsic, right)
    if worth > theo:
        return black_scholes.greeks(early.spot, early.strike, early.years, volatility, rate, carry, right)
    return Greeks(
        theo,
        european.delta + more.delta - less.delta,
        european.gamma + more.gamma - less.gamma,
        european.vega + more.vega - less.vega,
        european.theta + more.theta - less.theta,
        european.rho + more.rho - less.rho,
        european.vanna + more.vanna - less.vanna,
        european.volga + more.volga - less.volga,
        european.charm + more.charm - less.charm,
        european.speed + more.speed - less.speed,
        european.colour + more.colour - less.colour,
        european.zomma + more.zomma - less.zomma,
        european.veta + more.veta - less.veta,
    )


@internal
def _carry_of(spot: float, years: float, rate: float, carry: float, times: Floats, amounts: Floats) -> float:
    """The carry less the yield that takes as much from the forward as the dividends."""
    paid = 0.0
    for k in range(times.size):
        if 0.0 < times[k] <= years:
            paid += amounts[k] * math.exp(-rate * times[k])
    return carry + math.log(max(1.0 - paid / spot, _LEAST_SHARE)) / years if paid > 0.0 else carry


@internal
def _best_before(
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
) -> tuple[Equivalent, float]:
    """A call exercised just before the best ex-date, and its value; zero for a put."""
    best, worth = Equivalent(spot, strike, years), 0.0
    for k in range(times.size):
        if right > 0.0 and 0.0 < times[k] <= years:
            early = _until(spot, strike, times[k], rate, carry, times, amounts, False, is_escrowed)
            found = black_scholes.value(early.spot, early.strike, early.years, volatility, rate, carry, right)
            if found > worth:
                best, worth = early, found
    return best, worth
