"""Recorded quotes in their order, each side carried forward until it changes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.events import Events, Kind, rows
from mmsim.kernel import F1, I1, I64, entry
from mmsim.market.quality import DUPLICATE, NO_SIZE, OUT_OF_ORDER, WITHDRAWN, ZERO_SIDE, Quality, quote_faults

SIDES = ["bid", "ask", "bid_size", "ask_size"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def standing(quality: Quality, file: str, table: pd.DataFrame) -> pd.DataFrame:
    """The two-sided state after each good row of ``table``, by time; both have ts, instrument, bid, ask and the sizes.

    Wrong rows are rejected first. Of several rows of one time and instrument the one with the lowest bid, then the
    lowest ask stays, so that their order in the file changes nothing.
    """
    good = quality.reject(file, table, quote_faults(table))
    quality.note(file, OUT_OF_ORDER, disorder(good["ts"].to_numpy()))
    good = good.sort_values(["ts", "instrument", *SIDES], kind="stable", ignore_index=True)
    good = quality.reject(file, good, {DUPLICATE: good.duplicated(["ts", "instrument"])})
    sizeless = [(good[side] > 0) & ~(good[f"{side}_size"] > 0) for side in ("bid", "ask")]
    quality.note(file, NO_SIZE, sum(int(mask.sum()) for mask in sizeless))
    quality.note(file, ZERO_SIDE, int(((good["bid"] == 0) | (good["ask"] == 0)).sum()))
    instrument = good["instrument"].to_numpy(np.int64, copy=True)
    bid, ask = (good[name].to_numpy(np.float64, copy=True) for name in ("bid", "ask"))
    bid_size, ask_size = (good[name].fillna(0.0).to_numpy(np.float64, copy=True) for name in ("bid_size", "ask_size"))
    withdrawn = carry_forward(instrument, bid, ask, bid_size, ask_size, int(instrument.max(initial=-1)) + 1)
    quality.note(file, WITHDRAWN, withdrawn)
    state = dict(zip(SIDES, (bid, ask, bid_size, ask_size), strict=True))
    return pd.DataFrame({"ts": good["ts"], "instrument": instrument, **state})


def disorder(ts: Integers) -> int:
    """How many rows come later than a row of a later time."""
    return int(np.count_nonzero(ts < np.maximum.accumulate(ts))) if len(ts) else 0


def events(kind: Kind, state: pd.DataFrame) -> Events:
    """SPOT or QUOTE rows of standing quotes."""
    sides = {name: state[name].to_numpy() for name in SIDES}
    return rows(kind, state["ts"].to_numpy(), state["instrument"].to_numpy(), **sides)


@entry(I64(I1, F1, F1, F1, F1, I64))
def carry_forward(
    instrument: Integers, bid: Floats, ask: Floats, bid_size: Floats, ask_size: Floats, instruments: int
) -> int:
    """Fill each unchanged (NaN) side with the instrument's last one, in place; arrays (rows,) in order of time.

    A side of 0, which stands beside a price only, is no side: it is missing (NaN) until it is quoted again. So is a
    carried side that the new one crosses, as it cannot stand any longer. Returns how often that was so.
    """
    last = np.full((instruments, 4), np.nan)  # bid, ask, their sizes
    withdrawn = 0
    for n in range(len(instrument)):
        known = last[instrument[n]]
        if math.isnan(bid[n]):
            bid[n], bid_size[n] = known[0], known[2]
            if bid[n] > ask[n]:
                bid[n] = math.nan
                withdrawn += 1
        elif math.isnan(ask[n]):
            ask[n], ask_size[n] = known[1], known[3]
            if bid[n] > ask[n]:
                ask[n] = math.nan
                withdrawn += 1
        if not bid[n] > 0.0:
            bid[n], bid_size[n] = math.nan, 0.0
        if not ask[n] > 0.0:
            ask[n], ask_size[n] = math.nan, 0.0
        known[0], known[1], known[2], known[3] = bid[n], ask[n], bid_size[n], ask_size[n]
    return withdrawn
