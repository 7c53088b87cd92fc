"""What a comparison says in sentences: who made most, how sure that is, and where two policies part."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

from mmsim.report import numbers
from mmsim.report.numbers import fixed, is_shown_as_zero

Summary = Mapping[str, Any]
NO_INTERVALS = "There are no intervals: one path has none without marks, of which it needs eight."
LABELS = {"hedging_pnl": "Hedging PnL", "sd": "sd of total"}  # of what is no bucket


def decimals(summary: Summary) -> int:
    """How many decimals show the amounts of a comparison; ``summary`` is comparison.json."""
    parts = summary["variants"].values()
    return numbers.decimals([amount for part in parts for amount in part["attribution"].values()])


def totals(summary: Summary) -> dict[str, float]:
    """The total of each variant."""
    return {name: part["attribution"]["total"] for name, part in summary["variants"].items()}


def against_first(summary: Summary) -> dict[str, Mapping[str, Any]]:
    """The difference of the total from the first's, by variant."""
    return {row["variant"]: row for row in summary["differences"] if row["figure"] == "total"}


def best(summary: Summary) -> str:
    """The variant that made most, the first of several."""
    made = totals(summary)
    return max(made, key=made.__getitem__)


def verdict(summary: Summary) -> str:
    """One sentence: which variant made most, and whether its difference from the first can be told from chance."""
    made, places, reference = totals(summary), decimals(summary), summary["reference"]
    if len(made) == 1:
        return f"One variant alone: {reference} {_came_to(summary, made[reference])}."
    if all(is_shown_as_zero(total - made[reference], places) for total in made.values()):
        return f"All {len(made)} variants come to the same: each {_came_to(summary, made[reference])}."
    leader = best(summary)
    said = f"{leader} {'made most' if made[leader] >= 0 else 'lost least'}: {_amount_a_path(summary, made[leader])}"
    if leader != reference:
        return f"{said}, {_surely(summary, leader)}."
    second = max((name for name in made if name != reference), key=made.__getitem__)
    return f"{said}. It is the first; {second} comes next, {_surely(summary, second)}."


def _came_to(summary: Summary, total: float) -> str:
    return f"{'made' if total >= 0 else 'lost'} {_amount_a_path(summary, total)}"


def _amount_a_path(summary: Summary, total: float) -> str:
    many = f" a path on average over {summary['paths']:,} paths" if summary["paths"] > 1 else ""
    return f"{fixed(abs(total), decimals(summary))} {summary['currency']}{many}"


def _surely(summary: Summary, name: str) -> str:
    """How much better or worse than the first, and whether that is chance."""
    row, places, reference = against_first(summary)[name], decimals(summary), summary["reference"]
    better = "better" if row["difference"] >= 0 else "worse"
    amount = f"{fixed(abs(row['difference']), places)} {better} than {reference}"
    if row["low"] is None:
        return f"{amount}; whether by chance is not known, as there is one path, with fewer than eight marks"
    bounds = f"95 % interval {fixed(row['low'], places)} to {fixed(row['high'], places)}, {how(summary)}"
    sure = "cannot be told from chance" if row["low"] <= 0 <= row["high"] else "is more than chance"
    return f"{amount} ({bounds}), which {sure}"


def how(summary: Summary) -> str:
    """How the paired intervals were made."""
    return "paired over paths" if summary["paths"] > 1 else "paired by blocks of time of this one path"


def width(row: Mapping[str, Any], of: str = "") -> float | None:
    """The width of the paired interval of a difference, or of the ``unpaired_`` one; None where there is none."""
    low, high = row[f"{of}low"], row[f"{of}high"]
    return None if low is None or high is None else float(high - low)


def share(row: Mapping[str, Any]) -> float | None:
    """How wide the paired interval is of the unpaired one; None where that has no width."""
    narrow, wide = width(row), width(row, "unpaired_")
    return None if narrow is None or not wide else narrow / wide


def percent(value: float | None) -> str:
    """A share of widths as text; a dash if there is none.

    >>> percent(0.3862), percent(None)
    ('39 %', '–')
    """
    return numbers.NONE if value is None else f"{100 * value:.0f} %"


def widths(summary: Summary) -> str:
    """What pairing has made of the widths of the totals' intervals; empty where there are none."""
    shares = {name: share(row) for name, row in against_first(summary).items()}
    known = {name: value for name, value in shares.items() if value is not None}
    if not known:
        return ""
    name, rows = min(known, key=known.__getitem__), against_first(summary)
    narrow, wide = (fixed(width(rows[name], of) or 0.0, decimals(summary)) for of in ("", "unpaired_"))
    said = f"{narrow} wide paired and {wide} unpaired"
    if len(known) == 1:
        return f"The total's interval is {said}: {percent(known[name])} of it."
    return (
        f"Paired intervals of the total are {percent(min(known.values()))} to {percent(max(known.values()))} as wide as"
        f" unpaired ones; that of {name} is {said}."
    )


