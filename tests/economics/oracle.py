"""Black, Scholes and Merton in SciPy's words, and the spots of a path: nothing here is the engine's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from mmsim import market
from mmsim.events import Kind
from mmsim.scenario import Scenario

Floats = npt.NDArray[np.float64]
HOUR = 3_600_000_000_000
DAY = 24 * HOUR


def call(spot: npt.ArrayLike, strike: float, years: npt.ArrayLike, volatility: float, rate: float = 0.0) -> Floats:
    """Value of a call on a stock without dividends; at expiry its payoff."""
    d1, deviation = _d1(spot, strike, years, volatility, rate)
    discounted = strike * np.exp(-rate * np.asarray(years, float))
    return np.asarray(spot * ndtr(d1) - discounted * ndtr(d1 - deviation))


def put(spot: npt.ArrayLike, strike: float, years: npt.ArrayLike, volatility: float, rate: float = 0.0) -> Floats:
    """Value of a put, by parity."""
    forward = np.asarray(spot, float) - strike * np.exp(-rate * np.asarray(years, float))
    return np.asarray(call(spot, strike, years, volatility, rate) - forward)


def delta(spot: npt.ArrayLike, strike: float, years: npt.ArrayLike, volatility: float, rate: float = 0.0) -> Floats:
    """Delta of a call."""
    return np.asarray(ndtr(_d1(spot, strike, years, volatility, rate)[0]))


def gamma(spot: npt.ArrayLike, strike: float, years: npt.ArrayLike, volatility: float, rate: float = 0.0) -> Floats:
    """Gamma of a call or a put."""
    d1, deviation = _d1(spot, strike, years, volatility, rate)
    return np.asarray(np.exp(-0.5 * d1**2) / np.sqrt(2 * np.pi) / (spot * deviation))


def _d1(
    spot: npt.ArrayLike, strike: float, years: npt.ArrayLike, volatility: float, rate: float
) -> tuple[Floats, Floats]:
    deviation = volatility * np.sqrt(np.asarray(years, float))
    growth = np.log(np.asarray(spot, float) / strike) + rate * np.asarray(years, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        d1 = growth / deviation + 0.5 * deviation
    at_expiry = np.where(growth > 0, np.inf, -np.inf)
    return np.where(deviation > 0, d1, at_expiry), deviation


def spots(scenario: Scenario | Path, path: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Times and mids of the ticks of a path of a scenario with one underlying."""
    events = market.build(scenario, None).events(path)
    ticks = events[events["kind"] == Kind.SPOT]
    return ticks["ts"].copy(), 0.5 * (ticks["bid"] + ticks["ask"])


def check_mean(sample: npt.ArrayLike, expected: float, seed: int) -> float:
    """Fail where the mean of a sample is 3 of its standard errors or more from what it should be; that error."""
    values = np.asarray(sample, float)
    error = float(values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    assert abs(mean - expected) < 3 * error, (
        f"seed {seed}: mean {mean:.6g} over {len(values):,} paths, standard error {error:.3g}, expected {expected:.6g}"
    )
    return error
