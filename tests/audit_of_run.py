"""A run of mmsim as the plain tables that the auditor reads: the only place where the two meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pandas as pd

from mmsim import backtest
from mmsim import market as markets
from mmsim.engine import drive
from mmsim.engine.state import State
from mmsim.events import Kind
from mmsim.instruments import Universe
from mmsim.market import Market
from mmsim.results import Run
from mmsim.scenario import Scenario
from mmsim.tables import VOLATILITY_DESK
from tests.auditor import Discrepancy, audit

COLUMNS = ("ts", "side", "client", "instrument", "bid", "ask", "bid_size", "ask_size", "value", "price", "size")
HEDGE_CAUSES = {"interval": ("TIMER", "MARK")}  # at a MARK row the loss limit flattens whatever the policy is


class Books(NamedTuple):
    """The plain inputs of an audit of one path, and what the run reports."""

    terms: dict[str, pd.DataFrame]
    events: pd.DataFrame
    fills: pd.DataFrame
    settings: dict[str, Any]
    results: dict[str, Any]


class Played(NamedTuple):
    """A run with the market that it was in and the loop's state when it ended."""

    run: Run
    market: Market
    state: State

    @property
    def books(self) -> Books:
        """What the auditor is given of the first path."""
        scenario, path = Scenario.model_validate(self.run.summary["scenario"]), 0
        return Books(
            terms(self.market.universe),
            events(self.market, path),
            fills(self.run, self.market, path),
            settings(scenario, self.market.universe),
            results(self.run, self.market, path),
        )


def play(
    scenario: Scenario, data: Path | None = None, alter: Callable[[Market], Market] = lambda built: built
) -> Played:
    """The run of a scenario in its market, or in that market altered."""
    build, walk = markets.build, drive.walk
    built: list[Market] = []
    ended: list[State] = []

    def building(*arguments: Any, **keywords: Any) -> Market:
        built.append(alter(build(*arguments, **keywords)))
        return built[-1]

    def walking(*arguments: Any) -> State:
        ended.append(walk(*arguments))
        return ended[-1]

    with mock.patch.object(markets, "build", building), mock.patch.object(drive, "walk", walking):
        run = backtest.run(scenario, data)
    return Played(run, built[-1], ended[-1])


def verdict(truth: Books, reported: Books) -> list[Discrepancy]:
    """What the auditor has to say of the books ``reported``, the market and the rules being the truth's."""
    return audit(truth.terms, truth.events, reported.fills, truth.settings).compare(reported.results)


def say(found: Iterable[Discrepancy]) -> str:
    """Discrepancies for a test's message, a line each."""
    return "\n".join(str(one) for one in found)


def terms(universe: Universe) -> dict[str, pd.DataFrame]:
    """Every underlying and option by number."""
    underlyings = [
        {
            "symbol": u.symbol,
            "kind": u.kind.name.lower(),
            "multiplier": u.multiplier,
            "lot": u.lot,
            "dividend_yield": u.dividend_yield,
        }
        for u in universe.underlyings
    ]
    options = [
        {
            "name": option.name,
            "underlying": universe.underlying_of(number),
            "right": int(option.right),
            "strike": option.strike,
            "expiry_ns": option.expiry_ns,
            "last_trade_ns": option.last_trade_ns,
            "multiplier": option.multiplier,
            "premium": option.premium.name.lower(),
            "exercise": option.exercise.name.lower(),
            "settlement": option.settlement.name.lower(),
            "settlement_price": option.settlement_price,
            "tick_levels": option.ticks.levels,
            "tick_steps": option.ticks.steps,
        }
        for number, option in enumerate(universe.options)
    ]
    return {"underlyings": pd.DataFrame(underlyings), "options": pd.DataFrame(options)}


def events(market: Market, path: int) -> pd.DataFrame:
    """The merged stream of a path."""
    rows = market.events(path)
    names = np.array([kind.name for kind in Kind])
    return pd.DataFrame({name: rows[name] for name in COLUMNS} | {"kind": names[rows["kind"]]})


def fills(run: Run, market: Market, path: int) -> pd.DataFrame:
    """The fills of a path with numbers for names and signed sizes, and the row of events that caused one, if known."""
    universe = market.universe
    rows = plain(run.fills[run.fills["path"] == path]).sort_values("transaction", kind="stable", ignore_index=True)
    of_underlying = rows["instrument"].map(universe.underlying_index)
    instrument = rows["instrument"].map(universe.option_index).where(rows["kind"] != "hedge", of_underlying)
    return rows[["ts", "kind", "price", "spot", "fee"]].assign(
        instrument=instrument.fillna(-1).astype(int),
        client=client_numbers(rows["client"], market),
        size=rows["size"].where(rows["side"] == "buy", -rows["size"]),
        event=_causes(run, market, path, rows),
    )


