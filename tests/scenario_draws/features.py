"""What a drawn scenario has that could go wrong, told from what has come of it, and how often the suite must meet it.

A feature counts where it has had an effect, and where clients have dealt: a fee that nobody paid is no feature.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from mmsim.events import Kind
from mmsim.market import Market
from mmsim.results import Run
from mmsim.scenario import Scenario
from mmsim.scenario.checks.common import each_model
from mmsim.scenario.parts.base import Part
from tests.scenario_draws import shedding


class Case(NamedTuple):
    """A scenario, what happened in its market, and what came of it."""

    scenario: Scenario
    market: Market
    run: Run

    @property
    def fills(self) -> int:
        return self.run.counts["client_fills"]

    def detail(self, account: str) -> float:
        """What an income or expense account came to, in currency."""
        return float(self.run.detail.get(account, 0.0))

    def counts(self, name: str) -> int:
        """A counter of the run, or rows of a recorded file: ``file: what``."""
        return (self.run.counts | self.market.quality).get(name, 0)

    def rows(self, kind: Kind) -> Any:
        return self.market.events(0)[self.market.events(0)["kind"] == kind]

    def filled(self, kind: str, **terms: str) -> bool:
        """Whether an option with such terms has had a fill of a kind: client, or expiry if it was held then."""
        named = set(self.run.fills.loc[self.run.fills["kind"] == kind, "instrument"])
        return any(
            option.name in named and all(getattr(option, key).name.lower() == value for key, value in terms.items())
            for option in self.market.universe.options
        )

    def one_sided(self, kind: Kind) -> bool:
        rows = self.rows(kind)
        return bool(np.any(np.isnan(rows["bid"]) != np.isnan(rows["ask"])))


def _is(part: Callable[[Scenario], Part], key: str, value: Any) -> Callable[[Case], bool]:
    """Whether a key of a part of the scenario has a value."""
    return lambda case: bool(getattr(part(case.scenario), key) == value)


def _keys(part: str, key: str, *values: Any) -> dict[str, Callable[[Case], bool]]:
    """A feature for each value of a key."""
    return {f"{key}: {value}": _is(lambda s: getattr(s, part), key, value) for value in values}


def _hedged(case: Case, *, elsewhere: bool = False) -> bool:
    """Whether hedges were traded; with another underlying than that of the options."""
    given = case.scenario.hedging.instrument
    others = {u for u, v in given.items() if u != v} if isinstance(given, Mapping) else set()
    hedges = case.run.fills[case.run.fills["kind"] == "hedge"]
    return len(hedges) > 0 if not elsewhere else bool(hedges["instrument"].isin(others).any())


def _kinds(case: Case, kind: str) -> bool:
    return any(entry.kind == kind for entry in case.scenario.underlyings)


def _several(case: Case, term: str) -> bool:
    found: dict[str, set[Any]] = {}
    for option in case.market.universe.options:
        found.setdefault(option.underlying, set()).add(getattr(option, term))
    return any(len(values) > 1 for values in found.values())


def _breached(limit: str) -> Callable[[Case], bool]:
    return lambda case: bool((case.run.breaches["limit"] == limit).any())


def _lot(units: float) -> Callable[[Case], bool]:
    return lambda case: _hedged(case) and any(u.lot == units for u in case.market.universe.underlyings)


def _dealt_with(model: str, **rules: str) -> Callable[[Case], bool]:
    """Whether a group of clients of a model has dealt."""

    def has(case: Case) -> bool:
        dealt = set(case.run.fills["client"])
        return any(
            group.model == model and group.name in dealt and all(getattr(group, k) == v for k, v in rules.items())
            for group in case.scenario.clients
        )

    return has


def _opened(part: str, price: str, given: bool) -> Callable[[Case], bool]:
    return lambda case: any(
        (getattr(held, price) is not None) == given for held in getattr(case.scenario.opening, part)
    )


MODELS = ("scripted", "poisson", "retail", "hedger", "customer_net_buyer", "informed", "vol_trader", "sniper")
SOLVED = (
    *("avellaneda_stoikov", "glft", "stoikov_saglam", "baldacci_bergault_gueant"),
    *("hedging_cost", "toxicity", "join_market"),
)
FEATURES: dict[str, Callable[[Case], bool]] = {
    "a stock": lambda case: _kinds(case, "stock"),
    "an index": lambda case: _kinds(case, "index"),
    "a future": lambda case: _kinds(case, "future"),
    "several underlyings": lambda case: len(case.scenario.underlyings) > 1,
    "several strikes": lambda case: _several(case, "strike"),
    "several expiries": lambda case: _several(case, "expiry_ns"),
    "both rights": lambda case: _several(case, "right"),
    "one right only": lambda case: any(len(entry.rights) == 1 for entry in case.scenario.options),
    "held to a cash settlement": lambda case: case.filled("expiry", settlement="cash"),
    "held to a physical settlement": lambda case: case.filled("expiry", settlement="physical"),
    "margined premium dealt": lambda case: case.filled("client", premium="futures_style"),
    "margined premium expired": lambda case: case.filled("expiry", premium="futures_style"),
    "american exercise": lambda case: case.filled("client", exercise="american"),
    "settlement price given": lambda case: any(o.settlement_price is not None for o in case.scenario.options),
    "last trade before expiry": lambda case: any(o.last_trade is not None for o in case.scenario.options),
    "tick table": lambda case: any(len(o.ticks.steps) > 1 for o in case.scenario.options),
    "quote latency": lambda case: case.scenario.latency.quote > 0,
    "hedge latency": lambda case: case.scenario.latency.hedge > 0 and _hedged(case),
    "limit: position": lambda case: _is_full(case),
    **{f"limit: {name}": _breached(name) for name in ("net_delta", "net_gamma", "net_vega", "loss")},
    **{f"protection: {name}": _breached(f"protection_{name}") for name in ("quantity", "delta", "vega")},
    **{f"alarm: {name}": _breached(name) for name in ("jump", "thin", "volatility")},
    "alarm that widens": lambda case: (
        "'widen'" in str(case.run.summary["scenario"]["protection"]) and case.counts("alarms") > 0
    ),
    "standing quotes": lambda case: case.counts("quote_messages") > 0,
    "messages capped": lambda case: case.counts("quotes_held_back") > 0,
    "queues": lambda case: case.counts("quote_messages") > 0 and "price_time" in str(case.scenario.clients),
    "obligation met in part": lambda case: 0.0 < case.run.summary["duty"].get("share", 0.0) < 1.0,
    "option fee": lambda case: case.scenario.execution.fee_per_option > 0,
    "option rebate": lambda case: case.scenario.execution.fee_per_option < 0,
    "hedge fee": lambda case: case.detail("Expenses:Fees:Hedge") < 0,
    "hedge rebate": lambda case: case.detail("Expenses:Fees:Hedge") > 0,
    "exercise fee": lambda case: case.scenario.execution.fee_per_exercise > 0 and case.filled("expiry"),
    "hedge cost": lambda case: case.detail("Expenses:HedgeCost") != 0,
    **{f"lot: {lot:g}": _lot(lot) for lot in (0.0, 1.0, 10.0)},
    **_keys("execution", "matching", "lifo", "fifo", "average"),
    **_keys("execution", "hedge_at", "mid", "touch"),
    "hedges that rested": lambda case: _rested(case, of_makers=True),
    "hedges out of patience": lambda case: _rested(case, of_makers=False),
    "hedges at a multiple of their cost": lambda case: case.scenario.execution.hedge_cost != 1.0 and _hedged(case),
    "fees by venue": lambda case: case.scenario.execution.fees.option is not None,
    "fee capped by the premium": lambda case: _is_capped(case),
    "impact, temporary": lambda case: bool(case.scenario.execution.impact) and _hedged(case),
    "impact, permanent": lambda case: case.scenario.market.recorded is None and _hedged(case) and _moves(case),
    **_keys("execution", "post_only", False),
    **_keys("rates", "funding", "gross", "net"),
    **_keys("rates", "compounding", "continuous", "simple_daily"),
    "borrowing spread": lambda case: case.scenario.rates.borrowing_spread > 0,
    "borrow fee": lambda case: case.detail("Income:Carry:Borrow") != 0,
    "sessions": lambda case: case.scenario.sessions is not None,
    "orders out of hours": lambda case: case.scenario.sessions is not None and case.counts("orders_closed") > 0,
    "dividend received": lambda case: case.detail("Income:Carry:Dividends") != 0,
    "dividend ahead": lambda case: any(d.ex > case.scenario.clock.end for d in case.scenario.dividends),
    "opening options, marked": _opened("options", "mark", given=True),
    "opening options at theo": _opened("options", "mark", given=False),
    "opening hedges, priced": _opened("hedges", "price", given=True),
    "opening hedges at mid": _opened("hedges", "price", given=False),
    **{f"clients: {model}": _dealt_with(model) for model in MODELS},
    "a package dealt": lambda case: _dealt_package(case),
    "a sweep": lambda case: any(getattr(group, "sweep", 1) > 1 for group in case.scenario.clients),
    "arrivals by a shape": lambda case: any(getattr(group, "shape", None) for group in case.scenario.clients),
    "arrivals that excite": lambda case: any(getattr(group, "hawkes", None) for group in case.scenario.clients),
    "a rival": lambda case: case.counts("orders_better_elsewhere") > 0,
    "a recorded rival": lambda case: (
        case.scenario.market.recorded is not None and case.counts("orders_better_elsewhere") > 0
    ),
    **{f"tape: {rule}": _dealt_with("recorded_trades", fills=rule) for rule in ("trade_through", "back_of_queue")},
    **{
        f"tape: touch, {share}": _dealt_with("recorded_trades", fills="touch", allocation=share)
        for share in ("none", "pro_rata", "price_time")
    },
    **{
        f"quoting: {name}": _is(lambda s: s.quoting, "policy", name)
        for name in ("fixed_price", "fixed_width", "vega_width", "inventory_skew", *SOLVED)
    },
    "hedging: none": _is(lambda s: s.hedging, "policy", "none"),
    **{
        f"hedging: {name}": lambda case, name=name: case.scenario.hedging.policy == name and _hedged(case)
        for name in ("delta_band", "every_tick", "interval", "scripted_deltas")
    },
    **{
        f"hedging: {name}": lambda case, name=name: case.scenario.hedging.policy == name and _hedged(case)
        for name in shedding.OTHERS
    },
    "offloads": lambda case: case.counts("offloads") > 0,
    "hedged with another underlying": lambda case: _hedged(case, elsewhere=True),
    "marks at another volatility": lambda case: isinstance(case.scenario.market.theo.volatility, float),
    "volatilities that move": lambda case: case.detail("Income:Vega") != 0,
    "spots as given": lambda case: case.scenario.market.spot is not None and "'path'" in str(case.scenario.market.spot),
    **{
        f"spot: {model}": lambda case, model=model: _has_model(case, "spot", model=model)
        for model in ("gbm", "heston", "merton", "oscillation", "bootstrap")
    },
    **{
        f"volatility: {model}": lambda case, model=model: _has_model(case, "volatility", model=model)
        for model in ("constant", "smile", "mean_reverting", "heston")
    },
    "ticks in sessions only": lambda case: _has_model(case, "spot", hours="sessions"),
    "events of the spot": lambda case: _has_events(case, "spot"),
    "events of volatility": lambda case: _has_events(case, "volatility"),
    "exact": _is(lambda s: s.pricing, "exact", value=True),
    "lazy": _is(lambda s: s.pricing, "exact", value=False),
    "a restless market of models": lambda case: (
        case.scenario.market.recorded is None
        and not case.market.placed + case.market.flows
        and len(case.rows(Kind.VOLATILITY)) > len(case.market.universe.options)
    ),
    "recorded market": lambda case: case.scenario.market.recorded is not None,
    "one-sided option quotes": lambda case: case.one_sided(Kind.QUOTE),
    "one-sided spots": lambda case: case.one_sided(Kind.SPOT),
    "locked quotes": lambda case: bool(np.any(case.rows(Kind.QUOTE)["bid"] == case.rows(Kind.QUOTE)["ask"])),
    "crossed rows": lambda case: case.counts("option_quote: crossed") > 0,
    "doubled rows": lambda case: case.counts("option_quote: duplicate") > 0,
    "rows out of order": lambda case: case.counts("option_quote: out of order, sorted") > 0,
    "minutes without a row": lambda case: _has_gap(case),
    "no market mid at a fill": lambda case: case.counts("market_mid_missing") > 0,
}


def _dealt_package(case: Case) -> bool:
    rows = case.rows(Kind.ORDER)
    legs = {(int(row["ts"]), int(row["instrument"])) for row in rows[rows["ask_size"] > 0]}
    dealt = case.run.fills[case.run.fills["kind"] == "client"]
    times = dealt["ts"].dt.tz_convert("UTC").astype("datetime64[ns, UTC]").astype("int64")
    return any(
        (ts, case.market.universe.option_index[name]) in legs
        for ts, name in zip(times, dealt["instrument"], strict=True)
    )


def _rested(case: Case, *, of_makers: bool) -> bool:
    """Whether hedges rested until they were dealt at a price of their own, or took the touch in the end."""
    hedges = case.run.fills[case.run.fills["kind"] == "hedge"]
    touch = hedges["market_ask"].where(hedges["side"] == "buy", hedges["market_bid"])
    plain = not case.scenario.execution.impact
    is_maker = (hedges["price"] != touch) & plain
    return case.scenario.execution.hedge_at == "passive" and bool((is_maker if of_makers else ~is_maker).any())


def _is_capped(case: Case) -> bool:
    option = case.scenario.execution.fees.option
    clients = case.run.fills[case.run.fills["kind"] == "client"]
    full = clients["size"] * (option.maker if option else 0.0)
    return bool((clients["fee"] < full - 1e-6).any())


def _moves(case: Case) -> bool:
    return "'permanent': 0.0," not in str(case.run.summary["scenario"]["execution"]["impact"] or "'permanent': 0.0,")


def _is_full(case: Case) -> bool:
    """Whether a client's fill has come to the limit of an option's position, beyond which no quote goes."""
    limit = case.scenario.limits.position
    fills = case.run.fills[case.run.fills["kind"] == "client"]
    return limit is not None and bool((fills["position_after"].abs() == limit).any())


def _models(case: Case, part: str) -> list[Any]:
    """The models of spot or volatility; none in a recorded market."""
    return [model for _, model in each_model(getattr(case.scenario.market, part), ())]


def _has_model(case: Case, part: str, **keys: str) -> bool:
    """Whether a model has such values."""
    return any(all(getattr(model, k, None) == v for k, v in keys.items()) for model in _models(case, part))


def _has_events(case: Case, part: str) -> bool:
    return any(getattr(model, "events", ()) for model in _models(case, part))


def _has_gap(case: Case) -> bool:
    times = np.unique(case.rows(Kind.QUOTE)["ts"])
    return bool(len(times) > 1 and np.diff(times).max() > 60 * 10**9)


def of(case: Case) -> frozenset[str]:
    """The features of a scenario in which clients have dealt."""
    return frozenset(name for name, has in FEATURES.items() if case.fills and has(case))
