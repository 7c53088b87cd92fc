"""From a run's totals, fills and marks to its figures of risk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite, isnan, nan, sqrt
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.engine.state import TransactionKind
from mmsim.risk import drawdown, sharpe
from mmsim.risk.figures import FIGURES, MARKS
from mmsim.units import DAY_NS, instant_text

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

ROUNDING = 1e-6  # of the spread of a fill, in currency
LONG_ENOUGH = 0.25  # years of the scenario's clock, from which on a Sharpe ratio a year is given
_EQUITY = {"theo": "equity", "mid": "equity_at_mid", "liquidation": "equity_at_liquidation"}  # columns of marks
_NO_CONTRACT, _NO_HEDGE = "no contract was dealt with clients", "nothing was hedged"


class Totals(NamedTuple):
    """What all paths came to, in currency with profits positive: arrays of shape (paths,)."""

    of_marks: Mapping[str, Floats]  # total by the names of `MARKS`; without those that are not known
    spread_capture: Floats
    costs: Floats  # hedge cost and fees
    hedging_cost: Floats  # hedges against mid, and their fees
    opening: Floats  # equity
    client_fills: Floats


_BLOCK = 1 << 15  # rows of fills that are summed at once


class Span(NamedTuple):
    """The clock of a run."""

    start_ns: int
    years_per_ns: float  # of the scenario's clock, on average


class Dealt(NamedTuple):
    """What was dealt on all the paths kept."""

    contracts: float = 0.0  # with clients
    delta: float = 0.0  # of them at their fills, sizes added, units of the underlying
    hedge_units: float = 0.0
    hedge_notional: float = 0.0

    @classmethod
    def of(cls, fills: npt.NDArray[np.void], multipliers: Floats) -> Dealt:
        """The sums over rows of fills; ``multipliers`` are those of the options by number."""
        sums = np.zeros(len(cls._fields))
        for start in range(0, len(fills), _BLOCK):
            rows = fills[start : start + _BLOCK]
            clients, hedges = rows[rows["kind"] == TransactionKind.CLIENT], rows[rows["kind"] == TransactionKind.HEDGE]
            contracts, units = np.abs(clients["size"]), np.abs(hedges["size"])
            deltas = contracts * multipliers[clients["instrument"]] * np.abs(clients["delta"])
            sums += [contracts.sum(), deltas.sum(), units.sum(), float(units @ hedges["price"])]
        return cls(*sums.tolist())


class _Figures:
    """Figures as they are found, and the reasons of those that are not defined."""

    def __init__(self) -> None:
        self.values: dict[str, float | None] = dict.fromkeys(FIGURES)
        self.undefined: dict[str, str] = {}

    def put(self, name: str, value: float, otherwise: str = "is no number") -> None:
        """A figure; where it is not finite it is not defined, and this is why."""
        if isfinite(value):
            self.values[name] = value
        else:
            self.undefined[name] = otherwise

    def share(self, name: str, part: float, whole: float, otherwise: str) -> None:
        """``part`` over a ``whole`` that has to be positive."""
        self.put(name, part / whole if whole > 0.0 else nan, otherwise)

    def leave(self, names: Iterable[str], why: str) -> None:
        """Figures that are not defined, for one reason."""
        self.undefined |= dict.fromkeys(names, why)


def risk(totals: Totals, dealt: Dealt, marks: pd.DataFrame, kept: int, span: Span) -> dict[str, Any]:
    """All of run.json's `risk`: `figures` by name, null with a reason in `undefined`, `worst_mark` and `drawdowns`.

    ``marks`` is the run's table of that name, of the first ``kept`` paths, which ``dealt`` is of too. Figures of fills
    and of Greeks are means over the paths kept, those over time are the first path's. The headline is the worst of the
    three marks: the least mean over all paths.
    """
    found = _Figures()
    means = {mark: float(values.mean()) for mark, values in totals.of_marks.items()}
    worst = min(means, key=lambda mark: means[mark])
    for mark in MARKS:
        found.put(f"total_{mark}", means.get(mark, nan), "no position has a quote to be liquidated at")
    found.put("total_worst", means[worst])
    _retained(found, means[worst], totals)
    _over_paths(found, totals.of_marks[worst])
    drawdowns: dict[str, Any] = {}
    if marks.empty:
        found.leave(_of_rows(), "no path's fills and marks were kept (keep_paths)")
    else:
        total = float(totals.of_marks[worst][:kept].mean())
        each = Dealt(*(value / kept for value in dealt))
        _contracts(found, total, each)
        _hedges(found, float(totals.hedging_cost[:kept].mean()), each)
        _warehoused(found, total, marks)
        desk = _desk(marks)
        drawdowns = _drawdowns(found, desk, totals, worst, span.start_ns)
        _increments(found, desk, worst, span.years_per_ns)
    order = {name: found.values[name] for name in FIGURES}
    return {"worst_mark": worst, "figures": order, "undefined": found.undefined, "drawdowns": drawdowns}


def _of_rows() -> list[str]:
    """The figures that need a path's fills and marks."""
    first, last = list(FIGURES).index("contracts"), list(FIGURES).index("sharpe_annual_se")
    return list(FIGURES)[first : last + 1]


