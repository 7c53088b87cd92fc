"""The tables of a comparison from the runs of its variants, the first of which is the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from mmsim import paired, partings
from mmsim.attribution import BUCKETS
from mmsim.comparison_folder import COUNTS, FIGURES, typed
from mmsim.market.streams import generator
from mmsim.results import Run

Runs = Mapping[str, Run]


def of(runs: Runs) -> dict[str, pd.DataFrame]:
    """All tables by name, in the columns of `comparison_folder.COLUMNS`."""
    paths = _paths(runs)
    over_time = _over_time(runs)
    made: dict[str, Callable[[], pd.DataFrame]] = {
        "buckets": lambda: _buckets(paths),
        "differences": lambda: _differences(runs, paths, over_time),
        "paths": lambda: paths,
        "clients": lambda: _clients(runs),
        "over_time": lambda: over_time,
        "partings": lambda: _partings(runs),
    }
    return {name: typed(name, make()) for name, make in made.items()}


def _paths(runs: Runs) -> pd.DataFrame:
    """A row a variant and path."""
    return pd.concat([_of_paths(run).assign(variant=name) for name, run in runs.items()], ignore_index=True)


def _of_paths(run: Run) -> pd.DataFrame:
    """A row a path of a run, `FIGURES` and `COUNTS`."""
    if len(run.paths):
        table = run.paths.copy()
    else:
        counts = {name: run.counts[name] for name in COUNTS}
        table = pd.DataFrame([{"path": 0, **run.summary["attribution"], **counts}])
    table["hedging_pnl"] = table["total"] - table["spread_capture"]
    return table[["path", *FIGURES, *COUNTS]]


def _buckets(paths: pd.DataFrame) -> pd.DataFrame:
    """Means over the paths by variant, and of the total its deviation and the standard error of its mean."""
    rows = paths.groupby("variant", sort=False)
    table = rows[[*FIGURES, *COUNTS]].mean()
    table["sd"] = rows["total"].std(ddof=1)
    table["se"] = table["sd"] / rows["total"].count() ** 0.5
    return table.reset_index()


def _over_time(runs: Runs) -> pd.DataFrame:
    """What each figure had come to at each mark of the first kept path."""
    return pd.concat([_of_marks(run).assign(variant=name) for name, run in runs.items()], ignore_index=True)


def _of_marks(run: Run) -> pd.DataFrame:
    marks = run.marks
    desk = marks[(marks["underlying"] == "") & (marks["path"] == marks["path"].min())]
    desk = desk.drop_duplicates("ts", keep="last")
    renamed = {"gamma": "gamma_pnl", "theta": "theta_pnl", "vega": "vega_pnl"}
    sums = desk[["ts", *(renamed.get(figure, figure) for figure in (*BUCKETS, "total"))]]
    sums = sums.rename(columns={column: figure for figure, column in renamed.items()})
    found: pd.DataFrame = sums.assign(hedging_pnl=sums["total"] - sums["spread_capture"])
    return found


def _differences(runs: Runs, paths: pd.DataFrame, over_time: pd.DataFrame) -> pd.DataFrame:
    """A row a variant but the first and a figure: what it has more than the first, and how sure that is."""
    reference, *others = runs
    seed = runs[reference].summary["seed"]
    of_paths, of_marks = dict(list(paths.groupby("variant"))), dict(list(over_time.groupby("variant")))
    rows = []
    for name in others:
        found = _over_paths(of_paths[reference], of_paths[name])
        if len(of_paths[name]) == 1 and reference in of_marks and name in of_marks:
            found = _over_marks(of_marks[reference], of_marks[name], generator(seed, f"bootstrap:{name}", 0)) or found
        rows += [{"variant": name, "figure": figure, **d._asdict()} for figure, d in zip(FIGURES, found, strict=True)]
    return pd.DataFrame(rows)


def _over_paths(one: pd.DataFrame, other: pd.DataFrame) -> list[paired.Difference]:
    return [paired.over_paths(one[figure].to_numpy(), other[figure].to_numpy()) for figure in FIGURES]


def _over_marks(one: pd.DataFrame, other: pd.DataFrame, draws: np.random.Generator) -> list[paired.Difference]:
    """By the stationary bootstrap over the marks that both have; empty if there are none."""
    sums = [table.set_index("ts")[list(FIGURES)] for table in (one, other)]
    shared = sums[0].index.intersection(sums[1].index)
    if not len(shared):
        return []
    steps = [np.diff(table.loc[shared].to_numpy(), axis=0, prepend=0.0) for table in sums]
    return paired.over_time(steps[0], steps[1], draws)


def _clients(runs: Runs) -> pd.DataFrame:
    """A row a variant and client group, also one that has not traded; none where no path was kept."""
    return pd.concat([_of_clients(run).assign(variant=name) for name, run in runs.items()], ignore_index=True)


def _of_clients(run: Run) -> pd.DataFrame:
    """Means over the kept paths of what was dealt with each group, and what it came to."""
    scenario, options = run.summary["scenario"], run.options
    kept = min(scenario["keep_paths"], run.summary["paths"])
    named = [group["name"] for group in scenario["clients"]] if kept else []
    sums = options.drop(columns=["path", "strike"]).groupby(options["client"].astype(str)).sum(numeric_only=True)
    met = [name for name in options["client"].astype(str).unique() if name not in named]
    table: pd.DataFrame = sums.reindex([*named, *sorted(met)], fill_value=0.0) / max(kept, 1)
    return table.rename_axis("client").reset_index()


def _partings(runs: Runs) -> pd.DataFrame:
    """Of each variant that parts from the first what both dealt there: one row, or two."""
    reference, *others = runs
    parts = [_parting(runs, reference, name) for name in others]
    return pd.concat([typed("partings", pd.DataFrame()), *parts], ignore_index=True)


def _parting(runs: Runs, reference: str, name: str) -> pd.DataFrame:
    found = partings.first(_fills(runs[reference]), _fills(runs[name]))
    if found is None:
        return typed("partings", pd.DataFrame())
    sides = zip(found.rows, (reference, name), strict=True)
    rows = pd.concat([typed("partings", side.assign(dealt_by=by, variant=name, fill=found.fill)) for side, by in sides])
    after = pd.concat(found.rows)["position_after"].to_numpy(float)
    signed = np.where(rows["side"] == "buy", rows["size"], -rows["size"])
    return rows.assign(position_before=after - signed)


def _fills(run: Run) -> Iterator[pd.DataFrame]:
    """The fills of the first kept path, in pieces."""
    for piece in run.pieces("fills", partings.COLUMNS):
        yield piece[piece["path"] == 0]
        if piece["path"].any():
            return
