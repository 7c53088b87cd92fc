"""How implied volatility answers to the spot, fitted for the policy ``minimum_variance``.

Source: Hull and White, Optimal delta hedging for options, Journal of Banking and Finance 82 (2017) 180–190.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim import market, units
from mmsim.errors import UserError
from mmsim.events import Kind
from mmsim.instruments import UnderlyingKind
from mmsim.pricing import greeks
from mmsim.scenario import Scenario, load
from mmsim.scenario.years import years_of
from mmsim.workspace import scenario_file

COLUMNS = ("option", "ts", "spot", "volatility", "years", "call_delta", "vega")
_NEEDED = 20  # changes at least, for three coefficients


class MinimumVarianceFit(NamedTuple):
    """Coefficients of Δ_MV = Δ + vega / (S √τ) · (a + b Δ + c Δ²), Δ being a call's."""

    a: float
    b: float
    c: float
    errors: tuple[float, float, float]  # standard errors of a, b and c, as if no two changes had anything in common
    gain: float  # share of the squared changes of value beyond delta that the fit takes away, where it was fitted
    changes: int  # of an option's value, that it was fitted to

    @property
    def policy(self) -> dict[str, Any]:
        """A scenario's ``hedging`` with these coefficients."""
        return {"policy": "minimum_variance", "a": self.a, "b": self.b, "c": self.c}


def fit_minimum_variance(marks: pd.DataFrame) -> MinimumVarianceFit:
    """Fit a, b and c to the marks of options, by least squares over the changes from one mark of an option to its next.

    ``marks`` has the columns that `volatility_marks` gives: ``option``, ``ts``, ``spot``, ``volatility`` (implied, a
    year), ``years`` to expiry, and of one unit ``call_delta`` (of a put, its delta + 1) and ``vega``. Of each change

        vega · (σ' − σ) = vega / √τ · (S' − S) / S · (a + b Δ + c Δ²) + ε,

    the left side being what delta, gamma and theta leave of the change of value, to first order in the volatility.
    Marks with less than a day to expiry are left out. ValueError where there are fewer than 20 changes, or where the
    spot does not move.
    """
    table = marks.sort_values(["option", "ts"], kind="stable")
    table = table[table["years"] > 1.0 / 365.0]
    following = table.groupby("option", observed=True)[["spot", "volatility"]].shift(-1)
    usable = following["spot"].notna() & (table["vega"] > 0.0)
    first, after = table[usable], following[usable]
    change = (first["vega"] * (after["volatility"] - first["volatility"])).to_numpy(float)
    move = (first["vega"] / np.sqrt(first["years"]) * (after["spot"] / first["spot"] - 1.0)).to_numpy(float)
    delta = first["call_delta"].to_numpy(float)
    terms = np.column_stack([move, move * delta, move * delta**2])
    if len(change) < _NEEDED:
        raise ValueError(f"{len(change)} changes from mark to mark: at least {_NEEDED} are needed")
    if np.linalg.matrix_rank(terms) < terms.shape[1]:
        raise ValueError("the spot does not move, or all deltas are alike: there is nothing to fit a, b and c to")
    fitted, *_ = np.linalg.lstsq(terms, change, rcond=None)
    left = change - terms @ fitted
    variance = left @ left / (len(change) - terms.shape[1]) * np.linalg.inv(terms.T @ terms)
    squares = float(change @ change)
    a, b, c = fitted.tolist()
    errors = np.sqrt(np.diag(variance)).tolist()
    gain = 1.0 - float(left @ left) / squares if squares > 0.0 else 0.0
    return MinimumVarianceFit(a, b, c, (errors[0], errors[1], errors[2]), gain, len(change))


def volatility_marks(
    scenario: str | Path | Scenario,
    data: str | Path | None = None,
    *,
    every: str = "1d",
    until: str | pd.Timestamp | None = None,
    path: int = 0,
    changes: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """What `fit_minimum_variance` is fitted to: every option of a scenario's market, ``every`` so often.

    ``until`` ends the training part of the data: nothing that comes later is looked at. The other arguments are those
    of `mmsim.run`. The options' delta and vega are European.
    """
    changed = dict(changes or {})
    if isinstance(scenario, Scenario):
        chosen = scenario.with_changes(changed) if changed else scenario
    else:
        chosen = load(scenario_file(Path(scenario)), changed)
    end = chosen.clock.end if until is None else _instant(until)
    times = np.arange(chosen.clock.start, end + 1, units.parse_duration(every), dtype=np.int64)
    built = market.build(chosen, Path(data) if data is not None else None)
    rows = built.events(path)
    universe, years = built.universe, years_of(chosen, built.universe)
    given = chosen.rates.options_cash if chosen.rates.pricing is None else chosen.rates.pricing
    tables = []
    spots = [_as_of(rows, Kind.SPOT, u, times) for u in range(len(universe.underlyings))]
    for number, option in enumerate(universe.options):
        underlying = universe.underlyings[universe.underlying_of(number)]
        spot = spots[universe.underlying_of(number)]
        volatility = _as_of(rows, Kind.VOLATILITY, number, times)
        known = np.isfinite(spot) & np.isfinite(volatility) & (times < option.expiry_ns)
        if not known.any():
            continue
        at = times[known]
        left = np.asarray(years.of_volatility(at, np.full(len(at), option.expiry_ns)))
        pace = np.asarray(years.stretch(at, np.full(len(at), option.expiry_ns)))
        of_future = underlying.kind == UnderlyingKind.FUTURE
        priced = greeks(
            spot=spot[known],
            strike=option.strike,
            years=left,
            volatility=volatility[known],
            rate=given * pace,
            carry=0.0 * pace if of_future else (given - underlying.dividend_yield) * pace,
            right=int(option.right),
        )
        call_delta = priced["delta"] + (1.0 if option.right < 0 else 0.0)
        values = (option.name, at, spot[known], volatility[known], left, call_delta, priced["vega"])
        tables.append(pd.DataFrame(dict(zip(COLUMNS, values, strict=True))))
    joined = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))
    return joined.assign(ts=pd.to_datetime(joined["ts"], utc=True))


def _instant(until: str | pd.Timestamp) -> int:
    stamp = pd.Timestamp(until)
    if stamp.tzinfo is None:
        raise UserError(f"until: {until} has no zone; write it with one, as {until}Z")
    return int(stamp.tz_convert("UTC").as_unit("ns").value)


def _as_of(rows: npt.NDArray[np.void], kind: Kind, instrument: int, times: npt.NDArray[np.int64]) -> Any:
    """The mid of an underlying, or the volatility of an option, as known at some times; NaN before the first."""
    mine = rows[(rows["kind"] == kind) & (rows["instrument"] == instrument)]
    values = 0.5 * (mine["bid"] + mine["ask"]) if kind == Kind.SPOT else mine["value"]
    sound = np.isfinite(values)
    mine, values = mine[sound], values[sound]
    place = np.searchsorted(mine["ts"], times, side="right") - 1
    if not len(values):
        return np.full(len(times), np.nan)
    return np.where(place >= 0, values[np.maximum(place, 0)], np.nan)
