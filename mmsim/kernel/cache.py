"""Where compiled code is kept: a private folder, keyed by the hash of every source that is compiled.

Private (0700), because a planted index file would run code. Keyed by all sources, because numba stamps a cached
function with its own file only, and would go on using an inlined helper from another file after an edit.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
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
    "market",
)


def digest(paths: Iterable[Path]) -> str:
    """A hash of the contents of files, in the order given."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def _sources() -> list[Path]:
    chosen = [_HERE / name for name in _COMPILED_SOURCES]
    return sorted(file for path in chosen for file in (path.rglob("*.py") if path.is_dir() else [path]))


def _private_folder() -> Path:
    """The cache folder of these sources: under MMSIM_CACHE or the user's cache, else a temporary one."""
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    base = Path(os.environ.get("MMSIM_CACHE") or Path(user) / "mmsim")
    folder = base / f"{digest(_sources())}-{sys.implementation.cache_tag}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_uid != os.getuid() or not os.access(folder, os.W_OK):
            raise PermissionError(folder)
        folder.chmod(0o700)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="mmsim-"))
    return folder


CACHE = _private_folder()
