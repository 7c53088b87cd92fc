"""The commands: what is typed becomes a call, what comes back is printed. No logic; heavy imports inside commands."""

from __future__ import annotations

import atexit
import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

import mmsim
from mmsim.errors import Problem, UserError

FAILED, WRONG_INPUT = 1, 2
COMPILING = "Compiling the loop (first run only, about a minute)"
PLAIN_LINE_EVERY_S = 10.0
OBJECTS_A_COLLECTION = 500_000


def _columns() -> int:
    """The width of what is no terminal: wide enough for the tables, or as wide as COLUMNS says if that is more."""
    given = os.environ.get("COLUMNS", "")
    return max(120, int(given)) if given.isdecimal() else 120


app = typer.Typer(
    help="An event-driven backtester for an options market maker: where did every cent come from?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console(width=None if sys.stdout.isatty() else _columns(), highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


class Format(StrEnum):
    """What `mmsim export` can write."""

    BEANCOUNT = "beancount"
    CSV = "csv"
    PARQUET = "parquet"


class Right(StrEnum):
    """The two rights."""

    CALL = "call"
    PUT = "put"


ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario's YAML file.")]
Scenarios = Annotated[list[Path], typer.Argument(metavar="SCENARIO...", help="Scenarios' YAML files.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
Data = Annotated[Path | None, typer.Option(help="The folder in which a scenario's recorded folder stands.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key: hedging.band=10.")]
Seed = Annotated[int | None, typer.Option(help="Of all randomness, in place of the scenario's.")]
Paths = Annotated[int | None, typer.Option(help="Monte Carlo paths, in place of the scenario's.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; default: one a core.")]
Out = Annotated[Path | None, typer.Option("--out", help="Where to write.", show_default="reports/NAME/...")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a mistake.")]


@contextmanager
def mistakes(debug: bool) -> Iterator[None]:
    """A user's mistakes become a line each and exit code 2, anything else a line and exit code 1; or the traceback."""
    try:
        yield
    except UserError as error:
        if debug:
            raise
        for problem in error.problems:
            err.print(str(problem), style="red")
        raise typer.Exit(WRONG_INPUT) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if debug:
            raise
        err.print(f"mmsim failed: {type(error).__name__}: {error} (--debug shows where)", style="red")
        raise typer.Exit(FAILED) from None


def changes(settings: list[str] | None) -> dict[str, str]:
    """``--set KEY=VALUE ...`` as a mapping; UserError with all that are no such thing."""
    wrong = [text for text in settings or [] if "=" not in text.lstrip("=")]
    if wrong:
        raise UserError(*(Problem(f"{text!r} is not KEY=VALUE, as in hedging.band=10", file="--set") for text in wrong))
    return dict(text.split("=", 1) for text in settings or [])


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[float, str], None]]:
    """A callback (fraction done, what) that shows a bar on a terminal, and a plain line now and then elsewhere."""
    if quiet:
        yield lambda _done, _what: None
    elif err.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        with Progress(*columns, console=err, transient=True) as bar:
            task = bar.add_task("", total=1.0)
            yield lambda done, what: bar.update(task, completed=done, description=what)
    else:
        said = time.monotonic()

        def line(done: float, what: str) -> None:
            nonlocal said
            if time.monotonic() - said >= PLAIN_LINE_EVERY_S:
                said = time.monotonic()
                err.print(f"{what}: {done:.0%}")

        yield line


@app.command()
def run(
    scenario: ScenarioFile,
    data: Data = None,
    out_folder: Out = None,
    seed: Seed = None,
    paths: Paths = None,
    settings: Set = None,
    variant: Annotated[str | None, typer.Option(help="One of the scenario's variants, in place of itself.")] = None,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the run's folder and nothing else.")] = False,
    debug: Debug = False,
) -> None:
    """Run a scenario: where the money came from, and a report. Exit code 1 if its books do not balance."""
    with mistakes(debug):
        from mmsim import kernel, run_folder, whole_folder

        if out_folder is not None:
            whole_folder.check_target(out_folder, run_folder.LAYOUT)  # now, not only after the work
        silent = quiet or as_json
        if kernel.will_compile() and not silent:
            err.print(COMPILING)
        from mmsim import backtest, screen  # compiles a tenth of it

        with progress(silent) as show:
            result = backtest.run(
                scenario, data, seed=seed, paths=paths, changes=changes(settings), variant=variant, progress=show
            )
        folder = result.save(out_folder)
        if as_json:
            print_json(result.summary)
        elif quiet:
            say(str(folder))
        else:
            screen.show(screen.run(result.summary, folder), out)
        refuse_unbalanced(folder, result.identities)


@app.command()
def compare(
    scenarios: Scenarios,
    data: Data = None,
    out_folder: Out = None,
    seed: Seed = None,
    paths: Paths = None,
    settings: Set = None,
    workers: Workers = None,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the comparison's folder and nothing else.")] = False,
    debug: Debug = False,
) -> None:
    """Play the variants of a scenario, or several scenarios, on the same draws, and compare what they come to."""
    with mistakes(debug):
        from mmsim import comparison_folder, kernel, whole_folder

        if out_folder is not None:
            whole_folder.check_target(out_folder, comparison_folder.LAYOUT)
        silent = quiet or as_json
        if kernel.will_compile() and not silent:
            err.print(COMPILING)
        from mmsim import screen, variants

        with progress(silent) as show:
            found = variants.compare(
                scenarios, data, seed=seed, paths=paths, changes=changes(settings), workers=workers, progress=show
            )
        folder = found.save(out_folder)
        if as_json:
            print_json(found.summary)
        elif quiet:
            say(str(folder))
        else:
            screen.show(screen.comparison(found.summary, found.table, found.clients, folder), out)
        refuse_unbalanced(folder, found.identities)


@app.command()
def sensitivity(
    scenario: ScenarioFile,
    data: Data = None,
    out_folder: Out = None,
    seed: Seed = None,
    paths: Paths = None,
    settings: Set = None,
    workers: Workers = None,
    as_json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the folder and nothing else.")] = False,
    debug: Debug = False,
) -> None:
    """Play a scenario under other latencies, fills, clients and costs, and say where each makes it earn nothing."""
    with mistakes(debug):
        from mmsim import kernel, whole_folder
        from mmsim.what_if import result

        if out_folder is not None:
            whole_folder.check_target(out_folder, result.LAYOUT)
        silent = quiet or as_json
        if kernel.will_compile() and not silent:
            err.print(COMPILING)
        from mmsim import screen
        from mmsim.what_if import play

        with progress(silent) as show:
            found = play.sensitivity(
                scenario, data, seed=seed, paths=paths, changes=changes(settings), workers=workers, progress=show
            )
        folder = found.save(out_folder)
        if as_json:
            print_json(found.summary)
        elif quiet:
            say(str(folder))
        else:
            screen.show(screen.sensitivity(found.summary, folder), out)
        refuse_unbalanced(folder, {"sum over the runs": found.summary["off"]})


@app.command()
def check(
    scenarios: Scenarios,
    data: Data = None,
    settings: Set = None,
    debug: Debug = False,
) -> None:
    """Say everything that is wrong with scenarios, with file, line and the nearest right name."""
    with mistakes(debug):
        from mmsim import backtest

        found: list[Problem] = []
        for scenario in scenarios:
            try:
                whole = backtest.check(scenario, data=data, changes=changes(settings))
                unseen = "" if whole else ", but its data were not looked at: give their folder with --data"
                say(f"{scenario}: nothing wrong{unseen}")
            except UserError as error:
                found.extend(error.problems)
        if found:
            raise UserError(*found)


@app.command()
def report(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The folder of a run, a comparison or a sensitivity.")
    ],
    debug: Debug = False,
) -> None:
    """Write the HTML report of a run, a comparison or a sensitivity again."""
    with mistakes(debug):
        from mmsim import comparison, comparison_folder, results, run_folder
        from mmsim.what_if import result
        from mmsim.whole_folder import Layout

        def stands(layout: Layout) -> bool:
            return any((folder / name).exists() for name in layout.known - run_folder.LAYOUT.known)

        others = {comparison.load: comparison_folder.LAYOUT, result.load: result.LAYOUT}
        load = next((load for load, layout in others.items() if stands(layout)), results.load)
        found: Any = load(folder)
        say(str(found.report(folder / run_folder.REPORT)))


@app.command()
def explain(
    folder: RunFolder,
    event: Annotated[int | None, typer.Option(min=0, help="Its number among the events of the path, from 0.")] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="The last event at or before, with a zone.")] = None,
    fill: Annotated[
        int | None, typer.Option(help="What made this row of the path's fills: from 0, -1 the last.")
    ] = None,
    path: Annotated[int, typer.Option(min=0, help="One of the paths that the run has kept.")] = 0,
    data: Annotated[
        Path | None, typer.Option(help="The folder in which the recorded folder stands.", show_default="the run's own")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Explain one event of a run: market, quote and why, Greeks, postings. The path is played again up to it."""
    with mistakes(debug):
        one_of("--event, --at and --fill", event, at, fill)
        from mmsim import kernel

        if kernel.will_compile() and not as_json:
            err.print(COMPILING)
        from mmsim.explanation import explain as explanation  # compiles

        found = explanation.explain(folder, event=event, at=at, fill=fill, path=path, data=data)
        if as_json:
            print_json(found.to_dict())
        else:
            from mmsim.explanation import text

            text.show(found, out)


@app.command()
def surface(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A folder of recorded files, or a scenario's .yaml.")],
    at: Annotated[str, typer.Option(metavar="TIME", help="As 2020-01-06T15:00:00Z: what was known by then.")],
    folder: Annotated[
        Path | None, typer.Option("--data", help="The folder in which a scenario's recorded folder stands.")
    ] = None,
    picture: Annotated[
        Path, typer.Option("--out", help="The picture: .svg, .png or .html. It replaces a file of that name.")
    ] = Path("surface.svg"),
    rate: Annotated[float, typer.Option(help="Of a folder: interest a year, continuous (0.04 is 4 %).")] = 0.0,
    expiry_time: Annotated[
        str, typer.Option(help="Of a folder: time of settlement, with its zone.")
    ] = "16:00 America/New_York",
    kind: Annotated[
        str, typer.Option(help="Of a folder: stock, index or future.", show_default="what the files say")
    ] = "",
    exercise: Annotated[
        str, typer.Option(help="Of a folder: american or european.", show_default="what the files say")
    ] = "",
    tick: Annotated[float, typer.Option(help="Of a folder: price increment of the options, in currency.")] = 0.05,
    settings: Set = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Fit the volatility surface to recorded quotes at a time: forwards, smiles, fit errors, arbitrage; and draw it."""
    with mistakes(debug):
        from mmsim import fitted, screen
        from mmsim.market.recording import Terms

        fitted.check_picture(picture)
        terms = Terms(rate, expiry_time, kind, exercise, tick)
        found = fitted.surface_at(data, at, folder=folder, changes=changes(settings), terms=terms)
        drawn = None if found.smiles.empty else found.draw(picture)
        if as_json:
            print_json({**found.as_dict(), "picture": str(drawn) if drawn else None})
        else:
            screen.show(screen.surface(found.as_dict(), drawn), out)


@app.command()
def policies(
    name: Annotated[str, typer.Argument(help="One policy.", show_default="all")] = "",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """List the policies, or say everything about one: parameters, units, source and an example."""
    with mistakes(debug):
        from mmsim import catalogue, screen

        found = catalogue.entries(name)
        if as_json:
            print_json([entry.as_dict() for entry in found])
        elif name:
            for entry in found:
                screen.show(screen.policy(entry), out)
        else:
            screen.show(screen.policies(found), out)


@app.command()
def price(
    right: Annotated[Right, typer.Option(help="Which of the two.")],
    spot: Annotated[float, typer.Option(help="Of the underlying; with --future the future's price.")],
    strike: Annotated[float, typer.Option(help="Strike price.")],
    years: Annotated[float | None, typer.Option(help="To expiry, years of 365 days.")] = None,
    days: Annotated[float | None, typer.Option(help="To expiry, in days.")] = None,
    rate: Annotated[float, typer.Option(help="Interest a year, continuous: 0.05 is 5 %.")] = 0.0,
    dividend_yield: Annotated[
        float | None, typer.Option(help="A year, continuous: the carry is the rate less it.")
    ] = None,
    carry: Annotated[float | None, typer.Option(help="Growth rate of the forward a year.")] = None,
    future: Annotated[bool, typer.Option("--future", help="On a future: the carry is 0.")] = False,
    vol: Annotated[float | None, typer.Option(help="Volatility a year: 0.2 is 20 %.")] = None,
    at_price: Annotated[
        float | None, typer.Option("--price", help="Its price, of which to find the volatility.")
    ] = None,
    american: Annotated[bool, typer.Option("--american", help="May be exercised at any time.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Value one option: price, Greeks, parity partner and implied volatility."""
    with mistakes(debug):
        one_of("--years and --days", years, days)
        one_of("--vol and --price", vol, at_price)
        at_most_one_of("--dividend-yield, --carry and --future", dividend_yield, carry, future or None)
        from mmsim import calculator, screen

        found = calculator.valuation(
            right=right,
            spot=spot,
            strike=strike,
            years=days / 365.0 if days is not None else years or 0.0,
            rate=rate,
            carry=0.0 if future else carry if dividend_yield is None else rate - dividend_yield,
            volatility=vol,
            price=at_price,
            american=american,
        )
        if as_json:
            print_json(found.as_dict())
        else:
            screen.show(screen.valuation(found), out)


@app.command()
def schema(debug: Debug = False) -> None:
    """Print the JSON Schema of a scenario, for editors."""
    with mistakes(debug):
        from mmsim.scenario import json_schema

        print_json(json_schema())


@app.command()
def export(
    folder: RunFolder,
    form: Annotated[Format, typer.Option("--format", help="A beancount journal, or every table.")],
    out_path: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write.", show_default="in RUN"),
    ] = None,
    debug: Debug = False,
) -> None:
    """Write a run's ledger as a beancount journal, or its tables as CSV or Parquet."""
    with mistakes(debug):
        from mmsim import results, run_folder

        for file in results.load(folder).export(form, out_path or folder / run_folder.EXPORTS[form]):
            say(str(file))


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is empty or not there yet.")],
    debug: Debug = False,
) -> None:
    """Make a workspace: strategies to edit, scenarios to run, a generated day to replay."""
    with mistakes(debug):
        from mmsim import workspace
        from mmsim.market.sample import write_sample

        for file in workspace.create(folder, write_sample):
            say(str(file))
        out.print(
            f"Next:   cd {folder} && mmsim run scenarios/first.yaml", style="cyan", soft_wrap=True, highlight=False
        )


def refuse_unbalanced(folder: Path, identities: Mapping[str, int]) -> None:
    """Exit code 1, and a sentence, where books do not balance."""
    if failed := [name for name, off in identities.items() if off]:
        err.print(f"{folder}: the figures cannot be trusted: identities do not hold ({', '.join(failed)})", style="red")
        raise typer.Exit(FAILED)


def one_of(names: str, *values: object) -> None:
    """UserError unless exactly one of some options is given."""
    if sum(value is not None for value in values) != 1:
        raise UserError(f"give one of {names}")


def at_most_one_of(names: str, *values: object) -> None:
    """UserError if more than one of some options is given."""
    if sum(value is not None for value in values) > 1:
        raise UserError(f"give at most one of {names}")


def say(text: str) -> None:
    """A line on standard output, left to the terminal to fold."""
    out.print(text, soft_wrap=True, markup=False)


def print_json(value: Any) -> None:
    """JSON on standard output, as it is."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"mmsim {mmsim.__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which mmsim.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """What the shell calls.

    Half a million objects are imported and stay. Looking for cycles among them, again and again as they come and twice
    more at the end, is a third of a short run.
    """
    gc.set_threshold(OBJECTS_A_COLLECTION)
    atexit.register(gc.freeze)
    app()
