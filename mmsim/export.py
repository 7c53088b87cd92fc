"""A run's tables for other programs: the ledger as a beancount journal, and everything as CSV or Parquet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmsim import delimited, parquet, spool, tables
from mmsim.errors import Problem, UserError, nearest
from mmsim.ledger import MICROS
from mmsim.run_folder import TABLES
from mmsim.whole_folder import made, placing, staged, writing

if TYPE_CHECKING:
    from mmsim.results import Run

FORMS = ("beancount", "csv", "parquet")
_TITLE = 'option "title" '  # begins a journal


def write(run: Run, form: str, path: Path) -> list[Path]:
    """Write one of `FORMS` of the run to ``path``, a folder or for beancount a file; the files written."""
    if form not in FORMS:
        message = f"no form {form!r}: there are {', '.join(FORMS)}"
        raise UserError(Problem(message, suggestion=nearest(form, FORMS)))
    if form == "beancount":
        return [beancount(run, path)]
    return (csv if form == "csv" else to_parquet)(run, path)


def csv(run: Run, folder: Path) -> list[Path]:
    """Write every table of the run that has rows to ``folder`` as CSV; the files written.

    Whole numbers are exact, floats have the digits that read back as the same float, and what is none is empty; times
    are ISO 8601 in UTC with nine decimals. UserError as `to_parquet`.
    """
    return _tables(run, folder, ".csv", delimited.write, delimited.head)


def to_parquet(run: Run, folder: Path) -> list[Path]:
    """Write every table of the run that has rows to ``folder`` as Parquet; the files written.

    UserError if the system refuses, if the folder is a symbolic link (a run's stays in the run's folder), or if a file
    of one of the names is no table of a run.
    """

    def put(pieces: Iterator[pd.DataFrame], file: Path) -> None:
        parquet.write(pieces, file, spool.PIECE)

    return _tables(run, folder, ".parquet", put, lambda file: parquet.schema(file).names)


def _tables(
    run: Run,
    folder: Path,
    suffix: str,
    put: Callable[[Iterator[pd.DataFrame], Path], None],
    head: Callable[[Path], list[str]],
) -> list[Path]:
    """Write the tables that have rows by ``put``, in place of all that ``head`` shows to be earlier ones."""
    if folder.is_symlink():
        raise UserError(Problem("is a symbolic link: nothing was written", file=str(folder)))
    with writing(folder), made(folder), staged(folder.parent) as making:
        earlier = {name: folder / f"{name}{suffix}" for name in TABLES if (folder / f"{name}{suffix}").exists()}
        if strange := [file for name, file in earlier.items() if head(file) != tables.columns(name)]:
            raise UserError(*(Problem("is no table of a run: nothing was written", file=str(file)) for file in strange))
        written = []
        for name in TABLES:
            if len(getattr(run, name)):
                put(run.pieces(name), making / f"{name}{suffix}")
                written.append(folder / f"{name}{suffix}")
        for file in written:
            (making / file.name).replace(file)
        for file in {*earlier.values()} - {*written}:
            file.unlink()
    return written


def beancount(run: Run, file: Path) -> Path:
    """Write the ledger to ``file`` as a journal that beancount loads; the file written.

    The currency is the one commodity; micro-units stand as six decimals, so nothing is rounded; an instrument is the
    last component of its account. Where the run kept several paths, each has accounts of its own. UserError if the run
    has no postings, if something else than a journal stands there, or if the system refuses.
    """
    if run.ledger.empty:
        raise UserError(Problem("has nothing to hold: the run kept no path with postings (keep_paths)", file=str(file)))
    if file.is_file() and not file.is_symlink():
        with writing(file), file.open("rb") as opened:
            if opened.read(len(_TITLE)) not in (b"", _TITLE.encode()):
                raise UserError(Problem("is no journal of a run: nothing was written", file=str(file)))
    scenario = run.summary["scenario"]
    lines = journal(run.ledger, currency=scenario["currency"], title=scenario["name"])
    with placing(file) as making, making.open("w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in lines)
    return file


def journal(ledger: pd.DataFrame, currency: str, title: str) -> Iterator[str]:
    """The lines of a beancount journal: options, every account opened on the first day, then the transactions."""
    postings = ledger.assign(
        account=account_names(ledger),
        day=ledger["ts"].dt.strftime("%Y-%m-%d"),
        time=ledger["ts"].dt.strftime("%H:%M:%S.%f") + (ledger["ts"].dt.nanosecond.map("{:03d}".format)),
    )
    yield f'{_TITLE}"{title}"'
    yield f'option "operating_currency" "{currency}"'
    yield ""
    for account in sorted(set(postings["account"])):
        yield f"{postings['day'].min()} open {account} {currency}"
    rows = postings.sort_values(["path", "transaction"], kind="stable").itertuples(index=False)
    for _, transaction in groupby(rows, key=attrgetter("path", "transaction")):
        yield ""
        yield from _transaction(list(transaction), currency)


def _transaction(postings: Sequence[Any], currency: str) -> Iterator[str]:
    first = postings[0]
    yield f'{first.day} * "{first.kind}" "{first.kind} {first.transaction}"'
    yield f'  time: "{first.time}"'
    yield f"  path: {first.path}"
    for posting in postings:
        yield f"  {posting.account}  {decimal(posting.amount_micros)} {currency}"


def decimal(micros: int) -> str:
    """An amount in micro-units as a decimal number, exactly.

    >>> decimal(-1_500_000), decimal(1)
    ('-1.500000', '0.000001')
    """
    whole, part = divmod(abs(micros), MICROS)
    return f"{'-' if micros < 0 else ''}{whole}.{part:06d}"


def account_names(ledger: pd.DataFrame) -> pd.Series[str]:
    """The full account of each posting, instrument and path (where there are several) included."""
    instruments = pd.Series(ledger["instrument"].unique())
    component = dict(zip(instruments, legal_components(instruments.tolist()), strict=True))
    accounts = ledger["account"].astype(str) + ledger["instrument"].map(component).astype(str)
    if ledger["path"].nunique() > 1:
        accounts += ":Path" + ledger["path"].astype(str)
    return accounts


def legal_components(instruments: list[str]) -> list[str]:
    """Each instrument as the end of an account name that beancount accepts, no two alike; an empty one stays empty.

    >>> legal_components(["ES 2020-03-20 C3200", "brk.b", "BRK-B", ""])
    [':ES-2020-03-20-C3200', ':BRK-B', ':BRK-B-2', '']
    """
    made: dict[str, str] = {}
    taken: dict[str, int] = {}
    for instrument in instruments:
        name = re.sub(r"[^A-Z0-9]+", "-", instrument.upper()).strip("-") or "X"
        taken[name] = taken.get(name, 0) + 1
        made[instrument] = f":{name}" if taken[name] == 1 else f":{name}-{taken[name]}"
    made[""] = ""
    return [made[instrument] for instrument in instruments]
