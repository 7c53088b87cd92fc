"""The side of a recorded trade, from what was known before it."""

import numpy as np
import pandas as pd
import pytest

from mmsim.market.sides import sides

NAN = float("nan")


def frame(columns: str, *rows: tuple[float, ...]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=columns.split())
    return table.astype({"ts": np.int64, "instrument": np.int64})


@pytest.mark.parametrize(
    ("bid", "ask", "price", "side"),
    [
        (2.0, 2.2, 2.2, 1),  # at the ask
        (2.0, 2.2, 2.15, 1),  # above the mid
        (2.0, 2.2, 2.05, -1),
        (2.0, 2.2, 1.9, -1),  # through the bid
        (2.0, 2.5, 2.25, 0),  # at the mid, and no trade before
        (NAN, 2.2, 2.2, 1),
        (NAN, 2.2, 2.1, 0),
        (2.0, NAN, 2.0, -1),
        (2.0, NAN, 2.1, 0),
        (NAN, NAN, 2.1, 0),
    ],
)
def test_quote_rule(bid: float, ask: float, price: float, side: int) -> None:
    quotes = frame("ts instrument bid ask", (1, 0, bid, ask))
    assert sides(frame("ts instrument close", (2, 0, price)), quotes).guess.tolist() == [side]


def test_a_quote_of_the_trades_own_time_does_not_count() -> None:
    """The bar's own end would turn the side: the price is below the mid after it, above the one before."""
    quotes = frame("ts instrument bid ask", (1, 0, 2.0, 2.2), (2, 0, 2.4, 2.6))
    trades = frame("ts instrument close", (2, 0, 2.2), (3, 0, 2.2))
    assert sides(trades, quotes).guess.tolist() == [1, -1]


def test_tick_rule_goes_back_to_the_last_different_price() -> None:
    quotes = frame("ts instrument bid ask", (1, 0, 2.0, 2.5))
    trades = frame(
        "ts instrument close",
        (2, 0, 2.0),
        (3, 0, 2.25),
        (4, 0, 2.25),
        (5, 1, 9.0),
        (6, 1, 8.0),
        (7, 0, 2.5),
        (8, 0, 2.25),
    )
    found = sides(trades, quotes)
    assert found.by_quote.tolist() == [-1, 0, 0, 0, 0, 1, 0]
    assert found.guess.tolist() == [-1, 1, 1, 0, -1, 1, -1]