def market(summary: Summary) -> list[str]:
    """A sentence a variant that has met another market, or other clients, than the first."""
    return [
        f"{name} has another {', '.join(part['differs'])}: it shares the shocks, not the market"
        for name, part in summary["variants"].items()
        if part["differs"]
    ]


def broken(summary: Summary) -> list[str]:
    """A sentence a variant whose books do not balance."""
    wrong = {
        name: [identity for identity, off in part["identities"].items() if off]
        for name, part in summary["variants"].items()
    }
    return [f"Identities of {name} that do NOT hold: {', '.join(names)}" for name, names in wrong.items() if names]


def what(summary: Summary) -> str:
    """How many variants, and of how many scenarios."""
    variants, scenarios = len(summary["variants"]), len(summary["scenarios"])
    of = "scenarios" if variants == scenarios > 1 else "variants" if variants > 1 else "variant"
    return f"{variants:,} {of}" + (f" of {scenarios:,} scenarios" if 1 < scenarios < variants else "")


def partings(summary: Summary) -> dict[str, str]:
    """For each variant but the first a sentence: the first fill at which it parts from the first."""
    return {name: _parting(summary, name) for name in list(summary["variants"])[1:]}


def _parting(summary: Summary, name: str) -> str:
    if rows := parted(summary, name):
        return f"{name} parts at fill {rows[0]['fill']:,}, {clock(rows[0]['ts'])}: {deal(summary, name)}"
    return f"{name} {unparted(summary, name)}"


def parted(summary: Summary, name: str) -> list[Mapping[str, Any]]:
    """The fills at which a variant parts from the first, the earlier one first; none if it never does."""
    return sorted((row for row in summary["partings"] if row["variant"] == name), key=lambda row: str(row["ts"]))


def unparted(summary: Summary, name: str) -> str:
    """Why there is no fill at which a variant parts from the first."""
    kept = all(summary["variants"][of]["scenario"]["keep_paths"] > 0 for of in (summary["reference"], name))
    return f"has the same fills as {summary['reference']}" if kept else "has no fills to look at: no path was kept"


def deal(summary: Summary, name: str) -> str:
    """What was dealt where a variant parts from the first, in a few words."""
    first, *other = parted(summary, name)
    if other and other[0]["ts"] == first["ts"]:
        return f"{_dealt(first)}, {_dealt_instead(other[0], first)}"
    return f"{_dealt(first)}, {_idle(summary, name, first)} does not"


def _idle(summary: Summary, name: str, row: Mapping[str, Any]) -> str:
    """Which of two has not dealt a fill."""
    return name if row["dealt_by"] == summary["reference"] else str(summary["reference"])


def clock(ts: str) -> str:
    """A time of comparison.json in UTC, for a sentence: to the millisecond where it has any.

    >>> clock("2026-01-05T14:31:00+00:00"), clock("2020-01-06T09:00:00.123456789+00:00")
    ('2026-01-05 14:31:00', '2020-01-06 09:00:00.123')
    """
    return ts.removesuffix("+00:00").replace("T", " ")[:23]


def _dealt(row: Mapping[str, Any]) -> str:
    verb = {"buy": "buys", "sell": "sells"}[row["side"]]
    return f"{row['dealt_by']} {verb} {_amount(row['size'])} {row['instrument']} at {_amount(row['price'])}"


def _dealt_instead(row: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """What was dealt, leaving out what is as in the other's fill."""
    if (row["side"], row["instrument"]) != (other["side"], other["instrument"]):
        return _dealt(row)
    at = "" if row["price"] == other["price"] else f" at {_amount(row['price'])}"
    return f"{row['dealt_by']} {_amount(row['size'])}{at}"


def _amount(value: float | None) -> str:
    return numbers.quantity(nan if value is None else value).text


def look_into(summary: Summary) -> dict[str, str]:
    """For each run that dealt at a parting the commands that look into that fill."""
    found = {}
    for row in summary["partings"]:
        command = summary["variants"][row["dealt_by"]]["reproduce"]
        folder = f"reports/parting-{list(summary['variants']).index(row['dealt_by'])}"
        found[f"{row['dealt_by']}, fill {row['fill']:,}"] = (
            f"{command} --out {folder} && mmsim explain {folder} --fill {row['fill']}"
        )
    return found
