"""The same inputs give the same bytes; and what should change nothing changes nothing."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmsim import backtest, market, run_folder, workspace
from mmsim.events import Events, Kind, merge
from mmsim.market import Market
from mmsim.market.sample import write_sample
from mmsim.scenario import Scenario
from tests.causality import outputs
from tests.mixed import MIXED

SAVE = "import sys; from mmsim import backtest; backtest.run(sys.argv[1]).save(sys.argv[2])"


def played(scenario: dict[str, Any], **changes: Any) -> backtest.Run:
    return backtest.run(Scenario.model_validate(copy.deepcopy(scenario) | changes))


def as_bytes(frame: pd.DataFrame) -> bytes:
    """A table as a Parquet file, with names and not the lists of all names there are."""
    return outputs.parquet(outputs.plain(frame))


def parquet(run: backtest.Run) -> dict[str, bytes]:
    """The tables of a run as Parquet files."""
    return {name: as_bytes(getattr(run, name)) for name in ("ledger", "fills", "options", "marks", "breaches", "paths")}


def of_path(run: backtest.Run, path: int) -> dict[str, bytes]:
    """The tables of one path of a run, without its number."""
    tables = {name: getattr(run, name) for name in ("ledger", "fills", "options", "marks", "breaches")}
    return {name: as_bytes(table[table["path"] == path].drop(columns="path")) for name, table in tables.items()}


PROCESSES = [
    {"PYTHONHASHSEED": "1"},
    {"PYTHONHASHSEED": "2", "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    {"PYTHONHASHSEED": "random", "NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "ARROW_NUM_THREADS": "7"},
]


def test_processes_write_equal_bytes(tmp_path, root):
    """Whatever Python's hashes of texts are, and however many threads libraries may use."""
    (tmp_path / "mixed.yaml").write_text(json.dumps(MIXED | {"paths": 3, "keep_paths": 2}))
    environment = os.environ | {"PYTHONPATH": str(root)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SAVE, str(tmp_path / "mixed.yaml"), str(tmp_path / str(n))],
            env=environment | settings,
        )
        for n, settings in enumerate(PROCESSES)
    ]
    assert [process.wait(600) for process in processes] == [0] * len(PROCESSES)
    first, *others = (files(tmp_path / str(n)) for n in range(len(PROCESSES)))
    tables = run_folder.tables_of(3)
    assert sorted(first) == sorted([*(f"{table}.parquet" for table in tables), "report.html", "run.json"])
    for other in others:
        assert [name for name in first if first[name] != other[name]] == []
    run = json.loads(first["run.json"])
    assert [len(run[key]) > 0 for key in ("counts", "attribution", "inputs")] == [True] * 3
    assert run["counts"]["client_fills"] > 100


def files(folder: Path) -> dict[str, bytes]:
    """The files of a run's folder, without the seconds that it took and the hashes of what holds them."""
    found = {file.name: file.read_bytes() for file in folder.iterdir() if file.name != "manifest.json"}
    run = json.loads(found["run.json"])
    assert run.pop("seconds") > 0
    return found | {"run.json": json.dumps(run).encode()}


def reordered(scenario: dict[str, Any]) -> dict[str, Any]:
    """The same scenario in another order."""
    other = copy.deepcopy(scenario)
    for part in (other["underlyings"], other["options"], other["opening"]["options"]):
        part.reverse()
    for entry in other["options"]:
        entry["strikes"].reverse()
        entry["rights"] = ["put", "call"]
    other["clients"][1]["orders"].reverse()
    return {key: other[key] for key in reversed(other)}


def test_the_order_of_a_scenario_changes_nothing():
    run, other = played(MIXED), played(reordered(MIXED))
    assert run.counts["client_fills"] > 30
    assert parquet(run) == parquet(other)


def test_paths_are_the_same_whether_they_are_kept_or_not():
    kept, some = (played(MIXED, paths=4, keep_paths=n) for n in (4, 1))
    none = played(MIXED, paths=4, keep_paths=0)
    assert kept.paths["total"].nunique() == 4
    pd.testing.assert_frame_equal(kept.paths, some.paths)
    pd.testing.assert_frame_equal(kept.paths, none.paths)
    assert sorted(kept.fills["path"].unique()) == [0, 1, 2, 3]
    assert some.fills["path"].unique().tolist() == [0]
    assert none.ledger.empty


def test_a_path_is_the_same_wherever_it_stands(monkeypatch):
    """Path 2 of three; the only one; and the first of three that are walked backwards."""
    together = played(MIXED, paths=3, keep_paths=3)
    honest = Market.events
    monkeypatch.setattr(Market, "events", lambda self, path: honest(self, 2 - path))
    backwards = played(MIXED, paths=3, keep_paths=3)
    alone = played(MIXED)
    for path in range(3):
        assert of_path(backwards, 2 - path) == of_path(together, path)
    assert of_path(alone, 0) == of_path(together, 2)
    assert of_path(alone, 0) != of_path(together, 0)