def _causes(run: Run, market: Market, path: int, fills: pd.DataFrame) -> pd.Series[Any]:
    """The row of events behind each hedge that the loss limit, or Leland's timer, has sent; None for all other fills.

    The policy may have hedged at a tick of the same time, before the row's marks, or hedges after its expiries.
    """
    causes = pd.Series([None] * len(fills), dtype=object)
    breaches, ledger = (plain(table[table["path"] == path]) for table in (run.breaches, run.ledger))
    rows = market.events(path)
    for ts in breaches.loc[breaches["limit"] == "loss", "ts"]:
        marked = ledger.loc[(ledger["ts"] == ts) & ledger["kind"].isin(["mark", "carry"]), "transaction"].min()
        expired = fills.loc[(fills["ts"] == ts) & (fills["kind"] == "expiry"), "transaction"].min()
        at_the_row = ~(fills["transaction"] <= marked) & ~(fills["transaction"] > expired)
        sent = (fills["ts"] == ts) & (fills["kind"] == "hedge") & at_the_row
        first_or_last = "first" if marked == marked else "last"  # where nothing was marked, what the tick sent is there
        flattened = fills[sent].drop_duplicates("instrument", keep=first_or_last).index
        causes[flattened] = int(np.flatnonzero((rows["ts"] == ts) & (rows["kind"] == Kind.MARK))[0])
    if run.summary["policies"]["hedging"]["name"] == "leland":  # by its timer, but for the first of each underlying
        timers = np.flatnonzero(rows["kind"] == Kind.TIMER)
        hedges = fills[fills["kind"] == "hedge"]
        later = hedges[hedges["instrument"].duplicated() & hedges["ts"].isin(rows["ts"][timers])]
        causes[later.index] = [int(timers[np.searchsorted(rows["ts"][timers], ts)]) for ts in later["ts"]]
    return causes


def client_numbers(names: pd.Series, market: Market) -> pd.Series:
    """The number of each client group, the volatility desk behind them, -1 where there is none."""
    numbers = {name: number for number, name in enumerate([*market.clients, VOLATILITY_DESK])}
    return names.map(numbers).fillna(-1).astype(int)


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """A table of a run with names as text and times as int64 nanoseconds UTC."""
    made = table.copy()
    for column in made.columns[made.dtypes == "category"]:
        made[column] = made[column].astype(str)
    if "ts" in made:
        made["ts"] = made["ts"].dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[ns]").astype("int64")
    return made


def settings(scenario: Scenario, universe: Universe) -> dict[str, Any]:
    """What of a scenario the books depend on."""
    execution, rates = scenario.execution, scenario.rates
    return {
        "start_ns": scenario.clock.start,
        "end_ns": scenario.clock.end,
        "volatility_days": scenario.clock.volatility_days,
        "interest_days": scenario.clock.interest_days,
        "weights": _weights(scenario),
        "rates": rates.model_dump() | {"pricing": rates.options_cash if rates.pricing is None else rates.pricing},
        "fees": _fees(scenario),
        "offload": execution.offload.model_dump(),
        "impact": _impact(scenario, universe),
        "hedge_at": execution.hedge_at,
        "hedge_cost": execution.hedge_cost,
        "matching": execution.matching,
        "latency": {"hedge": scenario.latency.hedge, "quote": scenario.latency.quote},
        "protection": _protection(scenario, universe),
        "marks": {
            "every_ns": scenario.report.mark_every,
            "spot": scenario.report.mark_spot,
            "vol": scenario.report.mark_vol,
        },
        "early": {
            "own": execution.early_exercise == "optimal",
            "assigned": execution.early_assignment == "optimal",
        },
        "opening": {
            "options": [(universe.option_index[o.option], o.size, _or_nan(o.mark)) for o in scenario.opening.options],
            "hedges": [
                (universe.underlying_index[h.underlying], h.units, _or_nan(h.price)) for h in scenario.opening.hedges
            ],
        },
        "hedge_instruments": _hedge_instruments(scenario, universe),
        "dividends": [(universe.underlying_index[d.underlying], d.ex, d.amount) for d in scenario.dividends],
        "spot_dividends": scenario.pricing.dividends == "spot",
        "scripted_deltas": scenario.hedging.parameters.get("deltas"),
        "exact": scenario.pricing.exact or scenario.hedging.policy == "scripted_deltas",
        "refresh": {"spot": scenario.pricing.refresh_spot, "every_ns": scenario.pricing.refresh_every},
        "maker": None if scenario.market.maker is None else scenario.market.maker.model_dump(),
        "shopping": [n for n, group in enumerate(scenario.clients) if group.model not in ("recorded_trades", "sniper")],
        "hedge_causes": HEDGE_CAUSES.get(scenario.hedging.policy, tuple(kind.name for kind in Kind)),
    }


