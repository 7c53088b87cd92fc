"""Lazy Greeks against exact ones: the same fills, and buckets that agree far below what anybody would look at.

That compiled code, plain-Python policies and the interpreter say the same is tested where scenarios are drawn
(`test_drawn_scenarios.py`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

import mmsim
from mmsim.results import Run

BOUNDS = {"default": {}, "coarse": {"pricing.refresh_spot": "0.002", "pricing.refresh_every": "10m"}}
BUCKET = 1e-3  # of the gross absolute PnL: the sum of the buckets' absolute values
EQUITY = 1e-4  # of itself


def play(scenario: Path, data: Path | None, **changes: str) -> Run:
    return mmsim.run(scenario, data, changes=changes)


def gap(lazy: Run, exact: Run) -> float:
    """The largest difference between two runs' buckets, as a share of the gross absolute PnL."""
    gross = exact.attribution.drop("total").abs().sum()
    return float((lazy.attribution - exact.attribution).abs().max() / gross)


def check(scenario: Path, data: Path | None) -> dict[str, float]:
    """The gap at each bound; asserts that fills are the same and that buckets and equity are within theirs."""
    exact = play(scenario, data, **{"pricing.exact": "true"})
    assert exact.counts["client_fills"] > 100
    assert exact.counts["hedge_fills"] > 50
    gaps = {}
    for name, changes in BOUNDS.items():
        lazy = play(scenario, data, **changes, **{"pricing.exact": "false"})
        dealt = ["ts", "kind", "instrument", "client", "side", "size", "price"]
        assert lazy.fills[dealt].equals(exact.fills[dealt]), name
        gaps[name] = gap(lazy, exact)
        assert gaps[name] <= BUCKET, name
        assert lazy.equity["closing"] == pytest.approx(exact.equity["closing"], rel=EQUITY), name
    return gaps


def test_a_synthetic_day(root: Path) -> None:
    """And a coarser bound is a coarser answer: the setting is heeded."""
    gaps = check(root / "scenarios" / "synthetic" / "market_maker_day.yaml", None)
    assert 0.0 < gaps["default"] < gaps["coarse"]


@pytest.mark.parametrize("name", ["es_fop", "goog"])
def test_a_recorded_day(root: Path, recorded_data: Path, name: str) -> None:
    check(root / "scenarios" / "recorded" / f"{name}.yaml", recorded_data)
