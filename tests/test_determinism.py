"""The same inputs give the same bytes; and what should change nothing changes nothing."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from typing import Any

import pandas as pd
import pytest

from mmsim import backtest
from mmsim.scenario import Scenario
from tests.mixed import MIXED

SAVE = "import sys; from mmsim import backtest; backtest.run(sys.argv[1]).save(sys.argv[2])"


def played(scenario: dict[str, Any], **changes: Any) -> backtest.Run:
    return backtest.run(Scenario.model_validate(copy.deepcopy(scenario) | changes))


def test_two_processes_write_equal_bytes(tmp_path, root):
    """Whatever Python's hashes of texts are."""
    (tmp_path / "mixed.yaml").write_text(json.dumps(MIXED | {"paths": 3, "keep_paths": 2}))
    environment = os.environ | {"PYTHONPATH": str(root)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SAVE, str(tmp_path / "mixed.yaml"), str(tmp_path / hashes)],
            env=environment | {"PYTHONHASHSEED": hashes},
        )
        for hashes in ("1", "2")
    ]
    assert [process.wait(600) for process in processes] == [0, 0]
    first, second = tmp_path / "1", tmp_path / "2"
    tables = sorted(file.name for file in first.glob("*.parquet"))
    assert tables == [f"{t}.parquet" for t in ("breaches", "fills", "ledger", "marks", "options", "paths")]
    assert [name for name in tables if (first / name).read_bytes() != (second / name).read_bytes()] == []
    runs = [json.loads((folder / "run.json").read_text()) for folder in (first, second)]
    assert runs[0].pop("seconds") > 0
    runs[1].pop("seconds")
    assert runs[0] == runs[1]
    assert [len(runs[0][key]) > 0 for key in ("counts", "attribution", "inputs")] == [True] * 3
    assert runs[0]["counts"]["client_fills"] > 100


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
    pd.testing.assert_frame_equal(run.ledger, other.ledger)
    pd.testing.assert_frame_equal(run.fills, other.fills)
    pd.testing.assert_frame_equal(run.marks, other.marks)


def test_paths_are_the_same_whether_they_are_kept_or_not():
    kept, some = (played(MIXED, paths=4, keep_paths=n) for n in (4, 1))
    none = played(MIXED, paths=4, keep_paths=0)
    assert kept.paths["total"].nunique() == 4
    pd.testing.assert_frame_equal(kept.paths, some.paths)
    pd.testing.assert_frame_equal(kept.paths, none.paths)
    assert sorted(kept.fills["path"].unique()) == [0, 1, 2, 3]
    assert some.fills["path"].unique().tolist() == [0]
    assert none.ledger.empty


def test_a_path_is_the_same_alone_and_after_others():
    alone, together = played(MIXED), played(MIXED, paths=3, keep_paths=3)
    fills = together.fills[together.fills["path"] == 0].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.fills, fills)


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