def test_runs_in_threads_are_as_runs_one_after_the_other():
    scenarios = [MIXED | {"seed": seed} for seed in range(4)] * 2
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(played, scenarios))
    assert [parquet(run) for run in together] == [parquet(run) for run in map(played, scenarios)]


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> tuple[Path, Path]:
    """The scenario and the recorded files that `mmsim new` writes."""
    desk = tmp_path_factory.mktemp("new") / "desk"
    workspace.create(desk, write_sample)
    return desk / "scenarios" / "replay.yaml", desk / "data" / "sample_day"


@pytest.fixture(scope="module")
def recorded(sample) -> backtest.Run:
    return backtest.run(sample[0], sample[1].parent)


def test_the_order_of_files_and_of_their_rows_changes_nothing(sample, recorded, tmp_path, monkeypatch):
    """Files written in another order, rows in another, a folder that lists its files backwards, and one file more."""
    scenario, folder = sample
    (tmp_path / "sample_day").mkdir()
    (tmp_path / "sample_day" / "another.parquet").write_text("no table")
    for n, file in enumerate(sorted(folder.glob("*.parquet"), reverse=True)):
        pd.read_parquet(file).sample(frac=1.0, random_state=n).to_parquet(tmp_path / "sample_day" / file.name)
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: iter(sorted(listed(self), reverse=True)))
    shuffled = backtest.run(scenario, tmp_path)
    assert parquet(shuffled) == parquet(recorded)
    sorted_rows = {key: n for key, n in shuffled.summary["data"].items() if "out of order" not in key}
    assert sorted_rows == recorded.summary["data"]


def permuted(draws: np.random.Generator, stream: Events) -> Events:
    """The rows of each time in another order, those of one kind and instrument, or orders of one group, in theirs."""
    is_order = np.isin(stream["kind"], [Kind.ORDER, Kind.BAR_TRADE])
    of = np.where(is_order, -1, stream["instrument"])
    groups = np.unique(np.stack([stream["kind"], of, stream["client"]]), axis=1, return_inverse=True)[1].ravel()
    place = draws.permutation(int(groups.max(initial=0)) + 1)[groups]
    return stream[np.lexsort((place, stream["ts"]))]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_events_of_one_time_changes_nothing(sample, recorded, seed, monkeypatch):
    """Streams, and the rows of one time in each, come in another order: `merge` gives the documented one."""
    draws = np.random.default_rng(seed)
    run = played(MIXED)

    def merged(streams: Sequence[Events]) -> Events:
        return merge([permuted(draws, streams[n]) for n in draws.permutation(len(streams))])

    monkeypatch.setattr(market, "merge", merged)
    assert parquet(played(MIXED)) == parquet(run)
    assert parquet(backtest.run(sample[0], sample[1].parent)) == parquet(recorded)


EXTRA = {
    "an option": {
        "options": [*MIXED["options"], {"underlying": "ABC", "strikes": [97.5], "expiry": "2026-03-06T21:00Z"}]
    },
    "an underlying": {
        "underlyings": [{"symbol": "AAA"}, *MIXED["underlyings"]],
        "options": [*MIXED["options"], {"underlying": "AAA", "strikes": [100], "expiry": "2026-03-02T16:30Z"}],
    },
}


SCRIPT = [
    {
        "at": f"2026-03-02T{14 + n // 4}:{30 + 7 * (n % 4)}:00Z",
        "option": option,
        "side": side,
        "size": 3,
        "price": price,
    }
    for n, (side, price) in enumerate([("buy", 1000), ("sell", 0), ("buy", 1000)] * 4)
    for option in ("ABC 2026-03-20 C100", "ABC 2026-03-02 P105", "XYZ 2026-03-02 C100")
]


@pytest.mark.parametrize("extra", EXTRA)
def test_an_instrument_that_never_trades_changes_nothing(extra):
    """Where clients ask by script: drawn ones choose among all options that are listed.

    The numbers of transactions alone may have other gaps, as marks of the other underlying have numbers too.
    """
    scripted = MIXED | {"clients": [{"name": "script", "model": "scripted", "orders": SCRIPT}]}
    run, other = played(scripted), played(scripted | EXTRA[extra])
    assert run.counts["client_fills"] > 20
    assert run.counts["hedge_fills"] > 5
    assert run.summary["attribution"] == other.summary["attribution"]
    for name in ("ledger", "fills"):
        assert as_bytes(numbered_afresh(getattr(run, name))) == as_bytes(numbered_afresh(getattr(other, name))), name
    assert as_bytes(run.options) == as_bytes(other.options)
    assert as_bytes(run.marks) == as_bytes(other.marks[other.marks["underlying"].astype(str) != "AAA"])


