"""A run of mmsim as the plain tables that the auditor reads: the only place where the two meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mmsim.events import Kind
from mmsim.instruments import Universe
from mmsim.market import Market
from mmsim.scenario import Scenario
from tests.auditor import Audit, Discrepancy, audit

if TYPE_CHECKING:
    from mmsim.results import Run

COLUMNS = ("ts", "side", "client", "instrument", "bid", "ask", "value", "price", "size")


def audited(run: Run, market: Market, path: int = 0) -> tuple[Audit, list[Discrepancy]]:
    """The audit of one kept path of a run, and where the run's tables differ from it."""
    scenario = Scenario.model_validate(run.summary["scenario"])
    result = audit(
        terms(market.universe),
        events(market, path),
        fills(run.fills[run.fills["path"] == path], market),
        settings(scenario, market.universe),
    )
    return result, result.compare(results(run, market, path))


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


def fills(table: pd.DataFrame, market: Market) -> pd.DataFrame:
    """The fills of a path with numbers for names and signed sizes."""
    universe = market.universe
    rows = plain(table).sort_values("transaction", kind="stable", ignore_index=True)
    of_underlying = rows["instrument"].map(universe.underlying_index)
    instrument = rows["instrument"].map(universe.option_index).where(rows["kind"] != "hedge", of_underlying)
    made = rows[["ts", "kind", "price"]].assign(
        instrument=instrument.fillna(-1).astype(int),
        client=client_numbers(rows["client"], market),
        size=rows["size"].where(rows["side"] == "buy", -rows["size"]),
    )
    return made.assign(event=rows["event"]) if "event" in rows else made


def client_numbers(names: pd.Series, market: Market) -> pd.Series:
    """The number of each client group, -1 where there is none."""
    return names.map({name: number for number, name in enumerate(market.clients)}).fillna(-1).astype(int)


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
        "rates": rates.model_dump() | {"pricing": rates.options_cash if rates.pricing is None else rates.pricing},
        "fees": {
            "option": execution.fee_per_option,
            "hedge": execution.fee_per_hedge,
            "exercise": execution.fee_per_exercise,
        },
        "hedge_at": execution.hedge_at,
        "matching": execution.matching,
        "latency": {"hedge": scenario.latency.hedge},
        "marks": {
            "every_ns": scenario.report.mark_every,
            "spot": scenario.report.mark_spot,
            "vol": scenario.report.mark_vol,
        },
        "opening": {
            "options": [(universe.option_index[o.option], o.size, _or_nan(o.mark)) for o in scenario.opening.options],
            "hedges": [
                (universe.underlying_index[h.underlying], h.units, _or_nan(h.price)) for h in scenario.opening.hedges
            ],
        },
        "hedge_instruments": _hedge_instruments(scenario, universe),
        "dividends": [(universe.underlying_index[d.underlying], d.ex, d.amount) for d in scenario.dividends],
        "scripted_deltas": scenario.hedging.parameters.get("deltas"),
        "exact": scenario.pricing.exact or scenario.hedging.policy == "scripted_deltas",
        "refresh": {"spot": scenario.pricing.refresh_spot, "every_ns": scenario.pricing.refresh_every},
        "hedge_causes": ("TIMER",) if scenario.hedging.policy == "interval" else tuple(kind.name for kind in Kind),
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


def _or_nan(price: float | None) -> float:
    return float("nan") if price is None else price


def _hedge_instruments(scenario: Scenario, universe: Universe) -> dict[int, int]:
    named = scenario.hedging.instrument
    if named is None:
        return {}
    pairs = named if isinstance(named, dict) else dict.fromkeys(universe.underlying_index, named)
    return {universe.underlying_index[u]: universe.underlying_index[v] for u, v in pairs.items()}
