"""From a scenario and its universe to the loop's state at the start of a path."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mmsim.engine import state as layout
from mmsim.engine.execution_rows import fees, set_execution
from mmsim.engine.expectation_rows import new_samples, set_expectation
from mmsim.engine.protection_rows import new_recent, rules_of, set_desk, widths
from mmsim.engine.state import State
from mmsim.events import Allocation
from mmsim.instruments import Exercise, Option, Premium, Settlement, Underlying, UnderlyingKind, Universe
from mmsim.ledger import Account
from mmsim.scenario import Scenario
from mmsim.scenario.years import Years, years_of

DAY_NS = 86_400_000_000_000
RIVAL_SIZE = 10  # contracts a side
_MATCHING = {"lifo": 0, "fifo": 1, "average": 2}


def new_state(
    universe: Universe, scenario: Scenario, client_rules: npt.NDArray[np.int64], script: npt.NDArray[np.float64] | None
) -> State:
    """The state at the start of a path. ``script`` is (ticks, options) deltas that replace the model's, if given."""
    years = years_of(scenario, universe)
    options, ticks = _options(universe, scenario)
    widths_of = np.array(widths(scenario.protection), layout.TICK)
    options["expiry_clock"] = years.at(options["expiry"])
    underlyings, dividends = _underlyings(universe, scenario, years)
    is_delayed = scenario.latency.quote > 0
    seen_underlyings = underlyings.copy() if is_delayed else underlyings
    seen_options = options.copy() if is_delayed else options
    rows = [(underlyings, layout.RECENT_TICKS), (options, layout.RECENT_MARKS)]
    rows += [(seen_underlyings, layout.RECENT_TICKS), (seen_options, layout.RECENT_MARKS)] if is_delayed else []
    rules = _rules(scenario, years, script is not None)
    rules["first_width"] = len(ticks)
    count = len(options) + len(underlyings) + 4
    assert len(Account) == layout.BUCKETS
    return State(
        options=options,
        underlyings=underlyings,
        seen_options=seen_options,
        seen_underlyings=seen_underlyings,
        cash=_cash(scenario),
        rules=rules,
        desk=_desk(scenario),
        balances=np.zeros((len(underlyings) + 1, len(Account)), np.int64),
        counters=np.zeros(len(layout.Counter), np.int64),
        postings=np.zeros(max(1 << 14, 256 * count), layout.POSTING),
        fills=np.zeros(max(1 << 11, 32 * count), layout.FILL),
        marks=np.zeros(max(1 << 10, 16 * count), layout.MARK),
        breaches=np.zeros(max(1 << 8, 16 * count), layout.BREACH),
        positions=np.zeros(max(len(options), 1), layout.POSITION),
        markouts=np.zeros(1 << 14, layout.MARKOUT),
        awaiting=np.zeros(1 << 14, layout.AWAITING),
        pending=np.zeros(max(64, 16 * count), layout.PENDING),
        seen=np.zeros(64 * count if is_delayed else 16 * count, layout.SEEN),
        knots=_knots(years),
        samples=new_samples(underlyings, seen_underlyings),
        recent=new_recent(rows, scenario),
        lot_units=np.zeros((len(underlyings), 4 * count + 64)),
        lot_costs=np.zeros((len(underlyings), 4 * count + 64), np.int64),
        ticks=np.concatenate([ticks, widths_of]),
        dividends=dividends,
        schedule=np.zeros((2, max(len(dividends), 1))),
        opening=_opening(universe, scenario),
        client_rules=np.ascontiguousarray(client_rules.reshape(-1, 2), np.int64),
        script=np.zeros((1, max(len(options), 1))) if script is None else np.ascontiguousarray(script, float),
        taylor=np.zeros((1, 8)),
        fault=np.zeros((2, 32)),
        quotes=np.zeros(1 << 10, layout.QUOTED),
        sampled=np.zeros(0, np.int64),
        trace=np.zeros(0, layout.TRACE),
        looks=np.zeros(0, layout.LOOK),
    )


def restart(state: State, template: State, path: int, *, keep: bool) -> None:
    """Bring a state back to that of its template, for another path."""
    names = ["options", "underlyings", "cash", "rules", "desk", "balances", "counters", "taylor", "dividends"]
    if state.seen_options is not state.options:
        names += ["seen_options", "seen_underlyings"]
    for name in names:  # as bytes: records are copied field by field
        getattr(state, name).view(np.uint8)[:] = getattr(template, name).view(np.uint8)
    state.rules["path"], state.rules["keep"] = path, keep


