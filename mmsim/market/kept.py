"""What was made of recorded data, kept for the next run by the hash of everything that it was made from.

It stands in mmsim's private cache folder, which is another one after any change of the sources that make it. A file
begins with the hash of the rest; one that does not agree with it, or cannot be read, is made again.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar, cast

from mmsim import kernel

_DIGEST_BYTES = hashlib.sha256().digest_size
_Made = TypeVar("_Made")


class Shelf(NamedTuple):
    """A folder of the cache for one sort of things."""

    folder: str
    what: str  # as a warning names it
    count_max: int  # files; those that were used least recently go first
    bytes_max: int  # of a file: what is larger is made every time
    compresses: bool = False  # what is mostly zeros, a state of the loop say


SURFACES = Shelf("surfaces", "volatility marks", 40, 1 << 28)
SOURCES = Shelf("sources", "recorded data", 8, 1 << 27)


def kept(shelf: Shelf, key: str, make: Callable[[], _Made]) -> _Made:
    """What ``make`` makes, from the cache where it has been made before; ``key`` is the hash of what it depends on."""
    folder = kernel.CACHE / shelf.folder
    file = folder / key
    if (content := _read(file)) is not None:
        found = zlib.decompress(content) if shelf.compresses else content
        return cast("_Made", pickle.loads(found))  # noqa: S301  (nobody else may write to the cache)
    made = make()
    packed = pickle.dumps(made, protocol=5)
    if shelf.compresses:
        packed = zlib.compress(packed, 1)
    if len(packed) > shelf.bytes_max:
        return made
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _write(file, packed)
        _tidy(folder, shelf.count_max)
    except OSError as error:
        warnings.warn(f"{shelf.what} are not kept for the next time: {error}", RuntimeWarning, stacklevel=2)
    return made


def _read(file: Path) -> memoryview | None:
    """What a file holds; None if there is none, or it is not what was written."""
    try:
        content = memoryview(file.read_bytes())
    except OSError:
        return None
    packed = content[_DIGEST_BYTES:]
    if hashlib.sha256(packed).digest() != content[:_DIGEST_BYTES]:
        return None
    with suppress(OSError):
        os.utime(file)
    return packed


def _write(file: Path, packed: bytes) -> None:
    """Put a file in its place, whole or not at all."""
    descriptor, making = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(hashlib.sha256(packed).digest())
            stream.write(packed)
        Path(making).replace(file)
    except BaseException:
        Path(making).unlink(missing_ok=True)
        raise


def _tidy(folder: Path, count: int) -> None:
    """Remove what was used least recently beyond the number kept."""
    for file in sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)[:-count]:
        file.unlink(missing_ok=True)
