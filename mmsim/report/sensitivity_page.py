"""The page of a sensitivity: where each assumption makes the desk earn nothing, and every run of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from math import nan
from typing import TYPE_CHECKING, Any

from mmsim.report import bars, numbers
from mmsim.report.drawing import Picture
from mmsim.report.exhibits import Exhibit
from mmsim.report.numbers import Number, count, fixed, level, money, quantity
from mmsim.report.sections import Section, fill
from mmsim.report.tables import Cell, Table, brief, facts
from mmsim.report.words import label

if TYPE_CHECKING:
    from mmsim.what_if.result import Sensitivity

RESOLVED = 100_000  # characters of the scenario on the page, at most
SHOWN = 200  # combinations in the table, at most
Row = Mapping[str, Any]


def render(found: Sensitivity) -> str:
    """The whole page as HTML."""
    summary = found.summary
    own, places = summary["table"][0], _places(summary)
    broken = "Do not rely on these figures: an identity does not hold in one of the runs."
    return fill(
        "sensitivity.html.j2",
        kind="sensitivity",
        name=summary["name"],
        about=summary["about"],
        facts={
            "Combinations": f"{len(summary['table']):,}",
            "Paths": f"{summary['paths']:,}",
            "Seed": str(summary["seed"]),
            "Currency": summary["currency"],
        },
        verdict=_verdict(summary),
        warnings=[broken] if summary["off"] else [],
        headline={
            f"Total at the worst mark ({own['worst_mark']})": money(own["total_worst"], places),
            "Worst of all combinations": money(min(row["total_worst"] for row in summary["table"]), places),
            **{f"Break-even of {_name(row).lower()}": _break_even(row) for row in summary["break_even"]},
        },
        sections=_sections(summary),
        command=summary["reproduce"],
        provenance=Section("reproduce", "Reproduce", [facts("Versions", summary["versions"])]),
        resolved=brief(json.dumps(summary["scenario"], indent=2, ensure_ascii=False), RESOLVED),
    )


def _places(summary: Row) -> int:
    return numbers.decimals(row["total_worst"] for row in summary["table"])


def _name(row: Row) -> str:
    return label(row["factor"])


def _break_even(row: Row) -> Number:
    """The level with its unit, or a dash."""
    shown = quantity(nan if row["break_even"] is None else row["break_even"])
    return shown if shown.value is None else shown._replace(text=f"{shown.text} {row['unit']}")


def _verdict(summary: Row) -> str:
    """One sentence: what the scenario makes, and how many of the combinations leave a profit."""
    totals = [row["total_worst"] for row in summary["table"]]
    profits, places = sum(total > 0 for total in totals), _places(summary)
    own = f"{fixed(abs(totals[0]), places)} {summary['currency']}"
    made = "makes" if totals[0] >= 0 else "loses"
    return f"As it is the desk {made} {own}; it makes a profit in {profits:,} of {len(totals):,} combinations."


def _sections(summary: Row) -> list[Section]:
    left_out = [f"{label(name)} is left out: {why}." for name, why in summary["left_out"].items()]
    drawn = [_alone(summary, factor) for factor in summary["factors"]]
    return [
        Section("break-even", "Where it earns nothing", wide=[_break_evens(summary)], text=left_out),
        Section("alone", "Each assumption alone", drawn[::2], drawn[1::2]),
        Section("combinations", "All combinations", wide=[_combinations(summary)]),
    ]


def _break_evens(summary: Row) -> Table:
    """A row a factor: the break-even in words, the scenario's own level, and what the total is there."""
    about = {factor["factor"]: factor["about"] for factor in summary["factors"]}
    places = _places(summary)
    rows = tuple(
        (_name(row), about[row["factor"]], row["says"], _own(row), money(row["total"], places), count(row["runs"]))
        for row in summary["break_even"]
    )
    head = ("Factor", "What is varied", "Break-even", "The scenario's", f"Total there, {summary['currency']}", "Runs")
    return Table(head, rows, "The level at which the total at the worst mark is zero, the others being the scenario's")


def _own(row: Row) -> str:
    return _level(row["own"]) + f" {row['unit']}".rstrip()


def _level(value: float | str) -> str:
    return value if isinstance(value, str) else quantity(value).text


def _of(summary: Row, factor: Row) -> Sequence[Row]:
    """The runs in which a factor alone is at another level than the scenario's, by its levels."""
    own, name = summary["table"][0], factor["factor"]
    others = [other["factor"] for other in summary["factors"] if other["factor"] != name]
    rows = [row for row in summary["table"] if all(row[other] == own[other] for other in others)]
    return sorted(rows, key=lambda row: factor["levels"].index(row[name]))


def _alone(summary: Row, factor: Row) -> Exhibit:
    """The total at each level of one factor."""
    rows, name, places = _of(summary, factor), factor["factor"], _places(summary)
    own, currency = summary["table"][0]["total_worst"], summary["currency"]
    title = label(name) + (f", {factor['unit']}" if factor["unit"] else "")
    levels, totals = [_level(row[name]) for row in rows], [row["total_worst"] for row in rows]
    picture = Picture(partial(bars.by_name, levels, totals, [own] * len(rows), places), f"{title}: total by level")
    lines: tuple[tuple[Cell, ...], ...] = tuple(
        (
            _level(row[name]),
            money(row["total_worst"], places),
            level(row["se"], places),
            money(row["spread_capture"], places),
            money(row["costs"], places),
            count(row["client_fills"]),
            count(row["hedge_fills"]),
        )
        for row in rows
    )
    head = (title, f"Total, {currency}", "Standard error", "Spread capture", "Costs", "Client fills", "Hedges")
    caption = (
        f"Total at the worst mark by {factor['about']}; the others are the scenario's, and so is the total at the dark"
        f" line. {currency}."
    )
    return Exhibit(name.replace("_", "-"), title, caption, picture, Table(head, lines, title))


def _combinations(summary: Row) -> Table:
    """A row a run: its levels, the totals at the three marks, and what they are made of."""
    names, places = [factor["factor"] for factor in summary["factors"]], _places(summary)
    amounts = ("total_worst", "total_theo", "total_mid", "total_liquidation", "spread_capture", "costs")
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            *(_level(row[name]) for name in names),
            *(money(row[amount], places) for amount in amounts),
            count(row["client_fills"]),
        )
        for row in summary["table"][:SHOWN]
    )
    units = [label(f["factor"]) + (f", {f['unit']}" if f["unit"] else "") for f in summary["factors"]]
    head = (*units, "Total, worst mark", "At theo", "At mid", "At liquidation", "Spread capture", "Costs", "Fills")
    more = f"; the first {SHOWN} of {len(summary['table']):,}" if len(summary["table"]) > SHOWN else ""
    return Table(head, rows, f"{summary['currency']}; the scenario's own first{more}")