def _retained(found: _Figures, total: float, totals: Totals) -> None:
    spread, why = float(totals.spread_capture.mean()), "the desk captured no spread"
    if spread <= ROUNDING * float(totals.client_fills.mean()):
        spread = 0.0
    found.share("edge_retained", total, spread, why)
    found.share("edge_retained_before_costs", total - float(totals.costs.mean()), spread, why)


def _over_paths(found: _Figures, totals: Floats) -> None:
    if len(totals) < 2:
        found.leave(("total_sd", "total_se", "sharpe_paths", "sharpe_paths_se"), "the run has one path")
        return
    deviation = float(totals.std(ddof=1))
    found.put("total_sd", deviation)
    found.put("total_se", deviation / sqrt(len(totals)))
    _sharpe(found, "sharpe_paths", sharpe.of(totals, 0), len(totals), "paths")


def _sharpe(found: _Figures, name: str, of: sharpe.Sharpe, count: int, what: str) -> None:
    """A ratio and its error."""
    why = f"there are {count} {what}" if count < sharpe.FEWEST else f"the {what} do not differ"
    found.put(name, of.ratio, why)
    found.put(f"{name}_se", of.standard_error, why)


def _contracts(found: _Figures, total: float, dealt: Dealt) -> None:
    found.put("contracts", dealt.contracts)
    found.share("total_per_contract", total, dealt.contracts, _NO_CONTRACT)


def _hedges(found: _Figures, cost: float, dealt: Dealt) -> None:
    found.put("hedge_units", dealt.hedge_units)
    found.put("hedge_notional", dealt.hedge_notional)
    found.share("hedge_units_per_contract", dealt.hedge_units, dealt.contracts, _NO_CONTRACT)
    found.share("hedge_units_per_delta", dealt.hedge_units, dealt.delta, "no delta was dealt with clients")
    found.put("hedging_cost", cost)
    found.share("hedging_cost_per_contract", cost, dealt.contracts, _NO_CONTRACT)
    found.share("hedging_cost_per_unit", cost, dealt.hedge_units, _NO_HEDGE)
    found.share("hedging_cost_of_notional", 1e4 * cost, dealt.hedge_notional, _NO_HEDGE)


