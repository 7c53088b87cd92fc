"""The surface at an instant: from a scenario or a folder alone, printed, drawn, and with quotes that are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import mmsim
from mmsim import workspace
from mmsim.cli import app
from mmsim.errors import UserError
from mmsim.market.recording import Terms
from mmsim.market.sample import write_sample

AT = "2026-03-02T15:30:00Z"
TERMS = Terms(rate=0.04, expiry_time="16:00 America/New_York", exercise="european")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `mmsim new` writes."""
    folder = tmp_path_factory.mktemp("new") / "desk"
    workspace.create(folder, write_sample)
    return folder


@pytest.fixture(scope="module")
def day(desk: Path) -> Path:
    return desk / "data" / "sample_day"


@pytest.fixture(scope="module")
def found(day: Path) -> mmsim.SurfaceAt:
    return mmsim.surface_at(day, AT, terms=TERMS)


def changed(day: Path, into: Path, **columns: object) -> Path:
    """The folder with columns of its option quotes replaced."""
    into.mkdir()
    for file in day.glob("*.parquet"):
        table = pd.read_parquet(file)
        (table.assign(**columns) if file.stem == "option_quote" else table).to_parquet(into / file.name)
    return into


def test_forwards_and_smiles_are_those_that_made_the_day(found: mmsim.SurfaceAt) -> None:
    expiries = found.expiries
    assert len(expiries) == 2
    assert expiries["parity_forward"].to_numpy() == pytest.approx(expiries["model_forward"].to_numpy(), abs=0.06)
    assert expiries["implied_yield"].abs().max() < 0.06  # 0.05 of 100 over four days is much a year
    assert (expiries["parity_error"] < 0.05).all() and (expiries["parity_status"] == "ok").all()
    spot = expiries["spot"].iloc[0]
    k = np.log(found.smiles["strike"] / spot)
    assert found.smiles["mid"].to_numpy() == pytest.approx(0.25 - 0.2 * k + 0.6 * k**2, abs=0.02)
    assert sum(found.uses.values()) == len(found.quotes) == 36
    assert found.uses["used"] == len(found.smiles) == expiries["used"].sum()
    assert set(found.surfaces) == {"XYZ"}
    assert found.parity["half_widths"].abs().median() < 1.0


def test_a_scenario_and_its_folder_say_the_same(desk: Path, day: Path, found: mmsim.SurfaceAt) -> None:
    changes = {"options.0.exercise": "european", "clock.start": "2026-03-01T15:30:00Z", "options.0.ticks": "0.05"}
    same = mmsim.surface_at(desk / "scenarios" / "replay.yaml", AT, folder=desk / "data", changes=changes)
    assert load_rate(desk) == TERMS.rate
    pd.testing.assert_frame_equal(same.expiries, found.expiries)
    pd.testing.assert_frame_equal(same.quotes, found.quotes)


def load_rate(desk: Path) -> float:
    return mmsim.load_scenario(desk / "scenarios" / "replay.yaml").rates.options_cash


def test_nothing_from_later_is_known(day: Path, found: mmsim.SurfaceAt, tmp_path: Path) -> None:
    into = tmp_path / "cut"
    into.mkdir()
    for file in day.glob("*.parquet"):
        table = pd.read_parquet(file)
        table[table["ts_utc"] <= pd.Timestamp(AT)].to_parquet(into / file.name)
    pd.testing.assert_frame_equal(mmsim.surface_at(into, AT, terms=TERMS).expiries, found.expiries)


@pytest.mark.parametrize(
    ("columns", "parity", "use"),
    [
        ({"cp": "C"}, "no puts", "used"),
        ({"ask": np.nan, "ask_size": 0}, "no calls", "no ask"),
    ],
)
def test_bad_chains_have_a_status(day: Path, tmp_path: Path, columns: dict[str, object], parity: str, use: str) -> None:
    found = mmsim.surface_at(changed(day, tmp_path / "bad", **columns), AT, terms=TERMS)
    assert set(found.expiries["parity_status"]) == {parity}
    assert use in found.uses
    assert found.as_dict()["expiries"][0]["parity_forward"] is None


