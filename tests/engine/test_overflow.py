"""An amount that an int64 of micro-units cannot hold stops the run and says where: it must never wrap into a profit."""

from typing import Any

import pytest

from mmsim import UserError
from tests.engine.builder import at, clients, fixed, order, play, trades

CASES: dict[str, dict[str, Any]] = {
    "a hedge of 10¹⁴ units": {"hedging": trades(1e14)},
    "a hedge beyond every integer": {"hedging": trades(1e200)},
    "a premium of 10¹⁶": {
        "options": [{"underlying": "ABC", "strikes": [100], "expiry": at(10), "multiplier": 1e6}],
        "quoting": fixed(1e9, 2e9),
        "clients": clients(order(1, "sell", 10)),
    },
}


@pytest.mark.parametrize("case", CASES)
def test_an_amount_beyond_the_ledger_stops_the_run_and_names_the_event(case: str) -> None:
    with pytest.raises(UserError, match=r"an amount too large for the ledger, or no number, at event \d+ \(\w+ of ABC"):
        play(**CASES[case])


def test_what_the_ledger_can_hold_is_kept_to_the_micro_unit() -> None:
    run = play(hedging=trades(1e10))  # a trillion of currency
    assert run.ledger.loc[run.ledger["account"] == "Assets:Cash:Hedge", "amount_micros"].iloc[0] == -(10**18)
    assert not any(run.identities.values())
