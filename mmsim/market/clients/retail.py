"""Private investors."""

from __future__ import annotations

from mmsim.market.clients.distance import Distance, faster
from mmsim.market.clients.flow import OrderFlow, Wish
from mmsim.market.clients.ground import Ground
from mmsim.market.clients.selection import Selection
from mmsim.scenario.parts.clients import RetailClients


def flow(client: int, group: RetailClients, ground: Ground) -> OrderFlow:
    """They sell calls covered by shares and puts secured by cash, and buy calls for the rest.

    Source for who trades what: Lakonishok, Lee, Pearson and Poteshman, Option market activity, Review of Financial
    Studies 20 (2007): of what customers held in options on stocks, written calls were the most, then bought calls,
    then written puts, and bought puts the least.
    """
    sold = group.model_copy(update={"delta": group.sold_delta})
    allowed = set(group.rights)
    bought = max(1.0 - group.covered_calls - group.cash_secured_puts, 0.0)
    wishes = [
        Wish(bought, 1.0, Selection.of(group, ground, allowed & {"call"})),
        Wish(group.covered_calls, 0.0, Selection.of(sold, ground, allowed & {"call"})),
        Wish(group.cash_secured_puts, 0.0, Selection.of(sold, ground, allowed & {"put"})),
    ]
    return OrderFlow.of(client, group, ground, wishes, Distance.of(group, ground), faster(group))
