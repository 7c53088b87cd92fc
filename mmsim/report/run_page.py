"""The page of a run: which sections stand in it, in what order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmsim.report import (
    by_strike,
    duty,
    edges,
    exhibits,
    gamma,
    hedging,
    limits,
    markouts,
    options,
    quotes,
    risk,
    rows,
    sheet,
    smiles,
    tables,
    words,
)
from mmsim.report.exhibits import Exhibit
from mmsim.report.held import options as options_held
from mmsim.report.numbers import money
from mmsim.report.sections import Section, fill
from mmsim.report.tables import Table

if TYPE_CHECKING:
    from mmsim.results import Run

RESOLVED = 200_000  # characters of the resolved scenario on the page, at most


def render(run: Run) -> str:
    """The whole page as HTML."""
    summary = run.summary
    return fill(
        "run.html.j2",
        kind="report",
        name=summary["scenario"]["name"],
        about=summary["about"],
        facts=_facts(summary),
        verdict=words.verdict(summary),
        warnings=[warning for warning in (words.second_thought(summary), limits.halt(run)) if warning],
        headline={
            name: money(amount, words.decimals(summary))
            for name, amount in words.headline(summary["attribution"]).items()
        },
        rest=_beside(summary),
        sections=sections(run),
        command=summary["reproduce"],
        provenance=_provenance(summary),
        resolved=tables.brief(json.dumps(summary["scenario"], indent=2, ensure_ascii=False), RESOLVED),
    )


def _beside(summary: Mapping[str, Any]) -> str:
    """What stands below the figures at the top."""
    said = (words.rest(summary["attribution"]), words.at_other_marks(summary), words.to_know(summary))
    return " ".join(filter(None, said))


def sections(run: Run) -> list[Section]:
    """The sections in reading order; where no path's rows were kept (``keep_paths: 0``) those which need none."""
    over_paths = [_paths(run)] if run.summary["paths"] > 1 else []
    surface = [] if run.smiles.empty else [_surface(run)]
    if run.marks.empty:
        return [_money(run), *over_paths, _views(run), *surface, *_marks(run), risk.section(run), _trust(run)]
    held = options_held(run)
    first = [_money(run), *over_paths, _sheet(run, held)] if over_paths else [_sheet(run, held), _money(run)]
    after = [_markouts(run)] if markouts.has_any(run) else []
    of_book = [_gamma(run), _hedging(run), _market(run), *_quotes(run), *after, _options(run)]
    last = [*surface, _views(run), _trust(run)]
    return [*first, _time(run), *of_book, risk.section(run), *_marks(run, held), *last]


def _sheet(run: Run, held: pd.DataFrame) -> Section:
    title, top = "The daily sheet", [sheet.earned(run), sheet.greeks(run, held)]
    if held.empty:
        return Section("sheet", title, text=["No option is held at the end."], top=top)
    pins = [sheet.pins(run, held)] if sheet.any_expires_soon(held) else []
    return Section("sheet", title, [sheet.vega(run, held)], [tables.three_marks(run.summary), *pins], top=top)


def _money(run: Run) -> Section:
    return Section("money", "Where the money came from", [exhibits.attribution(run)], [tables.buckets(run.summary)])


def _paths(run: Run) -> Section:
    right, wide = [tables.monte_carlo(run.summary)], [tables.quantiles(run.summary, run.paths)]
    return Section("paths", "Over the paths", [exhibits.distribution(run)], right, wide)


def _time(run: Run) -> Section:
    left, right = [exhibits.cumulative(run)], [exhibits.components(run)]
    return Section("time", "When it was earned", left, right)


def _gamma(run: Run) -> Section:
    title, moved = "Gamma against theta", gamma.moves(run)
    left: list[Exhibit | Table] = [gamma.gamma_and_theta(run)]
    right: list[Exhibit | Table] = [gamma.break_even(run, moved)] if moved else []
    shorter = left if len(moved) > 1 else right
    shorter.append(tables.convexity_and_theta(run.summary))
    return Section("gamma", title, left, right, [gamma.realised_and_implied(run, moved)] if moved else [])


def _hedging(run: Run) -> Section:
    books, title = hedging.books(run), "Hedging"
    if not books:
        return Section("hedging-ways", title, [tables.components(run.summary)])
    ways = hedging.ways(run, books)
    right = [hedging.error(run, books, ways[0]), tables.components(run.summary)]
    return Section("hedging-ways", title, [hedging.over_time(run, ways)], right, [hedging.compared(run, ways)])


def _market(run: Run) -> Section:
    shown = [*exhibits.spot_and_hedges(run), exhibits.inventory(run), exhibits.greeks(run)]
    drawn, held = len(rows.underlyings(run)), len(rows.symbols(run))
    text = [f"Shown: the {drawn} of {held} underlyings with the most hedges."] if drawn < held else []
    return Section("market", "Market, hedges and inventory", shown[::2], shown[1::2], text=text)


def _quotes(run: Run) -> list[Section]:
    shown = quotes.against_the_market(run)
    return [Section("quotes", "Quotes against the market", shown[::2], shown[1::2])] if shown else []


def _views(run: Run) -> Section:
    summary = run.summary
    carry = None if run.marks.empty else exhibits.carry(run)
    left = [tables.cash(summary), tables.accounts(summary)]
    right: list[Exhibit | Table] = [tables.taylor(summary), tables.revaluation(summary), tables.carry(summary)]
    return Section("views", "The same money, counted otherwise", left, [*right, *([carry] if carry else [])])


def _options(run: Run) -> Section:
    title = "By option and client"
    if run.options.empty:
        return Section("options", title, text=["No option was traded or held."])
    maps = by_strike.maps(run)
    chain = [] if rows.client_fills(run).empty else [edges.chain(run)]
    right: list[Exhibit | Table] = [*maps[1::2], *chain, options.by_client(run)]
    return Section("options", title, [*maps[::2], options.by_option(run)], right)


def _markouts(run: Run) -> Section:
    left, right = (markouts.by_group(run, "client"), markouts.by_group(run, "moneyness")), ("side", "size")
    table = [markouts.identity(run)]
    return Section("markouts", "Mark-outs", left, [markouts.by_group(run, group) for group in right], table)


def _surface(run: Run) -> Section:
    return Section("surface", "The volatility surface", [smiles.last_fit(run)])


def _marks(run: Run, held: pd.DataFrame | None = None) -> list[Section]:
    """What the daily sheet does not say of the three marks; ``held`` as `held.options` has it, where rows were kept."""
    said = _unquoted(run.summary)
    figures = [exhibits.marks_against_theo(run)] if not run.marks.empty and exhibits.marks_differ(run) else []
    is_on_sheet = held is not None and not held.empty
    by_expiry = [sheet.liquidation(run, held)] if held is not None and is_on_sheet and figures else []
    right = [] if is_on_sheet else [tables.three_marks(run.summary)]
    section = Section("marks", "Three marks", figures, right, by_expiry, [said] if said else [])
    return [section] if figures or right or said else []


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
