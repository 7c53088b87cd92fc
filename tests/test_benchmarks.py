"""Each benchmark at a tiny size: its keys, and what must hold whatever the machine. Timings decide nothing here."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

IS_PEER_HERE = find_spec("hftbacktest") is not None


def printed(root: Path, script: str, *options: str) -> str:
    command = [sys.executable, str(root / "benchmarks" / f"{script}.py"), *options]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout


def figures(root: Path, script: str, *options: str) -> dict[str, Any]:
    told = json.loads(printed(root, script, "--json", *options))
    assert told["machine"]["cores"] >= 1
    assert told["versions"]["numba"]
    return told


@pytest.fixture(scope="module")
def replay(root: Path) -> dict[str, Any]:
    return figures(root, "replay", "--rows", "20000", "--repeat", "1")


@pytest.mark.parametrize("options", ["20", "100"])
def test_the_replay_quotes_fills_and_hedges(replay, options):
    rates = replay["rates"][options]
    assert rates["rows"] == 20_000
    assert rates["client_orders"] >= rates["rows"] / 100
    assert rates["client_fills"] > 0.9 * rates["client_orders"]
    assert rates["quotes_per_row"] * rates["rows"] >= rates["client_fills"]
    assert rates["hedge_fills"] > 10
    assert rates["postings"] > 3 * rates["client_fills"]
    assert rates["mmsim_rows_per_second"] > 0


def test_eager_quotes_every_option_at_each_tick_and_deals_the_same(replay):
    lazy, eager = replay["rates"]["20"], replay["rates"]["20_eager"]
    ticks = lazy["hedge_decisions"] - lazy["client_fills"]
    assert eager["quotes_per_row"] * eager["rows"] >= 20 * ticks
    assert (eager["client_fills"], eager["hedge_fills"]) == (lazy["client_fills"], lazy["hedge_fills"])


def test_the_plain_policy_is_called_at_every_tick_and_fill(replay):
    compiled, plain = replay["rates"]["20"], replay["rates"]["python_policy"]
    assert plain["calls"] == compiled["hedge_decisions"]


@pytest.mark.skipif(not IS_PEER_HERE, reason="hftbacktest is not installed: `make bench` installs it")
def test_the_peer_runs_beside_it(replay):
    for options in ("20", "100"):
        assert replay[f"ratio_{options}"] == replay["rates"][options]["ratio"] > 0
        assert replay["rates"][options]["hftbacktest_rows_per_second"] > 0


def test_numpy_computes_the_same_hedging_error(root):
    told = figures(root, "monte_carlo", "--paths", "20", "--repeat", "1")
    assert told["ratio_numpy"] > 0
    assert told["ratio_numpy_every_step"] > 0
    assert told["largest_difference"] <= 1e-6 * told["steps"]


def test_a_warm_run_is_slower_than_python_alone(root):
    told = figures(root, "startup", "--repeat", "1", "--warm-only")
    assert told["warm_run_seconds"] >= told["warm_run_seconds_min"] > told["python_seconds"] > 0
    assert told["cold_run_seconds"] is None


def test_memory_is_that_of_two_whole_runs(root):
    """At 64 bytes an event, held once, the second would need 80 MB more; held and merged, 300 MB."""
    told = figures(root, "memory", "--fewer", "1200000", "--more", "2400000")
    assert told["memory_growth_mb"] < 100
    assert told["report_growth_mb"] < 100
    for size, events in (("fewer", 1_200_000), ("more", 2_400_000)):
        assert told[size]["events"] == pytest.approx(events, rel=0.2)
        assert told[size]["run_peak_mb"] > 50
        assert told[size]["report_peak_mb"] > 50
    assert told["memory_growth_mb"] == told["more"]["run_peak_mb"] - told["fewer"]["run_peak_mb"]


def test_the_page_says_what_is_met_and_what_is_missed(root, tmp_path):
    about = {"machine": {"cpu": "a fast one"}, "versions": {"numba": "1"}}
    told = {"ratio_numpy": 0.5, "ratio_numpy_every_step": 0.1, "rates": {"a mark": {"paths": 12_345}}, **about}
    (tmp_path / "monte_carlo.json").write_text(json.dumps(told))
    page = printed(root, "results", str(tmp_path))
    cells = [line.split(" | ") for line in page.splitlines() if line.count(" | ") == 5]
    rows = {figure: rest for _, figure, *rest, _ in cells}
    assert rows["`ratio_numpy`"] == ["0.5", "≥ 0.4", "met"]
    assert rows["`ratio_numpy_every_step`"] == ["0.1", "≥ 0.15", "**missed**"]
    assert "| rates / a mark / paths | 12,345 |" in page
    assert "a fast one" in page


def test_prices_are_timed_beside_others_and_nearer_to_the_truth(root):
    told = figures(root, "pricing", "--repeat", "1")
    assert 0 < told["chain_ns"] < told["chain"]["quantlib_ns"]
    assert 0 < told["implied_volatility_ns"] < told["implied"]["quantlib_ns"]
    assert told["chain"]["error"]["mmsim"] < 1e-13
    assert told["implied"]["error"]["mmsim"] < 1e-13
    assert max(*told["chain"]["error"].values(), *told["implied"]["error"].values()) < 1e-9, "the same was computed"
