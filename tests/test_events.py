"""The total order of events: time, priority, instrument, client, place in the stream."""

from itertools import permutations

import numpy as np
import pytest

from mmsim.events import EVENT, Kind, merge, rows


def shown(events):
    return [
        (int(e["ts"]), Kind(e["kind"]).name, int(e["instrument"]), int(e["client"]), float(e["size"])) for e in events
    ]


STREAMS = [
    rows(Kind.EXPIRY, [20], 1),
    rows(Kind.MARK, [10, 20]),
    rows(Kind.ORDER, [10, 10], [4, 2], client=1, size=[7, 8], side=1, price=1.0),
    rows(Kind.ORDER, [10], 3, client=0, size=9, side=-1, price=1.0),
    rows(Kind.SPOT, [10, 10], 0, bid=[99, 100], ask=[101, 102]),
    rows(Kind.QUOTE, [10, 5], [2, 1], bid=1, ask=2),
    rows(Kind.BAR_TRADE, [10], 2, client=2, size=5, side=1, price=1.5),
    rows(Kind.DIVIDEND, [10], 0, value=1.0),
    rows(Kind.VOLATILITY, [10], 2, value=0.2),
]


def test_every_order_of_the_streams_gives_the_documented_one():
    expected = [
        (5, "QUOTE", 1, -1, 0),
        (10, "DIVIDEND", 0, -1, 0),
        (10, "BAR_TRADE", 2, 2, 5),
        (10, "SPOT", 0, -1, 0),
        (10, "SPOT", 0, -1, 0),
        (10, "QUOTE", 2, -1, 0),
        (10, "VOLATILITY", 2, -1, 0),
        (10, "ORDER", 3, 0, 9),
        (10, "ORDER", 4, 1, 7),  # a sweep keeps its own order over the strikes
        (10, "ORDER", 2, 1, 8),
        (10, "MARK", -1, -1, 0),
        (20, "MARK", -1, -1, 0),
        (20, "EXPIRY", 1, -1, 0),
    ]
    for n, order in enumerate(permutations(STREAMS)):
        if n % 5003 == 0:
            merged = merge(order)
            assert shown(merged) == expected
            assert merged["bid"][merged["kind"] == Kind.SPOT].tolist() == [99, 100]


def test_nothing_merged_is_nothing():
    assert len(merge([])) == 0
    assert merge([]).dtype == EVENT


def test_what_a_row_does_not_say_is_missing_and_not_zero():
    (row,) = rows(Kind.QUOTE, [1], 3, bid=2.0)
    assert np.isnan([row["ask"], row["value"], row["price"]]).all()
    assert (row["bid_size"], row["size"], row["side"], row["client"]) == (0, 0, 0, -1)


@pytest.mark.parametrize("kind", Kind)
def test_a_rows_kind_is_its_priority(kind):
    later = [other for other in Kind if other > kind]
    merged = merge([*(rows(other, [1], 0) for other in later), rows(kind, [1], 0)])
    assert merged["kind"][0] == kind
