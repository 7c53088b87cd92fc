"""Every published figure of `literature_american.yaml`."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from mmsim.pricing import black_scholes, collocation, dividend_grid

from .american_draws import column, exact, fast

TABLE = yaml.safe_load((Path(__file__).parent / "literature_american.yaml").read_text(encoding="utf-8"))
ORACLE = collocation.scheme(32, 10, 48, 96)
FAST_ERROR = 3e-5  # of the strike, docs/american.md
RIGHTS = {"call": 1.0, "put": -1.0}


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: f"{case['source'][:40]} {case['figure']}")
def test_figure(case: dict) -> None:
    *numbers, right = case["option"]
    terms = (*map(float, numbers), RIGHTS[right])
    if "dividends" in case:
        times, amounts = np.array(case["dividends"], float).T.copy()
        is_american = case["measure"] == "american"
        ours = dividend_grid.solved(*terms, times, amounts, case["model"] == "escrowed", is_american).theo
    else:
        european = black_scholes.value(*terms) if case["measure"] == "premium" else 0.0
        ours = exact(column(*terms), ORACLE)[0] - european
        assert fast(column(*terms))[0] - european == pytest.approx(case["figure"], abs=FAST_ERROR * terms[1])
    assert ours == pytest.approx(case["figure"], abs=case["tolerance"])


@pytest.mark.parametrize("grid", TABLE["grids"], ids=lambda grid: grid["source"])
def test_grid(grid: dict) -> None:
    checked = 0
    for volatility, rows in grid["figures"].items():
        for strike, row in zip(grid["strikes"], rows, strict=True):
            for months, figure in zip(grid["months"], row, strict=True):
                market = (volatility, grid["rate"], grid["carry"], RIGHTS[grid["right"]])
                terms = (float(grid["spot"]), float(strike), months / 12, *market)
                assert exact(column(*terms), ORACLE)[0] == pytest.approx(figure, abs=grid["tolerance"]), terms
                assert fast(column(*terms))[0] == pytest.approx(figure, abs=grid["tolerance"] + FAST_ERROR * strike), (
                    terms
                )
                checked += 1
    assert checked == 27
