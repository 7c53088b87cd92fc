"""The clients: who asks to trade, when, what, and at what price.

ground        what every group stands on: options, clock, seed and its streams of random numbers
arrivals      when: Poisson, or (hawkes) arrivals that bring arrivals, evenly or (shape) by a clock of activity
listing       which options trade at a time; selection: which of them a group asks for
tape          the market data of a path, for groups that look at them
legs          orders that stand for several: sweeps, packages
flow          arrivals, wishes and reservation prices (distance) as ORDER rows
poisson, retail, hedger, net_buyer, informed, vol_trader, sniper, scripted    a model each
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mmsim.errors import UserError
from mmsim.market.clients import hedger, informed, net_buyer, poisson, retail, sniper, vol_trader
from mmsim.market.clients.flow import Flow
from mmsim.market.clients.ground import Ground
from mmsim.market.clients.listing import last_instants
from mmsim.market.clients.scripted import TOO_LATE, scripted
from mmsim.market.clients.tape import Tape
from mmsim.market.source import Source
from mmsim.scenario import Scenario
from mmsim.scenario.checks.common import MAX_TICKS
from mmsim.scenario.parts import clients as parts

__all__ = ["TOO_LATE", "Flow", "Tape", "flows", "last_instants", "scripted"]

_MODELS: dict[type, Callable[[int, Any, Ground], Flow]] = {
    parts.PoissonClients: poisson.flow,
    parts.RetailClients: retail.flow,
    parts.HedgerClients: hedger.flow,
    parts.NetBuyerClients: net_buyer.flow,
    parts.InformedClients: informed.flow,
    parts.VolTraderClients: vol_trader.flow,
    parts.SniperClients: sniper.flow,
}


def flows(scenario: Scenario, source: Source) -> Iterator[Flow]:
    """Every group of a scenario whose orders are drawn, in its order; UserError where a group has too many."""
    ground = Ground(scenario, source)
    for number, group in enumerate(scenario.clients):
        if type(group) in _MODELS:
            flow = _MODELS[type(group)](number, group, ground)
            if flow.expected > MAX_TICKS:
                key = "share" if isinstance(group, parts.SniperClients) else "per_hour"
                wrong = f"gives about {flow.expected:,.0f} orders a path: at most {MAX_TICKS:,}"
                raise UserError(scenario.problem(("clients", number, key), wrong))
            yield flow
