"""Orders of a script."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmsim.events import Events, Kind, rows
from mmsim.instruments import Universe
from mmsim.scenario.parts.clients import Order

TOO_LATE = "option no longer trades"


def scripted(client: int, orders: Sequence[Order], universe: Universe) -> Events:
    """ORDER rows of a script, in its order."""
    return rows(
        Kind.ORDER,
        np.array([order.at for order in orders], np.int64),
        np.array([universe.option_index[order.option] for order in orders], np.int32),
        client=client,
        side=np.array([1 if order.side == "buy" else -1 for order in orders], np.int8),
        size=np.array([order.size for order in orders], np.float64),
        price=np.array([order.price for order in orders], np.float64),
    )
