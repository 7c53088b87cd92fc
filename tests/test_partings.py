"""Where two runs part: found in pieces of any length, and the same as by looking at whole tables."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from mmsim import partings


def fills(count: int, seed: int = 1) -> pd.DataFrame:
    draws = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "path": 0,
            "ts": pd.date_range("2026-01-05T14:30Z", periods=count, freq="s"),
            "kind": pd.Categorical(draws.choice(["client", "hedge"], count)),
            "instrument": pd.Categorical(draws.choice(["ABC", "ABC C100"], count)),
            "side": draws.choice(["buy", "sell"], count),
            "size": draws.integers(1, 5, count).astype(float),
            "price": np.where(draws.random(count) < 0.1, np.nan, draws.normal(100, 1, count)),
            "client": "retail",
            "position_after": 0.0,
        }
    )


def pieces(table: pd.DataFrame, length: int) -> list[pd.DataFrame]:
    return [table[start : start + length] for start in range(0, max(len(table), 1), length)]


@pytest.mark.parametrize(("here", "there"), [(1, 1), (3, 7), (50, 4), (1000, 1000)])
@pytest.mark.parametrize(
    ("column", "value"),
    [("instrument", "ABC C105"), ("side", "neither"), ("size", 99.0), ("price", 99.5), ("kind", "expiry")],
)
def test_a_fill_that_differs_in_anything_is_where_they_part(here: int, there: int, column: str, value: object) -> None:
    one = fills(40)
    for place in (0, 17, 39):
        other = one.astype({"kind": str, "instrument": str})
        other.loc[place, column] = value
        other.loc[place + 1 :, "size"] = 77.0  # what comes later does not matter
        found = partings.first(pieces(one, here), pieces(other, there))
        assert found is not None
        assert found.fill == place
        assert [row.index.tolist() for row in found.rows] == [[place], [place]]
        assert found.rows[1][column].tolist() == [value]


def test_the_same_fills_under_other_names_for_the_rest_never_part() -> None:
    one = fills(30)
    other = one.assign(client="funds", instrument=one["instrument"].cat.add_categories("XYZ").cat.reorder_categories(
        ["XYZ", *one["instrument"].cat.categories]
    ))  # fmt: skip
    assert partings.first(pieces(one, 4), pieces(other, 9)) is None
    assert partings.first(pieces(one[:0], 4), pieces(other[:0], 9)) is None


@pytest.mark.parametrize("length", [1, 10, 12, 100])
def test_who_has_no_more_fills_parts_there(length: int) -> None:
    one = fills(20)
    found = partings.first(pieces(one[:12], length), pieces(one, 5))
    assert found is not None
    assert (found.fill, len(found.rows[0]), found.rows[1].index.tolist()) == (12, 0, [12])


def test_nothing_is_read_beyond_the_piece_in_which_they_part() -> None:
    one, read = fills(1_000), itertools.count()

    def counted(table: pd.DataFrame):  # type: ignore[no-untyped-def]
        for piece in pieces(table, 100):
            next(read)
            yield piece

    found = partings.first(counted(one), counted(one.assign(size=one["size"].where(one.index != 150, 9.0))))
    assert found is not None
    assert (found.fill, next(read)) == (150, 4)
