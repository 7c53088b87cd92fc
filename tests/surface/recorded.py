"""The recorded chain of ES as slices: the liquid quotes of an instant, without the premium of early exercise."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from mmsim.pricing import greeks, implied_volatility
from mmsim.surface import Slice

OPENING = pd.Timestamp("2020-01-05T23:00", tz="UTC")
RATE = 0.016
MINUTES_FRESH = 30
STEPS = 120  # of the binomial tree


@cache
def _quotes(folder: Path, name: str, keys: tuple[str, ...]) -> dict[tuple, pd.DataFrame]:
    table = pd.read_parquet(
        folder / "lean_es_fop" / f"{name}.parquet", columns=["bar_start_utc", "ts_utc", "bid", "ask", *keys]
    )
    known = table[table["bar_start_utc"] >= OPENING].sort_values("ts_utc", kind="stable")
    return dict(iter(known.groupby(list(keys))))


def _standing(rows: pd.DataFrame, at: pd.Timestamp) -> tuple[float, float, float]:
    """Bid and ask that stand, and the minutes since either was updated."""
    known = rows[rows["ts_utc"] <= at]
    sides = [known[side].dropna() for side in ("bid", "ask")]
    if any(side.empty for side in sides):
        return np.nan, np.nan, np.inf
    return sides[0].iloc[-1], sides[1].iloc[-1], (at - known["ts_utc"].iloc[-1]).total_seconds() / 60


def early_exercise(forward: float, strike: np.ndarray, years: float, vol: np.ndarray, right: np.ndarray) -> np.ndarray:
    """American less European value of options on a future, both on one binomial tree (Cox, Ross and Rubinstein)."""
    step = years / STEPS
    up = np.exp(vol * np.sqrt(step))[:, np.newaxis]
    chance = (1.0 - 1.0 / up) / (up - 1.0 / up)
    discount = np.exp(-RATE * step)
    sign, strikes = right[:, np.newaxis], strike[:, np.newaxis]
    american = np.maximum(sign * (forward * up ** (2 * np.arange(STEPS + 1) - STEPS) - strikes), 0.0)
    european = american
    for n in range(STEPS - 1, -1, -1):
        american, european = (
            discount * (chance * value[:, 1:] + (1.0 - chance) * value[:, :-1]) for value in (american, european)
        )
        american = np.maximum(american, sign * (forward * up ** (2 * np.arange(n + 1) - n) - strikes))
    return (american - european)[:, 0]


def es_slices(folder: Path, at: pd.Timestamp) -> list[Slice]:
    """The slice of each expiry at an instant."""
    futures = _quotes(folder, "underlying_quote", ("symbol",))
    options = _quotes(folder, "option_quote", ("underlying", "expiry", "strike", "cp"))
    slices = []
    for symbol, day in (("202003", "2020-03-20"), ("202006", "2020-06-19")):
        forward = np.mean(_standing(futures[(symbol,)], at)[:2])
        expiry = pd.Timestamp(f"{day}T13:30", tz="UTC")
        years = (expiry - at) / pd.Timedelta(days=365)
        found = [
            (strike, 1.0 if cp == "C" else -1.0, *_standing(rows, at))
            for (underlying, _, strike, cp), rows in options.items()
            if underlying == f"ES{symbol}"
        ]
        strike, right, bid, ask, minutes = np.array(found).T
        tick = np.where(bid <= 5.0, 0.05, 0.25)
        liquid = (bid > 3 * tick) & (ask >= bid) & (minutes <= MINUTES_FRESH)
        strike, right, bid, ask = (column[liquid] for column in (strike, right, bid, ask))
        terms = {"spot": forward, "strike": strike, "years": years, "rate": RATE, "carry": 0.0, "right": right}
        premium, vol = np.zeros_like(strike), np.full_like(strike, 0.15)
        for _ in range(3):
            implied = implied_volatility(price=0.5 * (bid + ask) - premium, **terms)["volatility"].to_numpy()
            vol = np.where(np.isfinite(implied), implied, vol)
            premium = early_exercise(forward, strike, years, vol, right)
        bid_vol, ask_vol = (
            implied_volatility(price=side - premium, **terms)["volatility"].to_numpy() for side in (bid, ask)
        )
        table = greeks(volatility=vol, **terms)
        near = table["delta"].abs().between(0.05, 0.95).to_numpy()
        columns = (
            np.log(strike / forward),
            np.nan_to_num(bid_vol, nan=0.0),
            implied,
            ask_vol,
            table["vega"].to_numpy(),
        )
        slices.append(Slice(expiry.value, years, forward, *(column[near] for column in columns)))
    return slices
