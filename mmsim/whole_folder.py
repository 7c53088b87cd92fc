"""A folder of results: whole or not at all, and never in place of what somebody else has put there."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from mmsim.errors import Problem, UserError

MANIFEST = "manifest.json"  # the SHA-256 of every other file
_OTHER_VERSION = " (another version of mmsim may have written it)"
MAKING = ".mmsim-making-"  # begins the name of a folder of what is not yet whole
_OLD = "old"  # in which the results that are being replaced are kept
_YOUNG_S = 60.0


class Layout(NamedTuple):
    """What stands in a folder of results of one kind."""

    maker: str  # run
    owner: str  # a run's
    summary: str  # the JSON file that says what they are
    page: str  # a file that may be written again without them; "" for none
    keys: Mapping[str, type | tuple[type, ...]]  # of the summary, and their types
    needed: frozenset[str]  # files that are always there
    known: frozenset[str]  # and all that may be
    files: Callable[[Mapping[str, Any]], Iterable[str]]  # those of a summary
    added: frozenset[str] = frozenset()  # what is put beside them later


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


def check_target(folder: Path, layout: Layout) -> None:
    """UserError if results of a layout cannot be written to ``folder``.

    They can where nothing stands yet, to an empty folder, and over earlier results of that layout, as long as nothing
    stands beside that which mmsim did not write. A symbolic link is followed.
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
        if not holds(target, layout):
            message = f"is not empty and not {layout.owner} folder: nothing was written"
            raise UserError(Problem(message, file=str(folder)))
        if strangers := _strangers(target, layout):
            named = ", ".join(strangers[:3]) + (f" and {len(strangers) - 3} more" if len(strangers) > 3 else "")
            raise UserError(
                Problem(
                    f"also holds what no {layout.maker} has written ({named}): nothing was written", file=str(folder)
                )
            )


def write(folder: Path, layout: Layout, fill: Callable[[Path], None]) -> None:
    """Put the files that ``fill`` writes, and their manifest, to ``folder``: all of them or none.

    UserError where `check_target` has one, and where the system refuses.
    """
    check_target(folder, layout)
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


def read(folder: Path, layout: Layout) -> tuple[dict[str, Any], dict[str, str]]:
    """The summary of a folder that holds whole results, and the hash of each file.

    UserError if it holds none, or if a file is not what it was. The page is not looked at: it may be written again.
    """
    if not (folder / MANIFEST).exists() and folder.is_dir():
        with writing(folder):
            _clear(folder)
    if not any((folder / name).exists() for name in (layout.summary, MANIFEST)):
        raise UserError(Problem(f"is not {layout.owner} folder (no {layout.summary} and {MANIFEST})", file=str(folder)))
    hashes = _manifest(folder, layout)
    problems: list[Problem] = []
    for name in hashes.keys() - {layout.page}:
        try:
            check(folder / name, hashes[name])
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(*sorted(problems))
    summary = _summary(folder, layout)
    _check_named(folder, hashes, layout.files(summary), layout)
    return summary, hashes


def check(file: Path, digest: str) -> None:
    """UserError if a file is not the one whose hash the manifest has."""
    try:
        if file.is_file() and _sha256(file) == digest:
            return
    except OSError as error:
        raise UserError(Problem(f"cannot be read: {error.strerror or error}", file=str(file))) from error
    raise UserError(Problem(f"is missing or is not what {MANIFEST} says", file=str(file)))


def holds(folder: Path, layout: Layout) -> bool:
    """Whether a summary and a manifest of that layout stand in a folder."""
    try:
        _check_named(folder, _manifest(folder, layout), layout.files(_summary(folder, layout)), layout)
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


def _strangers(folder: Path, layout: Layout) -> list[str]:
    """What stands in a folder and belongs neither to its results nor to an export of them."""
    own = {*_manifest(folder, layout), MANIFEST, *layout.added}
    folders = {parent.as_posix() for name in layout.added for parent in Path(name).parents}

    def is_own(name: str, entry: Path) -> bool:
        return name in folders if entry.is_dir() else name in own

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
    for name in _json(making / MANIFEST, "whole folder's"):
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


def _manifest(folder: Path, layout: Layout) -> dict[str, str]:
    """The hashes by file name, in which every file that no such folder is without has to stand."""
    file = folder / MANIFEST
    hashes = _json(file, layout.owner)
    if strange := sorted(hashes.keys() - layout.known):
        raise UserError(Problem(f"is not {layout.owner}: it names {strange[0]!r}", file=str(file)))
    if not all(isinstance(digest, str) for digest in hashes.values()):
        raise UserError(Problem(f"is not {layout.owner}: its values are no hashes", file=str(file)))
    _check_named(folder, hashes, layout.needed, layout)
    return hashes


def _check_named(folder: Path, hashes: Mapping[str, str], names: Iterable[str], layout: Layout) -> None:
    if missing := [name for name in names if name not in hashes]:
        message = f"is not {layout.owner}: it does not name {', '.join(missing)}{_OTHER_VERSION}"
        raise UserError(Problem(message, file=str(folder / MANIFEST)))


def _summary(folder: Path, layout: Layout) -> dict[str, Any]:
    file = folder / layout.summary
    summary = _json(file, layout.owner)
    if wrong := [key for key, kind in layout.keys.items() if not isinstance(summary.get(key), kind)]:
        message = f"is not {layout.owner}: wrong or without {', '.join(wrong)}{_OTHER_VERSION}"
        raise UserError(Problem(message, file=str(file)))
    return summary


def _json(file: Path, owner: str) -> dict[str, Any]:
    """The JSON object in a file."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(Problem(f"cannot be read: {error.strerror or error}", file=str(file))) from error
    except (ValueError, RecursionError) as error:  # no UTF-8, no JSON, or nested without end
        raise UserError(Problem(f"is no JSON: {error}", file=str(file))) from error
    if not isinstance(value, dict):
        raise UserError(Problem(f"is not {owner}: no JSON object", file=str(file)))
    return value


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