def numbered_afresh(table: pd.DataFrame) -> pd.DataFrame:
    """The transactions numbered 1, 2, ... as they come in a table."""
    return table.assign(transaction=table["transaction"].rank(method="dense"))


def test_recorded_options_that_never_trade_change_nothing(sample, tmp_path):
    """The tape is the only client; the options without a trade are left out of the quotes."""
    scenario, folder = sample
    tape_alone = {"clients": "[{name: tape, model: recorded_trades}]"}
    (tmp_path / "sample_day").mkdir()
    tables = {file.name: pd.read_parquet(file) for file in folder.glob("*.parquet")}
    traded = tables["option_trade.parquet"][["cp", "strike", "expiry"]].drop_duplicates()
    tables["option_quote.parquet"] = tables["option_quote.parquet"].merge(traded)
    for name, table in tables.items():
        table.to_parquet(tmp_path / "sample_day" / name)
    run, fewer = (backtest.run(scenario, data, changes=tape_alone) for data in (folder.parent, tmp_path))
    assert fewer.summary["data"]["option_quote: rows"] < run.summary["data"]["option_quote: rows"]
    assert run.counts["client_fills"] > 100
    assert parquet(run) == parquet(fewer)


def test_what_the_desk_does_changes_nothing_of_what_happens_to_it(monkeypatch):
    """Four desks are shown the same events on every path, and do not write into them."""
    shown: list[tuple[Events, bytes]] = []
    honest = Market.events

    def events(self: Market, path: int) -> Events:
        made = honest(self, path)
        shown.append((made, made.tobytes()))
        return made

    monkeypatch.setattr(Market, "events", events)
    desks = [
        {},
        {"quoting": {"policy": "none"}},
        {"quoting": {"policy": "vega_width"}, "hedging": {"policy": "every_tick"}, "latency": {"quote": "1m"}},
        {"limits": {"position": 1}, "execution": {"fee_per_option": 1.0, "lot": 0}},
    ]
    runs = [played(MIXED, paths=2, **desk) for desk in desks]
    assert len({run.counts["client_fills"] for run in runs}) == len(desks)
    assert len({before for _, before in shown}) == 2  # a path each
    assert all(made.tobytes() == before for made, before in shown)


def test_another_seed_is_another_market():
    assert played(MIXED).attribution["total"] != played(MIXED, seed=4).attribution["total"]


@pytest.mark.parametrize("latency", ["0s", "10s"])
def test_lazy_pricing_deals_as_exact_pricing_does(latency):
    """Quotes do not look at the book here: its Greeks, which are what is approximate, decide the split alone."""
    keys = {"quoting": {"policy": "vega_width"}, "hedging": {"policy": "interval", "interval_ns": "5m"}}
    keys |= {"latency": {"quote": latency}}
    lazy, exact = (played(MIXED, **keys, pricing={"exact": is_exact}) for is_exact in (False, True))
    columns = ["ts", "kind", "instrument", "side", "size", "price"]
    clients, same = (run.fills.query("kind == 'client'")[columns].reset_index(drop=True) for run in (lazy, exact))
    pd.testing.assert_frame_equal(clients, same)
    for bucket in ("spread_capture", "theta", "vega", "dividends"):
        assert lazy.attribution[bucket] == pytest.approx(exact.attribution[bucket], abs=1e-4), bucket
    assert lazy.attribution["total"] == pytest.approx(
        exact.attribution["total"], abs=0.01 * exact.attribution["spread_capture"]
    )


@pytest.mark.parametrize(("lean", "different"), [("0", 0), ("2e-8", 3)])
def test_the_demonstration_deals_the_same_lazily_and_exactly(root, lean, different):
    """A quote leaning on the book's vega may stand a tick away where that is approximate, and seldom miss a trade."""
    file = root / "scenarios" / "synthetic" / "market_maker_day.yaml"
    changes = {"quoting.lean_vol_per_vega": lean}
    lazy, exact = (backtest.run(file, changes=changes | {"pricing.exact": value}) for value in ("false", "true"))
    columns = ["ts", "instrument", "client", "side"] + (["size", "price"] if different == 0 else [])
    ours, same = (set(run.fills.query("kind == 'client'")[columns].itertuples(index=False)) for run in (lazy, exact))
    assert len(ours) > 200
    assert len(ours ^ same) <= different
    if different == 0:
        near = exact.attribution["spread_capture"] * 0.001
        assert lazy.attribution.to_dict() == pytest.approx(exact.attribution.to_dict(), abs=near)
