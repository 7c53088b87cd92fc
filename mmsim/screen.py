"""What a run says on the screen: where the money came from, whether the day was good, and what to try next."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from mmsim.calculator import Valuation
from mmsim.catalogue import Entry
from mmsim.report import comparison_words, duty, words
from mmsim.report.numbers import NONE, decimals, fixed, is_shown_as_zero

if TYPE_CHECKING:
    import pandas as pd

Parts = Iterator[RenderableType]


def show(parts: Parts, console: Console) -> None:
    """Print the parts; sentences and paths are left to the terminal to fold, so that they can be copied."""
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text))


def run(summary: Mapping[str, Any], folder: Path) -> Parts:
    """What a run came to; ``summary`` is run.json, ``folder`` the run's."""
    yield _title(summary)
    yield _attribution(summary)
    yield Text(words.verdict(summary), style="bold")
    digits = words.decimals(summary)
    yield Text("Cash: " + ", ".join(f"{part} {fixed(amount, digits)}" for part, amount in summary["cash"].items()))
    if doubt := words.second_thought(summary):
        yield Text(doubt, style="bold yellow")
    yield from _footnotes(summary)
    yield Text(f"Report: {folder / 'report.html'}")
    yield Text(f"Next:   {next_command(summary)}", style="cyan")


def _title(summary: Mapping[str, Any]) -> Text:
    paths = summary.get("paths", 1)
    many = f", {paths:,} paths" if paths > 1 else ""
    speed = f"{summary['events']:,} events in {summary['seconds']:.2f} s"
    return Text(f"{summary['scenario']['name']}: seed {summary['seed']}{many}, {speed}")


def _attribution(summary: Mapping[str, Any]) -> Table:
    """Bucket, amount and meaning; with several paths their means, standard deviations and standard errors."""
    table = _table("bucket")
    spread = summary.get("monte_carlo") if summary.get("paths", 1) > 1 else None
    table.add_column(summary["scenario"]["currency"] + (", mean" if spread else ""), justify="right")
    if spread:
        table.add_column("standard deviation", justify="right")
        table.add_column("standard error", justify="right")
    table.add_column("what it is", style="dim")
    digits = words.decimals(summary)
    for bucket, amount in summary["attribution"].items():
        figures = [spread[bucket][name] for name in ("mean", "sd", "se")] if spread else [amount]
        style = "bold" if bucket == "total" else ""
        table.add_row(
            words.label(bucket), *(fixed(figure, digits) for figure in figures), words.BUCKETS[bucket], style=style
        )
    return table


def comparison(summary: Mapping[str, Any], table: pd.DataFrame, clients: pd.DataFrame, folder: Path) -> Parts:
    """What the variants came to, and what each has more than the first; ``summary`` is comparison.json."""
    paths, currency = summary["paths"], summary["currency"]
    many = f", means of {paths:,} paths" if paths > 1 else ""
    what = comparison_words.what(summary)
    yield Text(f"{summary['name']}: {what}, {currency}, seed {summary['seed']}{many}, {summary['seconds']:.1f} s")
    yield _buckets(table, currency)
    yield Text(comparison_words.verdict(summary), style="bold")
    yield _differences(summary)
    if said := comparison_words.widths(summary):
        yield Text(said)
    yield _partings(summary)
    if clients["client"].nunique() > 1:
        yield _groups(clients)
        yield Text("By client group: options at theo, fees included, hedges not; a mean of the paths that are kept")
    for said in comparison_words.market(summary):
        yield Text(f"Note: {said}")
    for said in comparison_words.broken(summary):
        yield Text(said, style="bold red")
    last = [*summary["variants"].values()][-1]
    yield Text(f"Report: {folder / 'report.html'}")
    yield Text(f"Next:   {last['reproduce']}", style="cyan")


