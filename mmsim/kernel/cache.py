"""Where compiled code is kept: a private folder, keyed by the hash of every source that is compiled.

Private, because a planted index file would run code: a folder that is a link, or that others own or may write to, is
refused. Keyed by all sources, because numba stamps a cached function with its own file only, and would go on using an
inlined helper from another file after an edit.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

_HERE = Path(__file__).parent.parent
_COMPILED_SOURCES = (
    "kernel",
    "policy.py",
    "events.py",
    "instruments.py",
    "ledger.py",
    "engine",
    "pricing",
    "surface",
    "market",
)


def digest(paths: Iterable[Path]) -> str:
    """A hash of the contents of files, in the order given."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def package_digest() -> str:
    """A hash of all of the package's sources: of what else than compiled code is kept for the next run."""
    return digest(sorted(_HERE.rglob("*.py")))


def _sources() -> list[Path]:
    chosen = [_HERE / name for name in _COMPILED_SOURCES]
    return sorted(file for path in chosen for file in (path.rglob("*.py") if path.is_dir() else [path]))


def _folder() -> Path:
    """The cache folder of these sources: under MMSIM_CACHE or the user's cache, else one for this process alone."""
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    base = Path(os.environ.get("MMSIM_CACHE") or Path(user) / "mmsim")
    folder = base / f"{digest(_sources())}-{sys.implementation.cache_tag}"
    try:
        base.parent.mkdir(parents=True, exist_ok=True)
        for path in (base, folder):
            _make_private(path)
    except OSError as error:
        tell_unkept(error)
        return _of_this_process()
    return folder


def _make_private(folder: Path) -> None:
    """Make a folder that nobody else may enter; PermissionError where there is one that is not the user's alone."""
    if not os.path.lexists(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)  # whatever the umask has taken
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise PermissionError(f"{folder} is not a folder")
    if found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"others may write to {folder}")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder} cannot be written to")


def _of_this_process() -> Path:
    """A private folder that goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="mmsim-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def tell_unkept(error: OSError) -> None:
    """Warn that compiled code cannot be kept, so that the next process has to compile again."""
    warnings.warn(f"compiled code is not kept for the next time: {error}", RuntimeWarning, stacklevel=2)


CACHE = _folder()
