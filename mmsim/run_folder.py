"""A run's folder: what may stand in it, whether it is whole, and how a new run takes the place of an old one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmsim.errors import Problem, UserError

TABLES = ("ledger", "fills", "options", "marks", "paths", "breaches")
SUMMARY, REPORT, MANIFEST = "run.json", "report.html", "manifest.json"
JOURNAL, CSV = "journal.beancount", "csv"  # what `mmsim export` adds
_SUMMARY_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "name": str,
    "about": str,
    "currency": str,
    "scenario": dict,
    "seed": int,
    "paths": int,
    "versions": dict,
    "inputs": dict,
    "events": int,
    "seconds": (int, float),
    "attribution": dict,
    "detail": dict,
    "convexity_and_theta": (int, float),
    "cash": dict,
    "carry": dict,
    "components": dict,
    "equity": dict,
    "taylor": dict,
    "counts": dict,
    "identities": dict,
    "data": dict,
    "policies": dict,
    "notes": list,
    "reproduce": str,
}


def table_file(name: str) -> str:
    """The name of a table's file."""
    return f"{name}.parquet"


def tables_of(paths: int) -> list[str]:
    """The tables of a run of that many paths."""
    return [name for name in TABLES if name != "paths" or paths > 1]


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """What the system has against writing ``file``, as a UserError."""
    try:
        yield
    except OSError as error:
        raise UserError(Problem(f"cannot be written: {error.strerror or error}", file=str(file))) from error


def check_target(folder: Path) -> None:
    """UserError if a run cannot be written to ``folder``.

    It can where nothing stands yet, to an empty folder, and over an earlier run, as long as nothing stands beside
    that which a run or `mmsim export` did not write. A symbolic link is followed.
    """
    with writing(folder):
        target = _resolved(folder)
        standing = next(path for path in (target, *target.parents) if path.exists())
        if not standing.is_dir():
            raise UserError(Problem(f"cannot be written: {standing} is no folder", file=str(folder)))
        if not os.access(standing, os.W_OK | os.X_OK):
            raise UserError(Problem(f"cannot be written: {standing} may not be changed", file=str(folder)))
        if standing != target or not any(target.iterdir()):
            return
        if not is_run_folder(target):
            raise UserError(Problem("is not empty and not a run's folder: nothing was written", file=str(folder)))
        if strangers := _strangers(target):
            named = ", ".join(strangers[:3]) + (f" and {len(strangers) - 3} more" if len(strangers) > 3 else "")
            raise UserError(
                Problem(f"also holds what no run has written ({named}): nothing was written", file=str(folder))
            )


def write(folder: Path, fill: Callable[[Path], None]) -> None:
    """Put the files that ``fill`` writes, and their manifest, to ``folder``: all of them or none.

    UserError where `check_target` has one, and where the system refuses.
    """
    check_target(folder)
    with writing(folder):
        target = _resolved(folder)
        is_new = not target.exists()
        if is_new:
            target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent if is_new else target))
        try:
            fill(partial)
            hashes = {file.name: _sha256(file) for file in sorted(partial.iterdir())}
            (partial / MANIFEST).write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
            if is_new:
                partial.chmod(0o755)
                partial.rename(target)
            else:
                _replace(target, partial)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def read(folder: Path) -> dict[str, Any]:
    """run.json of a folder that holds a whole run; UserError if it does not, or if a file is not what it was."""
    if not any((folder / name).exists() for name in (SUMMARY, MANIFEST)):
        raise UserError(Problem(f"is not a run's folder (no {SUMMARY} and {MANIFEST})", file=str(folder)))
    hashes = _manifest(folder)
    changed = [
        name for name, digest in hashes.items() if name != REPORT and not _is_unchanged(folder / name, digest)
    ]  # the page may be written again
    if changed:
        raise UserError(
            *(Problem(f"is missing or is not what {MANIFEST} says", file=str(folder / name)) for name in changed)
        )
    summary = _summary(folder)
    _check_named(folder, hashes, summary["paths"])
    return summary


def is_run_folder(folder: Path) -> bool:
    """Whether run.json and manifest.json stand in a folder and are a run's."""
    try:
        _check_named(folder, _manifest(folder), _summary(folder)["paths"])
    except UserError:
        return False
    return True


def _resolved(folder: Path) -> Path:
    try:
        return folder.resolve()
    except RuntimeError as error:
        raise UserError(Problem("is a symbolic link to itself", file=str(folder))) from error


def _strangers(folder: Path) -> list[str]:
    """What stands in a run's folder and was written by no run and no export."""
    own = {*_manifest(folder), MANIFEST, JOURNAL, *(f"{CSV}/{name}.csv" for name in TABLES)}

    def is_own(name: str, entry: Path) -> bool:
        return name == CSV if entry.is_dir() else name in own

    found = {entry.relative_to(folder).as_posix(): entry for entry in folder.rglob("*")}
    return sorted(name for name, entry in found.items() if not is_own(name, entry))


def _replace(target: Path, partial: Path) -> None:
    """Put new files in place of all that stands in a folder, which itself stays: a shell may stand in it.

    Without a manifest it is no run's, so the old one goes first and the new one comes last.
    """
    (target / MANIFEST).unlink(missing_ok=True)
    for entry in target.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            if entry != partial:
                shutil.rmtree(entry)
        else:
            entry.unlink()
    for file in sorted(partial.iterdir(), key=lambda file: file.name == MANIFEST):
        file.rename(target / file.name)


def _manifest(folder: Path) -> dict[str, str]:
    """The hashes by file name, in which every file of a run of one path has to stand."""
    hashes = _json(folder / MANIFEST)
    if not all(isinstance(digest, str) for digest in hashes.values()):
        raise UserError(Problem("is not a run's: its values are no hashes", file=str(folder / MANIFEST)))
    _check_named(folder, hashes, paths=1)
    return hashes


def _check_named(folder: Path, hashes: Mapping[str, str], paths: int) -> None:
    expected = [SUMMARY, REPORT, *map(table_file, tables_of(paths))]
    if missing := [name for name in expected if name not in hashes]:
        raise UserError(Problem(f"is not a run's: it does not name {', '.join(missing)}", file=str(folder / MANIFEST)))


def _summary(folder: Path) -> dict[str, Any]:
    summary = _json(folder / SUMMARY)
    if wrong := [key for key, kind in _SUMMARY_KEYS.items() if not isinstance(summary.get(key), kind)]:
        raise UserError(Problem(f"is not a run's: wrong or without {', '.join(wrong)}", file=str(folder / SUMMARY)))
    return summary


def _json(file: Path) -> dict[str, Any]:
    """The JSON object in a file."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(Problem(f"cannot be read: {error.strerror or error}", file=str(file))) from error
    except ValueError as error:  # no UTF-8, or no JSON
        raise UserError(Problem(f"is no JSON: {error}", file=str(file))) from error
    if not isinstance(value, dict):
        raise UserError(Problem("is not a run's: no JSON object", file=str(file)))
    return value


def _is_unchanged(file: Path, digest: str) -> bool:
    return file.is_file() and _sha256(file) == digest


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
