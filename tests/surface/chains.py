"""Synthetic chains: quotes on a tick around the price of a known smile."""

from collections.abc import Callable

import numpy as np

from mmsim.pricing import greeks, implied_volatility, price
from mmsim.surface import Slice

Smile = Callable[[np.ndarray], np.ndarray]  # volatility by log-moneyness

STRIKES = np.arange(2700.0, 3500.0, 10.0)
FORWARD = 3240.0


def chain(
    volatility: Smile,
    years: float,
    *,
    expiry_ns: int = 1,
    strikes: np.ndarray = STRIKES,
    tick: float = 0.25,
    noise: float = 0.0,
    rng: np.random.Generator | None = None,
) -> Slice:
    """Calls and puts, bid and ask the ticks below and above a price that is off by ``noise`` ticks; |Δ| from 0.05."""
    strike = np.concatenate([strikes, strikes])
    right = np.repeat([1.0, -1.0], strikes.size)
    k = np.log(strike / FORWARD)
    terms = {"spot": FORWARD, "strike": strike, "years": years, "carry": 0.0, "right": right}
    table = greeks(volatility=volatility(k), **terms)
    value = table["theo"].to_numpy()
    if rng is not None:
        value = value + noise * tick * rng.uniform(-1.0, 1.0, value.size)
    bid, ask = tick * np.floor(value / tick), tick * np.floor(value / tick) + tick
    liquid = table["delta"].abs().between(0.05, 0.95).to_numpy() & (bid > 3 * tick)
    sides = (bid, 0.5 * (bid + ask), ask)
    bid_vol, mid_vol, ask_vol = (implied_volatility(price=side, **terms)["volatility"].to_numpy() for side in sides)
    bid_vol = np.where(np.isnan(bid_vol), 0.0, bid_vol)
    columns = (k, bid_vol, mid_vol, ask_vol, table["vega"].to_numpy())
    return Slice(expiry_ns, years, FORWARD, *(column[liquid] for column in columns))


def exact(volatility: Smile, years: float, k: np.ndarray, *, expiry_ns: int = 1, half_width: float = 1e-3) -> Slice:
    """Quotes whose mids are the smile's volatilities."""
    mid = volatility(k)
    vega = np.exp(-0.5 * (k / (mid * np.sqrt(years))) ** 2)
    return Slice(expiry_ns, years, FORWARD, k, mid - half_width, mid, mid + half_width, vega)


def mixture(years: float, parts: tuple[tuple[float, float, float], ...]) -> Smile:
    """The smile of a mixture of lognormal prices, parts (weight, forward, volatility): free of arbitrage, not SVI."""
    level = sum(weight * forward for weight, forward, _ in parts)

    def volatility(k: np.ndarray) -> np.ndarray:
        strike = np.exp(k)
        total = sum(
            weight * price(spot=forward / level, strike=strike, years=years, volatility=vol, carry=0.0)
            for weight, forward, vol in parts
        )
        return implied_volatility(price=total, spot=1.0, strike=strike, years=years, carry=0.0)["volatility"].to_numpy()

    return volatility
