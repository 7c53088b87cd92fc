"""Whatever the desk does, it meets the same market and the same clients: row by row, over pairs of policies."""

from __future__ import annotations

import copy
from itertools import product
from typing import Any

import pytest

from mmsim import backtest, spool
from mmsim.events import Events, Kind
from mmsim.market import Market, build
from mmsim.results import Run
from mmsim.scenario import Scenario
from tests.every_group import EVERY_GROUP

QUOTING: list[dict[str, Any]] = [
    {"policy": "none"},
    {"policy": "fixed_width", "half_spread": 0.2},
    {"policy": "vega_width", "half_spread_vol": 0.002},
    {"policy": "inventory_skew", "lean_vol_per_vega": 1e-5},
]
HEDGING: list[dict[str, Any]] = [
    {"policy": "none"},
    {"policy": "every_tick"},
    {"policy": "interval", "interval_ns": "7m"},
    {"policy": "delta_band", "band": 5},
]


def played(monkeypatch: pytest.MonkeyPatch, **desk: Any) -> tuple[Run, list[Events]]:
    """A run of two paths, and the rows that its desk was shown and had no part in."""
    shown: list[Events] = []
    honest = Market.events

    def events(self: Market, path: int) -> Events:
        made = honest(self, path)
        shown.append(made[made["kind"] != Kind.TIMER])  # which the hedging policy asks for
        return made

    with monkeypatch.context() as patched:
        patched.setattr(Market, "events", events)
        run = backtest.run(Scenario.model_validate(copy.deepcopy(EVERY_GROUP) | {"paths": 2} | desk))
    return run, shown


def test_every_pair_of_policies_meets_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    desks = [{"quoting": q, "hedging": h} for q, h in product(QUOTING, HEDGING)]
    extremes = [{"latency": {"quote": "1m", "hedge": "30s"}}, {"limits": {"position": 1}}]
    first, expected = played(monkeypatch, **desks[0])
    fills = {first.counts["client_fills"]}
    for desk in desks[1:] + extremes:
        run, rows = played(monkeypatch, **desk)
        fills.add(run.counts["client_fills"])
        assert run.counts["orders"] == first.counts["orders"]
        for ours, theirs in zip(rows, expected, strict=True):
            assert ours.tobytes() == theirs.tobytes()
    assert len(fills) >= len(QUOTING) + 1  # the desks did differ


def test_every_group_has_dealt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the test above would say little."""
    run, _ = played(monkeypatch, keep_paths=2, latency={"quote": "10s", "hedge": "5s"})
    dealt = set(run.fills.loc[run.fills["kind"] == "client", "client"])
    assert dealt == {group["name"] for group in EVERY_GROUP["clients"]}
    assert run.counts["orders_better_elsewhere"] > 0


def test_a_group_more_moves_no_other_groups_rows() -> None:
    (whole,) = drawn(EVERY_GROUP)
    for left_out in range(len(EVERY_GROUP["clients"])):
        groups = EVERY_GROUP["clients"][:left_out] + EVERY_GROUP["clients"][left_out + 1 :]
        (rows,) = drawn(EVERY_GROUP | {"clients": groups})
        kept = whole[~((whole["kind"] == Kind.ORDER) & (whole["client"] == left_out))].copy()
        kept["client"][kept["client"] > left_out] -= 1
        assert rows.tobytes() == kept.tobytes()


def test_a_path_too_long_for_memory_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn and merged in pieces, groups that look at the market too."""
    whole = drawn(EVERY_GROUP, paths=2)
    monkeypatch.setattr(spool, "IN_MEMORY", 1 << 12)
    monkeypatch.setattr(spool, "PIECE", 1 << 7)
    assert [rows.tobytes() for rows in drawn(EVERY_GROUP, paths=2)] == [rows.tobytes() for rows in whole]


def drawn(scenario: dict[str, Any], paths: int = 1) -> list[Events]:
    """The events of some paths."""
    market = build(Scenario.model_validate(copy.deepcopy(scenario)))
    return [market.events(path) for path in range(paths)]
