"""The assumptions that are varied, each a ladder of values and the keys of a scenario that one is written to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from mmsim.scenario import Scenario
from mmsim.scenario.parts.clients import InformedClients, PoissonClients, RecordedClients
from mmsim.units import UNITS_NS, duration_text

Level = float | str
Changes = dict[str, str]  # dotted key -> YAML

FILLS = ("trade_through", "back_of_queue", "touch")  # of recorded trades, those dealt rising
TIES = ("price_time", "pro_rata", "none")  # what the desk gets of them, rising


class Factor(NamedTuple):
    """One assumption."""

    name: str
    unit: str  # of its levels; empty where they are names
    about: str  # which keys it is written to
    levels: tuple[Level, ...]  # the scenario's own among them
    own: Level  # that one
    keys: Callable[[Level], Changes]
    up_to: float = 0.0  # where the search for a break-even ends
    grain: float = 0.0  # differences that do not matter

    def changes(self, level: Level) -> Changes:
        """The keys that make the scenario one of that level; none for its own."""
        return {} if level == self.own else self.keys(level)


def factors(scenario: Scenario) -> tuple[list[Factor], dict[str, str]]:
    """The factors that can be varied in a scenario, and the reasons of those that cannot, by name."""
    found: list[Factor] = []
    left_out: dict[str, str] = {}
    made = {"latency": _latency, "fills": _fills, "informed": _informed, "hedge_cost": _hedge_cost}
    for name, make in made.items():
        factor = make(scenario)
        if isinstance(factor, str):
            left_out[name] = factor
        else:
            found.append(factor)
    return found, left_out


def _latency(scenario: Scenario) -> Factor:
    latency, ladder = scenario.latency, scenario.sensitivity
    ms = UNITS_NS["ms"]
    own = max(latency.quote, latency.hedge) / ms
    apart = " (the larger of the two in the scenario itself)" if latency.quote != latency.hedge else ""

    def keys(level: Level) -> Changes:
        text = duration_text(round(float(level) * ms))
        return {"latency.quote": text, "latency.hedge": text}

    return Factor(
        name="latency",
        unit="ms",
        about=f"latency.quote and latency.hedge{apart}",
        levels=_with(own, (rung / ms for rung in ladder.latency)),
        own=own,
        keys=keys,
        up_to=ladder.latency_up_to / ms,
        grain=1e-3,
    )


def _fills(scenario: Scenario) -> Factor | str:
    for n, group in enumerate(scenario.clients):
        if isinstance(group, RecordedClients):
            return _fills_of_tape(n, group)
    maker = scenario.market.maker
    if maker is None:
        return "drawn clients deal wherever the desk's price is good enough, and no other maker stands beside it"
    return Factor(
        name="fills",
        unit="",
        about="market.maker.allocation: what the desk gets of orders at a price that both makers show",
        levels=TIES,
        own=maker.allocation,
        keys=lambda level: {"market.maker.allocation": str(level)},
    )


def _fills_of_tape(n: int, group: RecordedClients) -> Factor:
    def keys(level: Level) -> Changes:
        shared = {f"clients.{n}.allocation": "none"} if group.allocation != "none" else {}
        return {f"clients.{n}.fills": str(level)} | shared

    return Factor(
        name="fills",
        unit="",
        about=f"clients.{n}.fills: which recorded trades the desk takes part in",
        levels=FILLS,
        own=group.fills,
        keys=keys,
    )


def _informed(scenario: Scenario) -> Factor | str:
    ladder = scenario.sensitivity
    knowing = {n: group for n, group in enumerate(scenario.clients) if isinstance(group, InformedClients)}
    plain = [n for n, g in enumerate(scenario.clients) if isinstance(g, PoissonClients) and g.package is None]
    if not knowing and not plain:
        return "no group of clients is `informed`, or could be: `poisson`, without a package"
    numbers = list(knowing) or plain
    arrivals = sum(group.per_hour for group in knowing.values())
    own = sum(group.probability * group.per_hour for group in knowing.values()) / arrivals if knowing else 0.0
    new = {} if knowing else {"model": "informed", "horizon": duration_text(ladder.informed_horizon)}
    names = ", ".join(scenario.clients[n].name for n in numbers)

    def keys(level: Level) -> Changes:
        values = new | {"probability": repr(float(level))}
        return {f"clients.{n}.{key}": value for n in numbers for key, value in values.items()}

    known = "" if knowing else f", who know the spot {duration_text(ladder.informed_horizon)} ahead"
    return Factor(
        name="informed",
        unit="share",
        about=f"probability of the arrivals of {names}{known}",
        levels=_with(own, ladder.informed),
        own=own,
        keys=keys,
        up_to=1.0,
        grain=1e-4,
    )


def _hedge_cost(scenario: Scenario) -> Factor | str:
    execution, ladder = scenario.execution, scenario.sensitivity
    if scenario.hedging.policy == "none":
        return "nothing is hedged"
    if execution.hedge_at == "mid" and not execution.impact and not (execution.fee_per_hedge or execution.fees.hedge):
        return "hedges cost nothing to multiply: at the mid, without impact or fees"
    return Factor(
        name="hedge_cost",
        unit="times",
        about="execution.hedge_cost: multiple of the spread, impact and fees of hedges",
        levels=_with(execution.hedge_cost, ladder.hedge_cost),
        own=execution.hedge_cost,
        keys=lambda level: {"execution.hedge_cost": repr(float(level))},
        up_to=ladder.hedge_cost_up_to,
        grain=1e-4,
    )


def _with(own: float, ladder: Iterator[float] | tuple[float, ...]) -> tuple[Level, ...]:
    """The ladder and the scenario's own value, ascending."""
    return tuple(sorted({own, *ladder}))


def written(changes: Mapping[str, str]) -> str:
    """Changes as options of a command."""
    import shlex

    return shlex.join(word for key, value in changes.items() for word in ("--set", f"{key}={value}"))
