"""Small scenarios for tests of the engine, and runs of them, with rows of a recorded market if need be.

The base is one stock ABC at 100 and one call on it, struck at 100, from 00:00 to 10:00; options are worth their
intrinsic value, because their volatility is next to nothing, and there are no rates: what a test expects can be
worked out in the head.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

from mmsim import backtest, market
from mmsim.events import Events, Kind, merge
from mmsim.results import Run
from mmsim.scenario import Scenario

POLICIES = Path(__file__).parent / "policies"
DAY = "2026-01-05"
HOUR = 3_600_000_000_000  # nanoseconds
MICRO = 1.01e-6  # currency: one unit of the ledger
INTRINSIC = {"model": "constant", "level": 1e-6}
CALL, PUT = f"ABC {DAY} C100", f"ABC {DAY} P100"
BASE: dict[str, Any] = {
    "name": "small",
    "clock": {"start": f"{DAY}T00:00:00Z", "end": f"{DAY}T10:00:00Z"},
    "underlyings": [{"symbol": "ABC"}],
    "options": [{"underlying": "ABC", "strikes": [100], "expiry": f"{DAY}T10:00:00Z"}],
    "market": {"spot": {"model": "path", "step": "1h", "prices": [100]}, "volatility": INTRINSIC},
    "pricing": {"exact": True},
    "report": {"mark_every": "1h"},
}


def at(hours: float) -> str:
    """The instant so many hours after the clock's start."""
    return (pd.Timestamp(DAY, tz="UTC") + pd.Timedelta(hours=hours)).isoformat()


def ns(hours: float) -> int:
    """The same in nanoseconds UTC."""
    return pd.Timestamp(at(hours)).as_unit("ns").value


def scenario(**changes: Any) -> Scenario:
    """The base with keys changed; ``market__spot__prices`` is the key ``market.spot.prices``."""
    made = copy.deepcopy(BASE)
    for path, value in changes.items():
        *parents, key = path.split("__")
        part = made
        for parent in parents:
            part = part.setdefault(parent, {})
        part[key] = value
    return Scenario.model_validate(made)


def order(hours: float, side: str, size: float, price: float = 0.0, option: str = CALL) -> dict[str, Any]:
    """An order of a script. A client who sells at 0 takes any bid, one who buys needs a limit."""
    return {"at": at(hours), "side": side, "size": size, "price": price, "option": option}


def clients(*orders: dict[str, Any]) -> list[dict[str, Any]]:
    """One group of clients with a script."""
    return [{"name": "client", "model": "scripted", "orders": list(orders)}]


def policy(name: str, **parameters: Any) -> dict[str, Any]:
    """An entry that names a policy of these tests."""
    return {"policy": f"{POLICIES / name}.py", **parameters}


def trades(*units: float) -> dict[str, Any]:
    """A hedging policy that trades given units at the first ticks, and nothing after."""
    return policy("trade_at_ticks", **dict(zip(("first", "second", "third"), map(float, units), strict=False)))


def fixed(bid: float, ask: float, **sizes: float) -> dict[str, Any]:
    """Quotes at given prices."""
    return {"policy": "fixed_price", "bid": bid, "ask": ask, **sizes}


def play(
    *,
    events: Sequence[Events] = (),
    without: Sequence[Kind] = (),
    rules: Sequence[tuple[int, int]] = (),
    **changes: Any,
) -> Run:
    """A run of the base with changes, whose identities hold.

    ``events`` are rows to add to the market's, ``without`` kinds of row to take out of it, ``rules`` the (allocation,
    fill rule) of each group of clients: together they make a recorded market of a few rows.
    """
    return replay(scenario(**changes), events, without, rules)


def replay(
    chosen: Scenario, events: Sequence[Events] = (), without: Sequence[Kind] = (), rules: Sequence[tuple[int, int]] = ()
) -> Run:
    """The run of a scenario, with rows added to its market and taken out of it."""
    build = market.build

    def changed(*arguments: Any, **keywords: Any) -> market.Market:
        built = build(*arguments, **keywords)
        if not (len(events) or len(without) or len(rules)):
            return built
        data = dataclasses.replace(built, flows=()).events(0)  # those of the only path, the ticks of models drawn
        kept = data[~np.isin(data["kind"], [int(kind) for kind in without])]
        groups = {"rules": np.array(rules, np.int64), "clients": ("tape",) * len(rules)} if rules else {}
        return dataclasses.replace(built, fixed=merge([kept, *events]), placed=(), **groups)

    with mock.patch.object(backtest.market, "build", changed):
        run = backtest.run(chosen)
    assert set(run.identities.values()) == {0}, run.identities
    return run


def only(run: Run, kind: str) -> pd.DataFrame:
    """The fills of one kind: client, hedge or expiry."""
    return run.fills[run.fills["kind"] == kind].reset_index(drop=True)


def signed(fills: pd.DataFrame) -> pd.Series[float]:
    """Sizes with the desk's sign: + it buys."""
    return fills["size"].where(fills["side"] == "buy", -fills["size"])


def posted(run: Run, account: str, kind: str = "") -> list[int]:
    """The amounts posted to an account, micro-units, debits positive, in order; of one kind of transaction if given."""
    rows = run.ledger[run.ledger["account"] == account]
    if kind:
        rows = rows[rows["kind"] == kind]
    return rows["amount_micros"].tolist()
