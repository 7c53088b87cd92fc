"""End users as a whole."""

from __future__ import annotations

from mmsim.market.clients.distance import Distance, faster
from mmsim.market.clients.flow import OrderFlow, Wish
from mmsim.market.clients.ground import Ground
from mmsim.market.clients.selection import Selection
from mmsim.scenario.parts.clients import NetBuyerClients


def flow(client: int, group: NetBuyerClients, ground: Ground) -> OrderFlow:
    """Of an index they buy puts and sell calls, of a single name the opposite.

    Source: Garleanu, Pedersen and Poteshman, Demand-based option pricing, Review of Financial Studies 22 (2009): end
    users are net long index options, above all puts out of the money, and net short options on single stocks.
    """
    buys_puts = group.of == "index"
    allowed = set(group.rights)
    wishes = [
        Wish(group.puts, float(buys_puts), Selection.of(group, ground, allowed & {"put"})),
        Wish(1.0 - group.puts, float(not buys_puts), Selection.of(group, ground, allowed & {"call"})),
    ]
    return OrderFlow.of(client, group, ground, wishes, Distance.of(group, ground), faster(group))
