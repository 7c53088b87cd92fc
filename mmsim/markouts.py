"""Statistics of mark-outs: what client fills were worth after each horizon, over all of them and group by group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim.ledger import MICROS

GROUPS = ("client", "side", "moneyness", "size")  # what fills can be told apart by
AMOUNTS = ("edge", "markout", "impact", "hedged_markout")
COLUMNS = ["client", "side", "size", "horizon", "delta", *(f"{name}_micros" for name in AMOUNTS)]  # of the table
_DELTAS = (0.10, 0.25, 0.40, 0.60, 0.75, 0.90)  # |delta| of one unit at the fill
_SIZES = (1.0, 5.0, 20.0, 100.0)  # contracts
_MONEYNESS = (
    f"|delta| below {_DELTAS[0]:.2f}",
    *(f"|delta| {low:.2f} to {high:.2f}" for low, high in pairwise(_DELTAS)),
    f"|delta| {_DELTAS[-1]:.2f} and above",
)
_SIZED = (
    f"up to {_SIZES[0]:.0f}",
    *(f"over {low:.0f}, up to {high:.0f}" for low, high in pairwise(_SIZES)),
    f"over {_SIZES[-1]:.0f}",
)
_BLOCK = 1 << 16
_SQUARED = ("edge", "markout", "hedged_markout")


def cells(pieces: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Sums over the rows of the table ``markouts``, given in pieces with `COLUMNS`, that are alike in every group.

    The index is (*GROUPS, horizon); fills and micro-units are exact integers, squares and products are currency². They
    are summed in blocks of so many rows, so that how the table came in pieces changes no bit.
    """
    summed = [_summed(rows) for rows in _blocks(pieces)]
    return pd.concat(summed).groupby(level=[*GROUPS, "horizon"], observed=True, sort=True).sum()


def _blocks(pieces: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The same rows in blocks of `_BLOCK`, but for the last."""
    held = pd.DataFrame()
    for piece in pieces:
        held = piece if held.empty else pd.concat([held, piece], ignore_index=True)
        while len(held) >= _BLOCK:
            yield held.iloc[:_BLOCK]
            held = held.iloc[_BLOCK:]
    yield held


def _summed(rows: pd.DataFrame) -> pd.DataFrame:
    """The cells of some rows."""
    size = rows["size"].to_numpy(float)
    groups = {
        "client": rows["client"],
        "side": rows["side"],
        "moneyness": _bucket(np.searchsorted(_DELTAS, np.abs(rows["delta"].to_numpy(float)), side="right"), _MONEYNESS),
        "size": _bucket(np.searchsorted(_SIZES, size, side="left"), _SIZED),
        "horizon": rows["horizon"],
    }
    columns: dict[str, npt.NDArray[np.generic]] = {"fills": np.ones(len(rows), np.int64), "contracts": size}
    columns |= {f"{name}_micros": rows[f"{name}_micros"].to_numpy(np.int64) for name in AMOUNTS}
    columns["contracts_squared"] = size * size
    for name in _SQUARED:
        amount = rows[f"{name}_micros"].to_numpy(float) / MICROS
        columns |= {f"{name}_squared": amount * amount, f"{name}_by_contracts": amount * size}
    return pd.DataFrame(groups | columns).groupby(list(groups), observed=True, sort=True).sum()


def _bucket(codes: npt.NDArray[np.intp], names: tuple[str, ...]) -> Any:
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(names), ordered=True))


def summary(found: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """A row a horizon, or where ``by`` is one of GROUPS a row a group and horizon, from the cells ``found``.

    ``fills`` and ``contracts``; exact sums ``edge_micros``, ``markout_micros``, ``impact_micros`` (edge = mark-out +
    impact) and ``hedged_markout_micros``; ``retained`` and ``hedged_retained``, mark-out / edge, NaN
    where there was no edge to retain; by contract, currency: ``edge``, ``markout``, ``impact``, ``hedged_markout``; and
    the standard errors ``edge_se``, ``markout_se`` and ``hedged_markout_se`` of these, NaN for one fill: with M amount
    and Q contracts of n fills and r = ΣM / ΣQ, that of a ratio of sums over independent fills,
    √(n/(n − 1) · Σ(M − rQ)²) / ΣQ (Cochran, Sampling Techniques, 3rd ed., 1977, equation 2.46 without the correction
    for a finite population).
    """
    if by is not None and by not in GROUPS:
        raise ValueError(f"by must be one of {', '.join(GROUPS)}, not {by!r}")
    sums = found.groupby(level=[*([by] if by else []), "horizon"], observed=True, sort=True).sum()
    made = sums[["fills", "contracts", *(f"{name}_micros" for name in AMOUNTS)]].copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        for name, share in (("markout", "retained"), ("hedged_markout", "hedged_retained")):
            made[share] = sums[f"{name}_micros"] / sums["edge_micros"].where(sums["edge_micros"] > 0)
        for name in AMOUNTS:
            made[name] = sums[f"{name}_micros"] / MICROS / sums["contracts"]
        for name in _SQUARED:
            made[f"{name}_se"] = _standard_error(sums, name, made[name])
    return made.replace([np.inf, -np.inf], np.nan)


def _standard_error(sums: pd.DataFrame, name: str, ratio: pd.Series[float]) -> pd.Series[float]:
    """Of an amount by contract."""
    off = sums[f"{name}_squared"] - 2 * ratio * sums[f"{name}_by_contracts"] + ratio**2 * sums["contracts_squared"]
    spread = off.clip(lower=0.0) * sums["fills"] / (sums["fills"] - 1)
    return pd.Series(np.sqrt(spread) / sums["contracts"])
