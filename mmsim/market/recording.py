"""A recorded folder without a scenario: what its files say of the terms, and what they do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from pydantic import ValidationError

from mmsim import parquet, units
from mmsim.errors import Problem, UserError
from mmsim.market.recorded import OPTION_QUOTES, UNDERLYING_QUOTES
from mmsim.scenario import Scenario, errors
from mmsim.strict_yaml import Document

LOOK_BACK_NS = units.DAY_NS  # from where on quotes are carried forward
_STYLES = ("american", "european")


class Terms(NamedTuple):
    """What files do not say, or only some: an empty text is told by the files."""

    rate: float = 0.0  # continuous, a year
    expiry_time: str = "16:00 America/New_York"  # of settlement
    kind: str = ""  # stock, index or future; a future where options name an underlying that is not their root
    exercise: str = ""  # american or european; the column `style`, else european
    tick: float = 0.05  # of the options, in currency


def scenario(folder: Path, until_ns: int, terms: Terms) -> tuple[Scenario, Path]:
    """A scenario of the last day before an instant for all underlyings of a folder, and the folder that it is in."""
    home = folder.resolve()
    if not home.is_dir():
        raise UserError(Problem("is neither a scenario's .yaml file nor a folder of recorded files", file=str(folder)))
    files = {name: home / f"{name}.parquet" for name in (OPTION_QUOTES, UNDERLYING_QUOTES)}
    if missing := [file for file in files.values() if not file.is_file()]:
        raise UserError(*(Problem("there is no such file", file=str(file)) for file in missing))
    listed = _distinct(files[OPTION_QUOTES], ["root", "underlying", "style"])
    symbols = _distinct(files[UNDERLYING_QUOTES], ["symbol"])["symbol"].tolist()
    value = {
        "name": "surface",
        "clock": {
            "start": units.instant_text(until_ns - LOOK_BACK_NS),
            "end": units.instant_text(until_ns),
        },
        "rates": {"options_cash": terms.rate},
        **_instruments(files[OPTION_QUOTES], listed, symbols, terms),
        "market": {
            "recorded": {"folder": home.name, "refuse_above": 1.0},
            "theo": {"volatility": "surface"},
        },
    }
    try:
        return Scenario.model_validate(value), home.parent
    except ValidationError as error:
        raise UserError(*errors.problems(error, Scenario, Document(value, str(folder)), {})) from error


def _distinct(file: Path, names: list[str]) -> pd.DataFrame:
    """The distinct rows of some columns, those that the file has; "" where there is no text."""
    present = [name for name in names if name in parquet.schema(file).names]
    told = parquet.read(file, present).to_pandas().drop_duplicates() if present else pd.DataFrame(index=[0])
    texts = {name: told[name].astype("str").fillna("") if name in told else "" for name in names}
    return pd.DataFrame(texts, index=told.index).sort_values(names, ignore_index=True)


def _instruments(file: Path, listed: pd.DataFrame, symbols: list[str], terms: Terms) -> dict[str, Any]:
    """The underlyings that options are on and the files quote, with the terms of their options."""
    underlyings: list[dict[str, Any]] = []
    options: list[dict[str, Any]] = []
    for root, name, style in listed[["root", "underlying", "style"]].itertuples(index=False):
        wanted = (name, name.removeprefix(root)) if name else (root,)
        found = next((symbol for symbol in wanted if symbol and symbol in symbols), "")
        if not (name or root) and len(symbols) == 1:
            found = symbols[0]
        symbol = name or root or found
        if not found or symbol in {one["symbol"] for one in underlyings}:
            continue
        kind = terms.kind or ("future" if name and name != root else "stock")
        underlyings.append({"symbol": symbol, "data_symbol": found, "kind": kind})
        options.append(
            {
                "underlying": symbol,
                "expiry_time": terms.expiry_time,
                "exercise": terms.exercise or (style if style in _STYLES else "european"),
                "ticks": terms.tick,
            }
        )
    if not underlyings:
        quoted = ", ".join(map(repr, symbols[:5])) or "nothing"
        raise UserError(Problem(f"has no option on what underlying_quote quotes ({quoted})", file=str(file)))
    return {"underlyings": underlyings, "options": options}
