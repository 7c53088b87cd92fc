"""Streams of volatility marks that are kept for the next run, by the hash of everything that they are made from.

They stand in mmsim's private cache folder, which is another one after any change of the sources that make them. A file
begins with the hash of the rest; one that does not agree with it, or cannot be read, is made again. The key is the hash
of what is fitted: quotes, spots and terms as they were read, whatever file or setting they came from.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd

from mmsim import kernel
from mmsim.events import Kind, rows
from mmsim.market.books import Book
from mmsim.market.surfaces import Built, Settings

KEPT_MAX = 40  # streams; those that were used least recently go first
_FOLDER, _SUFFIX = "surfaces", ".marks"
_DIGEST_BYTES = hashlib.sha256().digest_size


def kept(books: Sequence[Book], settings: Settings, make: Callable[[Sequence[Book], Settings], Built]) -> Built:
    """What ``make`` makes of the books, from the cache where it has been made before."""
    folder = kernel.CACHE / _FOLDER
    file = folder / f"{_key(books, settings)}{_SUFFIX}"
    if (found := _read(file)) is not None:
        return found
    made = make(books, settings)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _write(file, made)
        _tidy(folder)
    except OSError as error:
        warnings.warn(f"volatility marks are not kept for the next time: {error}", RuntimeWarning, stacklevel=2)
    return made


def _key(books: Sequence[Book], settings: Settings) -> str:
    """The hash of everything that the marks depend on but the sources."""
    digest = hashlib.sha256(repr((settings, np.__version__, pd.__version__)).encode())
    for book in books:
        for field in fields(book):
            value = getattr(book, field.name)
            is_array = isinstance(value, np.ndarray)
            digest.update(f"{field.name}: {f'{value.dtype} {value.shape}' if is_array else repr(value)};".encode())
            if is_array:
                digest.update(np.ascontiguousarray(value).view(np.uint8).data)
    return digest.hexdigest()


def _read(file: Path) -> Built | None:
    """What a file holds; None if there is none, or it is not what was written."""
    try:
        content = file.read_bytes()
        packed = memoryview(content)[_DIGEST_BYTES:]
        if hashlib.sha256(packed).digest() != content[:_DIGEST_BYTES]:
            return None
        with np.load(io.BytesIO(packed), allow_pickle=False) as parts:
            marks = rows(Kind.VOLATILITY, parts["ts"], parts["instrument"], value=parts["value"])
            counts = json.loads(parts["counts"].tobytes())
            smiles = pd.read_parquet(io.BytesIO(parts["smiles"].tobytes()))
    except (OSError, ValueError, KeyError):
        return None
    with suppress(OSError):
        os.utime(file)
    return Built(marks, counts, smiles)


def _write(file: Path, made: Built) -> None:
    """Put a file in its place, whole or not at all."""
    smiles, packed = io.BytesIO(), io.BytesIO()
    made.smiles.to_parquet(smiles, index=False)
    np.savez(
        packed,
        ts=made.marks["ts"],
        instrument=made.marks["instrument"],
        value=made.marks["value"],
        counts=np.frombuffer(json.dumps(made.counts).encode(), np.uint8),
        smiles=np.frombuffer(smiles.getvalue(), np.uint8),
    )
    content = packed.getvalue()
    descriptor, making = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(hashlib.sha256(content).digest())
            stream.write(content)
        Path(making).replace(file)
    except BaseException:
        Path(making).unlink(missing_ok=True)
        raise


def _tidy(folder: Path) -> None:
    """Remove what was used least recently beyond the number kept."""
    files = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda file: file.stat().st_mtime)
    for file in files[:-KEPT_MAX]:
        file.unlink(missing_ok=True)
