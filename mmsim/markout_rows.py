"""From the rows that the loop has written to the table of mark-outs: a row a client fill and horizon."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmsim import spool
from mmsim.engine.state import HORIZONS_NS, TransactionKind
from mmsim.ledger import MICROS
from mmsim.tranches import PathEnd
from mmsim.units import duration_text

Rows = npt.NDArray[np.void]
Floats = npt.NDArray[np.float64]

TIMED = range(len(HORIZONS_NS))  # the horizons that the loop looks at
HORIZONS = (*map(duration_text, HORIZONS_NS), "end")
_THEN = np.dtype([("theo", "f8"), ("spot", "f8"), ("dividends", "f8")])


class Part(NamedTuple):
    """Some client fills of one path, and what the market was after each horizon."""

    fills: Rows
    then: Rows  # (fills, horizons) of theo, spot and dividends paid so far
    is_there: npt.NDArray[np.bool_]  # (fills, horizons): the run has come to it


def name(horizon: int) -> str:
    """The name of the journal of one horizon."""
    return f"markouts_{HORIZONS[horizon]}"


def parts(fills: Rows, timed: Sequence[Rows], ends: Sequence[PathEnd], positions: Rows) -> Iterator[Part]:
    """All client fills in bounded parts, at least one.

    ``timed`` are the loop's rows of each horizon, in the order of the fills; ``positions`` those of the end of paths.
    """
    exercises = np.concatenate([piece[piece["kind"] == TransactionKind.EXERCISE] for piece in spool.pieces(fills)])
    found = {end.path: end for end in ends}
    for piece in spool.pieces(fills):
        clients = piece[piece["kind"] == TransactionKind.CLIENT]
        if len(fills) <= spool.PIECE and not len(clients):
            yield Part(clients, np.zeros((0, len(HORIZONS)), _THEN), np.zeros((0, len(HORIZONS)), bool))
        for path in np.unique(clients["path"]):
            mine = clients[clients["path"] == path]
            last = positions[positions["path"] == path]
            yield _part(mine, timed, _at_end(mine, exercises[exercises["path"] == path], found[path], last))


def _part(fills: Rows, timed: Sequence[Rows], end: Rows) -> Part:
    """Of some fills of one path; a horizon that the run has not come to is missing for the last of them."""
    then = np.zeros((len(fills), len(HORIZONS)), _THEN)
    is_there = np.ones(then.shape, bool)
    then[:, -1] = end
    first, last = (_key(fills[n]) for n in (0, -1))
    for horizon, rows in enumerate(timed):
        start, stop = bisect_left(rows, first, key=_key), bisect_right(rows, last, key=_key)
        count = stop - start
        assert (rows["transaction"][start:stop] == fills["transaction"][:count]).all()
        for column in _THEN.names or ():
            then[column][:count, horizon] = rows[column][start:stop]
        is_there[count:, horizon] = False
        spool.give_back(rows, stop)
    return Part(fills, then, is_there)


def _key(row: Any) -> tuple[int, int]:
    return int(row["path"]), int(row["transaction"])


def _at_end(fills: Rows, exercises: Rows, end: PathEnd, positions: Rows) -> Rows:
    """What the market is at the end of a path, or was when the option of a fill was settled."""
    contracts = end.options[fills["instrument"]]
    theo = np.full(len(end.options), np.nan)
    theo[positions["option"]] = positions["theo"]
    is_settled, price = contracts["settled"] != 0, contracts["mark_spot"]
    then = np.zeros(len(fills), _THEN)
    payoff = np.maximum(contracts["right"] * (price - contracts["strike"]), 0.0)
    then["theo"] = np.where(is_settled, payoff, theo[fills["instrument"]])
    then["spot"] = np.where(is_settled, price, end.spots[contracts["underlying"]])
    then["dividends"] = np.where(is_settled, contracts["dividends_settled"], end.paid[contracts["underlying"]])
    for option in np.unique(exercises["instrument"]):
        own = exercises[exercises["instrument"] == option]
        mine = np.flatnonzero(fills["instrument"] == option)
        place = np.searchsorted(own["transaction"], fills["transaction"][mine])
        is_exercised = place < len(own)
        for column in _THEN.names or ():
            then[column][mine[is_exercised]] = own[column][place[is_exercised]]
    return then


def table(part: Part, fills: pd.DataFrame, multipliers: Floats) -> pd.DataFrame:
    """The rows of a part, by fill and horizon. ``fills`` are its fills as a table.

    With value(x) = size · multiplier · x in micro-units, rounded by itself, size being positive where the desk bought:
    edge = value(theo) − value(price), mark-out = value(theo then) − value(price), impact = value(theo) − value(theo
    then), and the hedged mark-out is the mark-out less value(delta · (change of the spot + dividends between)).
    """
    fill, horizon = np.nonzero(part.is_there)
    rows, then = part.fills[fill], part.then[fill, horizon]
    units = rows["size"] * multipliers[fill]
    paid, edge = micros(units * rows["price"]), rows["spread_market"] + rows["spread_mark"]
    worth = micros(units * then["theo"])
    dividends = then["dividends"] - rows["dividends"]
    shared = ["path", "transaction", "ts", "instrument", "client", "side", "size"]
    columns = fills[shared].take(fill).reset_index(drop=True)
    return columns.assign(
        horizon=pd.Categorical.from_codes(horizon, dtype=pd.CategoricalDtype(list(HORIZONS))),
        delta=rows["delta"],
        theo=then["theo"],
        spot=then["spot"],
        dividends=dividends,
        edge_micros=edge,
        markout_micros=worth - paid,
        impact_micros=paid + edge - worth,
        hedged_markout_micros=worth - paid - micros(units * rows["delta"] * (then["spot"] - rows["spot"] + dividends)),
    )


def micros(amounts: Floats) -> npt.NDArray[np.int64]:
    """Currency as integers of micro-units, nearest, ties to even, as in the ledger."""
    return np.rint(amounts * MICROS).astype(np.int64)
