"""Whether the desk quoted what it owes, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def sentences(summary: Mapping[str, Any]) -> list[str]:
    """The sentence about a run, whose run.json is ``summary``; none where nothing was owed."""
    duty = summary.get("duty")
    if not duty:
        return []
    of = f"{duty['share']:.1%} of {duty['seconds']:,.0f} series-seconds, {duty['required']:.0%} of each series owed"
    short, count = duty["short"], len(duty["options"])
    fallen = f"{short:,} of {count:,} options fell short" if short else "no option fell short"
    return [f"Duty: quoted as owed for {of}; {fallen}"]