def copy_of(state: State) -> State:
    """A state that shares no array with another, `seen_*` being the live rows where they were."""
    copied = State._make(array.copy() for array in state)
    if state.seen_options is state.options:
        copied = copied._replace(seen_options=copied.options, seen_underlyings=copied.underlyings)
    return copied


def _options(universe: Universe, scenario: Scenario) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void]]:
    """A row an option, and the tick tables one after another."""
    rows = np.zeros(len(universe.options), layout.OPTION)
    steps: list[tuple[float, float, float]] = []
    for name in (
        "bid",
        "ask",
        "volatility",
        "fair_volatility",
        "opening_mark",
        "mark_spot",
        "mark_volatility",
        "mark_theo",
    ):
        rows[name] = np.nan
    for row, option in zip(rows, universe.options, strict=True):
        u = universe.underlying_index[option.underlying]
        _set_contract(row, option, u, universe.underlyings[u], scenario)
        row["first_tick"], row["tick_count"] = len(steps), len(option.ticks.levels)
        steps += [
            (level, step, _inverse(step)) for level, step in zip(option.ticks.levels, option.ticks.steps, strict=True)
        ]
    return rows, np.array(steps, layout.TICK)


def _set_contract(row: Any, option: Option, u: int, underlying: Underlying, scenario: Scenario) -> None:
    is_margined = option.premium == Premium.FUTURES_STYLE
    given = scenario.rates.options_cash if scenario.rates.pricing is None else scenario.rates.pricing
    rate = 0.0 if is_margined else given
    row["underlying"], row["strike"], row["right"] = u, option.strike, option.right
    row["expiry"], row["last_trade"] = option.expiry_ns, option.last_trade_ns or option.expiry_ns
    row["multiplier"], row["rate"] = option.multiplier, rate
    row["carry"] = 0.0 if underlying.kind == UnderlyingKind.FUTURE else rate - underlying.dividend_yield
    row["physical"], row["futures_style"] = option.settlement == Settlement.PHYSICAL, is_margined
    row["american"] = option.exercise == Exercise.AMERICAN
    row["settlement_price"] = option.settlement_price


def _inverse(step: float) -> float:
    """Ticks in one currency unit where that is a whole number, else 0."""
    whole = round(1.0 / step)
    return float(whole) if whole >= 1 and abs(whole * step - 1.0) < 1e-12 else 0.0


def _underlyings(
    universe: Universe, scenario: Scenario, years: Years
) -> tuple[npt.NDArray[np.void], npt.NDArray[np.void]]:
    """A row an underlying, and the dividends one underlying after another."""
    rows = np.zeros(len(universe.underlyings), layout.UNDERLYING)
    owners = np.array([universe.underlying_of(n) for n in range(len(universe.options))], np.int64)
    dividends: list[tuple[int, int, float, int]] = []
    for name in ("spot", "bid", "ask", "book_spot", "hedge_spot"):
        rows[name] = np.nan
    for u, (row, underlying) in enumerate(zip(rows, universe.underlyings, strict=True)):
        instrument = universe.underlyings[_instrument(universe, scenario, u)]
        row["future"] = instrument.kind == UnderlyingKind.FUTURE
        row["stock"] = instrument.kind == UnderlyingKind.STOCK
        row["first"], row["last"] = np.searchsorted(owners, [u, u + 1])
        row["instrument"] = universe.underlying_index[instrument.symbol]
        row["multiplier"], row["lot"] = instrument.multiplier, instrument.lot * instrument.multiplier
        row["dividend_yield"] = underlying.dividend_yield
        row["borrow_ts"] = scenario.clock.start
        row["band_high"] = 1e300
        set_execution(row, scenario, underlying.symbol)
        set_expectation(row, scenario, underlying.symbol, years.volatility_ns)
        row["first_dividend"] = len(dividends)
        own = sorted((d.ex, u, d.amount, 0) for d in scenario.dividends if d.underlying == underlying.symbol)
        dividends += [d for d in own if d[0] >= scenario.clock.start]
        row["last_dividend"] = len(dividends)
    return rows, np.array(dividends, layout.DIVIDEND)


def _instrument(universe: Universe, scenario: Scenario, u: int) -> int:
    """The number of the underlying that hedges underlying ``u``."""
    given = scenario.hedging.instrument
    symbol = universe.underlyings[u].symbol
    chosen = given.get(symbol, symbol) if isinstance(given, dict) else given or symbol
    return universe.underlying_index[chosen]


