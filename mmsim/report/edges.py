"""The edge chain: from theo to the price dealt, step by step, over all client fills."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmsim.ledger import MICROS
from mmsim.report import rows, waterfall
from mmsim.report.drawing import Picture
from mmsim.report.exhibits import Exhibit, currency, decimals, which_path
from mmsim.report.numbers import money, quantity
from mmsim.report.tables import Cell, Table

if TYPE_CHECKING:
    from mmsim.results import Run

STEPS = {
    "Half spread": "half_spread",  # from the policy's fair value to its price
    "Lean": "lean",  # from theo to the policy's fair value
    "Rounding": "rounding",  # from the policy's price to the price dealt
}

_COLUMNS = ["path", "kind", "instrument", "client", "side", "size", "theo", "policy_fair", "quoted", "edge"]


def steps(run: Run) -> pd.DataFrame:
    """The chain by client group, micro-units of currency, integers: a row a group, and how many ``contracts``.

    Of a client fill of w units (the desk's sign) the edge w·(theo − price) is the sum of lean w·(theo − fair), half
    spread w·(fair − quoted) and rounding w·(quoted − price); the last takes what rounding to micro-units leaves. Fair
    is the middle of the policy's quote; of a quote with one side, which has none, the lean is zero.
    """
    multipliers = run.options.groupby("option", observed=True)["multiplier"].first()
    path = rows.path_shown(run)
    by_piece = [
        _chain(piece.loc[(piece["path"] == path) & (piece["kind"] == "client")], multipliers)
        for piece in run.pieces("fills", _COLUMNS)
    ]
    chain = pd.concat(by_piece).groupby("client").sum()
    chain["rounding"] = chain["edge"] - chain["half_spread"] - chain["lean"]
    return chain


def _chain(fills: pd.DataFrame, multipliers: pd.Series[float]) -> pd.DataFrame:
    """Of some client fills: contracts, half spread, lean and edge by client group."""
    units = fills["size"].where(fills["side"] == "buy", -fills["size"])
    units = units * fills["instrument"].astype(object).map(multipliers).astype(float)
    fair = fills["policy_fair"].fillna(fills["theo"])
    quoted = fills["quoted"].fillna(fair)
    amounts = {
        "contracts": fills["size"],
        "half_spread": _micros(units * (fair - quoted)),
        "lean": _micros(units * (fills["theo"] - fair)),
        "edge": _micros(fills["edge"]),
    }
    return pd.DataFrame(amounts).groupby(fills["client"].astype(str)).sum()


def _micros(amounts: pd.Series) -> pd.Series:
    return (amounts.astype(float) * MICROS).round().astype(np.int64)


def chain(run: Run) -> Exhibit:
    """From theo to the price dealt, of all groups together and of each."""
    by_group, places = steps(run), decimals(run)
    everyone = by_group.sum()
    amounts = {name: everyone[column] / MICROS for name, column in STEPS.items()}
    total = everyone["edge"] / MICROS
    lines = [_line(str(name), of, places) for name, of in by_group.iterrows()]
    head = ("Client group", "Contracts", *STEPS, "Spread capture", *(f"{name}, a contract" for name in (*STEPS, "All")))
    table = Table(head, (*lines, _line("All", everyone, places)), f"Edge chain by client group, {currency(run)}", 1)
    caption = (
        "Half spread: from the policy's fair value to its price. Lean: from theo to that fair value. Rounding: from the"
        f" policy's price to the tick it dealt at. Over all client fills; {currency(run)}.{which_path(run)}"
    )
    draw = partial(waterfall.draw, list(amounts.items()), total, places, "Spread capture")
    picture = Picture(draw, "From theo to the price dealt")
    return Exhibit("edge-chain", "From theo to the price", caption, picture, table)


def _line(name: str, of: pd.Series, places: int) -> tuple[Cell, ...]:
    contracts = float(of["contracts"])
    amounts = [of[column] / MICROS for column in (*STEPS.values(), "edge")]
    return (
        name,
        quantity(contracts),
        *(money(amount, places) for amount in amounts),
        *(money(amount / contracts, 4) for amount in amounts),
    )