def sensitivity(summary: Mapping[str, Any], folder: Path) -> Parts:
    """What a scenario came to as each assumption varies alone, and where it earns nothing; of sensitivity.json."""
    many = f", means of {summary['paths']:,} paths" if summary["paths"] > 1 else ""
    runs, seconds = len(summary["table"]), summary["seconds"]
    yield Text(f"{summary['name']}: seed {summary['seed']}, {runs} combinations{many}, {seconds:.1f} s")
    names = [factor["factor"] for factor in summary["factors"]]
    own, rows = summary["table"][0], summary["table"]
    digits = decimals([abs(row["total_worst"]) for row in rows])
    for factor in summary["factors"]:
        name = factor["factor"]
        others = [other for other in names if other != name]
        table = _table(f"{words.label(name).lower()}{', ' * bool(factor['unit'])}{factor['unit']}")
        for column in (f"worst total, {summary['currency']}", "at", "spread capture", "costs", "client fills"):
            table.add_column(column, justify="left" if column == "at" else "right")
        alone = [row for row in rows if all(row[other] == own[other] for other in others)]
        for row in sorted(alone, key=lambda row: factor["levels"].index(row[name])):
            level = row[name] if isinstance(row[name], str) else f"{row[name]:g}"
            amounts = [fixed(row[column], digits) for column in ("spread_capture", "costs")]
            worst = [fixed(row["total_worst"], digits), row["worst_mark"]]
            style = "bold" if row[name] == own[name] else ""
            table.add_row(level, *worst, *amounts, f"{row['client_fills']:,}", style=style)
        yield table
    for row in summary["break_even"]:
        yield Text(f"Break-even of {words.label(row['factor']).lower()}: {row['says']}", style="bold")
    for name, why in summary["left_out"].items():
        yield Text(f"Left out: {words.label(name).lower()}: {why}")
    yield Text(f"Report: {folder / 'report.html'}")


def _buckets(table: pd.DataFrame, currency: str) -> Table:
    """A row a variant: the buckets that are not zero throughout, and the fills; the tables have more digits."""
    shown = _table()
    shown.add_column(f"variant, {currency}", no_wrap=True, overflow="fold")
    amounts = [name for name in table.columns if name not in ("client_fills", "hedge_fills", "se")]
    digits = max(decimals(abs(table[amounts].to_numpy(float)[~table[amounts].isna().to_numpy()]).tolist()) - 2, 0)
    kept = [name for name in amounts if any(not is_shown_as_zero(v, digits) for v in table[name].dropna())]
    for name in (*kept, "client_fills", "hedge_fills"):
        shown.add_column(_COLUMNS.get(name, words.label(name).lower()), justify="right", overflow="fold")
    for variant, row in table.iterrows():
        figures = [fixed(row[column], digits) for column in kept]
        fills = [f"{row[column]:,.0f}" for column in ("client_fills", "hedge_fills")]
        shown.add_row(escape(str(variant)), *figures, *fills)
    return shown


_COLUMNS = {"hedging_pnl": "hedging PnL", "sd": "sd of total"}


def _groups(clients: pd.DataFrame) -> Table:
    """A row a variant: what the trades with each client group came to."""
    totals = clients.pivot_table("total", "variant", "client", aggfunc="sum", fill_value=0.0, sort=False, observed=True)
    table = _table("by client group")
    digits = max(decimals(abs(totals.to_numpy()).ravel().tolist()) - 2, 0)
    for group in totals.columns:
        table.add_column(escape(str(group)), justify="right", overflow="fold")
    for variant, row in totals.iterrows():
        table.add_row(escape(str(variant)), *(fixed(value, digits) for value in row))
    return table


def _differences(summary: Mapping[str, Any]) -> Table:
    """Of each variant but the first what its total has more than the first's, with both intervals and their widths."""
    totals = comparison_words.against_first(summary)
    digits = decimals([abs(row["difference"]) for row in totals.values()])
    how = "over paths" if summary["paths"] > 1 else "by blocks of time"
    table = _table(f"total against {escape(summary['reference'])}")
    for column in ("difference", f"95 % {how}", "width", "unpaired", "width", "of it"):
        table.add_column(column, justify="right")
    for name, row in totals.items():
        bounds = (_bounds(row, of, digits) for of in ("", "unpaired_"))
        cells = [cell for both in bounds for cell in both]
        table.add_row(
            escape(name),
            fixed(row["difference"], digits),
            *cells,
            comparison_words.percent(comparison_words.share(row)),
        )
    return table


