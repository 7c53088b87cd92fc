"""What the auditor posts: amounts by time and account, in micro-units, debits positive."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt
import pandas as pd


def micros(amount: float) -> int:
    """Currency to micro-units, nearest, ties to even."""
    return int(np.rint(amount * 1e6))


def micros_of(amounts: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """``micros`` of an array."""
    return np.rint(amounts * 1e6).astype(np.int64)


class Journal:
    """Sums and numbers of postings by (time, account)."""

    def __init__(self) -> None:
        self._sums: defaultdict[tuple[int, str], int] = defaultdict(int)
        self._counts: defaultdict[tuple[int, str], int] = defaultdict(int)
        self.totals: defaultdict[str, int] = defaultdict(int)  # by account, so far
        self.counts: defaultdict[str, int] = defaultdict(int)  # postings by account, so far

    def post(self, ts_ns: int, account: str, amount: int, postings: int = 1) -> None:
        """Add a posting, or several of one account and time with their sum."""
        self._sums[ts_ns, account] += amount
        self._counts[ts_ns, account] += postings
        self.totals[account] += amount
        self.counts[account] += postings

    @property
    def table(self) -> pd.DataFrame:
        """One row a time and account: ts (ns), account, amount (micro-units), postings."""
        rows = [(ts, account, amount, self._counts[ts, account]) for (ts, account), amount in self._sums.items()]
        return pd.DataFrame(rows, columns=["ts", "account", "amount", "postings"])
