"""Rows that may be too many for memory: beyond a size they stand in a file without a name, mapped where they are read.

The file is in the system's folder for temporary files (``TMPDIR``). It has no entry in any folder, so that nothing is
left of it when the process ends, however that ends.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np
import numpy.typing as npt

from mmsim.errors import Problem, UserError

Rows = npt.NDArray[np.void]

IN_MEMORY = 1 << 26  # bytes of one kind of row, at most
PIECE = 1 << 15  # rows that are worked on at once


class Spool:
    """Rows of one type, one appended behind the other."""

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        self._dtype = dtype
        self._length = 0
        self._held: list[Rows] = []  # while they are few
        self._file: IO[bytes] | None = None

    def append(self, rows: Rows) -> None:
        """Add rows, which nobody changes afterwards. UserError if the system refuses to store them."""
        self._length += len(rows)
        if self._file is None and not is_long(self._length, self._dtype):
            self._held.append(rows)
            return
        with _storing():
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as the spool)
            for part in (*self._held, rows):
                self._file.write(np.ascontiguousarray(part, self._dtype).view(np.uint8).data)
            self._file.flush()
        self._held = []

    def rows(self) -> Rows:
        """All rows: to be read, not written."""
        if self._file is None:
            self._held = [np.concatenate([np.zeros(0, self._dtype), *self._held])]
            return self._held[0]
        with _storing():
            mapped = mmap.mmap(self._file.fileno(), self._length * self._dtype.itemsize)
        return np.ndarray(self._length, self._dtype, buffer=mapped)


def filled(dtype: np.dtype[np.void], parts: Iterable[Rows]) -> Rows:
    """The rows of all parts, in memory or mapped."""
    spool = Spool(dtype)
    for part in parts:
        spool.append(part)
    return spool.rows()


def is_long(count: float, dtype: np.dtype[np.void]) -> bool:
    """Whether so many rows are too many for memory."""
    return count * dtype.itemsize > IN_MEMORY


def pieces(rows: Rows) -> Iterator[Rows]:
    """The rows in pieces, at least one; the memory of a mapped piece is given back when the next one is asked for."""
    for start in range(0, max(len(rows), 1), PIECE):
        yield rows[start : start + PIECE]
        give_back(rows, start + PIECE)


def give_back(rows: Rows, stop: int) -> None:
    """Give back the memory of mapped rows before number ``stop``: who reads them again has them from the file."""
    whole = rows.base if isinstance(rows.base, np.ndarray) else rows
    if isinstance(whole.base, mmap.mmap):
        done = rows.ctypes.data - whole.ctypes.data + min(stop, len(rows)) * rows.itemsize
        if done >= mmap.PAGESIZE:
            whole.base.madvise(mmap.MADV_DONTNEED, 0, done // mmap.PAGESIZE * mmap.PAGESIZE)


@contextmanager
def _storing() -> Iterator[None]:
    """What the system has against a temporary file, as a UserError."""
    try:
        yield
    except OSError as error:
        message = f"no temporary file can be written: {error.strerror or error} (TMPDIR may name another folder)"
        raise UserError(Problem(message, file=tempfile.tempdir or "")) from error
