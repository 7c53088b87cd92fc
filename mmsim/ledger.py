"""The chart of accounts: where every micro-unit of the desk's money can stand."""

from __future__ import annotations

from enum import IntEnum

MICROS = 1_000_000


class Account(IntEnum):
    """The accounts, in account order. Assets are debits (+); income is credited (-) when the desk earns."""

    CASH_OPTIONS = 0
    CASH_HEDGE = 1
    OPTIONS = 2  # by option: inventory at theo
    HEDGE = 3  # by underlying: inventory at mid; a future: (mid - last settlement or fill price) x position
    SPREAD_MARKET = 4
    SPREAD_MARK = 5
    CONVEXITY = 6
    DRIFT = 7
    DELTA = 8
    DIVIDENDS = 9
    THETA = 10
    RATES = 11
    VEGA = 12
    CARRY_OPTIONS = 13  # interest on Assets:Cash:Options
    CARRY_HEDGE = 14  # interest on Assets:Cash:Hedge
    CARRY_BORROW = 15  # borrow fees of a short stock hedge
    CARRY_DIVIDENDS = 16  # dividends on the hedge
    BASIS = 17
    HEDGE_COST = 18
    FEES_OPTIONS = 19
    FEES_HEDGE = 20
    UNEXPLAINED = 21
    OPENING = 22


NAMES = {
    Account.CASH_OPTIONS: "Assets:Cash:Options",
    Account.CASH_HEDGE: "Assets:Cash:Hedge",
    Account.OPTIONS: "Assets:Options",
    Account.HEDGE: "Assets:Hedge",
    Account.SPREAD_MARKET: "Income:SpreadCapture:Market",
    Account.SPREAD_MARK: "Income:SpreadCapture:Mark",
    Account.CONVEXITY: "Income:Gamma:Convexity",
    Account.DRIFT: "Income:Gamma:Drift",
    Account.DELTA: "Income:Delta",
    Account.DIVIDENDS: "Income:Dividends",
    Account.THETA: "Income:Theta",
    Account.RATES: "Income:Rates",
    Account.VEGA: "Income:Vega",
    Account.CARRY_OPTIONS: "Income:Carry:Options",
    Account.CARRY_HEDGE: "Income:Carry:Hedge",
    Account.CARRY_BORROW: "Income:Carry:Borrow",
    Account.CARRY_DIVIDENDS: "Income:Carry:Dividends",
    Account.BASIS: "Income:Basis",
    Account.HEDGE_COST: "Expenses:HedgeCost",
    Account.FEES_OPTIONS: "Expenses:Fees:Options",
    Account.FEES_HEDGE: "Expenses:Fees:Hedge",
    Account.UNEXPLAINED: "Income:Unexplained",
    Account.OPENING: "Equity:Opening",
}
