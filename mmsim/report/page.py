"""The page: which sections stand in it, in what order, and the template that sets them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from mmsim.report import drawing, duty, exhibits, limits, markouts, options, palette, rows, smiles, tables, words
from mmsim.report.exhibits import Exhibit
from mmsim.report.numbers import money
from mmsim.report.tables import Table

if TYPE_CHECKING:
    from mmsim.results import Run


RESOLVED = 200_000  # characters of the resolved scenario on the page, at most


class Section(NamedTuple):
    """A heading, notes, two columns (on a phone one after the other), and what needs the whole width."""

    key: str
    title: str
    left: Sequence[Exhibit | Table] = ()
    right: Sequence[Exhibit | Table] = ()
    wide: Sequence[Table] = ()
    text: Sequence[str] = ()


def render(run: Run) -> str:
    """The whole page as HTML."""
    summary = run.summary
    with drawing.defaults():
        sections = _sections(run)
    return _template().render(
        summary=summary,
        scenario=summary["scenario"],
        facts=_facts(summary),
        verdict=words.verdict(summary),
        warnings=[warning for warning in (words.second_thought(summary), limits.halt(run)) if warning],
        headline={
            name: money(amount, words.decimals(summary))
            for name, amount in words.headline(summary["attribution"]).items()
        },
        rest=words.rest(summary["attribution"]),
        sections=sections,
        resolved=tables.brief(json.dumps(summary["scenario"], indent=2, ensure_ascii=False), RESOLVED),
        provenance=_provenance(summary),
        light=palette.LIGHT,
        dark=palette.DARK,
        style=Markup(_style()),  # noqa: S704  (a file of this package)
    )


def _style() -> str:
    return resources.files("mmsim.report").joinpath("style.css").read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("mmsim.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _sections(run: Run) -> list[Section]:
    """The sections in reading order; where no path's rows were kept (``keep_paths: 0``) those which need none."""
    kept = not run.marks.empty
    over_paths = [_paths(run)] if run.summary["paths"] > 1 else []
    of_path = [_time(run), _market(run)] if kept else []
    by_option = [_options(run)] if kept else []
    after = [_markouts(run)] if kept and markouts.has_any(run) else []
    surface = [] if run.smiles.empty else [_surface(run)]
    return [_money(run), *over_paths, *of_path, _views(run), *by_option, *after, *surface, _marks(run), _trust(run)]


def _money(run: Run) -> Section:
    return Section("money", "Where the money came from", [exhibits.attribution(run)], [tables.buckets(run.summary)])


def _paths(run: Run) -> Section:
    return Section("paths", "Over the paths", [exhibits.distribution(run)], [tables.monte_carlo(run.summary)])


def _time(run: Run) -> Section:
    return Section("time", "When it was earned", [exhibits.cumulative(run)], [exhibits.gamma_and_theta(run)])


def _market(run: Run) -> Section:
    shown = [*exhibits.spot_and_hedges(run), exhibits.inventory(run), exhibits.greeks(run)]
    drawn, held = len(rows.underlyings(run)), len(rows.symbols(run))
    text = [f"Shown: the {drawn} of {held} underlyings with the most hedges."] if drawn < held else []
    return Section("market", "Market, hedges and inventory", shown[::2], shown[1::2], text=text)


def _views(run: Run) -> Section:
    summary = run.summary
    left = [tables.cash(summary), tables.components(summary), tables.carry(summary), tables.accounts(summary)]
    right = [tables.convexity_and_theta(summary), tables.taylor(summary), tables.revaluation(summary)]
    return Section("views", "The same money, counted otherwise", left, right)


def _options(run: Run) -> Section:
    title = "By option and client"
    if run.options.empty:
        return Section("options", title, text=["No option was traded or held."])
    return Section("options", title, [options.by_option(run)], [options.by_client(run)])


def _markouts(run: Run) -> Section:
    left, right = (markouts.by_group(run, "client"), markouts.by_group(run, "moneyness")), ("side", "size")
    table = [markouts.identity(run)]
    return Section("markouts", "Mark-outs", left, [markouts.by_group(run, group) for group in right], table)


def _surface(run: Run) -> Section:
    return Section("surface", "The volatility surface", [smiles.last_fit(run)])


def _marks(run: Run) -> Section:
    said = _unquoted(run.summary)
    figures = [exhibits.marks_against_theo(run)] if not run.marks.empty and exhibits.marks_differ(run) else []
    return Section("marks", "Three marks", figures, [tables.three_marks(run.summary)], text=[said] if said else [])


def _unquoted(summary: Mapping[str, Any]) -> str:
    """What liquidation prices leave out; empty if every position has one."""
    unquoted = summary["equity"]["unquoted"]
    if not unquoted:
        return ""
    if not words.has_liquidation(summary):
        return f"None of the {unquoted:,} positions has a quote: what liquidating them would give is not known."
    are = "positions without a quote are" if unquoted > 1 else "position without a quote is"
    return f"{unquoted:,} {are} taken at mid."


def _trust(run: Run) -> Section:
    summary = run.summary
    breaches = [] if run.breaches.empty else [limits.breaches(run)]
    left = [tables.identities(summary), *breaches, *([tables.quality(summary)] if summary["data"] else [])]
    return Section(
        "trust",
        "Can it be relied on",
        left,
        [tables.counts(summary)],
        text=[*duty.sentences(summary), *summary["notes"]],
    )


def _provenance(summary: Mapping[str, Any]) -> Section:
    """Versions, policies with their parameters, hashes of the inputs."""
    policies = {
        f"{role}: {policy['name']}": ", ".join(f"{k} = {v}" for k, v in policy["parameters"].items()) or "no parameters"
        for role, policy in summary["policies"].items()
    }
    inputs = [tables.facts("Inputs, SHA-256", summary["inputs"])] if summary["inputs"] else []
    left, right = tables.facts("Policies", policies), tables.facts("Versions", summary["versions"])
    return Section("reproduce", "Reproduce", [left], [right], inputs)


def _facts(summary: Mapping[str, Any]) -> dict[str, str]:
    """What stands under the name of the run."""
    clock, policies = summary["scenario"]["clock"], summary["policies"]
    return {
        "From": str(clock["start"]),
        "To": str(clock["end"]),
        "Quoting": policies["quoting"]["name"],
        "Hedging": policies["hedging"]["name"],
        "Paths": f"{summary['paths']:,}",
        "Seed": str(summary["seed"]),
        "Currency": summary["scenario"]["currency"],
    }