def _cash(scenario: Scenario) -> npt.NDArray[np.void]:
    rows = np.zeros(2, layout.CASH)
    rows["ts"] = scenario.clock.start
    rows["rate"] = scenario.rates.options_cash, scenario.rates.hedge_cash
    return rows


def _desk(scenario: Scenario) -> npt.NDArray[np.void]:
    row = np.zeros(1, layout.DESK)
    row["now"] = scenario.clock.start
    row["open"] = scenario.sessions is None
    row["growth"] = 1.0
    row["markout_due"] = np.iinfo(np.int64).max
    set_desk(row, scenario.protection)
    return row


def _knots(years: Years) -> npt.NDArray[np.void]:
    """A row a knot of the clock of variance."""
    clock = years.clock
    rows = np.zeros(0 if clock is None else len(clock.times), layout.KNOT)
    if clock is not None:
        rows["ts"], rows["passed"], rows["rate"] = clock.times, clock.passed, clock.rates
    return rows


def _rules(scenario: Scenario, years: Years, is_scripted: bool) -> npt.NDArray[np.void]:
    limits, execution, report = scenario.limits, scenario.execution, scenario.report
    values: dict[str, float] = {
        "start": scenario.clock.start,
        "quote_latency": scenario.latency.quote,
        "hedge_latency": scenario.latency.hedge,
        "hedge_at_touch": execution.hedge_at != "mid",
        "passive": execution.hedge_at == "passive",
        "hedge_cost": execution.hedge_cost,
        "fill_probability": execution.fill_probability,
        "patience": execution.patience,
        "impact": execution.impact is not None,
        "post_only": execution.post_only,
        "eager": execution.requote == "every_tick",
        **fees(execution),
        "fee_exercise": execution.fee_per_exercise,
        "matching": _MATCHING[execution.matching],
        "mark_spot": report.mark_spot,
        "mark_vol": report.mark_vol,
        "exact": scenario.pricing.exact,
        "refresh_spot": scenario.pricing.refresh_spot,
        "refresh_every": scenario.pricing.refresh_every,
        "volatility_year": years.volatility_ns,
        "discount_year": years.discount_ns,
        "interest_year": scenario.clock.interest_days * DAY_NS,
        "borrow": scenario.rates.borrow,
        "borrowing_spread": scenario.rates.borrowing_spread,
        "net_funding": scenario.rates.funding == "net",
        "simple_interest": scenario.rates.compounding == "simple_daily",
        **rules_of(scenario.protection),
        "limit_position": np.inf if limits.position is None else limits.position,
        "limit_delta": np.inf if limits.net_delta is None else limits.net_delta,
        "limit_gamma": np.inf if limits.net_gamma is None else limits.net_gamma,
        "limit_vega": np.inf if limits.net_vega is None else limits.net_vega,
        "limit_loss": np.inf if limits.loss is None else limits.loss,
        "spot_dividends": scenario.pricing.dividends == "spot",
        "early_exercise": execution.early_exercise == "optimal",
        "early_assignment": execution.early_assignment == "optimal",
        "scripted": is_scripted,
        "offload_half_spread_vol": execution.offload.half_spread_vol,
        **_rival(scenario),
    }
    row = np.zeros(1, layout.RULES)
    for name, value in values.items():
        row[name] = value
    return row


def _rival(scenario: Scenario) -> dict[str, float]:
    """Who quotes beside the desk."""
    maker = scenario.market.maker
    if maker is None:
        return {"rival": layout.Rival.NONE}
    allocation = Allocation[maker.allocation.upper()]
    if scenario.market.recorded is not None:
        return {"rival": layout.Rival.RECORDED, "rival_allocation": allocation}
    by_volatility = maker.half_spread_vol is not None
    return {
        "rival": layout.Rival.BY_VOLATILITY if by_volatility else layout.Rival.BY_TICKS,
        "rival_half_spread": maker.half_spread_vol or maker.half_spread_ticks or 0.0,
        "rival_size": maker.size or RIVAL_SIZE,
        "rival_allocation": allocation,
    }


def _opening(universe: Universe, scenario: Scenario) -> npt.NDArray[np.void]:
    """A row a position that the desk opens with, in the order of the universe, options first."""
    rows = [
        (universe.option_index[entry.option], 0, entry.size, np.nan if entry.mark is None else entry.mark)
        for entry in scenario.opening.options
    ]
    rows += [
        (universe.underlying_index[entry.underlying], 1, entry.units, np.nan if entry.price is None else entry.price)
        for entry in scenario.opening.hedges
    ]
    return np.array(sorted(rows, key=lambda row: (row[1], row[0])), layout.OPENING)
