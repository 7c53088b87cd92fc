"""Every quoting policy on a lively hour: compiled, and with the books that it makes as plain Python."""

from pathlib import Path

import pandas as pd
import pytest

from mmsim import backtest
from mmsim.results import Run

ENTRIES = {
    "inventory_skew": "{half_spread_vol: 0.004, lean_spot_per_delta: 1.0e-5, lean_vol_per_gamma: 1.0e-6}",
    "avellaneda_stoikov": "{risk_aversion: 20}",
    "glft": "{solution: until_end, risk_aversion: 50}",
    "stoikov_saglam": "{risk_aversion: 1.0e-3, rehedge_ns: 10m}",
    "baldacci_bergault_gueant": "{risk_aversion: 1.0e-3}",
    "hedging_cost": "{half_spread_vol: 0.005}",
    "toxicity": "{horizon_ns: 5m, fills: 5}",
}


def hour(root: Path, policy: str, parameters: str) -> Run:
    changes = {
        "quoting": f"{{policy: '{policy}', size: 30, {parameters[1:]}",
        "clock.end": "2026-01-05T10:30 America/New_York",
    }
    return backtest.run(root / "scenarios/synthetic/market_maker_day.yaml", changes=changes)


@pytest.mark.parametrize("name", ENTRIES)
def test_compiled_and_plain_make_the_same_books(name: str, root: Path, tmp_path: Path) -> None:
    source = (root / f"strategies/quoting/{name}.py").read_text(encoding="utf-8")
    signature = "def quote(self, view: QuoteView) -> Quote:\n"
    assert source.count(signature) == 1
    twin = tmp_path / f"{name}.py"
    twin.write_text(source.replace(signature, f"{signature}        globals()\n"), encoding="utf-8")
    compiled, plain = hour(root, name, ENTRIES[name]), hour(root, str(twin), ENTRIES[name])
    for run, is_compiled in ((compiled, True), (plain, False)):
        assert run.summary["policies"]["quoting"]["compiled"] is is_compiled
    assert compiled.counts["client_fills"] >= 20
    pd.testing.assert_frame_equal(plain.fills, compiled.fills, check_exact=True)


def test_a_solved_table_is_told_by_its_shape(root: Path) -> None:
    """run.json says 64 moments by two sides by 101 lots, and not all the numbers."""
    parameters = hour(root, "glft", ENTRIES["glft"]).summary["policies"]["quoting"]["parameters"]
    assert parameters["distances"] == "64 × 2 × 101 numbers"
