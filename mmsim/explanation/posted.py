"""The postings of a path in a run's ledger, compared with those that a replay makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.engine.state import TransactionKind
from mmsim.errors import UserError
from mmsim.ledger import NAMES, Account
from mmsim.results import Run
from mmsim.tables import Names

_COLUMNS = ("path", "transaction", "ts", "amount_micros", "kind", "account", "instrument")
_Columns = dict[str, npt.NDArray[np.int64]]


class Posted:
    """The postings of a path in a run's ledger, one after another."""

    def __init__(self, run: Run, path: int, names: Names) -> None:
        numbers = dict(zip(("kind", "account", "instrument"), map(_numbered, _texts(names)), strict=True))
        self._pieces = _encoded(run.pieces("ledger", _COLUMNS), path, numbers)
        self._held = next(self._pieces)
        self._name = run.summary["name"]

    def check(self, postings: npt.NDArray[np.void]) -> None:
        """UserError unless these are the next postings."""
        done = 0
        while done < len(postings):
            while not len(self._held["ts"]):
                held = next(self._pieces, None)
                if held is None:
                    raise self._differs(postings[done])
                self._held = held
            count = min(len(postings) - done, len(self._held["ts"]))
            part = postings[done : done + count]
            differs = np.zeros(count, bool)
            for name, values in self._held.items():
                differs |= part[name] != values[:count]
            if differs.any():
                raise self._differs(part[int(differs.argmax())])
            self._held = {name: values[count:] for name, values in self._held.items()}
            done += count

    def skip(self, count: int) -> None:
        """Pass over postings that have been checked before."""
        while count > len(self._held["ts"]):
            count -= len(self._held["ts"])
            self._held = next(self._pieces)
        self._held = {name: values[count:] for name, values in self._held.items()}

    def _differs(self, posting: Any) -> UserError:
        when = pd.Timestamp(int(posting["ts"]), tz="UTC").isoformat()
        said = f"transaction {posting['transaction']} at {when} has other postings than the run's ledger"
        return UserError(f"{self._name}: it cannot be explained, since it does not play again as it was: {said}")


def _texts(names: Names) -> Iterator[list[str]]:
    """What kinds, accounts and instruments are numbered by, from -1 for the empty name on."""
    yield ["", *(kind.name.lower() for kind in TransactionKind)]
    yield ["", *(NAMES[account] for account in Account)]
    yield ["", *names.options, *names.underlyings]


def _numbered(texts: list[str]) -> dict[str, int]:
    return {text: number - 1 for number, text in enumerate(texts)}


def _encoded(pieces: Iterator[pd.DataFrame], path: int, numbers: Mapping[str, Mapping[str, int]]) -> Iterator[_Columns]:
    """The rows of one path as the loop writes them, by the names of its columns."""
    for piece in pieces:
        mine = piece["path"].to_numpy() == path
        columns = {
            "transaction": piece["transaction"].to_numpy(),
            "ts": piece["ts"].dt.tz_localize(None).to_numpy("datetime64[ns]").view(np.int64),
            "amount": piece["amount_micros"].to_numpy(),
        }
        for name, known in numbers.items():
            places = np.array([known.get(text, -2) for text in piece[name].cat.categories], np.int64)
            columns[name] = places[piece[name].cat.codes.to_numpy()]
        yield {name: values[mine] for name, values in columns.items()}
