"""Which limits the desk crossed, and whether that stopped it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mmsim.report import rows
from mmsim.report.numbers import Number, quantity
from mmsim.report.tables import Table
from mmsim.report.words import label

if TYPE_CHECKING:
    from mmsim.results import Run

ROWS = 40  # breaches in the table, the earliest
_COLUMNS = ["ts", "path", "limit", "instrument", "value"]


def breaches(run: Run) -> Table:
    """The breaches of the paths kept: when, which limit, of what, the value and the limit."""
    bounds, crossed = _bounds(run.summary["scenario"]), run.breaches
    lines = tuple(
        (rows.clock(ts), str(path), label(limit), instrument or "desk", quantity(value), _bound(bounds, limit))
        for ts, path, limit, instrument, value in crossed[_COLUMNS][:ROWS].itertuples(index=False)
    )
    shown = f", the first {ROWS} of {len(crossed):,}" if len(crossed) > ROWS else ""
    return Table(("Time, UTC", "Path", "Limit", "Of", "Value", "Limit at"), lines, f"Limits crossed{shown}")


def _bounds(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each limit, and what sets off each protection, by their names in the table of breaches."""
    protection = scenario.get("protection", {})
    bounds = dict(scenario["limits"])
    counted = {"quantity": "quantity", "delta": "net_delta", "vega": "net_vega"}
    bounds |= {f"protection_{name}": protection.get(key) for name, key in counted.items()}
    for alarm, key in (("jump", "spot"), ("thin", "size"), ("volatility", "move")):
        bounds[alarm] = (protection.get(alarm) or {}).get(key)
    return bounds


def _bound(bounds: Mapping[str, float], limit: str) -> Number:
    """The limit as its value is given: that of a loss is a change of equity, and negative."""
    return quantity(-bounds[limit] if limit == "loss" else bounds[limit])


def halt(run: Run) -> str:
    """A warning that the loss limit stopped the desk, and since when; empty if it did not."""
    losses = run.breaches.loc[run.breaches["limit"] == "loss"]
    if losses.empty:
        return ""
    if run.summary["paths"] == 1:
        since = f"at {rows.clock(losses['ts'].iloc[0])} UTC: from then on it quoted nothing."
        return f"The loss limit stopped the desk {since}"
    kept = run.marks["path"].nunique()
    return f"The loss limit stopped the desk on {losses['path'].nunique():,} of the {kept:,} paths kept."
