"""From the postings and flows of paths to the mark view, the cash view and the identities."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from mmsim.engine.ending import OUTCOME, write_outcome
from mmsim.engine.state import State
from mmsim.ledger import NAMES, Account

Integers = npt.NDArray[np.int64]

CARRY_PARTS = {
    "options_cash": Account.CARRY_OPTIONS,
    "hedge_cash": Account.CARRY_HEDGE,
    "borrow": Account.CARRY_BORROW,
    "dividends": Account.CARRY_DIVIDENDS,
}
BUCKETS: dict[str, tuple[Account, ...]] = {
    "spread_capture": (Account.SPREAD_MARKET, Account.SPREAD_MARK),
    "gamma": (Account.CONVEXITY, Account.DRIFT),
    "delta": (Account.DELTA,),
    "theta": (Account.THETA,),
    "vega": (Account.VEGA,),
    "rates": (Account.RATES,),
    "dividends": (Account.DIVIDENDS,),
    "carry": tuple(CARRY_PARTS.values()),
    "basis": (Account.BASIS,),
    "hedge_cost": (Account.HEDGE_COST,),
    "fees": (Account.FEES_OPTIONS, Account.FEES_HEDGE),
    "unexplained": (Account.UNEXPLAINED,),
}
CASH_PARTS = ("premium", "rebalancing", "carry", "fees", "settlement", "inventory")
TAYLOR = ("delta", "gamma", "theta", "vega", "vanna", "volga", "rates")


class Outcomes:
    """What the paths of a run came to, in micro-units: arrays of shape (paths,) by name, profits positive."""

    def __init__(self, paths: int, options: int) -> None:
        self.rows = np.zeros(paths, OUTCOME)
        self.duty = np.zeros((options, 2), np.int64)  # nanoseconds quoted as owed, and of all that each could be dealt

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, path: int, state: State) -> None:
        """Note the end of a path, which a state has come to."""
        write_outcome(self.rows, path, state)
        if state.rules[0]["obliged"]:
            self.duty += np.stack([state.options["duty_met"], state.options["duty_time"]], axis=1)

    @property
    def buckets(self) -> dict[str, Integers]:
        """The mark view, and its total."""
        accounts = self.rows["accounts"]
        sums = {name: -accounts[:, list(group)].sum(axis=1) for name, group in BUCKETS.items()}
        return sums | {"total": _sum(sums.values())}

    @property
    def detail(self) -> dict[str, Integers]:
        """Every income and expense account by name."""
        earned = range(Account.SPREAD_MARKET, Account.UNEXPLAINED + 1)
        return {NAMES[Account(account)]: -self.rows["accounts"][:, account] for account in earned}

    @property
    def cash(self) -> dict[str, Integers]:
        """The cash view, and its total."""
        rows = self.rows
        parts = {
            "premium": rows["premium"],
            "rebalancing": rows["realised"],
            "carry": rows["option_interest"] + rows["hedge_interest"] - rows["borrow_fee"] + rows["dividends"],
            "fees": -rows["option_fees"] - rows["hedge_fees"],
            "settlement": rows["settlement"],
            "inventory": rows["accounts"][:, Account.OPTIONS] - rows["opening_options"] + rows["unrealised"],
        }
        return parts | {"total": _sum(parts.values())}

    @property
    def components(self) -> dict[str, Integers]:
        """What the options and their cash have become, and the hedge and its cash."""
        rows, accounts = self.rows, self.rows["accounts"]
        return {
            "options": accounts[:, Account.CASH_OPTIONS] + accounts[:, Account.OPTIONS] - rows["opening_options"],
            "hedge": accounts[:, Account.CASH_HEDGE] + accounts[:, Account.HEDGE] - rows["opening_hedges"],
        }

    @property
    def hedge_cost(self) -> dict[str, Integers]:
        """The bucket by part: hedges against mid, and trades with the volatility desk against theo."""
        offloads = -self.rows["offload_cost"]
        return {"hedges": -self.rows["accounts"][:, Account.HEDGE_COST] - offloads, "offloads": offloads}

    @property
    def equity(self) -> dict[str, Integers]:
        """Equity at the opening, at the end, and at the two other marks."""
        rows = self.rows
        closing = rows["closing_equity"]
        return {
            "opening": rows["opening_equity"],
            "opening_options": rows["opening_options"],
            "closing": closing,
            "change": closing - rows["opening_equity"],
            "at_mid": closing + rows["at_mid"],
            "at_liquidation": closing + rows["at_liquidation"],
        }

    @property
    def identities(self) -> dict[str, Integers]:
        """Differences, all zero, or the run is wrong."""
        rows, accounts, change = self.rows, self.rows["accounts"], self.equity["change"]
        cash = accounts[:, Account.CASH_OPTIONS] + accounts[:, Account.CASH_HEDGE]
        flows = _sum(rows[name] for name in ("premium", "settlement", "hedge_flow", "margin", "option_interest"))
        flows = flows + rows["hedge_interest"] + rows["dividends"] - rows["borrow_fee"]
        flows = flows - rows["option_fees"] - rows["hedge_fees"]
        mark_view = self.buckets["total"]
        return {
            "trial_balance": rows["imbalance"] + abs(accounts.sum(axis=1)),
            "mark_view": mark_view - change,
            "cash_view": self.cash["total"] - change,
            "cash": abs(cash - flows) + rows["cash_off"],
            "components": _sum(self.components.values()) - mark_view,
        }


def _sum(parts: Iterable[Integers]) -> Integers:
    return np.asarray(np.sum([*parts], axis=0), np.int64)
