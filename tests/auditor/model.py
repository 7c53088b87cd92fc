"""Black-Scholes-Merton with a cost of carry, written from the textbook for arrays: the auditor's own.

American options are those of `american`; their Greeks are differences of their values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from . import american

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Contract:
    """The terms of some options as arrays of one length: right +1 call and -1 put, rate and carry a year.

    ``american``, and ``early``: whether exercise before expiry may pay without dividends.
    """

    strike: Array
    right: Array
    rate: Array
    carry: Array
    american: NDArray[np.bool_]
    early: NDArray[np.bool_]

    def at(self, chosen: NDArray[np.intp]) -> Contract:
        """The terms of the options whose positions are ``chosen``."""
        columns = (self.strike, self.right, self.rate, self.carry, self.american, self.early)
        return Contract(*(column[chosen] for column in columns))


def _d1_d2(c: Contract, spot: Array, years: Array, volatility: Array) -> tuple[Array, Array]:
    deviation = volatility * np.sqrt(years)
    d1 = (np.log(spot / c.strike) + (c.carry + volatility**2 / 2) * years) / deviation
    return d1, d1 - deviation


def value(c: Contract, spot: Array, years: Array, volatility: Array) -> Array:
    """Value of one unit: at expiry the intrinsic value, at zero volatility that of the forward, discounted."""
    years = np.maximum(years, 0.0)
    growth, discount = np.exp((c.carry - c.rate) * years), np.exp(-c.rate * years)
    with np.errstate(divide="ignore", invalid="ignore"):
        d1, d2 = _d1_d2(c, spot, years, volatility)
        priced = c.right * (spot * growth * ndtr(c.right * d1) - c.strike * discount * ndtr(c.right * d2))
    certain = np.maximum(c.right * (spot * growth - c.strike * discount), 0.0)
    alive = (years > 0) & (volatility > 0)
    european = np.where(alive, priced, certain)
    if not c.early.any():
        return european
    which = alive & c.early
    return np.where(which, american.values_and_deltas(_columns(c, spot, years, volatility), which)[0], european)


def delta(c: Contract, spot: Array, years: Array, volatility: Array) -> Array:
    """Change of the value by the spot; at expiry the right's sign strictly in the money, else 0."""
    years = np.maximum(years, 0.0)
    growth, discount = np.exp((c.carry - c.rate) * years), np.exp(-c.rate * years)
    with np.errstate(divide="ignore", invalid="ignore"):
        d1, _ = _d1_d2(c, spot, years, volatility)
        priced = c.right * growth * ndtr(c.right * d1)
    certain = np.where(c.right * (spot * growth - c.strike * discount) > 0, c.right * growth, 0.0)
    european = np.where((years > 0) & (volatility > 0), priced, certain)
    if not c.early.any():
        return european
    which = (years > 0) & (volatility > 0) & c.early
    return np.where(which, american.values_and_deltas(_columns(c, spot, years, volatility), which)[1], european)


def _columns(c: Contract, spot: Array, years: Array, volatility: Array) -> tuple[Array, ...]:
    return spot, c.strike, years, volatility, c.rate, c.carry, c.right


def taylor(c: Contract, spot: Array, years: Array, volatility: Array) -> dict[str, Array]:
    """Delta, gamma, theta (a year), vega, vanna and volga of one unit; at expiry all but delta are 0."""
    alive = (years > 0) & (volatility > 0)
    safe_years, safe_vol = np.where(alive, years, 1.0), np.where(alive, volatility, 1.0)
    d1, d2 = _d1_d2(c, spot, safe_years, safe_vol)
    growth, discount = np.exp((c.carry - c.rate) * safe_years), np.exp(-c.rate * safe_years)
    density, root = np.exp(-(d1**2) / 2) / np.sqrt(2 * np.pi), np.sqrt(safe_years)
    vega = spot * growth * density * root
    theta = (
        -vega * safe_vol / (2 * safe_years)
        - (c.carry - c.rate) * c.right * spot * growth * ndtr(c.right * d1)
        - c.rate * c.right * c.strike * discount * ndtr(c.right * d2)
    )
    greeks = {
        "gamma": growth * density / (spot * safe_vol * root),
        "theta": theta,
        "vega": vega,
        "vanna": -growth * density * d2 / safe_vol,
        "volga": vega * d1 * d2 / safe_vol,
    }
    found = {"delta": delta(c, spot, years, volatility)} | {k: np.where(alive, v, 0.0) for k, v in greeks.items()}
    if not c.early.any():
        return found
    early = c.early & alive
    return {k: np.where(early, v, found[k]) for k, v in _differences(c, spot, safe_years, safe_vol).items()} | {
        "delta": found["delta"]
    }


def _differences(c: Contract, spot: Array, years: Array, volatility: Array) -> dict[str, Array]:
    """Greeks as differences of values and deltas."""
    ds, dt, dv = 1e-6 * spot, 1e-4 * years, 1e-4 * volatility
    at, slope = value(c, spot, years, volatility), delta(c, spot, years, volatility)
    rich, poor = value(c, spot, years, volatility + dv), value(c, spot, years, volatility - dv)
    return {
        "gamma": (delta(c, spot + ds, years, volatility) - slope) / ds,
        "theta": (value(c, spot, years - dt, volatility) - at) / dt,
        "vega": (rich - poor) / (2 * dv),
        "vanna": (delta(c, spot, years, volatility + dv) - delta(c, spot, years, volatility - dv)) / (2 * dv),
        "volga": (rich - 2 * at + poor) / dv**2,
    }
