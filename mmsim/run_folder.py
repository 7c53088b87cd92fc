"""A run's folder: what may stand in it, whether it is whole, and how a new run takes the place of an old one."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mmsim.errors import Problem, UserError

TABLES = ("ledger", "fills", "options", "marks", "paths", "breaches", "smiles")
SUMMARY, REPORT, MANIFEST = "run.json", "report.html", "manifest.json"
JOURNAL, CSV = "journal.beancount", "csv"  # what `mmsim export` adds
MAKING = ".mmsim-making-"  # begins the name of a folder of what is not yet whole
_OLD = "old"  # in which the run that is being replaced is kept
_YOUNG_S = 60.0
_FILES = {SUMMARY, REPORT, *(f"{name}.parquet" for name in TABLES)}
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


@contextmanager
def placing(file: Path) -> Iterator[Path]:
    """Where to write ``file`` first: it takes its place when it is whole, and that of a symbolic link, not of its end.

    UserError if the system refuses.
    """
    with writing(file), staged(file.parent) as making:
        yield making / file.name
        (making / file.name).replace(file)


@contextmanager
def made(folder: Path) -> Iterator[Path]:
    """The folder, made with those around it where they are not there yet; those made are gone again after a failure."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except BaseException:
        with suppress(OSError):  # not made, or in use by others by now
            for path in missing:
                path.rmdir()
        raise


@contextmanager
def staged(home: Path) -> Iterator[Path]:
    """A folder in ``home`` for what is in the making; it is gone afterwards, and so are those of killed processes.

    It is locked as long as its process lives. OSError if the system refuses.
    """
    _clear(home)
    making = Path(tempfile.mkdtemp(prefix=MAKING, dir=home))
    try:
        with _locked(making):
            yield making
    finally:
        shutil.rmtree(making, ignore_errors=True)


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
        if standing != target:
            return
        _clear(target)
        if not _entries(target):
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
        with made(target.parent if is_new else target) as home, staged(home) as making:
            fill(making)
            hashes = {file.name: _sha256(file) for file in sorted(making.iterdir())}
            (making / MANIFEST).write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
            if is_new:
                making.chmod(0o755)
                making.rename(target)
            else:
                _replace(target, making)


def read(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """run.json of a folder that holds a whole run, and the hash of each file.

    UserError if it holds none, or if a file is not what it was. The page is not looked at: it may be written again.
    """
    if not (folder / MANIFEST).exists() and folder.is_dir():
        with writing(folder):
            _clear(folder)
    if not any((folder / name).exists() for name in (SUMMARY, MANIFEST)):
        raise UserError(Problem(f"is not a run's folder (no {SUMMARY} and {MANIFEST})", file=str(folder)))
    hashes = _manifest(folder)
    problems: list[Problem] = []
    for name in hashes.keys() - {REPORT}:
        try:
            check(folder / name, hashes[name])
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(*sorted(problems))
    summary = _summary(folder)
    _check_named(folder, hashes, summary["paths"])
    return summary, hashes


def check(file: Path, digest: str) -> None:
    """UserError if a file is not the one whose hash the manifest has."""
    try:
        if file.is_file() and _sha256(file) == digest:
            return
    except OSError as error:
        raise UserError(Problem(f"cannot be read: {error.strerror or error}", file=str(file))) from error
    raise UserError(Problem(f"is missing or is not what {MANIFEST} says", file=str(file)))


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


def _entries(folder: Path) -> list[Path]:
    """What stands in a folder but for what is in the making there."""
    return [entry for entry in folder.iterdir() if not entry.name.startswith(MAKING)]


def _strangers(folder: Path) -> list[str]:
    """What stands in a run's folder and was written by no run and no export."""
    own = {*_manifest(folder), MANIFEST, JOURNAL, *(f"{CSV}/{name}.csv" for name in TABLES)}

    def is_own(name: str, entry: Path) -> bool:
        return name == CSV if entry.is_dir() else name in own

    found = [inner for entry in _entries(folder) for inner in (entry, *entry.rglob("*"))]
    named = {entry.relative_to(folder).as_posix(): entry for entry in found}
    return sorted(name for name, entry in named.items() if not is_own(name, entry))


def _replace(target: Path, making: Path) -> None:
    """Put new files in place of all that stands in a folder, which itself stays: a shell may stand in it.

    Without a manifest it is no run's. The old one goes first and the new one comes last; until then the old files are
    kept, and a failure puts them back: at once, or after a kill when the folder is next opened.
    """
    with _locked(target):
        new, old = sorted(making.iterdir(), key=_manifest_last), making / _OLD
        old.mkdir()
        try:
            for entry in sorted(_entries(target), key=_manifest_last, reverse=True):
                entry.rename(old / entry.name)
            for file in new:
                file.rename(target / file.name)
        except BaseException:
            _put_back(target, making)
            raise


def _put_back(target: Path, making: Path) -> None:
    """Undo what `_replace` has done so far: a file of the new run is no longer where it was made."""
    old = making / _OLD
    if not old.is_dir() or (target / MANIFEST).exists():
        return
    for name in _manifest(making):
        if not (making / name).exists():
            (target / name).rename(making / name)
    for entry in sorted(old.iterdir(), key=_manifest_last):
        entry.rename(target / entry.name)


def _manifest_last(file: Path) -> bool:
    return file.name == MANIFEST


def _clear(home: Path) -> None:
    """Remove what killed processes had in the making in ``home``, once the old run that one replaced is back."""
    for making in home.glob(f"{MAKING}*"):
        if _is_abandoned(making):
            _put_back(home, making)
            shutil.rmtree(making, ignore_errors=True)


def _is_abandoned(making: Path) -> bool:
    """Whether a folder of ours is locked no longer; an empty one that is new may be about to be locked."""
    try:
        with _opened(making) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            state = os.fstat(descriptor)
            is_young = time.time() - state.st_mtime < _YOUNG_S
            return state.st_uid == os.geteuid() and (not is_young or any(making.iterdir()))
    except OSError:  # locked, gone, another's, or no folder
        return False


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep a folder locked, which the system ends with the process; where it knows no locks, go on without."""
    with _opened(folder) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OSError(errno.EBUSY, "another process is writing there", str(folder)) from error
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL):
                raise
        yield


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _manifest(folder: Path) -> dict[str, str]:
    """The hashes by file name, in which every file of a run of one path has to stand."""
    hashes = _json(folder / MANIFEST)
    if strange := sorted(hashes.keys() - _FILES):
        raise UserError(Problem(f"is not a run's: it names {strange[0]!r}", file=str(folder / MANIFEST)))
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
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, or nested without end
        raise UserError(Problem(f"is no JSON: {error}", file=str(file))) from error
    if not isinstance(value, dict):
        raise UserError(Problem("is not a run's: no JSON object", file=str(file)))
    return value


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
