"""Recorded prices, from the scenario or from a file, as the returns that a bootstrap draws from."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
import pandas as pd

from mmsim.errors import Problem, UserError, nearest
from mmsim.market import tables
from mmsim.market.spot.bootstrap import Bootstrap
from mmsim.market.spot.motion import Floats
from mmsim.scenario import Scenario
from mmsim.scenario.parts.spot import BootstrapSpot
from mmsim.scenario.values import LARGEST, SMALLEST
from mmsim.scenario.years import Years
from mmsim.strict_yaml import KeyPath
from mmsim.units import DAY_NS


def bootstrap(
    scenario: Scenario,
    data: Path | None,
    symbol: str,
    model: BootstrapSpot,
    worth: float,
    years: Years,
    inputs: dict[str, str],
) -> Bootstrap:
    """The bootstrap of an underlying; the hash of its file is noted in ``inputs``.

    UserError for a file that is missing or has no such prices, and where the returns would take the spot out of what
    can be kept.
    """
    path: KeyPath = ("market", "spot", symbol) if isinstance(scenario.market.spot, dict) else ("market", "spot")
    returns = np.diff(np.log(_prices(scenario, data, path, model, inputs)))
    step_ns = model.step * (1.0 if years.clock is None else float(years.clock.rates.max()))
    step_years = step_ns / years.volatility_ns
    drift = 0.0
    if model.drift is not None:
        returns, drift = returns - log(float(np.exp(returns).mean())), model.drift
    length = (scenario.clock.end - scenario.clock.start) / model.step
    growth = length * (float(returns.mean()) + drift * model.step / (365.0 * DAY_NS))
    for reached in (growth, growth + 0.5 * length * float(returns.var())):
        if not log(SMALLEST) <= log(model.start) + reached <= log(LARGEST):
            message = f"these returns take the spot from {model.start:g} out of {SMALLEST:g} to {LARGEST:g}"
            raise UserError(scenario.problem((*path, "start"), message))
    return Bootstrap(f"spot:{symbol}", worth, returns, model.block, model.blocks == "geometric", drift, step_years)


def _prices(
    scenario: Scenario, data: Path | None, path: KeyPath, model: BootstrapSpot, inputs: dict[str, str]
) -> Floats:
    """The recorded prices, in order."""
    if model.prices is not None:
        return np.array(model.prices, np.float64)
    assert model.file is not None, "checked when the scenario was read"
    file = Path(model.file) if data is None else data / model.file
    if not file.is_file():
        others = [entry.name for entry in file.parent.iterdir() if entry.is_file()] if file.parent.is_dir() else []
        hint = "; give the data folder with --data" if data is None else ""
        message = f"there is no file {str(file)!r}{hint}"
        raise UserError(scenario.problem((*path, "file"), message, nearest(file.name, others)))
    read = _of_csv if file.suffix.lower() == ".csv" else _of_parquet
    prices = read(file, model.column)
    wrong = np.flatnonzero(~((prices >= SMALLEST) & (prices <= LARGEST)))
    if len(wrong):
        message = f"column {model.column!r} has no price in row {int(wrong[0]) + 1}: from {SMALLEST:g} to {LARGEST:g}"
        raise UserError(Problem(message, file=str(file)))
    if len(prices) < 3:
        raise UserError(Problem(f"has {len(prices)} prices: a bootstrap needs at least 3", file=str(file)))
    inputs[file.name] = tables.sha256(file)
    return prices


def _of_parquet(file: Path, column: str) -> Floats:
    if problems := tables.problems(file, {column: tables.NUMBER}, {}):
        raise UserError(*problems)
    return tables.read(file, {column: tables.NUMBER}, {})[column].to_numpy(np.float64)


def _of_csv(file: Path, column: str) -> Floats:
    try:
        names = [str(name) for name in pd.read_csv(file, nrows=0).columns]
        if column not in names:
            raise UserError(Problem(f"has no column {column!r}", file=str(file), suggestion=nearest(column, names)))
        return pd.read_csv(file, usecols=[column], dtype={column: np.float64})[column].to_numpy(np.float64)
    except (OSError, ValueError, OverflowError) as error:  # pandas' own are ValueErrors
        message = f"cannot be read as CSV: {str(error).partition(chr(10))[0]}"
        raise UserError(Problem(message, file=str(file))) from error
