"""The page of a comparison: which sections stand in it, in what order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mmsim.report import comparison_exhibits as exhibits
from mmsim.report import comparison_tables as tables
from mmsim.report import comparison_words as words
from mmsim.report.numbers import Number, money
from mmsim.report.sections import Section, fill
from mmsim.report.tables import brief, facts

if TYPE_CHECKING:
    from mmsim.comparison import Comparison

RESOLVED = 100_000  # characters of the first variant's scenario on the page, at most


def render(comparison: Comparison) -> str:
    """The whole page as HTML."""
    summary = comparison.summary
    scenario = summary["variants"][summary["reference"]]["scenario"]
    return fill(
        "comparison.html.j2",
        kind="comparison",
        name=summary["name"],
        about=summary["about"],
        facts=_facts(comparison),
        verdict=words.verdict(summary),
        warnings=[*words.broken(summary), *words.market(summary)],
        headline=headline(comparison),
        rest=words.widths(summary),
        sections=sections(comparison),
        command=summary["reproduce"],
        provenance=_provenance(comparison),
        reference=summary["reference"],
        resolved=brief(json.dumps(scenario, indent=2, ensure_ascii=False), RESOLVED),
    )


def _facts(comparison: Comparison) -> dict[str, str]:
    summary = comparison.summary
    return {
        "Compared": words.what(summary),
        "Against": summary["reference"],
        "Paths": f"{summary['paths']:,}",
        "Seed": str(summary["seed"]),
        "Currency": summary["currency"],
    }


def headline(comparison: Comparison) -> dict[str, Number]:
    """The best total, the first's, their difference, and how wide its intervals are."""
    summary = comparison.summary
    places, totals, rows = words.decimals(summary), words.totals(summary), words.against_first(summary)
    reference, best = summary["reference"], words.best(summary)
    figures = {f"Total of {best}, the most": money(totals[best], places)}
    if best != reference:
        figures[f"Total of {reference}, the first"] = money(totals[reference], places)
        row = rows[best]
        figures["Difference"] = money(row["difference"], places)
        figures["Width of its 95 % interval"] = money(words.width(row), places)._replace(tone="")
        figures["Width, unpaired"] = money(words.width(row, "unpaired_"), places)._replace(tone="")
    return figures


def sections(comparison: Comparison) -> list[Section]:
    """The sections in reading order, without those that have nothing to show."""
    is_several = len(comparison.table) > 1
    has_groups = not comparison.clients.empty
    return [
        _money(comparison),
        *([_differences(comparison)] if is_several else []),
        _buckets(comparison),
        *([_partings(comparison)] if is_several else []),
        *([_clients(comparison)] if has_groups else []),
        _trust(comparison),
    ]


def _money(comparison: Comparison) -> Section:
    right = [exhibits.total_against_risk(comparison)] if comparison.summary["paths"] > 1 else []
    left = [exhibits.spread_against_hedging(comparison)]
    return Section("money", "What each came to", left, right, [tables.buckets(comparison)])


def _differences(comparison: Comparison) -> Section:
    summary, differing = comparison.summary, tables.differing(comparison)
    right = [exhibits.bucket_intervals(comparison)] if set(differing) - {"total"} else []
    text = [] if right else ["No figure of any variant differs from the first's."]
    text += [words.NO_INTERVALS] if all(row["low"] is None for row in summary["differences"]) else []
    return Section(
        "differences", f"More than {summary['reference']}", [exhibits.total_intervals(comparison)], right, text=text
    )


def _buckets(comparison: Comparison) -> Section:
    marks = comparison.over_time.groupby("variant")["ts"].count()
    right = [exhibits.over_time(comparison)] if len(marks) == len(comparison.table) and marks.max() > 1 else []
    return Section("buckets", "Bucket by bucket, and over time", [exhibits.side_by_side(comparison)], right)


def _partings(comparison: Comparison) -> Section:
    summary = comparison.summary
    wide = [tables.partings(comparison), facts("To look into a fill", words.look_into(summary))]
    said = list(words.partings(summary).values())
    return Section("partings", "Where they part", wide=wide if len(comparison.partings) else [], text=said)


def _clients(comparison: Comparison) -> Section:
    return Section("clients", "By client group", [exhibits.by_client(comparison)])


def _trust(comparison: Comparison) -> Section:
    summary = comparison.summary
    notes = {f"{name}: {note}": None for name, part in summary["variants"].items() for note in part["notes"]}
    text = [*words.market(summary), *notes]
    return Section("trust", "Can it be relied on", wide=[tables.identities(summary)], text=text)


def _provenance(comparison: Comparison) -> Section:
    summary = comparison.summary
    wide = [tables.policies(summary), tables.commands(summary)]
    inputs = {name: digest for part in summary["variants"].values() for name, digest in part["inputs"].items()}
    left, right = facts("Versions", summary["versions"]), facts("Inputs, SHA-256", inputs)
    return Section("reproduce", "Reproduce", [left], [right] if inputs else [], wide)
