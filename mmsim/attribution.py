"""From a path's postings and flows to the mark view, the cash view and the identities."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mmsim.engine.state import State
from mmsim.engine.summary import liquidation
from mmsim.ledger import NAMES, Account

BUCKETS: dict[str, tuple[Account, ...]] = {
    "spread_capture": (Account.SPREAD_MARKET, Account.SPREAD_MARK),
    "gamma": (Account.CONVEXITY, Account.DRIFT),
    "delta": (Account.DELTA,),
    "theta": (Account.THETA,),
    "vega": (Account.VEGA,),
    "rates": (Account.RATES,),
    "dividends": (Account.DIVIDENDS,),
    "carry": (Account.CARRY_OPTIONS, Account.CARRY_HEDGE, Account.CARRY_BORROW, Account.CARRY_DIVIDENDS),
    "basis": (Account.BASIS,),
    "hedge_cost": (Account.HEDGE_COST,),
    "fees": (Account.FEES_OPTIONS, Account.FEES_HEDGE),
    "unexplained": (Account.UNEXPLAINED,),
}
CASH_PARTS = ("premium", "rebalancing", "carry", "fees", "settlement", "inventory")
TAYLOR = ("delta", "gamma", "theta", "vega", "vanna", "volga", "rates")
IDENTITIES = ("trial_balance", "mark_view", "cash_view", "cash", "components")


class Outcome(NamedTuple):
    """What one path came to, in micro-units."""

    accounts: npt.NDArray[np.int64]  # balance of each Account, debit positive
    cash: dict[str, int]  # the cash view
    identities: dict[str, int]  # differences, all zero
    components: dict[str, int]  # options, hedge
    equity: dict[str, int]  # opening, closing, change, at_mid, at_liquidation; unquoted is a count
    taylor: npt.NDArray[np.float64]  # currency: TAYLOR, then the whole change of theo
    counters: npt.NDArray[np.int64]
    hedge_cost: dict[str, int]  # profits positive: hedges, offloads

    @property
    def buckets(self) -> dict[str, int]:
        """The mark view: profits positive, and their total."""
        balances = self.accounts.tolist()
        sums = {name: -sum([balances[account] for account in group]) for name, group in BUCKETS.items()}
        return sums | {"total": sum(sums.values())}

    @property
    def detail(self) -> dict[str, int]:
        """Every income and expense account by name, profits positive."""
        earned = range(Account.SPREAD_MARKET, Account.UNEXPLAINED + 1)
        balances = zip(Account, self.accounts.tolist(), strict=True)
        return {NAMES[account]: -balance for account, balance in balances if account in earned}


def outcome(state: State) -> Outcome:
    """The outcome of the path that a state has come to the end of."""
    sums = state.balances.sum(axis=0)
    accounts: list[int] = sums.tolist()
    desk: dict[str, int] = dict(zip(state.desk.dtype.names or (), state.desk[0].tolist(), strict=True))
    opening = desk["opening_equity"]
    cash_accounts = accounts[Account.CASH_OPTIONS : Account.CASH_HEDGE + 1]
    closing = sum(cash_accounts) + accounts[Account.OPTIONS] + accounts[Account.HEDGE]
    at_mid, at_liquidation, unquoted = liquidation(state)
    opening_options = int(state.options["opening_value"].sum())
    cash = _cash_view(state, accounts, desk, opening_options)
    components = {
        "options": cash_accounts[0] + accounts[Account.OPTIONS] - opening_options,
        "hedge": cash_accounts[1] + accounts[Account.HEDGE] - int(state.underlyings["opening_value"].sum()),
    }
    flows = sum(desk[name] for name in ("premium", "settlement", "hedge_flow", "margin", "option_interest"))
    flows += desk["hedge_interest"] + desk["dividends"] - desk["borrow_fee"] - desk["option_fees"] - desk["hedge_fees"]
    mark_view = -sum(accounts[Account.SPREAD_MARKET : Account.UNEXPLAINED + 1])
    identities = {
        "trial_balance": desk["imbalance"] + abs(sum(accounts)),
        "mark_view": mark_view - (closing - opening),
        "cash_view": sum(cash.values()) - (closing - opening),
        "cash": abs(sum(cash_accounts) - flows)
        + sum(abs(have - balance) for have, balance in zip(state.cash["balance"].tolist(), cash_accounts, strict=True)),
        "components": sum(components.values()) - mark_view,
    }
    equity = {
        "opening": opening,
        "closing": closing,
        "change": closing - opening,
        "at_mid": closing + int(at_mid),
        "at_liquidation": closing + int(at_liquidation),
        "unquoted": int(unquoted),
    }
    hedge_cost = {
        "hedges": desk["offload_cost"] - accounts[Account.HEDGE_COST],
        "offloads": -desk["offload_cost"],
    }
    taylor, counters = state.taylor[0].copy(), state.counters.copy()
    return Outcome(sums, cash, identities, components, equity, taylor, counters, hedge_cost)


def _cash_view(state: State, accounts: list[int], desk: dict[str, int], opening_options: int) -> dict[str, int]:
    unrealised = 0
    for u, underlying in enumerate(state.underlyings):
        cost = int(state.lot_costs[u, underlying["lot_head"] : underlying["lot_tail"]].sum())
        unrealised += int(underlying["hedge_value"]) + int(underlying["hedge_base"]) - cost
    return {
        "premium": desk["premium"],
        "rebalancing": desk["realised"],
        "carry": desk["option_interest"] + desk["hedge_interest"] - desk["borrow_fee"] + desk["dividends"],
        "fees": -desk["option_fees"] - desk["hedge_fees"],
        "settlement": desk["settlement"],
        "inventory": accounts[Account.OPTIONS] - opening_options + unrealised,
    }
