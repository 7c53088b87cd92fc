"""From a scenario's model of expected volatility to the fields of an underlying's row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from mmsim.engine.expectation import Memory
from mmsim.engine.state import SAMPLE
from mmsim.scenario import Scenario
from mmsim.scenario.expected import EwmaExpected, GarchExpected, RealisedExpected
from mmsim.scenario.parts.volatility import ConstantVolatility


def set_expectation(row: Any, scenario: Scenario, symbol: str, year_ns: float) -> None:
    """What an underlying's row starts from, and how it goes on."""
    model = scenario.expected_model(symbol)
    row["expected_volatility"], row["expected_persistence"] = math.nan, 1.0
    if model is None:
        return
    if isinstance(model, ConstantVolatility):
        row["expected_volatility"] = model.level
        return
    initial = model.initial
    row["expected_every"] = model.every
    if isinstance(model, RealisedExpected):
        row["expected_memory"], row["expected_window"] = Memory.WINDOW, model.window
        row["sample_room"] = model.window // model.every + 2
    elif isinstance(model, EwmaExpected):
        row["expected_memory"] = Memory.RECURSION
        row["expected_decay"] = math.log(2.0) * year_ns / model.half_life
    else:
        assert isinstance(model, GarchExpected)
        initial = model.long_run if initial is None else initial
        row["expected_memory"] = Memory.RECURSION
        row["expected_step"], row["expected_persistence"] = model.step / year_ns, model.alpha + model.beta
        row["expected_decay"] = -math.log(model.beta) * year_ns / model.step
        row["expected_long_run"] = model.long_run**2
        row["expected_share"] = (1.0 - model.alpha - model.beta) / (1.0 - model.beta)
    if initial is not None:
        row["expected_volatility"], row["expected_variance"], row["expected_known"] = initial, initial**2, 1.0


def new_samples(underlyings: npt.NDArray[np.void], seen_underlyings: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Room for the samples of all windows, each underlying's place being told to its row, and to that of the view."""
    total = 0
    for rows in (underlyings,) if seen_underlyings is underlyings else (underlyings, seen_underlyings):
        for row in rows:
            row["first_sample"] = total
            total += int(row["sample_room"])
    return np.zeros(max(total, 1), SAMPLE)