def results(run: Run, market: Market, path: int) -> dict[str, Any]:
    """What the run reports, in the auditor's words. Sums are compared where the run has but one path."""
    universe = market.universe
    ledger, fills, marks, options = (
        plain(table[table["path"] == path]).reset_index(drop=True)
        for table in (run.ledger, run.fills, run.marks, run.options)
    )
    found: dict[str, Any] = {
        "ledger": ledger,
        "fills": fills.sort_values("transaction", kind="stable", ignore_index=True),
        "marks": marks.assign(underlying=marks["underlying"].map(universe.underlying_index | {"": -1})),
        "options": options.assign(
            option=options["option"].map(universe.option_index), client=client_numbers(options["client"], market)
        ),
    }
    rows = dict(zip(found["fills"]["transaction"], found["fills"].index, strict=True))
    markouts = run.markouts[run.markouts["path"] == path]
    found["markouts"] = markouts.assign(
        fill=markouts["transaction"].map(rows), horizon=markouts["horizon"].astype(str)
    ).reset_index(drop=True)
    if run.summary["paths"] == 1:
        found |= {
            "identities": run.identities,
            "detail": run.detail.to_dict(),
            "attribution": run.attribution.to_dict(),
            "cash": run.cash.to_dict(),
            "carry": run.summary["carry"],
            "equity": run.equity,
            "taylor": run.summary["taylor"],
        }
    return found


def _weights(scenario: Scenario) -> dict[str, Any] | None:
    weights, hours = scenario.clock.weights, scenario.sessions
    if weights is None:
        return None
    assert hours is not None and weights.calendar is None
    return {
        "overnight": weights.overnight,
        "weekend": weights.weekend,
        "trading_days": weights.trading_days,
        "open": f"{hours.open:%H:%M}",
        "close": f"{hours.close:%H:%M}",
        "zone": hours.zone,
        "holidays": [str(day) for day in weights.holidays],
        "events": [(event.at, event.days) for event in weights.events],
    }


def _fees(scenario: Scenario) -> dict[str, float]:
    execution = scenario.execution
    fees = {
        "option": execution.fee_per_option,
        "hedge": execution.fee_per_hedge,
        "exercise": execution.fee_per_exercise,
    }
    if (option := execution.fees.option) is not None:
        fees |= {"option": option.maker, "option_taker": option.taker}
        fees |= {"option_cap": float("inf") if option.cap is None else option.cap}
    if (hedge := execution.fees.hedge) is not None:
        fees |= {"hedge": hedge.taker, "hedge_maker": hedge.maker}
    fees |= {name: execution.hedge_cost * fee for name, fee in fees.items() if name.startswith("hedge")}
    return fees


def _protection(scenario: Scenario, universe: Universe) -> dict[str, Any]:
    """What no fill may contradict: vega is told where it is no difference of approximations, jumps where all pull."""
    protection = scenario.protection
    told: dict[str, Any] = {}
    is_american = any(option.exercise.name == "AMERICAN" for option in universe.options)
    if protection.net_vega is None or not (is_american or scenario.dividends):
        told = protection.model_dump(include={"quantity", "net_delta", "net_vega"})
        told |= {"window": protection.window, "freeze": protection.freeze}
    is_capped = protection.quotes is not None and protection.quotes.messages_per_second is not None
    if (jump := protection.jump) is not None and jump.action == "pull" and not is_capped:
        told["jump"] = {"spot": jump.spot, "within": jump.within, "for": jump.duration}
    return told


def _impact(scenario: Scenario, universe: Universe) -> dict[int, dict[str, float]]:
    given = scenario.execution.impact
    each = given if isinstance(given, dict) else dict.fromkeys(universe.underlying_index, given) if given else {}
    return {universe.underlying_index[symbol]: impact.model_dump() for symbol, impact in each.items()}


def _or_nan(price: float | None) -> float:
    return float("nan") if price is None else price


def _hedge_instruments(scenario: Scenario, universe: Universe) -> dict[int, int]:
    named = scenario.hedging.instrument
    if named is None:
        return {}
    pairs = named if isinstance(named, dict) else dict.fromkeys(universe.underlying_index, named)
    return {universe.underlying_index[u]: universe.underlying_index[v] for u, v in pairs.items()}
