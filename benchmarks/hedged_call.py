"""A call sold at its fair value and hedged to its delta at every step: the same error by mmsim and by bare numpy."""

from __future__ import annotations

from math import erf, exp, log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from mmsim import load_scenario
from mmsim.scenario import Scenario
from mmsim.workspace import scenario_file

FILE = "scenarios/textbook/fair_option.yaml"
STEPS = 504  # an hour each of the file's 21 days
START, STRIKE, VOLATILITY, RATE, DRIFT, YEARS = 100.0, 100.0, 0.2, 0.05, 0.05, 21 / 252  # as the file has them

Floats = npt.NDArray[np.float64]


def scenario(paths: int, steps_a_mark: int) -> Scenario:
    """The file with hourly steps and a mark every so many of them, made by time alone."""
    changes: dict[str, Any] = {
        "paths": str(paths),
        "market.spot.step": "1h",
        "report.mark_every": f"{steps_a_mark}h",
        "report.mark_spot": "1",
    }
    return load_scenario(scenario_file(Path(FILE)), changes)


def drawn(paths: int, seed: int) -> Floats:
    """Paths of a geometric Brownian motion, shape (STEPS + 1, paths), all drawn at once."""
    years = YEARS / STEPS
    moves = np.random.default_rng(seed).standard_normal((STEPS, paths))
    moves *= VOLATILITY * sqrt(years)
    moves += (DRIFT - 0.5 * VOLATILITY**2) * years
    spots = np.empty((STEPS + 1, paths))
    spots[0] = 0.0
    np.cumsum(moves, axis=0, out=spots[1:])
    np.exp(spots, out=spots)
    spots *= START
    return spots


def hedging_errors(spots: Floats) -> Floats:
    """What each path is worth at expiry: premium, hedge and interest on both, less the payoff. Shape (paths,).

    Black–Scholes; one loop over the steps, each a handful of operations on all paths.
    """
    steps = len(spots) - 1
    years = YEARS / steps
    growth = exp(RATE * years)
    held = np.zeros(spots.shape[1])
    cash = np.full(spots.shape[1], premium())
    for n in range(steps):
        spot = spots[n]
        left = YEARS - n * years
        deviation = VOLATILITY * sqrt(left)
        delta = ndtr((np.log(spot) + ((RATE + 0.5 * VOLATILITY**2) * left - log(STRIKE))) / deviation)
        cash -= (delta - held) * spot
        cash *= growth
        held = delta
    return cash + held * spots[-1] - np.maximum(spots[-1] - STRIKE, 0.0)


def premium() -> float:
    """What the call is sold for."""
    deviation = VOLATILITY * sqrt(YEARS)
    d1 = (log(START / STRIKE) + (RATE + 0.5 * VOLATILITY**2) * YEARS) / deviation
    return START * _normal(d1) - STRIKE * exp(-RATE * YEARS) * _normal(d1 - deviation)


def _normal(x: float) -> float:
    return 0.5 * (1.0 + erf(x / sqrt(2.0)))
