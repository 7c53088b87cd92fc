"""Orders of groups of clients in a market with a chain of options."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from mmsim.events import Kind
from mmsim.market import Market, build
from mmsim.scenario import Scenario

VOLATILITY = 0.25
EXPIRIES = ["2026-03-09T20:00:00Z", "2026-04-17T20:00:00Z", "2026-06-19T20:00:00Z"]
CHAIN = [
    {"underlying": "ABC", "strikes": {"from": 80, "to": 120, "step": 2.5}, "expiry": expiry} for expiry in EXPIRIES
]


class Placed(NamedTuple):
    """The orders of some paths with the terms of their options, and the ticks of the first path."""

    market: Market
    orders: pd.DataFrame
    ticks: pd.DataFrame


@pytest.fixture
def placed(modelled: Callable[..., Scenario]) -> Callable[..., Placed]:
    """What one group of clients places in a chain of three expiries; keys of the scenario may be changed."""

    def place(group: dict[str, Any], paths: int = 1, **changes: Any) -> Placed:
        spot = {"model": "gbm", "start": 100, "volatility": 0.4, "step": "5m"}
        market = {"spot": spot, "volatility": {"model": "constant", "level": VOLATILITY}}
        parts = {"options": CHAIN, "market": market, "clients": [{"name": "group"} | group]} | changes
        built = build(modelled(**parts))
        found = []
        for path in range(paths):
            events = built.events(path)
            ticks = events[events["kind"] == Kind.SPOT]
            orders = pd.DataFrame(events[events["kind"] == Kind.ORDER]).assign(path=path)
            spots = 0.5 * (ticks["bid"] + ticks["ask"])
            orders["spot"] = spots[np.searchsorted(ticks["ts"], orders["ts"], side="right") - 1]
            found.append(orders)
        orders = _with_terms(pd.concat(found, ignore_index=True), built)
        ticks = pd.DataFrame(built.events(0)[built.events(0)["kind"] == Kind.SPOT])
        return Placed(built, orders, ticks.assign(mid=0.5 * (ticks["bid"] + ticks["ask"])))

    return place


def _with_terms(orders: pd.DataFrame, market: Market) -> pd.DataFrame:
    options = [market.universe.options[n] for n in orders["instrument"]]
    made = orders.assign(
        strike=[option.strike for option in options],
        right=[option.right.name.lower() for option in options],
        expiry=[option.expiry_ns for option in options],
    )
    years = (made["expiry"] - made["ts"]) / 86_400e9 / 365
    d1 = np.log(made["spot"] / made["strike"]) / (VOLATILITY * np.sqrt(years)) + 0.5 * VOLATILITY * np.sqrt(years)
    call = norm.cdf(d1)
    return made.assign(days=years * 365, delta=np.where(made["right"] == "call", call, 1.0 - call))