def _bounds(row: Mapping[str, Any], of: str, digits: int) -> tuple[str, str]:
    """An interval and its width."""
    width = comparison_words.width(row, of)
    if width is None:
        return "not known", NONE
    return f"{fixed(row[f'{of}low'], digits)} to {fixed(row[f'{of}high'], digits)}", fixed(width, digits)


def _partings(summary: Mapping[str, Any]) -> Table:
    """Of each variant but the first the first fill at which it parts from the first."""
    table = _table(f"parts from {escape(summary['reference'])}")
    table.add_column("at fill", justify="right")
    table.add_column("time, UTC", no_wrap=True)
    table.add_column("where")
    for name in list(summary["variants"])[1:]:
        if rows := comparison_words.parted(summary, name):
            at = (f"{rows[0]['fill']:,}", comparison_words.clock(rows[0]["ts"]))
            table.add_row(escape(name), *at, escape(comparison_words.deal(summary, name)))
        else:
            table.add_row(escape(name), NONE, NONE, escape(comparison_words.unparted(summary, name)))
    return table


def _footnotes(summary: Mapping[str, Any]) -> Parts:
    """Counts, identities, rejected rows and notes: a paragraph each, where there is something to say."""
    over = ", over all paths" if summary.get("paths", 1) > 1 else ""
    yield Text(
        f"Counts{over}: " + ", ".join(f"{words.label(k).lower()} {v:,}" for k, v in summary["counts"].items() if v)
    )
    wrong = {name: difference for name, difference in summary["identities"].items() if difference}
    if wrong:
        said = "; ".join(f"{words.IDENTITIES[name]}: off by {off:,} micro-units" for name, off in wrong.items())
        yield Text(f"Identities that do NOT hold: {said}", style="bold red")
    else:
        yield Text(f"Identities: all {len(summary['identities'])} hold to the micro-unit")
    yield from map(Text, duty.sentences(summary))
    yield from map(Text, _recorded(summary["data"]))
    for note in summary["notes"]:
        yield Text(f"Note: {note}")


def _recorded(counts: Mapping[str, int]) -> Iterator[str]:
    """A line a recorded file: its rows, and what was seen or dropped of them by reason."""
    for file in dict.fromkeys(key.partition(": ")[0] for key in counts):
        seen = {key.partition(": ")[2]: number for key, number in counts.items() if key.startswith(f"{file}: ")}
        rows = seen.pop("rows", 0)
        said = ", ".join(f"{reason} {number:,}" for reason, number in seen.items() if number) or "nothing amiss"
        yield f"Data: {file}, {rows:,} rows: {said}"


def next_command(summary: Mapping[str, Any]) -> str:
    """The run's own command, varied: half the band, the width or whatever the hedge is set by; else another hedge."""
    quoting, hedging = (summary["policies"][role] for role in ("quoting", "hedging"))
    settings = {f"hedging.{name}": value for name, value in hedging["parameters"].items()}
    settings |= {f"quoting.{name}": v for name, v in quoting["parameters"].items() if name.startswith("half_spread")}
    for key, value in settings.items():
        if isinstance(value, float) and value > 0:
            return _with_setting(summary["reproduce"], key, f"{value / 2:g}")
    other = "every_tick" if hedging["name"] == "none" else "none"
    return _with_setting(summary["reproduce"], "hedging", f"{{policy: {other}}}")


def _with_setting(command: str, key: str, value: str) -> str:
    """A command line with ``--set KEY=VALUE`` in place of an earlier one of that key, or at its end.

    >>> _with_setting("mmsim run 'a b.yaml' --set x=1 --seed 3", "x", "2")
    "mmsim run 'a b.yaml' --seed 3 --set x=2"
    """
    words = shlex.split(command)
    earlier = [n for n, word in enumerate(words) if words[n - 1] == "--set" and word.partition("=")[0] == key]
    kept = [word for n, word in enumerate(words) if n not in earlier and n + 1 not in earlier]
    return shlex.join([*kept, "--set", f"{key}={value}"])


