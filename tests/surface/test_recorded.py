"""A recorded day of ES: how near its quotes raw SVI and the mark are."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmsim.surface import Surface, fit

from .recorded import es_slices

HOURS = ["2020-01-06T01:00", "2020-01-06T05:00", "2020-01-06T09:00", "2020-01-06T13:00", "2020-01-06T15:00",
         "2020-01-06T16:30", "2020-01-06T18:00", "2020-01-06T20:30"]  # fmt: skip


@pytest.fixture(scope="module")
def surfaces(recorded_data: Path) -> list[Surface]:
    """A surface at each hour, each from the one before."""
    if not (recorded_data / "lean_es_fop").is_dir():
        pytest.skip("the recorded data have no folder lean_es_fop")
    made: list[Surface] = []
    for hour in HOURS:
        slices = es_slices(recorded_data, pd.Timestamp(hour, tz="UTC"))
        made.append(fit(slices, made[-1] if made else None))
    return made


def test_the_chain_is_there(surfaces: list[Surface]) -> None:
    counts = [len(smile.residuals) for surface in surfaces for smile in surface.smiles.values()]
    assert len(counts) == 2 * len(HOURS) and min(counts) > 75


def test_svi_is_near_the_mids(surfaces: list[Surface]) -> None:
    tables = pd.concat([smile.residuals for surface in surfaces for smile in surface.smiles.values()])
    assert np.sqrt(((tables["svi"] - tables["mid"]) ** 2).mean()) < 0.0005
    assert tables["svi_inside"].mean() > 0.80


def test_mark_is_inside(surfaces: list[Surface]) -> None:
    tables = pd.concat([smile.residuals for surface in surfaces for smile in surface.smiles.values()])
    assert tables["mark_inside"].mean() > 0.95


def test_no_arbitrage_is_left(surfaces: list[Surface]) -> None:
    assert not any(smile.arbitrage for surface in surfaces for smile in surface.smiles.values())
