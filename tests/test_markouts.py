"""Statistics of mark-outs, against sums that are made row by row."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from mmsim import markouts

HORIZONS = ["1s", "end"]
AMOUNTS = ("edge", "markout", "impact", "hedged_markout")


def table(fills: int = 60, size: float | None = None) -> pd.DataFrame:
    """Rows of mark-outs as a run's table has them."""
    draw = np.random.default_rng(5)
    made = pd.DataFrame(
        {
            "client": pd.Categorical(draw.choice(["retail", "funds"], fills), ["retail", "funds"]),
            "side": pd.Categorical(draw.choice(["buy", "sell"], fills), ["buy", "sell"]),
            "size": draw.choice([1.0, 5.0, 6.0, 200.0], fills) if size is None else size,
            "delta": draw.choice([-0.95, -0.4, 0.05, 0.39, 0.5], fills),
        }
    )
    rows = pd.concat([made.assign(horizon=name) for name in HORIZONS], ignore_index=True)
    rows["horizon"] = pd.Categorical(rows["horizon"], HORIZONS)
    rows["edge_micros"] = np.tile(draw.integers(10**6, 10**15, fills), 2)
    rows["markout_micros"] = draw.integers(-(10**15), 10**15, 2 * fills)
    rows["impact_micros"] = rows["edge_micros"] - rows["markout_micros"]
    rows["hedged_markout_micros"] = draw.integers(-(10**15), 10**15, 2 * fills)
    return rows


@pytest.mark.parametrize("by", [None, *markouts.GROUPS])
def test_sums_are_exact_and_shares_are_of_them(by: str | None) -> None:
    rows = table()
    found = markouts.summary(markouts.cells([rows]), by)
    assert found["fills"].groupby(level="horizon", observed=True).sum().to_list() == [60, 60]
    for key, sums in found.iterrows():
        group, horizon = key if isinstance(key, tuple) else (None, key)
        mine = [row for row in rows.to_dict("records") if row["horizon"] == horizon and label(row, by) == group]
        assert sums["fills"] == len(mine) and sums["contracts"] == sum(row["size"] for row in mine)
        whole = {name: sum(int(row[f"{name}_micros"]) for row in mine) for name in AMOUNTS}
        assert {name: int(found.at[key, f"{name}_micros"]) for name in AMOUNTS} == whole
        assert whole["edge"] == whole["markout"] + whole["impact"]
        assert sums["retained"] == pytest.approx(float(Fraction(whole["markout"], whole["edge"])), rel=1e-12)
        assert sums["markout"] == pytest.approx(whole["markout"] / 1e6 / sums["contracts"], rel=1e-12)


def label(row: dict[str, object], by: str | None) -> object:
    """The group of a row, worked out anew."""
    delta, size = abs(float(str(row["delta"]))), float(str(row["size"]))
    moneyness = {0.05: "|delta| below 0.10", 0.39: "|delta| 0.25 to 0.40", 0.95: "|delta| 0.90 and above"}
    sizes = {1.0: "up to 1", 5.0: "over 1, up to 5", 6.0: "over 5, up to 20", 200.0: "over 100"}
    if by == "moneyness":
        return moneyness.get(delta, "|delta| 0.40 to 0.60")
    return sizes[size] if by == "size" else row[by] if by else None


@pytest.mark.parametrize("length", [7, 5_000, 40_000, 70_000])
def test_pieces_come_to_the_same_bits(length: int) -> None:
    """A run has its rows in other pieces than its folder has, and the report is to be the same."""
    rows = table(fills=60 if length == 7 else 50_000, size=1.0)
    rows["markout_micros"] = 10**13 + rows["markout_micros"] // 10**9  # nearly alike: the error is a small difference
    pieces = [rows[start : start + length] for start in range(0, len(rows), length)]
    whole, parts = (markouts.summary(markouts.cells(given), "client") for given in ([rows], pieces))
    pd.testing.assert_frame_equal(whole, parts, check_exact=True)


def test_the_standard_error_of_equal_sizes_is_that_of_a_mean() -> None:
    rows = table(size=2.0)
    found = markouts.summary(markouts.cells([rows]))
    for horizon, name in itertools.product(HORIZONS, ("markout", "hedged_markout")):
        each = rows.loc[rows["horizon"] == horizon, f"{name}_micros"].to_numpy(float) / 1e6 / 2
        assert found.at[horizon, f"{name}_se"] == pytest.approx(each.std(ddof=1) / 60**0.5, rel=1e-9)


def test_the_standard_error_of_a_ratio_covers_it() -> None:
    """Of many samples of fills of unequal sizes about 95 % have the true mark-out a contract within 1.96 of them."""
    draw, inside, samples = np.random.default_rng(3), 0, 400
    for _ in range(samples):
        size = draw.choice([1.0, 5.0, 10.0], 200)
        micros = np.rint((0.3 * size + draw.normal(0, size)) * 1e6).astype(np.int64)
        rows = table(200).assign(size=np.tile(size, 2), markout_micros=np.tile(micros, 2))
        found = markouts.summary(markouts.cells([rows[rows["horizon"] == "1s"]])).iloc[0]
        inside += abs(found["markout"] - 0.3) < 1.96 * found["markout_se"]
    assert 0.91 < inside / samples < 0.98


def test_one_fill_has_no_standard_error_and_no_edge_no_share() -> None:
    row = table(1).assign(edge_micros=0)
    found = markouts.summary(markouts.cells([row]))
    assert found["markout_se"].isna().all() and found["retained"].isna().all()


def test_an_unknown_group_is_named() -> None:
    with pytest.raises(ValueError, match="client, side, moneyness, size, not 'colour'"):
        markouts.summary(markouts.cells([table()]), "colour")


def test_nothing_is_retained_of_no_edge() -> None:
    """A group that was dealt worse than theo, and lost more: no share of its edge makes sense."""
    rows = table(fills=4, size=1.0).assign(edge_micros=-100, markout_micros=-150, impact_micros=50)
    found = markouts.summary(markouts.cells([rows]))
    assert found["retained"].isna().all() and (found["markout"] < 0).all()