def surface(found: Mapping[str, Any], drawn: Path | None) -> Parts:
    """The expiries of a fitted surface; ``found`` is what `SurfaceAt.as_dict` gives, ``drawn`` the picture."""
    yield Text(f"Surface at {found['at']}")
    table = _table("underlying", "expiry")
    for column in ("forward", "±", "less model", "days", "quotes", "fit error", "inside"):
        table.add_column(column, justify="right")
    for column in ("made by", "arbitrage left", "parity, fit"):
        table.add_column(column)
    for row in found["expiries"]:
        table.add_row(*_expiry(row))
    yield table
    yield Text("Fit error: root mean square to the mids, in points of volatility (0.01). ±: standard error of parity.")
    yield Text("Quotes: " + ", ".join(f"{use} {number:,}" for use, number in found["quotes"].items()))
    yield Text(f"Picture: {drawn}" if drawn else "Nothing was fitted: no picture")


def _expiry(row: Mapping[str, Any]) -> Iterator[str]:
    """The cells of one expiry; what is not known is a dash."""

    def number(value: float | None, digits: int) -> str:
        return fixed(nan if value is None else value, digits)

    known = row["parity_forward"] is not None and row["model_forward"] is not None
    yield row["underlying"]
    yield row["expiry"][:10]
    yield number(row["forward"], 2)
    yield number(row["parity_error"], 3)
    yield number(row["parity_forward"] - row["model_forward"] if known else None, 3)
    yield number(row["years"] * 365.0, 1)
    yield f"{row['used'] or 0:,.0f}"
    yield number(None if row["rms_mark"] is None else 100.0 * row["rms_mark"], 3)
    yield NONE if row["inside_mark"] is None else f"{row['inside_mark']:.0%}"
    yield row["method"] or "none"
    yield row["arbitrage_left"] or "none"
    yield f"{row['parity_status']}, {row['status'] or 'no slice'}"


def policies(entries: Sequence[Entry]) -> Parts:
    """A line a policy."""
    table = _table("kind")
    table.add_column("policy", no_wrap=True, overflow="fold")
    for column in ("parameters", "what it does"):
        table.add_column(column)
    for entry in entries:
        parameters = ", ".join(f"{p.name}={p.default}" if p.default else p.name for p in entry.parameters)
        table.add_row(entry.kind, escape(entry.name), escape(parameters), escape(entry.about.partition("\n\n")[0]))
    yield table
    yield Text("Next:   mmsim policies NAME", style="cyan")


def policy(entry: Entry) -> Parts:
    """Everything about one policy."""
    yield Text(f"{entry.name} ({entry.kind})", style="bold")
    yield Text(f"{entry.about}\n")
    if entry.parameters:
        table = _table("parameter", "type", "default", "what it is")
        for p in entry.parameters:
            table.add_row(p.name, p.type, p.default or "must be given", p.meaning)
        yield table
    yield Text(f"\nSource:  {entry.source}" if entry.source else "")
    yield Text(f"File:    {entry.file}")
    yield Text(f"Example: {entry.example}", style="cyan")


def valuation(found: Valuation) -> Parts:
    """What one option is worth: a line a figure, with what it is per."""
    table = _table("")
    table.add_column("", justify="right")
    table.add_column("", style="dim")
    for name, meaning in _OF_AN_OPTION.items():
        figure = getattr(found, name)
        table.add_row(words.label(name), "none" if math.isnan(figure) else f"{figure:.8g}", meaning)
    yield table
    if found.status != "ok":
        yield Text(f"Status: {words.label(found.status).lower()}", style="bold yellow")


_OF_AN_OPTION = {
    "price": "per unit of the underlying",
    "delta": "per unit of spot",
    "gamma": "of delta, per unit of spot",
    "vega": "per 1.00 of volatility: a hundredth of it a point",
    "theta": "a year: a 365th of it a day",
    "rho": "per 1.00 of rate: a ten-thousandth of it a basis point",
    "vanna": "of delta, per 1.00 of volatility",
    "volga": "of vega, per 1.00 of volatility",
    "implied_volatility": "a year: 0.2 is 20 %",
    "parity": "the option of the other right, at this volatility",
}


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column)
    return table
