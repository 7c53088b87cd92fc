"""What the desk holds when the run ends: Greeks in a desk's units, and what the market would give for the options."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmsim.ledger import MICROS
from mmsim.report import clock, rows

if TYPE_CHECKING:
    from mmsim.results import Run

REFERENCE_YEARS = 0.25  # the maturity that weighted vega stands for: three months
GREEKS = ("delta", "cash_delta", "dollar_gamma", "vega", "weighted_vega", "theta")


def options(run: Run) -> pd.DataFrame:
    """The options held at the end of the path shown, a row each, with the Greeks of the whole position.

    ``units`` are position × multiplier. Of them and, as ``opening_`` and the name, of what is left of the opening
    position: ``delta`` in units of the underlying; ``cash_delta`` Δ·S in currency; ``dollar_gamma`` Γ·S²/100, by which
    cash delta changes as the spot rises 1 %; ``vega``, currency per point of volatility (0.01); ``weighted_vega``, the
    same × √(three months / time to expiry), a day at least; ``theta``, currency per day of the scenario's clock.
    ``to_mid`` and ``to_liquidation`` are what marking at the market's mid instead of theo, and at its bid or ask
    instead of that mid, adds to equity, in micro-units; without a quote nothing.
    """
    at_end = rows.of_path(run.positions, run)
    at_end = at_end.assign(opening_units=_left_of_opening(run, at_end) * at_end["multiplier"])
    held = at_end.loc[(at_end["position"] != 0.0) | (at_end["opening_units"] != 0.0)].reset_index(drop=True)
    days, units = clock.days_a_year(run.summary), held["position"] * held["multiplier"]
    mid = held["mid"].fillna(held["theo"])
    touch = held["bid"].where(units > 0.0, held["ask"]).fillna(mid)
    to_mid = _micros(units * (mid - held["theo"]))
    opening = _greeks(held, held["opening_units"], days).add_prefix("opening_")
    return held.assign(
        units=units,
        call_delta=held["delta"] + (held["right"] == "put"),
        **_greeks(held, units, days),
        **opening,
        to_mid=to_mid,
        to_liquidation=_micros(units * (touch - held["theo"])) - to_mid,
    )


def _greeks(held: pd.DataFrame, units: pd.Series, days: float) -> pd.DataFrame:
    """The Greeks of so many units of each option, in a desk's units."""
    vega = units * held["vega"] / 100.0
    return pd.DataFrame(
        {
            "delta": units * held["delta"],
            "cash_delta": units * held["delta"] * held["spot"],
            "dollar_gamma": units * held["gamma"] * held["spot"] ** 2 / 100.0,
            "vega": vega,
            "weighted_vega": vega * np.sqrt(REFERENCE_YEARS / np.maximum(held["years"], 1.0 / days)),
            "theta": units * held["theta"] / days,
        }
    )


def _left_of_opening(run: Run, held: pd.DataFrame) -> pd.Series:
    """Contracts of each option that the desk began with and still holds."""
    dealt = rows.of_path(run.options, run)
    opening = dealt.loc[dealt["client"] == "opening"].groupby("option")["position"].sum()
    return held["option"].map(opening).astype(float).fillna(0.0)


def _micros(amounts: pd.Series) -> pd.Series:
    """Micro-units, nearest, ties to even, as the ledger has them; nothing where there is no amount."""
    return (amounts.fillna(0.0) * MICROS).round().astype(np.int64)


def hedges(run: Run) -> pd.DataFrame:
    """The hedge of each underlying at the end, with what is under way: ``underlying``, ``delta``, ``cash_delta``."""
    marks = rows.of_path(run.marks, run)
    last = marks.loc[marks["underlying"] != ""].groupby("underlying", observed=True).last().reset_index()
    delta = last["hedge"] + last["pending"]
    return pd.DataFrame(
        {"underlying": last["underlying"].astype(str), "delta": delta, "cash_delta": delta * last["spot"]}
    )
