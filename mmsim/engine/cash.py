"""Cash and its carry: interest on each component's balance, the borrow fee, and when they are posted."""

from __future__ import annotations

from math import expm1
from typing import Any

from mmsim.engine.journal import begin, post, post_underlying
from mmsim.engine.state import State, TransactionKind, whole
from mmsim.kernel import internal
from mmsim.ledger import Account

OPTIONS, HEDGE = 0, 1
DAY = 86_400_000_000_000


@internal
def accrue(state: State, component: int, ts: int) -> None:
    """Bring a component's interest up to `ts`; to be called before its balance changes.

    Where the sum of both balances decides whether the desk borrows, both are.
    """
    if state.rules[0]["net_funding"] == 0:
        _accrue(state, component, state.cash[component]["balance"], ts)
        return
    total = state.cash[OPTIONS]["balance"] + state.cash[HEDGE]["balance"]
    _accrue(state, OPTIONS, total, ts)
    _accrue(state, HEDGE, total, ts)


@internal
def _accrue(state: State, component: int, deciding: int, ts: int) -> None:
    """One component's interest up to `ts`, at the rate of borrowing where the deciding balance is negative."""
    rules, cash = state.rules[0], state.cash[component]
    rate = cash["rate"] + (rules["borrowing_spread"] if deciding < 0 else 0.0)
    growth = _growth(cash, rate, ts - cash["ts"], rules["interest_year"])
    if rules["simple_interest"] == 0:
        cash["accrued"] += (cash["balance"] + cash["accrued"]) * growth
    elif rate != 0.0 or cash["resting"] != 0.0:  # what rests bears interest from midnight on, whatever the rate then
        _accrue_simple(cash, rate, ts, rules["interest_year"])
    if component == OPTIONS:
        state.desk[0]["growth"] *= 1.0 + growth
    cash["ts"] = ts


@internal
def _growth(cash: Any, rate: float, wait: int, year: float) -> float:
    """What a unit of cash earns in a time, continuously compounded; the last answer serves equal steps."""
    if wait != cash["growth_wait"] or rate != cash["growth_rate"]:
        cash["growth"], cash["growth_wait"], cash["growth_rate"] = expm1(rate * wait / year), wait, rate
    return cash["growth"]


@internal
def _accrue_simple(cash: Any, rate: float, ts: int, year: float) -> None:
    """Simple interest within each day (UTC); what the day earned bears interest from midnight on."""
    start = cash["ts"]
    while start < ts:
        midnight = (start // DAY + 1) * DAY
        end = min(midnight, ts)
        earned = (cash["balance"] + cash["accrued"] - cash["resting"]) * rate * (end - start) / year
        cash["accrued"] += earned
        cash["resting"] = 0.0 if end == midnight else cash["resting"] + earned
        start = end


@internal
def move_options_cash(state: State, underlying: int, amount: int) -> None:
    """A posting to Assets:Cash:Options, interest accrued first."""
    accrue(state, OPTIONS, state.desk[0]["now"])
    state.cash[OPTIONS]["balance"] += amount
    post(state, Account.CASH_OPTIONS, -1, underlying, amount)


@internal
def move_hedge_cash(state: State, underlying: int, amount: int) -> None:
    """A posting to Assets:Cash:Hedge, interest accrued first."""
    accrue(state, HEDGE, state.desk[0]["now"])
    state.cash[HEDGE]["balance"] += amount
    post(state, Account.CASH_HEDGE, -1, underlying, amount)


@internal
def accrue_borrow(state: State, u: int) -> None:
    """Bring the borrow fee up to now: on the short units and the price of its last call."""
    underlying, rules, now = state.underlyings[u], state.rules[0], state.desk[0]["now"]
    if rules["borrow"] != 0.0 and underlying["hedge"] < 0.0 and underlying["stock"] != 0:
        worth = -underlying["hedge"] * underlying["borrow_spot"] * 1e6
        underlying["borrow_accrued"] += (
            rules["borrow"] * worth * (now - underlying["borrow_ts"]) / rules["interest_year"]
        )
    underlying["borrow_ts"] = now
    underlying["borrow_spot"] = state.underlyings[underlying["instrument"]]["spot"]


@internal
def post_carry(state: State) -> None:
    """Post what has accrued, whole micro-units; fractions are carried on."""
    desk = state.desk[0]
    accrue(state, OPTIONS, desk["now"])
    accrue(state, HEDGE, desk["now"])
    begin(state, TransactionKind.CARRY)
    own = state.balances.shape[0] - 1
    for k in range(2):
        cash = state.cash[k]
        interest = whole(state, cash["accrued"])
        cash["accrued"] -= interest
        cash["balance"] += interest
        post(state, Account.CASH_OPTIONS if k == OPTIONS else Account.CASH_HEDGE, -1, own, interest)
        post(state, Account.CARRY_OPTIONS if k == OPTIONS else Account.CARRY_HEDGE, -1, own, -interest)
        if k == OPTIONS:
            desk["option_interest"] += interest
        else:
            desk["hedge_interest"] += interest
    for u in range(state.underlyings.shape[0]):
        accrue_borrow(state, u)
        fee = whole(state, state.underlyings[u]["borrow_accrued"])
        state.underlyings[u]["borrow_accrued"] -= fee
        state.cash[HEDGE]["balance"] -= fee
        desk["borrow_fee"] += fee
        post(state, Account.CASH_HEDGE, -1, u, -fee)
        post_underlying(state, Account.CARRY_BORROW, u, fee)
