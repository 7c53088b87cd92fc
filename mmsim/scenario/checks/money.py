"""A check that amounts of money can be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mmsim.scenario.checks.common import scripted_orders, start_prices
from mmsim.scenario.checks.registry import Mistake, reads
from mmsim.scenario.parts.clients import Arriving, SniperClients
from mmsim.strict_yaml import KeyPath

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario


MAX_MONEY = 1e12  # of one position or order, in currency: some of them still fit the ledger's int64 micro-units


@reads("opening", "clients", "options", "underlyings", "market")
def _money(s: Scenario) -> Iterator[Mistake]:
    """Each position and each order, at the largest price that the scenario names, fits the ledger's integers."""
    prices = start_prices(s)
    for entry in s.options:
        prices[entry.underlying] = max(prices.get(entry.underlying, 0.0), *(entry.strikes or (0.0,)))
    worth = {o.name: o.multiplier * prices[o.underlying] for entry in s.options for o in entry.options()}
    for path, size, price in _amounts(s, prices, worth):
        if size * price > MAX_MONEY:
            yield Mistake(path, f"{size:g} at {price:g} is worth {size * price:.2g}: at most {MAX_MONEY:g} can be kept")


def _amounts(
    s: Scenario, prices: Mapping[str, float], worth: Mapping[str, float]
) -> Iterator[tuple[KeyPath, float, float]]:
    """(key, size, price of one) of each position and order; ``worth`` is that of a contract of each option."""
    for n, held in enumerate(s.opening.options):
        yield ("opening", "options", n, "size"), abs(held.size), worth.get(held.option, 0.0)
    for n, hedge in enumerate(s.opening.hedges):
        price = max(hedge.price or 0.0, prices.get(hedge.underlying, 0.0))
        yield ("opening", "hedges", n, "units"), abs(hedge.units), price
    for path, order in scripted_orders(s):
        yield (*path, "size"), order.size, worth.get(order.option, 0.0)
    for n, group in enumerate(s.clients):
        if isinstance(group, Arriving):
            yield ("clients", n, "sizes"), max(group.sizes), max(worth.values(), default=0.0)
        elif isinstance(group, SniperClients):
            yield ("clients", n, "size"), group.size, max(worth.values(), default=0.0)