def _warehoused(found: _Figures, total: float, marks: pd.DataFrame) -> None:
    """What was held on average over time, a mark's Greeks holding until the next; a mean over the paths kept."""
    books = marks[marks["underlying"] != ""]
    sizes = pd.DataFrame(
        {
            "path": books["path"],
            "ts": _ns(books["ts"]),
            "vega": 0.01 * books["vega"].abs().fillna(0.0),
            "gamma": 0.01 * (books["gamma"] * books["spot"] ** 2).abs().fillna(0.0),
        }
    )
    held = sizes.groupby(["path", "ts"], sort=True)[["vega", "gamma"]].sum()
    sums, times = np.zeros(2), list[int]()
    for _, path in held.groupby(level="path"):
        waits = np.diff(path.index.get_level_values("ts").to_numpy())
        sums += waits @ path.to_numpy()[:-1]
        times.append(int(waits.sum()))
    span, why = sum(times), "there is one mark"
    vega, gamma = sums / span if span else (nan, nan)
    days = sums[0] / DAY_NS / len(times) if span else nan
    for name, per, size in (
        ("vega_warehoused", "total_per_vega", vega),
        ("vega_days", "total_per_vega_day", days),
        ("gamma_warehoused", "total_per_gamma", gamma),
    ):
        found.put(name, float(size), why)
        found.share(per, total, float(size), why if isnan(size) else f"no {name[:5].strip('_')} was held at a mark")


def _desk(marks: pd.DataFrame) -> pd.DataFrame:
    """The marks of the whole desk on the first path kept, a row a time."""
    desk: pd.DataFrame = marks[(marks["underlying"] == "") & (marks["path"] == marks["path"].min())]
    return desk.drop_duplicates("ts", keep="last")


def profits(desk: pd.DataFrame, mark: str, opening: float) -> Floats:
    """Equity at the desk's marks less that at the opening, with the options at one of `MARKS`: shape (times,)."""
    values: Floats = desk[_EQUITY[mark]].to_numpy(float) - opening
    return values


def _drawdowns(found: _Figures, desk: pd.DataFrame, totals: Totals, worst: str, start_ns: int) -> dict[str, Any]:
    """The deepest fall of each mark's equity, from the opening on."""
    described: dict[str, Any] = {}
    times, opening = _ns(desk["ts"]), float(totals.opening[0])
    for mark in MARKS:
        if mark not in totals.of_marks:
            found.leave([f"drawdown_{mark}"], "no position has a quote to be liquidated at")
            continue
        line = profits(desk, mark, opening)
        fall = drawdown.deepest(np.concatenate([[start_ns], times]), np.concatenate([[0.0], line]))
        found.put(f"drawdown_{mark}", fall.depth)
        described[mark] = {
            "depth": fall.depth,
            "start": instant_text(fall.start_ns),
            "trough": instant_text(fall.trough_ns),
            "end": None if fall.end_ns is None else instant_text(fall.end_ns),
            "under_water": fall.under_water,
        }
    found.put("under_water", described[worst]["under_water"])
    return described


def _increments(found: _Figures, desk: pd.DataFrame, worst: str, years_per_ns: float) -> None:
    """The Sharpe ratios of the changes of equity between the marks of the grid."""
    times = _ns(desk["ts"])
    waits, count = np.diff(times), len(times) - 1
    found.put("increments", float(count))
    found.put("increment_seconds", float(np.median(waits)) / 1e9 if count else nan, "there is one mark")
    lag_count = sharpe.lags(count) if count else 0
    by_mark = {mark: sharpe.of(np.diff(profits(desk, mark, 0.0)), lag_count) for mark in ("theo", worst)}
    _sharpe(found, "sharpe_theo", by_mark["theo"], count, "increments")
    of_worst = by_mark[worst]
    _sharpe(found, "sharpe_worst", of_worst, count, "increments")
    years = float(waits.sum()) * years_per_ns
    annual = ("sharpe_annual", "sharpe_annual_se")
    if years < LONG_ENOUGH:
        found.leave(annual, f"the run has {years:.3g} years: at least {LONG_ENOUGH:g} are needed")
    elif not of_worst.persistence > 0.0:
        found.leave(annual, "the increments do not differ, or cancel")
    else:
        factor = sqrt(count / years) / of_worst.persistence
        found.put("sharpe_annual", of_worst.ratio * factor)
        found.put("sharpe_annual_se", of_worst.standard_error * factor)


def _ns(ts: pd.Series[Any]) -> Times:
    """A column of times as nanoseconds since the epoch."""
    return np.asarray(ts.dt.tz_convert(None), "datetime64[ns]").astype(np.int64)
