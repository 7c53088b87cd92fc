"""The desk's state and every posting it leads to, straight from docs/accounting.md and without haste."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from . import american, dividends
from .cash import BorrowFee, CashAccount
from .clock import Clock
from .execution import Market, hedge_fee, option_fee
from .journal import Journal, micros, micros_of
from .lots import Lots
from .model import Contract, delta, taylor, value
from .tranches import OPENING, Tranches

LAZY_SHARE = 0.25  # of what a delta expanded by gamma alone, and not in time, would miss: expanded ones miss less
STEPS = ("Income:Dividends", "Income:Theta", "Income:Rates", "Income:Gamma:Convexity", "Income:Vega")
VOLATILITY = STEPS.index("Income:Vega")
BUCKETS = {
    "spread_capture": ("Income:SpreadCapture:Market", "Income:SpreadCapture:Mark"),
    "gamma": ("Income:Gamma:Convexity", "Income:Gamma:Drift"),
    "delta": ("Income:Delta",),
    "theta": ("Income:Theta",),
    "vega": ("Income:Vega",),
    "rates": ("Income:Rates",),
    "dividends": ("Income:Dividends",),
    "carry": ("Income:Carry:Options", "Income:Carry:Hedge", "Income:Carry:Borrow", "Income:Carry:Dividends"),
    "basis": ("Income:Basis",),
    "hedge_cost": ("Expenses:HedgeCost",),
    "fees": ("Expenses:Fees:Options", "Expenses:Fees:Hedge"),
    "unexplained": ("Income:Unexplained",),
}
TAYLOR = ("delta", "gamma", "theta", "vega", "vanna", "volga", "rates", "residual")
CASH_OPTIONS, CASH_HEDGE = "Assets:Cash:Options", "Assets:Cash:Hedge"

Numbers = npt.NDArray[np.intp]
Array = npt.NDArray[np.float64]


class Hedge:
    """One underlying: its market, the hedge held against its options, and the integrals of the spot's moves."""

    def __init__(self, terms: Mapping[str, Any], matching: str, borrow: BorrowFee) -> None:
        self.kind: str = terms["kind"]
        self.multiplier: float = terms["multiplier"]
        self.lot: float = terms["lot"]
        self.bid = self.ask = self.mid = float("nan")
        self.tick_ns = 0  # of the last tick
        self.ticks = 0
        self.units = 0.0
        self.booked = 0  # micro-units in Assets:Hedge
        self.base = 0  # micro-units: what a future's units were dealt or last settled at
        self.lots = Lots(matching)
        self.borrow = borrow
        self.all_options_move = 0.0  # X
        self.all_options_posted = 0
        self.lazy_error = 0.0  # units that the deltas answered to may be off by, where Greeks are expanded
        self.hedge_move = 0.0  # the integral of units over the pricing underlying's spot
        self.hedge_move_posted = 0


