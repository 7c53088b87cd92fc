"""Which rows of a run's tables a figure shows: of one path, of the desk or of one underlying."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from mmsim.results import Run

Times = npt.NDArray[np.datetime64]
BUCKETS = (
    *("spread_capture", "convexity", "drift", "delta", "theta_pnl", "vega_pnl", "rates", "dividends", "carry", "basis"),
    *("hedge_cost", "fees", "total"),
)  # cumulative columns of marks
PARTS = ("options_component", "carry_options_cash", "carry_hedge_cash", "carry_borrow", "carry_dividends")
SHOWN_UNDERLYINGS = 6  # at most, those with the most hedges


def path_shown(run: Run) -> int:
    """The path whose rows are shown: the first kept."""
    return int(run.marks["path"].min())


def of_path(table: pd.DataFrame, run: Run) -> pd.DataFrame:
    """The rows of the path shown."""
    return table.loc[table["path"] == path_shown(run)]


def book(run: Run, symbol: str) -> pd.DataFrame:
    """The marks of one underlying; of the whole desk where ``symbol`` is empty."""
    marks = of_path(run.marks, run)
    return marks.loc[marks["underlying"] == symbol]


def desk(run: Run) -> pd.DataFrame:
    """The marks of the whole desk."""
    return book(run, "")


def cumulative(run: Run) -> pd.DataFrame:
    """Time, cumulative buckets and the options component of the whole desk at its marks, from zero at the start."""
    opening = run.summary["equity"]["opening_options"]
    marks, start = desk(run), pd.Timestamp(run.summary["scenario"]["clock"]["start"])
    marks = marks.assign(options_component=marks["options_component"] - opening)[["ts", *BUCKETS, *PARTS]]
    if marks["ts"].iloc[0] <= start:
        return marks
    zero = pd.DataFrame({"ts": [start], **dict.fromkeys((*BUCKETS, *PARTS), 0.0)}).astype(marks.dtypes)
    return pd.concat([zero, marks], ignore_index=True)


def client_fills(run: Run) -> pd.DataFrame:
    """The fills of client orders."""
    return run.deals.loc[run.deals["kind"] == "client"]


def hedges(run: Run, symbol: str) -> pd.DataFrame:
    """The hedge fills of one underlying."""
    return run.deals.loc[(run.deals["kind"] == "hedge") & (run.deals["instrument"] == symbol)]


def symbols(run: Run) -> list[str]:
    """Every underlying, in alphabetical order."""
    return sorted(set(run.marks["underlying"]) - {""})


def underlyings(run: Run) -> list[str]:
    """The symbols shown, in alphabetical order; of many, those with the most hedges."""
    named = symbols(run)
    if len(named) <= SHOWN_UNDERLYINGS:
        return named
    busiest = sorted(named, key=lambda symbol: -len(hedges(run, symbol)))
    return sorted(busiest[:SHOWN_UNDERLYINGS])


def times(ts: pd.Series[pd.Timestamp]) -> Times:
    """A column of times in UTC, without the zone."""
    return np.asarray(ts.dt.tz_convert(None), "datetime64[ns]")


def values(table: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
    """A column as floats."""
    return table[column].to_numpy(float)


def clock(ts: pd.Timestamp) -> str:
    """A time for a table, to the millisecond where it has any."""
    return ts.strftime("%Y-%m-%d %H:%M:%S") + (f".{ts.microsecond // 1000:03d}" if ts.microsecond else "")


def clock_of(time: np.datetime64) -> str:
    """A time without a zone for a table, as `clock` has it."""
    return clock(pd.Timestamp(time))
