"""What a path has come to: one row, from which every figure of a run follows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mmsim.engine.limits import equity
from mmsim.engine.state import BUCKETS, STATE, Counter, State
from mmsim.engine.summary import elsewhere
from mmsim.kernel import I64, VOID, by_reference, entry, rows_of
from mmsim.ledger import Account

TAYLORS = 8

OUTCOME = np.dtype(
    [
        ("accounts", "i8", (BUCKETS,)),  # balance of each Account over all owners, debit positive
        ("counters", "i8", (len(Counter),)),
        ("taylor", "f8", (TAYLORS,)),  # currency: see attribution.TAYLOR, and the whole change of theo
        # micro-units: the flows of cash by cause, see DESK
        *((name, "i8") for name in ("premium", "settlement", "hedge_flow", "realised", "margin")),
        *((name, "i8") for name in ("option_interest", "hedge_interest", "borrow_fee", "dividends")),
        *((name, "i8") for name in ("option_fees", "hedge_fees", "offload_cost")),
        # micro-units: stocks
        ("opening_equity", "i8"),
        ("closing_equity", "i8"),
        ("opening_options", "i8"),
        ("opening_hedges", "i8"),
        ("unrealised", "i8"),  # the hedge at mid, less what its open lots cost
        ("at_mid", "i8"),  # added to equity by options at market mid
        ("at_liquidation", "i8"),
        # differences, which have to be zero
        ("imbalance", "i8"),
        ("cash_off", "i8"),  # between cash as it bears interest and the cash accounts
        # numbers of positions
        ("unquoted", "i8"),  # left at mid for want of a market to sell to
        ("unsettled", "i8"),  # past their expiry
    ],
    align=True,
)


@entry(VOID(rows_of(OUTCOME), I64, STATE))
def write_outcome(outcomes: npt.NDArray[np.void], n: int, arrays: State) -> None:
    """The path that a state has come to the end of, into row ``n`` of the outcomes."""
    state = by_reference(arrays)
    row, desk = outcomes[n], state.desk[0]
    for account in range(BUCKETS):
        total = 0
        for owner in range(state.balances.shape[0]):
            total += state.balances[owner, account]
        row["accounts"][account] = total
    for k in range(state.counters.shape[0]):
        row["counters"][k] = state.counters[k]
    for k in range(TAYLORS):
        row["taylor"][k] = state.taylor[0, k]
    row["premium"], row["settlement"], row["hedge_flow"] = desk["premium"], desk["settlement"], desk["hedge_flow"]
    row["realised"], row["margin"] = desk["realised"], desk["margin"]
    row["option_interest"], row["hedge_interest"] = desk["option_interest"], desk["hedge_interest"]
    row["borrow_fee"], row["dividends"] = desk["borrow_fee"], desk["dividends"]
    row["option_fees"], row["hedge_fees"] = desk["option_fees"], desk["hedge_fees"]
    row["offload_cost"] = desk["offload_cost"]
    row["opening_equity"], row["closing_equity"] = desk["opening_equity"], equity(state)
    row["at_mid"], row["at_liquidation"], row["unquoted"] = elsewhere(state)
    row["imbalance"] = desk["imbalance"]
    row["cash_off"] = abs(state.cash[0]["balance"] - row["accounts"][Account.CASH_OPTIONS]) + abs(
        state.cash[1]["balance"] - row["accounts"][Account.CASH_HEDGE]
    )
    opening = unsettled = 0
    for i in range(state.options.shape[0]):
        option = state.options[i]
        opening += option["opening_value"]
        if option["expiry"] <= desk["now"] and option["settled"] == 0 and option["position"] != 0.0:
            unsettled += 1
    row["opening_options"], row["unsettled"] = opening, unsettled
    opening = unrealised = 0
    for u in range(state.underlyings.shape[0]):
        underlying = state.underlyings[u]
        opening += underlying["opening_value"]
        unrealised += underlying["hedge_value"] + underlying["hedge_base"]
        for k in range(underlying["lot_head"], underlying["lot_tail"]):
            unrealised -= state.lot_costs[u, k]
    row["opening_hedges"], row["unrealised"] = opening, unrealised
