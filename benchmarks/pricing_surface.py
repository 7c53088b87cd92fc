"""How long a surface takes to fit: the 211 options of ES on two futures, from nothing and from the surface before.

The chain is generated: two skewed smiles, quotes on the tick of ES, a minute apart.
"""

from __future__ import annotations

import statistics

import numpy as np
from measure import seconds_of

from mmsim.pricing import greeks, implied_volatility
from mmsim.surface import Slice, Svi, fit

FORWARD, TICK = 3240.0, 0.25
MINUTE = 1.0 / (365 * 24 * 60)  # years
# Years, smile and number of options of each expiry, as of 6 January 2020.
EXPIRIES = (
    (0.2017, Svi(a=0.0017, b=0.027, rho=-0.87, m=0.04, sigma=0.021), 104),
    (0.4510, Svi(a=0.0043, b=0.042, rho=-0.98, m=0.058, sigma=0.035), 107),
)


def surface_cold_ms(repeat: int = 50) -> float:
    """The median milliseconds of a fit from nothing."""
    chains = _chains()
    fit(chains[0])  # what is compiled or read from the cache
    return 1e3 * statistics.median(seconds_of(lambda: fit(chains[1])) for _ in range(repeat))


def surface_warm_ms(repeat: int = 50) -> float:
    """The median milliseconds of a fit from the surface of a minute before."""
    chains = _chains()
    before = fit(chains[0])
    return 1e3 * statistics.median(seconds_of(lambda: fit(chains[1], before)) for _ in range(repeat))


def _chains() -> list[list[Slice]]:
    """The slices of two instants, a minute apart."""
    rng = np.random.default_rng(7)
    return [[_slice(n, *expiry, passed=passed, rng=rng) for n, expiry in enumerate(EXPIRIES)] for passed in (0, 1)]


def _slice(number: int, years: float, svi: Svi, options: int, *, passed: int, rng: np.random.Generator) -> Slice:
    """Calls and puts in turn, from 5-delta puts to 5-delta calls, some ticks wide, after ``passed`` minutes."""
    years -= passed * MINUTE
    deviation = float(np.sqrt(svi.derivatives(0.0)[0]))
    strike = 5.0 * np.round(FORWARD * np.exp(deviation * np.linspace(-2.3, 1.3, options)) / 5.0)
    k = np.log(strike / FORWARD)
    vol = np.sqrt(svi.derivatives(k)[0] / years) + rng.normal(0.0, 3e-4, options)
    terms = {"spot": FORWARD, "strike": strike, "years": years, "carry": 0.0, "right": np.resize([1.0, -1.0], options)}
    table = greeks(volatility=vol, **terms)
    bid = TICK * np.floor(table["theo"].to_numpy() / TICK)
    ask = bid + TICK * rng.integers(1, 4, options)
    sides = (bid, 0.5 * (bid + ask), ask)
    bid_vol, mid_vol, ask_vol = (implied_volatility(price=side, **terms)["volatility"].to_numpy() for side in sides)
    return Slice(number, years, FORWARD, k, np.nan_to_num(bid_vol), mid_vol, ask_vol, table["vega"].to_numpy())


def figures(repeat: int = 50) -> dict[str, float]:
    """Both, by the names that they have in the results."""
    return {"surface_cold_ms": surface_cold_ms(repeat), "surface_warm_ms": surface_warm_ms(repeat)}