class Book:
    """Everything the desk holds and has posted. Instruments are numbers, times nanoseconds, sizes signed."""

    def __init__(self, underlyings: pd.DataFrame, options: pd.DataFrame, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.options = options
        self.journal = Journal()
        rates = settings["rates"]
        simple = rates["compounding"] == "simple_daily"
        self.cash = {a: CashAccount(settings["interest_days"], simple) for a in (CASH_OPTIONS, CASH_HEDGE)}
        self.hedges = [
            Hedge(row, settings["matching"], BorrowFee(rates["borrow"], settings["interest_days"]))
            for row in underlyings.to_dict("records")
        ]
        impacts = settings.get("impact", {})
        self.markets = [Market(impacts.get(v)) for v in range(len(underlyings))]
        self.touches: list[set[tuple[float, float]]] = [
            set() for _ in self.hedges
        ]  # bids and asks since its last hedge
        self.instrument_of = {u: settings["hedge_instruments"].get(u, u) for u in range(len(underlyings))}
        self.contract = self._contract(underlyings)
        self.owner = options["underlying"].to_numpy(np.intp)  # the number of each option's underlying
        self.of_underlying = [np.flatnonzero(self.owner == u) for u in range(len(underlyings))]
        self.expiry_ns = options["expiry_ns"].to_numpy(np.int64)
        self.clock = Clock(settings, int(max(self.expiry_ns.max(initial=0), settings["end_ns"])))
        self.multiplier = options["multiplier"].to_numpy(float)
        self.margined = (options["premium"] == "futures_style").to_numpy()
        n = len(options)
        self.position = np.zeros(n)  # contracts
        self.volatility = np.full(n, np.nan)  # the scenario's mark
        self.fair_volatility = np.full(n, np.nan)
        self.market_bid, self.market_ask = np.full(n, np.nan), np.full(n, np.nan)
        self.market_bid_size, self.market_ask_size = np.zeros(n), np.zeros(n)
        self.started, self.held, self.expired = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, bool)
        self.mark_spot, self.mark_ns, self.mark_volatility = np.zeros(n), np.zeros(n, np.int64), np.zeros(n)
        self.mark_ahead = np.zeros(n)  # the spot at the last mark less what dividends were ahead then
        self.booked = np.zeros(n, np.int64)  # micro-units in Assets:Options
        self.base = np.zeros(n, np.int64)  # micro-units: what margined contracts were dealt or last settled at
        self.earned_before_held = np.zeros((len(STEPS), n))  # E: what fills since the last mark did not earn, by step
        self.taylor_before_held = np.zeros((len(TAYLOR), n))
        self.answered = np.zeros(n)  # A: the delta that the hedge answers to, in units of the underlying
        self.answered_move = np.zeros(n)  # Y
        self.answered_posted = np.zeros(n, np.int64)
        self.cash_view = dict.fromkeys(("premium", "rebalancing", "carry", "fees", "settlement", "inventory"), 0)
        self.carry = dict.fromkeys(("options_cash", "hedge_cash", "borrow", "dividends"), 0)
        self.taylor = np.zeros(len(TAYLOR))
        self.taylor_is_known = True  # not of American options with dividends ahead, nor in the spot model of them
        self.taylor_by_differences = 0.0  # of it in all, without signs, what stands on Greeks that are differences
        self.lazy_variance = 0.0  # of what X and Y are off by where Greeks are expanded, at most, currency squared
        self.tranches = Tranches(len(STEPS), n)
        self.marks_posted = np.zeros(n, np.int64)  # number of marks posted, by option
        self.opening_options = self.opening_hedges = 0
        self.schedule = [d for d in settings["dividends"] if d[1] >= settings["start_ns"]]  # not yet paid
        self._open_options()

    # ---- terms and prices

    def _contract(self, underlyings: pd.DataFrame) -> Contract:
        o = self.options
        of = underlyings.iloc[o["underlying"].to_numpy()].reset_index(drop=True)
        rate = np.where(o["premium"] == "futures_style", 0.0, self.settings["rates"]["pricing"])
        carry = np.where(of["kind"] == "future", 0.0, rate - of["dividend_yield"].to_numpy(float))
        strike, right = o["strike"].to_numpy(float), o["right"].to_numpy(float)
        exercise = (o["exercise"] == "american").to_numpy()
        return Contract(strike, right, rate, carry, exercise, exercise & american.early(rate, carry, right))

    def years(self, chosen: Numbers, ts_ns: npt.ArrayLike) -> Array:
        """Years of volatility to expiry."""
        return self.clock.years(ts_ns, self.expiry_ns[chosen])

    def terms(self, chosen: Numbers, ts_ns: npt.ArrayLike) -> Contract:
        """Their terms, with rates for a year of volatility: over what is left, interest is that of the calendar."""
        terms = self.contract.at(chosen)
        if self.settings.get("weights") is None:
            return terms
        years, waits = self.years(chosen, ts_ns), self.clock.interest_years(ts_ns, self.expiry_ns[chosen])
        pace = np.where(years > 0, waits / np.where(years > 0, years, 1.0), 1.0)
        return replace(terms, rate=terms.rate * pace, carry=terms.carry * pace)

    def without_dividends(self, chosen: Numbers, spot: npt.ArrayLike, ts_ns: npt.ArrayLike) -> Array:
        """A spot less the present value of the dividends that are yet to be paid until each option's expiry."""
        left = np.full(len(chosen), spot, float) if np.ndim(spot) == 0 else np.array(spot, float)
        for u, ex_ns, amount in self.schedule:
            concerned = (self.owner[chosen] == u) & (self.expiry_ns[chosen] >= ex_ns)
            years = np.maximum(self.clock.interest_years(ts_ns, ex_ns), 0)
            left -= np.where(concerned, amount * np.exp(-self.contract.rate[chosen] * years), 0.0)
        return left

    def theta(self, chosen: Numbers, spot: npt.ArrayLike, ts_ns: npt.ArrayLike, volatility: Array) -> Array:
        """The model value a unit of some options."""
        ahead = self.without_dividends(chosen, spot, ts_ns)
        plain = value(self.terms(chosen, ts_ns), ahead, self.years(chosen, ts_ns), volatility)
        return self._with_dividends(0, plain, chosen, spot, ts_ns, volatility)

    def _with_dividends(
        self, part: int, plain: Array, chosen: Numbers, spot: npt.ArrayLike, ts_ns: npt.ArrayLike, volatility: Array
    ) -> Array:
        """Values (0) or deltas (1), where dividends are ahead of options that are American or in the spot model."""
        spots, times = (np.broadcast_to(np.asarray(x), len(chosen)) for x in (spot, ts_ns))
        for n in self._special(chosen):
            option, ts = chosen[n : n + 1], int(times[n])
            c, years = self.terms(option, ts), max(float(self.years(option, ts)[0]), 0.0)
            rate = float(self.contract.rate[chosen[n]])
            pace = c.rate[0] / rate if rate else 1.0
            terms = dividends.Terms(c.strike[0], c.right[0], c.rate[0], c.carry[0], bool(c.american[0]), years)
            paid = [
                (max(float(self.clock.interest_years(ts, ex)), 0.0) / pace, amount)
                for ex, amount in self._ahead(int(chosen[n]))
            ]
            given = (float(spots[n]), float(volatility[n]), terms, paid, self.settings["spot_dividends"])
            if np.isfinite(given[0]) and np.isfinite(given[1]):
                plain[n] = dividends.value_and_delta(*given)[part]
        return plain

    def _ahead(self, option: int) -> list[tuple[int, float]]:
        """(ex-date, amount) of the dividends that are yet to be paid until an option's expiry."""
        mine = [d for d in self.schedule if d[0] == self.owner[option] and d[1] <= self.expiry_ns[option]]
        return sorted((ex_ns, amount) for _, ex_ns, amount in mine)

    def _special(self, chosen: Numbers) -> list[int]:
        """Places in ``chosen`` of options with dividends ahead that are American or in the spot model."""
        if not self.schedule:
            return []
        concerned = self.contract.american[chosen] | self.settings["spot_dividends"]
        return [int(n) for n in np.flatnonzero(concerned) if self._ahead(int(chosen[n]))]

    def delta(self, chosen: Numbers, spot: float, ts_ns: int) -> Array:
        """Their delta a unit at their volatility marks; a script's where the hedging policy reads one."""
        script = self.settings.get("scripted_deltas")
        if not len(chosen) or script is None:
            ahead = self.without_dividends(chosen, spot, ts_ns)
            plain = delta(self.terms(chosen, ts_ns), ahead, self.years(chosen, ts_ns), self.volatility[chosen])
            return self._with_dividends(1, plain, chosen, spot, ts_ns, self.volatility[chosen])
        ticks = self.hedges[self.owner[chosen[0]]].ticks
        given = np.asarray(script[min(max(ticks, 1), len(script)) - 1], float)
        return given[chosen] if given.ndim else np.full(len(chosen), given)

    def units(self, chosen: Numbers) -> Array:
        """w: what the contracts held are in units of the underlying."""
        return self.position[chosen] * self.multiplier[chosen]

    def theo(self, option: int, ts_ns: int) -> float:
        """The model value a unit of one option now."""
        one = np.array([option])
        return float(self.theta(one, self.hedges[self.owner[option]].mid, ts_ns, self.volatility[one])[0])

    def fair_value(self, option: int, ts_ns: int) -> float:
        """The market's value a unit: at its fair volatility, or the mid of a two-sided quote; NaN without either."""
        if np.isfinite(self.fair_volatility[option]):
            one = np.array([option])
            spot = self.hedges[self.owner[option]].mid
            return float(self.theta(one, spot, ts_ns, self.fair_volatility[one])[0])
        return float(self.market_bid[option] + self.market_ask[option]) / 2

    def worth(self, option: int, ts_ns: int, volatility: float, spot: float) -> float:
        """The model value a unit of one option at a volatility (NaN: the market's, else the mark) and a spot (NaN: the
        present one)."""
        one = np.array([option])
        known = [v for v in (volatility, self.fair_volatility[option], self.volatility[option]) if np.isfinite(v)]
        u = self.owner[option]
        at = spot + self.markets[u].shift_at(ts_ns) if np.isfinite(spot) else self.hedges[u].mid
        return float(self.theta(one, at, ts_ns, np.array(known[:1]))[0])

    # ---- the market

    def tick(self, u: int, ts_ns: int, bid: float, ask: float) -> None:
        """A tick: the spot moves, and what is held earns by it."""
        hedge, shift = self.hedges[u], self.markets[u].shift_at(ts_ns)
        bid, ask = bid + shift, ask + shift
        sides = [side for side in (bid, ask) if np.isfinite(side)]
        mid = sum(sides) / len(sides) if sides else hedge.mid
        move = mid - hedge.mid
        if np.isfinite(move) and move != 0:
            held = self._live(u)
            deltas = self.delta(held, hedge.mid, hedge.tick_ns)
            if not self.settings["exact"]:
                self.lazy_variance += (self._lazy_error(held, hedge) * move) ** 2 + (hedge.lazy_error * move) ** 2
            hedge.all_options_move += float(np.sum(self.units(held) * deltas)) * move
            mine = self.of_underlying[u]
            self.answered_move[mine] += self.answered[mine] * move
            self.tranches.tick(mine, move)
            hedge.hedge_move += hedge.units * move
        self.leave_touch(u)
        hedge.bid, hedge.ask, hedge.mid, hedge.tick_ns = bid, ask, mid, ts_ns
        hedge.ticks += 1

    def leave_touch(self, v: int) -> None:
        """The touch of instrument ``v`` becomes one of those at which hedges may rest."""
        instrument = self.hedges[v]
        bid, ask = (side if np.isfinite(side) else instrument.mid for side in (instrument.bid, instrument.ask))
        for u, own in self.instrument_of.items():
            if own == v:
                self.touches[u].add((bid, ask))

    def _lazy_error(self, held: Numbers, hedge: Hedge) -> float:
        """How far expanded deltas may be off, in units, as far and as old as a refresh allows."""
        refresh = self.settings["refresh"]
        now, spot, ts = self.delta(held, hedge.mid, hedge.tick_ns), hedge.mid, hedge.tick_ns
        moved = spot * refresh["spot"]
        up, down = self.delta(held, spot + moved, ts), self.delta(held, spot - moved, ts)
        curved = np.abs(up + down - 2 * now) + np.abs(up - down) * refresh["spot"]
        aged = np.abs(self.delta(held, spot, ts - refresh["every_ns"]) - now)
        return LAZY_SHARE * float(np.sum(np.abs(self.units(held)) * (curved + aged)))

    def dividend(self, u: int, ts_ns: int, amount: float) -> None:
        """A dividend goes ex: options are marked with it, the hedge receives it, the spot falls by it."""
        hedge = self.hedges[u]
        self.mark_underlying(u, ts_ns)
        chosen = self._started(u)
        start, began, marked = self.mark_spot[chosen], self.mark_ns[chosen], self.mark_volatility[chosen]
        with_it = self.theta(chosen, start, began, marked)
        self.schedule.remove((u, ts_ns, amount))
        self.mark_spot[chosen] -= amount
        step = self.theta(chosen, start - amount, began, marked) - with_it
        self._mark_options(chosen, ts_ns, np.full(len(chosen), hedge.mid - amount), step)
        for owner, instrument in self.instrument_of.items():
            if instrument == u and hedge.kind != "future":
                self._receive_dividend(owner, ts_ns, amount)
        self.leave_touch(u)
        hedge.bid, hedge.ask, hedge.mid = hedge.bid - amount, hedge.ask - amount, hedge.mid - amount

    def _receive_dividend(self, u: int, ts_ns: int, amount: float) -> None:
        paid = micros(self.hedges[u].units * amount)
        self._pay(ts_ns, CASH_HEDGE, paid)
        self.journal.post(ts_ns, "Income:Carry:Dividends", -paid)
        self.carry["dividends"] += paid
        self.hedges[u].booked -= paid
        self.journal.post(ts_ns, "Assets:Hedge", -paid)
        self.journal.post(ts_ns, "Income:Dividends", paid)

    # ---- opening

    def _open_options(self) -> None:
        for option, size, mark in self.settings["opening"]["options"]:
            self.position[option] += size
            self.held[option] = True
            if np.isfinite(mark):
                self._open_option(option, mark)

    def _open_option(self, option: int, mark: float) -> None:
        amount = micros(self.position[option] * self.multiplier[option] * mark)
        if self.margined[option]:
            self.base[option] = amount
        else:
            self.booked[option] += amount
            self.opening_options += amount
            self._post_opening("Assets:Options", amount)

    def open_hedges(self, u: int) -> None:
        """Book the opening hedge, once the underlying has a mid."""
        for number, units, price in self.settings["opening"]["hedges"]:
            if number != u:
                continue
            hedge = self.hedges[u]
            amount = micros(units * (price if np.isfinite(price) else self.hedges[self.instrument_of[u]].mid))
            hedge.units += units
            hedge.lots.trade(units, amount)
            if self._is_future(u):
                hedge.base += amount
            else:
                hedge.booked += amount
                self.opening_hedges += amount
                self._post_opening("Assets:Hedge", amount)
            self._open_borrow(u, price)

    def _open_borrow(self, u: int, price: float) -> None:
        """The stock is borrowed from the start on, at its mid; at the price it was taken over at if it has none yet."""
        instrument, start = self.hedges[self.instrument_of[u]], self.settings["start_ns"]
        if instrument.kind == "stock":
            spot = instrument.mid if instrument.tick_ns == start else price
            self.hedges[u].borrow.observe(start, self.hedges[u].units, spot)

    def _post_opening(self, account: str, amount: int) -> None:
        self.journal.post(self.settings["start_ns"], account, amount)
        self.journal.post(self.settings["start_ns"], "Equity:Opening", -amount)

    # ---- the grid

    def _started(self, u: int) -> Numbers:
        mine = self.of_underlying[u]
        return mine[self.started[mine] & ~self.expired[mine]]

    def _live(self, u: int) -> Numbers:
        mine = self.of_underlying[u]
        return mine[(self.position[mine] != 0) & ~self.expired[mine] & np.isfinite(self.volatility[mine])]

    def start_marks(self, chosen: Numbers, ts_ns: int) -> None:
        """Make the first mark of options that can have one and have not."""
        spots = np.array([hedge.mid for hedge in self.hedges])[self.owner[chosen]]
        ready = (
            ~self.started[chosen] & ~self.expired[chosen] & np.isfinite(spots) & np.isfinite(self.volatility[chosen])
        )
        chosen, spots = chosen[ready], spots[ready]
        self._note_mark(chosen, ts_ns, spots)
        self.started[chosen] = True
        for option, size, mark in self.settings["opening"]["options"]:
            if option in chosen:
                self._start_opening_position(option, size, mark, ts_ns)

    def _start_opening_position(self, option: int, size: float, mark: float, ts_ns: int) -> None:
        one, spot, theta = np.array([option]), self.hedges[self.owner[option]].mid, self.theo(option, ts_ns)
        units = size * self.multiplier[option]
        before = np.zeros(len(STEPS))
        if np.isfinite(mark):
            before[VOLATILITY] = mark - theta
            self.earned_before_held[:, option] += units * before
        else:
            self._open_option(option, theta)
        unit_delta = float(self.delta(one, spot, ts_ns)[0])
        self.answered[option] = units * unit_delta
        self.tranches.add(option, OPENING, units, 0.0, unit_delta, before)

    def _note_mark(self, chosen: Numbers, ts_ns: int, spots: Array) -> None:
        self.mark_spot[chosen], self.mark_ns[chosen] = spots, ts_ns
        self.mark_volatility[chosen] = self.volatility[chosen]
        self.mark_ahead[chosen] = self.without_dividends(chosen, spots, ts_ns)
        self.taylor_is_known &= not self._special(chosen)

    def revaluation(self, chosen: Numbers, ts_ns: int, spots: Array, dividends: Array | float = 0.0) -> Array:
        """W by step and option, a unit, from the last mark of each option to now; the first step is given."""
        start, began, marked = self.mark_spot[chosen], self.mark_ns[chosen], self.mark_volatility[chosen]
        values = [
            self.theta(chosen, start, began, marked),
            self.theta(chosen, start, ts_ns, marked),
            self.theta(chosen, start, ts_ns, marked),  # rates are constant
            self.theta(chosen, spots, ts_ns, marked),
            self.theta(chosen, spots, ts_ns, self.volatility[chosen]),
        ]
        return np.vstack([np.broadcast_to(dividends, len(chosen)), np.diff(np.array(values), axis=0)])

    def expansion(self, chosen: Numbers, ts_ns: int, spots: Array, total: Array) -> Array:
        """The Taylor terms of W by option, a unit, with the Greeks at the last mark."""
        start, began, marked = self.mark_spot[chosen], self.mark_ns[chosen], self.mark_volatility[chosen]
        greeks = taylor(self.terms(chosen, began), self.mark_ahead[chosen], self.years(chosen, began), marked)
        moved, rose = spots - start, self.volatility[chosen] - marked
        passed = self.clock.years(began, np.full(len(chosen), ts_ns))
        terms = [
            greeks["delta"] * moved,
            greeks["gamma"] * moved**2 / 2,
            greeks["theta"] * passed,
            greeks["vega"] * rose,
            greeks["vanna"] * moved * rose,
            greeks["volga"] * rose**2 / 2,
            np.zeros(len(chosen)),
        ]
        return np.array([*terms, total - sum(terms)])

    def _mark_options(self, chosen: Numbers, ts_ns: int, spots: Array, dividends: Array | float = 0.0) -> None:
        """Post the revaluation of those ever held, and note the mark of all."""
        posted = self.held[chosen]
        if posted.any():
            self._post_marks(chosen[posted], ts_ns, spots[posted], np.broadcast_to(dividends, len(chosen))[posted])
        self._note_mark(chosen, ts_ns, spots)

    def _post_marks(self, chosen: Numbers, ts_ns: int, spots: Array, dividends: Array) -> None:
        units = self.units(chosen)
        steps = self.revaluation(chosen, ts_ns, spots, dividends)
        legs = micros_of(units * steps - self.earned_before_held[:, chosen])
        theta = self.theta(chosen, spots, ts_ns, self.volatility[chosen])
        change = micros_of(units * theta) - self.base[chosen] - self.booked[chosen]
        largest = (1 + np.argmax(np.abs(np.roll(legs, -1, axis=0)), axis=0)) % len(legs)  # of a tie: dividends last
        legs[largest, np.arange(len(chosen))] += change - legs.sum(axis=0)
        self.booked[chosen] += change
        self.tranches.grown[:, chosen] += steps
        self.marks_posted[chosen] += 1
        self.journal.post(ts_ns, "Assets:Options", int(change.sum()), len(chosen))
        for account, leg in zip(STEPS, legs, strict=True):
            self.journal.post(ts_ns, account, -int(leg.sum()), len(chosen))
        expansion = units * self.expansion(chosen, ts_ns, spots, steps.sum(axis=0))
        self.taylor += (expansion - self.taylor_before_held[:, chosen]).sum(axis=1)
        self.taylor_by_differences += float(np.abs(expansion[:, self.contract.early[chosen]]).sum())
        self.earned_before_held[:, chosen] = 0.0
        self.taylor_before_held[:, chosen] = 0.0

    def mark(self, ts_ns: int, underlyings: Sequence[int]) -> None:
        """Mark every option of some underlyings, and the underlyings."""
        for u in underlyings:
            chosen = self._started(u)
            self._mark_options(chosen, ts_ns, np.full(len(chosen), self.hedges[u].mid))
            self.mark_underlying(u, ts_ns)

    def mark_moved(self, ts_ns: int) -> None:
        """Mark the options whose spot or volatility has moved enough since their last mark."""
        limits = self.settings["marks"]
        for u, hedge in enumerate(self.hedges):
            chosen = self._started(u)
            spot, volatility = self.mark_spot[chosen], self.mark_volatility[chosen]
            moved = np.abs(hedge.mid - spot) >= limits["spot"] * spot
            moved |= np.abs(self.volatility[chosen] - volatility) >= limits["vol"] * volatility
            chosen = chosen[moved]
            if len(chosen):
                self._mark_options(chosen, ts_ns, np.full(len(chosen), hedge.mid))
                self.mark_underlying(u, ts_ns)

    def mark_underlying(self, u: int, ts_ns: int) -> None:
        """Post the hedge's revaluation and the split of the spot's PnL."""
        hedge, mine = self.hedges[u], self.of_underlying[u]
        if not np.isfinite(hedge.mid):
            return
        revalued = self._revalue_hedge(u, ts_ns)
        if self.instrument_of[u] == u:
            by_spot = revalued
        else:
            by_spot = micros(hedge.hedge_move) - hedge.hedge_move_posted
            hedge.hedge_move_posted += by_spot
            self.journal.post(ts_ns, "Income:Basis", -(revalued - by_spot))
        x = micros(hedge.all_options_move) - hedge.all_options_posted
        hedge.all_options_posted += x
        answered = micros_of(self.answered_move[mine]) - self.answered_posted[mine]
        self.answered_posted[mine] += answered
        y = int(answered.sum())
        self.journal.post(ts_ns, "Income:Delta", -(y + by_spot), 1 + int(np.count_nonzero(answered)))
        self.journal.post(ts_ns, "Income:Gamma:Drift", -(x - y), 1 + int(np.count_nonzero(answered)))
        self.journal.post(ts_ns, "Income:Gamma:Convexity", x)

    def _revalue_hedge(self, u: int, ts_ns: int) -> int:
        """Bring Assets:Hedge to the instrument's mid; returns the change."""
        hedge = self.hedges[u]
        mid = self.hedges[self.instrument_of[u]].mid
        change = micros(hedge.units * mid) - hedge.base - hedge.booked if hedge.units else -hedge.base - hedge.booked
        hedge.booked += change
        self.journal.post(ts_ns, "Assets:Hedge", change)
        return change

    def _is_future(self, u: int) -> bool:
        return self.hedges[self.instrument_of[u]].kind == "future"

    # ---- fills

    def client_fill(self, option: int, client: int, ts_ns: int, size: float, price: float) -> dict[str, float]:
        """The desk trades ``size`` contracts (+ buys) with a client; returns what the fills table should say."""
        theta, fair = self.theo(option, ts_ns), self.fair_value(option, ts_ns)
        market = fair if np.isfinite(fair) else price  # with no market the whole edge is the mark's
        units = size * self.multiplier[option]
        fee = option_fee(self.settings["fees"], abs(size), price, self.multiplier[option])
        self._enter_option(option, client, ts_ns, size, units * (theta - price))
        self._book_trade(option, ts_ns, units, price, theta, fee)
        self._post_edge(ts_ns, units, price, market, theta, bool(self.margined[option]))
        return {"theo": theta, "market": fair, "fee": fee / 1e6, "spot": self.hedges[self.owner[option]].mid}

    def offload_fill(self, option: int, client: int, ts_ns: int, size: float, price: float) -> dict[str, float]:
        """The same with the volatility desk: the edge that it takes is a cost of hedging, and no tranche's."""
        theta, units = self.theo(option, ts_ns), size * self.multiplier[option]
        fees = self.settings["fees"]
        charged = {**fees, "option": fees.get("option_taker", fees["option"])}  # it deals at another's price
        fee = option_fee(charged, abs(size), price, self.multiplier[option])
        self._enter_option(option, client, ts_ns, size, 0.0)
        self._book_trade(option, ts_ns, units, price, theta, fee)
        worth = self._edge(units, price, theta, bool(self.margined[option]))
        self.journal.post(ts_ns, "Expenses:HedgeCost", -worth)
        return {"theo": theta, "fee": fee / 1e6, "spot": self.hedges[self.owner[option]].mid}

    def _enter_option(self, option: int, client: int, ts_ns: int, size: float, edge: float) -> None:
        """What is dealt becomes a tranche, and a part of the position and of the delta that is answered for."""
        one, spot = np.array([option]), self.hedges[self.owner[option]].mid
        self.start_marks(one, ts_ns)
        units = size * self.multiplier[option]
        steps = self.revaluation(one, ts_ns, np.array([spot]))
        self.earned_before_held[:, option] += units * steps[:, 0]
        expansion = self.expansion(one, ts_ns, np.array([spot]), steps.sum(axis=0))
        self.taylor_before_held[:, option] += units * expansion[:, 0]
        unit_delta = float(self.delta(one, spot, ts_ns)[0])
        self.answered[option] += units * unit_delta
        self.tranches.add(option, client, units, edge, unit_delta, steps[:, 0])
        self.position[option] += size
        self.held[option] = True

    def _book_trade(self, option: int, ts_ns: int, units: float, price: float, theta: float, fee: int) -> None:
        premium = micros(units * price)
        if self.margined[option]:
            worth = micros(units * (theta - price))
            self.base[option] += premium
        else:
            worth = micros(units * theta)
            self._pay(ts_ns, CASH_OPTIONS, -premium)
            self.cash_view["premium"] -= premium
        self.booked[option] += worth
        self.journal.post(ts_ns, "Assets:Options", worth)
        self._charge(ts_ns, CASH_OPTIONS, "Expenses:Fees:Options", fee)

    def _edge(self, units: float, price: float, theta: float, margined: bool) -> int:
        """What a trade is worth beyond its premium, as it is booked."""
        return micros(units * (theta - price)) if margined else micros(units * theta) - micros(units * price)

    def _post_edge(self, ts_ns: int, units: float, price: float, market: float, theta: float, margined: bool) -> None:
        whole = self._edge(units, price, theta, margined)
        to_market, to_mark = micros(units * (market - price)), micros(units * (theta - market))
        if abs(to_market) >= abs(to_mark):
            to_market = whole - to_mark
        else:
            to_mark = whole - to_market
        self.journal.post(ts_ns, "Income:SpreadCapture:Market", -to_market)
        self.journal.post(ts_ns, "Income:SpreadCapture:Mark", -to_mark)

    def hedge_fill(self, u: int, ts_ns: int, units: float, price: float, is_maker: bool = False) -> dict[str, float]:
        """The desk trades ``units`` of the hedge of underlying ``u``; returns what the fills table should say."""
        instrument = self.hedges[self.instrument_of[u]]
        fee = hedge_fee(self.settings["fees"], abs(units) / instrument.multiplier, is_maker)
        if not is_maker:
            self.markets[self.instrument_of[u]].trade(ts_ns, units)
        self.touches[u].clear()
        self._enter_hedge(u, ts_ns, units, price, "Expenses:HedgeCost")
        self._charge(ts_ns, CASH_HEDGE, "Expenses:Fees:Hedge", fee)
        started = self._started(u)
        deltas = self.delta(started, self.hedges[u].mid, ts_ns)
        self.answered[started] = self.units(started) * deltas
        if not self.settings["exact"]:
            self.hedges[u].lazy_error = self._lazy_error(started, self.hedges[u])
        self.tranches.answer(started, deltas)
        self._observe_borrow(u, ts_ns)
        return {"fee": fee / 1e6, "theo": instrument.mid, "spot": self.hedges[u].mid}

    def _enter_hedge(self, u: int, ts_ns: int, units: float, price: float, difference: str) -> None:
        hedge = self.hedges[u]
        paid, worth = micros(units * price), micros(units * self.hedges[self.instrument_of[u]].mid)
        hedge.units += units
        self.cash_view["rebalancing"] += hedge.lots.trade(units, paid)
        if self._is_future(u):
            hedge.base += paid
            hedge.booked += worth - paid
            self.journal.post(ts_ns, "Assets:Hedge", worth - paid)
        else:
            hedge.booked += worth
            self._pay(ts_ns, CASH_HEDGE, -paid)
            self.journal.post(ts_ns, "Assets:Hedge", worth)
        self.journal.post(ts_ns, difference, paid - worth)

    # ---- cash

    def accrue(self, ts_ns: int) -> None:
        """Bring the interest of both cash accounts to now, at the rates that their balances have had."""
        rates = self.settings["rates"]
        together = sum(account.balance for account in self.cash.values())
        for name, lending in ((CASH_OPTIONS, rates["options_cash"]), (CASH_HEDGE, rates["hedge_cash"])):
            judged = together if rates["funding"] == "net" else self.cash[name].balance
            self.cash[name].accrue(ts_ns, lending + (rates["borrowing_spread"] if judged < 0 else 0.0))

    def _pay(self, ts_ns: int, account: str, amount: int) -> None:
        self.accrue(ts_ns)
        self.cash[account].balance += amount
        self.journal.post(ts_ns, account, amount)

    def _charge(self, ts_ns: int, account: str, expense: str, fee: int) -> None:
        if fee:
            self._pay(ts_ns, account, -fee)
            self.journal.post(ts_ns, expense, fee)
            self.cash_view["fees"] -= fee

    def _observe_borrow(self, u: int, ts_ns: int) -> None:
        instrument = self.hedges[self.instrument_of[u]]
        if instrument.kind == "stock" and np.isfinite(instrument.mid):
            self.hedges[u].borrow.observe(ts_ns, self.hedges[u].units, instrument.mid)

    def post_carry(self, ts_ns: int) -> None:
        """Post the interest and the borrow fees accrued so far."""
        self.accrue(ts_ns)
        for account, income, part in (
            (CASH_OPTIONS, "Income:Carry:Options", "options_cash"),
            (CASH_HEDGE, "Income:Carry:Hedge", "hedge_cash"),
        ):
            interest = self.cash[account].take_interest()
            self.journal.post(ts_ns, account, interest)
            self.journal.post(ts_ns, income, -interest)
            self.carry[part] += interest
        for u, hedge in enumerate(self.hedges):
            self._observe_borrow(u, ts_ns)
            fee = hedge.borrow.take_fee()
            self._pay(ts_ns, CASH_HEDGE, -fee)
            self.journal.post(ts_ns, "Income:Carry:Borrow", fee)
            self.carry["borrow"] -= fee

    # ---- settlement and expiry

    def settle(self, ts_ns: int, underlyings: Sequence[int]) -> None:
        """Variation margin: what futures and margined options have gained becomes cash."""
        self.mark(ts_ns, underlyings)
        for u in underlyings:
            if self._is_future(u):
                self._move_margin(ts_ns, "Assets:Hedge", CASH_HEDGE, self.hedges[u].booked)
                self.hedges[u].base += self.hedges[u].booked
                self.hedges[u].booked = 0
            mine = self.of_underlying[u]
            for option in mine[self.margined[mine]]:
                gained = int(self.booked[option])
                self._move_margin(ts_ns, "Assets:Options", CASH_OPTIONS, gained)
                self.cash_view["settlement"] += gained
                self.base[option] += gained
                self.booked[option] = 0
        self.post_carry(ts_ns)

    def _move_margin(self, ts_ns: int, asset: str, cash: str, amount: int) -> None:
        self.journal.post(ts_ns, asset, -amount)
        self._pay(ts_ns, cash, amount)

    def expire(self, option: int, ts_ns: int) -> None:
        """The option's last mark, at the settlement price, and what is paid or delivered."""
        u = int(self.owner[option])
        one, terms, price = np.array([option]), self.options.iloc[option], self.settlement_price(option)
        if self.started[option]:
            self._mark_options(one, ts_ns, np.array([price]))
        if self.held[option]:
            self.mark_underlying(u, ts_ns)
        if self.held[option]:  # one that was closed may have margin to settle
            self._pay_out(option, u, ts_ns, price, terms["settlement"] == "physical")
        self.post_carry(ts_ns)
        self.position[option], self.answered[option], self.expired[option] = 0.0, 0.0, True
        self.tranches.end(option)

    def settlement_price(self, option: int) -> float:
        """What an option settles at when it expires: the price in its terms, or the mid."""
        given = float(self.options["settlement_price"].iloc[option])
        return given if np.isfinite(given) else self.hedges[self.owner[option]].mid

    def best_exercised(self, ts_ns: int) -> list[int]:
        """The American positions that are worth no more alive, and were they a little less in the money."""
        found = []
        for option in np.flatnonzero((self.position != 0) & self.contract.american & self.started & ~self.expired):
            if (
                self.expiry_ns[option] <= ts_ns
                or not self.settings["early"]["own" if self.position[option] > 0 else "assigned"]
            ):
                continue
            one, right = np.array([option]), self.contract.right[option]
            nearer = self.hedges[self.owner[option]].mid * (1 - 1e-6 * right)
            worth = float(self.theta(one, nearer, ts_ns, self.volatility[one])[0])
            costs = self.contract.early[option] or bool(self._special(one))
            if costs and worth == right * (nearer - self.contract.strike[option]) > 0:
                found.append(int(option))
        return found

    def exercise(self, option: int, ts_ns: int) -> bool:
        """An American position is exercised before expiry; whether it is worth no more than its intrinsic value."""
        u, one, price = int(self.owner[option]), np.array([option]), self.hedges[self.owner[option]].mid
        intrinsic = float(self.contract.right[option] * (price - self.contract.strike[option]))
        self._mark_options(one, ts_ns, np.array([price]))
        self.mark_underlying(u, ts_ns)
        is_physical = self.options["settlement"].iloc[option] == "physical"
        self._pay_out(option, u, ts_ns, price, is_physical)
        if is_physical:
            self._observe_borrow(u, ts_ns)
        self.position[option], self.answered[option] = 0.0, 0.0
        self.tranches.end(option)
        is_american = self.options["exercise"].iloc[option] == "american"
        return bool(is_american and intrinsic > 0 and abs(self.theo(option, ts_ns) - intrinsic) <= 1e-9 * price)

    def _pay_out(self, option: int, u: int, ts_ns: int, price: float, physical: bool) -> None:
        right, strike = self.contract.right[option], self.contract.strike[option]
        worth = int(self.booked[option])
        self.journal.post(ts_ns, "Assets:Options", -worth)
        self._pay(ts_ns, CASH_OPTIONS, worth)
        self.cash_view["settlement"] += worth
        self.booked[option], self.base[option] = 0, 0
        if right * (price - strike) > 0:
            contracts = abs(self.position[option])
            fee = micros(contracts * self.settings["fees"]["exercise"])
            self._charge(ts_ns, CASH_OPTIONS, "Expenses:Fees:Options", fee)
            if physical and contracts:
                units = right * self.position[option] * self.multiplier[option]
                self._enter_hedge(u, ts_ns, units, price, "Income:Delta")

    # ---- results

    @property
    def equity(self) -> int:
        """Everything the desk has, in micro-units."""
        cash = sum(account.balance for account in self.cash.values())
        return cash + int(self.booked.sum()) + sum(hedge.booked for hedge in self.hedges)

    def position_greeks(self, u: int, ts_ns: int) -> dict[str, float]:
        """Greeks of an underlying's book, in currency; nothing where the run has them by extrapolation."""
        held = self._live(u)
        hedge = self.hedges[u]
        if not self.settings["exact"] or not np.isfinite(hedge.mid):
            return {}
        ahead = self.without_dividends(held, hedge.mid, ts_ns)
        units = self.units(held)
        found = {"net_delta": float(np.sum(units * self.delta(held, hedge.mid, ts_ns))) + hedge.units}
        if self.contract.early[held].any() or self._special(held):
            return found
        greeks = taylor(self.terms(held, ts_ns), ahead, self.years(held, ts_ns), self.volatility[held])
        return found | {name: float(np.sum(units * greeks[name])) for name in ("gamma", "vega", "theta")}

    def equity_elsewhere(self, ts_ns: int) -> dict[str, int]:
        """Equity with options at the market's mid, and at the side they could be closed at; at theo without either."""
        held = np.flatnonzero((self.position != 0) & self.started)
        units, spots = self.units(held), np.array([hedge.mid for hedge in self.hedges])[self.owner[held]]
        theta = self.theta(held, spots, ts_ns, self.volatility[held])
        quoted = (self.market_bid[held] + self.market_ask[held]) / 2
        fair = self.theta(held, spots, ts_ns, self.fair_volatility[held])
        mid = np.where(np.isfinite(self.fair_volatility[held]), fair, np.where(np.isfinite(quoted), quoted, theta))
        touch = np.where(units > 0, self.market_bid[held], self.market_ask[held])
        touch = np.where(np.isfinite(touch), touch, mid)
        return {
            "equity_at_mid": self.equity + int(micros_of(units * (mid - theta)).sum()),
            "equity_at_liquidation": self.equity + int(micros_of(units * (touch - theta)).sum()),
        }

    def close_cash_view(self) -> dict[str, int]:
        """The cash view, in micro-units."""
        view = self.cash_view | {"carry": sum(self.carry.values())}
        view["inventory"] = int(self.booked.sum()) - self.opening_options
        for u, hedge in enumerate(self.hedges):
            if hedge.units:
                view["inventory"] += micros(hedge.units * self.hedges[self.instrument_of[u]].mid) - hedge.lots.cost
        return view | {"total": sum(view.values())}
