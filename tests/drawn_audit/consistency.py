"""What of a run contradicts itself: counts and tables, positions and hedges that outlive their end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mmsim.engine.state import State
from mmsim.events import Kind
from tests.audit_of_run import Played

TURNED_AWAY = (
    "worse_price",
    "no_quote",
    "no_share",
    "closed",
    "no_mark",
    "better_elsewhere",
)  # orders by why they were not filled


def inconsistencies(played: Played) -> Iterator[str]:
    """Everything that contradicts something else, a line each."""
    run, counts = played.run, played.run.counts
    orders = np.isin(played.market.events(0)["kind"], (Kind.ORDER, Kind.BAR_TRADE)).sum()
    of_kind = run.fills["kind"].value_counts()
    expected = {
        "orders": orders,
        "client_fills": of_kind.get("client", 0),
        "hedge_fills": of_kind.get("hedge", 0),
        "offloads": of_kind.get("offload", 0),
        "expiries": of_kind.get("expiry", 0),
        "limit_breaches": len(run.breaches),
    }
    for name, number in expected.items():
        if counts[name] != number:
            yield f"counts: {name} {counts[name]}, in the tables {number}"
    met = counts["client_fills"] + sum(counts[f"orders_{why}"] for why in TURNED_AWAY)
    if counts["orders"] != met:
        yield f"counts: {counts['orders']} orders, of which {met} were filled or turned away"
    if wrong := {name: amount for name, amount in run.identities.items() if amount != 0}:
        yield f"identities: {wrong}"
    yield from _unsettled(played)
    yield from _under_way(played.state)


def _unsettled(played: Played) -> Iterator[str]:
    """Positions in options that have expired."""
    end = pd.Timestamp(played.run.summary["scenario"]["clock"]["end"]).as_unit("ns").value
    expired = {option.name for option in played.market.universe.options if option.expiry_ns <= end}
    held = played.run.options.groupby("option", observed=True)["position"].sum()
    for name in sorted(expired & set(held[held != 0].index)):
        yield f"{name}: {held[name]:g} contracts after its expiry"


def _under_way(state: State) -> Iterator[str]:
    """Hedges that were due and have not been filled, or that their underlying knows nothing of."""
    desk = state.desk[0]
    waiting = state.pending[desk["hedge_head"] : desk["hedge_tail"]]
    for order in waiting[waiting["due"] <= desk["now"]]:
        yield f"a hedge of {order['units']:g} units was due at {order['due']} and is under way"
    for u, underlying in enumerate(state.underlyings):
        units = waiting["units"][waiting["underlying"] == u].sum() + underlying["resting"]
        if abs(underlying["pending"] - units) > 1e-6 * max(1.0, abs(units)):
            yield f"underlying {u}: {underlying['pending']:g} units pending, {units:g} under way"