def test_one_strike_has_a_status(day: Path, tmp_path: Path) -> None:
    found = mmsim.surface_at(changed(day, tmp_path / "bad", strike=100.0), AT, terms=TERMS)
    assert set(found.expiries["parity_status"]) == {"one strike"}
    assert set(found.expiries["status"]) <= {"one strike", "no valid quotes"}
    json.dumps(found.as_dict(), allow_nan=False)


class TestTheCommand:
    def mmsim(self, *words: object) -> object:
        return CliRunner().invoke(app, ["surface", *map(str, words)])

    def options(self) -> list[str]:
        return ["--at", AT, "--rate", "0.04", "--exercise", "european"]

    @pytest.mark.parametrize(("suffix", "begins"), [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".html", b"<!doctype")])
    def test_draws_and_prints(self, day: Path, tmp_path: Path, suffix: str, begins: bytes) -> None:
        picture = tmp_path / f"smiles{suffix}"
        done = self.mmsim(day, *self.options(), "--out", picture)
        assert done.exit_code == 0, done.output
        assert picture.read_bytes().startswith(begins)
        for said in ("2026-03-06", "2026-03-20", "fitted", "forward", "arbitrage", str(picture)):
            assert said in done.output

    def test_json_is_json_alone(self, day: Path, tmp_path: Path, found: mmsim.SurfaceAt) -> None:
        done = self.mmsim(day, *self.options(), "--out", tmp_path / "x.svg", "--json")
        shown = json.loads(done.stdout)
        assert shown == {**found.as_dict(), "picture": str(tmp_path / "x.svg")}
        assert {"forward", "parity_error", "rms_mark", "inside_mark", "arbitrage_left"} <= shown["expiries"][0].keys()

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["nowhere", "--at", AT], "nowhere"),
            (["DAY", "--at", "2026-03-02T15:30:00"], "--at"),
            (["DAY", "--at", "2026-02-02T15:30:00Z"], "no quotes"),
            (["DAY", "--at", AT, "--rate", "nan"], "rates.options_cash"),
            (["DAY", "--at", AT, "--kind", "bond"], "kind"),
            (["DAY", "--at", AT, "--exercise", "bermudan"], "exercise"),
            (["DAY", "--at", AT, "--expiry-time", "16:00"], "expiry_time"),
            (["DAY", "--at", AT, "--tick", "0"], "ticks"),
            (["DAY", "--at", AT, "--data", "."], "scenarios"),
            (["DAY", "--at", AT, "--set", "x"], "KEY=VALUE"),
            (["DAY", "--at", AT, "--out", "x.gif"], ".svg"),
            (["scenarios/textbook/conversion.yaml", "--at", AT], "recorded"),
            (["scenarios/recorded/goog.yaml", "--at", AT], "clock"),
        ],
    )
    def test_mistakes_have_a_place_and_exit_code_2(self, day: Path, words: list[str], said: str) -> None:
        done = self.mmsim(*(day if word == "DAY" else word for word in words))
        assert done.exit_code == 2, done.output
        assert said in done.output and "Traceback" not in done.output


def test_a_picture_needs_a_smile(day: Path, tmp_path: Path) -> None:
    bad = changed(day, tmp_path / "bad", ask=np.nan, ask_size=0)
    with pytest.raises(UserError, match="nothing was fitted"):
        mmsim.surface_at(bad, AT, terms=TERMS).draw(tmp_path / "x.svg")


def test_real_chains(recorded_data: Path, root: Path) -> None:
    """A folder alone tells futures from stocks, and that the options are American."""
    es = mmsim.surface_at(
        recorded_data / "lean_es_fop",
        "2020-01-06T15:00:00Z",
        terms=Terms(rate=0.016, expiry_time="08:30 America/Chicago", tick=0.05),
    )
    assert list(es.surfaces) == ["ES202003", "ES202006"]
    assert (es.expiries["forward"] == es.expiries["spot"]).all()
    assert (es.expiries["parity_forward"] - es.expiries["forward"]).abs().max() < 0.4
    assert (es.expiries["rms_mark"] < 0.0005).all() and (es.expiries["inside_mark"] > 0.95).all()
    goog = mmsim.surface_at(recorded_data / "lean_goog", "2015-12-24T16:00:00Z", terms=Terms(rate=0.005))
    assert len(goog.expiries) == 12 and (goog.expiries["parity_status"] == "ok").all()
    assert (goog.expiries["forward"] - goog.expiries["model_forward"]).abs().max() < 2.0
