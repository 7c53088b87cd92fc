"""Clients who buy or sell any option."""

from __future__ import annotations

from mmsim.market.clients.distance import Distance, faster
from mmsim.market.clients.flow import OrderFlow, Wish
from mmsim.market.clients.ground import Ground
from mmsim.market.clients.selection import Selection
from mmsim.scenario.parts.clients import PoissonClients


def flow(client: int, group: PoissonClients, ground: Ground) -> OrderFlow:
    """One wish: a share ``buy_share`` of the orders buy."""
    wish = Wish(1.0, group.buy_share, Selection.of(group, ground))
    return OrderFlow.of(client, group, ground, [wish], Distance.of(group, ground), faster(group))
