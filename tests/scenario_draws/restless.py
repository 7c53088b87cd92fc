"""A market of models made restless: what models do not do, and recorded markets do all the time."""

from __future__ import annotations

import dataclasses

import numpy as np

from mmsim.events import Kind, Leg, merge, rows
from mmsim.market import Market
from tests.scenario_draws.draw import Frame

SHARE = 0.2  # of the markets of models


def stirred(frame: Frame, built: Market) -> Market:
    """The market of a frame: restless in a share of the frames, as it is in the others."""
    draw = frame.draw("restless")
    return built if frame.is_recorded or not draw.chance(SHARE) else restless(built, draw.random)


def restless(built: Market, draw: np.random.Generator) -> Market:
    """Volatilities move with every third tick, sides and fair values go missing, and half of the orders come at the
    very time of a tick."""
    events = built.events(0).copy()
    events = events[(events["kind"] != Kind.FAIR_VOLATILITY) | (events["instrument"] % 3 != 0)]
    ticks = np.flatnonzero(events["kind"] == Kind.SPOT)[len(built.universe.underlyings) :]
    for side in ("bid", "ask"):
        events[side][draw.choice(ticks, len(ticks) // 8, replace=False)] = np.nan
    orders = np.flatnonzero(events["kind"] == Kind.ORDER)
    is_moved = (draw.random(len(orders)) < 0.5) & (events["ts"][orders] < events["ts"][ticks[-1]])
    seconds = np.flatnonzero(events["ask_size"][orders] == Leg.SECOND)
    is_moved[seconds] = is_moved[seconds - 1]  # the legs of a package stay together
    orders = orders[is_moved]
    events["ts"][orders] = events["ts"][ticks][np.searchsorted(events["ts"][ticks], events["ts"][orders])]
    moved = []
    for tick in ticks[::3]:
        owned = np.flatnonzero(draw.random(len(built.universe.options)) < 0.5)
        levels = 0.3 * np.exp(0.05 * draw.standard_normal(len(owned)))
        moved.append(rows(Kind.VOLATILITY, np.full(len(owned), events["ts"][tick]), owned, value=levels))
    return dataclasses.replace(built, fixed=merge([events, *moved]), placed=(), flows=())
