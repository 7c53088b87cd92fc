"""A run's tables for other programs: the ledger as a beancount journal, and everything as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import pandas as pd

from mmsim.errors import Problem, UserError
from mmsim.ledger import MICROS
from mmsim.results import Run
from mmsim.run_folder import TABLES
from mmsim.whole_folder import made, placing, staged, writing


def csv(run: Run, folder: Path) -> list[Path]:
    """Write every table of the run that has rows to ``folder`` as CSV; the files written.

    UserError if the system refuses, or if the folder is a symbolic link: a run's stays in the run's folder.
    """
    if folder.is_symlink():
        raise UserError(Problem("is a symbolic link: nothing was written", file=str(folder)))
    tables = {name: getattr(run, name) for name in TABLES}
    written = {folder / f"{name}.csv": table for name, table in tables.items() if len(table)}
    with writing(folder), made(folder), staged(folder.parent) as making:
        for file, table in written.items():
            table.to_csv(making / file.name, index=False)
        for file in written:
            (making / file.name).replace(file)
    return list(written)


def beancount(run: Run, file: Path) -> Path:
    """Write the ledger to ``file`` as a journal that beancount loads; the file written.

    The currency is the one commodity; micro-units stand as six decimals, so nothing is rounded; an instrument is the
    last component of its account. Where the run kept several paths, each has accounts of its own. UserError if the run
    has no postings, or if the system refuses.
    """
    if run.ledger.empty:
        raise UserError(Problem("has nothing to hold: the run kept no path with postings (keep_paths)", file=str(file)))
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
    yield f'option "title" "{title}"'
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
