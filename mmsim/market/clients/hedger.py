"""Holders of portfolios who insure them."""

from __future__ import annotations

from mmsim.market.clients.distance import Distance, faster
from mmsim.market.clients.flow import OrderFlow, Wish
from mmsim.market.clients.ground import Ground
from mmsim.market.clients.selection import Selection
from mmsim.scenario.parts.clients import HedgerClients


def flow(client: int, group: HedgerClients, ground: Ground) -> OrderFlow:
    """They buy puts, and concede much: what they insure against costs more than the price."""
    wish = Wish(1.0, 1.0, Selection.of(group, ground, set(group.rights) & {"put"}))
    return OrderFlow.of(client, group, ground, [wish], Distance.of(group, ground), faster(group))
