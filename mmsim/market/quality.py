"""What is wrong with recorded rows: each dropped row has one named reason, and all are counted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

Mask = npt.NDArray[np.bool_] | pd.Series

PRE_OPEN = "pre-open"
AFTER_END = "after the end"
ELSEWHERE = "not in the scenario"
NO_TIME = "no time"
LOOK_AHEAD = "known before its bar began"
UNKNOWN = "unknown instrument"
EXPIRED = "expired option"
EMPTY = "no price"
NOT_POSITIVE = "negative, zero or infinite price"
NEGATIVE_SIZE = "negative size"
CROSSED = "crossed"
DUPLICATE = "duplicate"
OUT_OF_ORDER = "out of order, sorted"
NO_SIZE = "size 0 at a price"
ZERO_SIDE = "price 0: no such side"
WITHDRAWN = "side withdrawn: crossed by the other"
UNQUOTED = "option not quoted by then"
NO_SIDE = "no side"
BY_QUOTE = "side by the quote before"
BY_TICK = "side by the last change of price"
NEVER_QUOTED = "options without a good quote"
NO_VOLATILITY = "mid without an implied volatility"
NEVER_MARKED = "options without any volatility"


class Quality:
    """How many rows each file had, and how many were dropped for what."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}  # "file: what": rows
        self._bad: dict[str, int] = {}  # by file
        self._checked: dict[str, int] = {}  # by file

    def note(self, file: str, what: str, number: int | np.integer) -> None:
        """Count something that was seen in a file; what was not seen is not named."""
        if number:
            key = f"{file}: {what}"
            self.counts[key] = self.counts.get(key, 0) + int(number)

    def drop(self, file: str, table: pd.DataFrame, reasons: Mapping[str, Mask]) -> pd.DataFrame:
        """The rows that no reason excludes; the others are counted under the first reason that does."""
        kept = np.ones(len(table), np.bool_)
        for reason, excluded in reasons.items():
            mask = np.asarray(excluded, np.bool_) & kept
            self.note(file, reason, np.count_nonzero(mask))
            kept &= ~mask
        return table[kept]

    def reject(self, file: str, table: pd.DataFrame, faults: Mapping[str, Mask]) -> pd.DataFrame:
        """As `drop`, for rows that are wrong and not merely unwanted: they count towards refusing the file."""
        kept = self.drop(file, table, faults)
        self._checked.setdefault(file, len(table))
        self._bad[file] = self._bad.get(file, 0) + len(table) - len(kept)
        return kept

    def share(self, file: str) -> float:
        """The share of a file's wanted rows that is wrong."""
        return self._bad[file] / max(self._checked[file], 1)

    def describe(self, file: str) -> str:
        """The counts of one file in a sentence."""
        prefix = f"{file}: "
        counts = [f"{n:,} {key.removeprefix(prefix)}" for key, n in self.counts.items() if key.startswith(prefix)]
        return f"{self._bad[file]:,} of {self._checked[file]:,} rows are wrong ({', '.join(counts)})"


def quote_faults(table: pd.DataFrame) -> dict[str, Mask]:
    """What can be wrong with the prices and sizes of quotes: columns bid, ask, bid_size, ask_size."""
    bid, ask = table["bid"], table["ask"]
    has_zero = (bid == 0) | (ask == 0)
    one_side = (bid > 0) ^ (ask > 0)  # a 0 beside a price says that there is no such side
    return {
        EMPTY: bid.isna() & ask.isna(),
        NOT_POSITIVE: _negative_or_infinite(bid) | _negative_or_infinite(ask) | (has_zero & ~one_side),
        NEGATIVE_SIZE: (table["bid_size"] < 0) | (table["ask_size"] < 0),
        CROSSED: (bid > ask) & (ask > 0),
    }


def trade_faults(table: pd.DataFrame) -> dict[str, Mask]:
    """What can be wrong with the prices and sizes of trades: columns close, volume."""
    price, volume = table["close"], table["volume"]
    not_positive = _negative_or_infinite(price) | (price == 0)
    return {EMPTY: price.isna(), NOT_POSITIVE: not_positive, NEGATIVE_SIZE: ~(volume > 0)}


def _negative_or_infinite(prices: pd.Series) -> pd.Series:
    return (prices < 0) | (prices == float("inf"))
