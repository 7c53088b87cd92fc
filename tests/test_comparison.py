"""Comparisons: the same draws for all, the same figures whoever plays them, and what is said of them."""

import json
import pickle
import shlex

import pandas as pd
import pytest
from typer.testing import CliRunner

import mmsim
from mmsim import UserError, cli, comparison_folder, variants, whole_folder
from mmsim.attribution import BUCKETS

TEXT = """
name: bands
seed: 3
clock: {start: 2026-01-05T09:30 America/New_York, end: 2026-01-05T11:30 America/New_York}
underlyings:
  - {symbol: ABC, kind: stock, tick: 0.01}
options:
  - {underlying: ABC, expiry: 2026-01-16T16:00 America/New_York, strikes: [95, 100, 105]}
market:
  spot: {model: gbm, start: 100, volatility: 0.2, step: 1m, half_spread: 0.01}
  volatility: {model: constant, level: 0.2}
clients:
  - {name: retail, model: poisson, per_hour: 60, reservation_ticks: 4, sizes: [1, 2, 5]}
  - {name: funds, model: poisson, per_hour: 20, reservation_ticks: 8, sizes: [10]}
quoting: {policy: vega_width, half_spread_vol: 0.005}
hedging: {policy: delta_band, band: 100}
execution: {hedge_at: touch}
variants:
  tight: {hedging.band: 10}
  clock: {hedging: {policy: interval, interval_ns: 30m}}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "bands.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    path = tmp_path_factory.mktemp("many") / "bands.yaml"
    path.write_text(TEXT)
    return mmsim.compare(path, paths=12, workers=1)


def test_a_variant_is_what_its_own_run_comes_to(many):
    assert list(many.runs) == ["base", "tight", "clock"]
    for name, run in many.runs.items():
        command = shlex.split(run.summary["reproduce"])
        alone = mmsim.run(command[2], paths=12, variant=None if name == "base" else name)
        assert alone.summary["attribution"] == run.summary["attribution"]
        pd.testing.assert_frame_equal(alone.paths, run.paths)
        row = many.table.loc[name]
        for bucket in (*BUCKETS, "total"):
            assert row[bucket] == pytest.approx(run.summary["attribution"][bucket], abs=1e-9)
        assert row["hedging_pnl"] + row["spread_capture"] == pytest.approx(row["total"])
        assert row["sd"] == pytest.approx(run.summary["monte_carlo"]["total"]["sd"])


def test_hedging_policies_leave_the_clients_alone(many):
    assert many.table["client_fills"].nunique() == 1
    assert many.table["spread_capture"].nunique() == 1
    found = many.differences.set_index(["variant", "figure"])
    assert (found.loc[("tight", "spread_capture"), ["difference", "low", "high"]] == 0).all()
    total = found.loc[("clock", "total")]
    assert total["difference"] == pytest.approx(many.table.at["clock", "total"] - many.table.at["base", "total"])
    assert total["low"] < total["difference"] < total["high"]


def test_the_number_of_workers_changes_nothing(many, tmp_path):
    path = tmp_path / "bands.yaml"
    path.write_text(TEXT)
    shared = mmsim.compare(path, paths=12, workers=2)
    for name in ("table", "differences", "paths", "clients"):
        pd.testing.assert_frame_equal(getattr(shared, name), getattr(many, name))
    assert {n: r.summary["attribution"] for n, r in shared.runs.items()} == {
        n: r.summary["attribution"] for n, r in many.runs.items()
    }


def test_a_run_from_another_process_is_the_run(many):
    run = many.runs["tight"]
    thawed = pickle.loads(pickle.dumps(run))
    assert thawed.summary == run.summary
    for name in ("ledger", "fills", "options", "marks", "breaches", "smiles", "paths"):
        pd.testing.assert_frame_equal(getattr(thawed, name), getattr(run, name))


def test_the_groups_of_clients_add_up_to_what_options_earned(many):
    options = many.runs["tight"].options
    of_tight = many.clients[many.clients["variant"] == "tight"].set_index("client")
    assert set(of_tight.index) == {"retail", "funds"}
    assert of_tight["total"].sum() == pytest.approx(options["total"].sum())
    assert (
        of_tight.at["funds", "contracts_bought"] == options.loc[options["client"] == "funds", "contracts_bought"].sum()
    )


def test_one_path_is_compared_over_its_time(file):
    found = mmsim.compare(file, workers=1)
    totals = found.differences[found.differences["figure"] == "total"].set_index("variant")
    assert totals.at["tight", "difference"] == pytest.approx(
        found.runs["tight"].attribution["total"] - found.runs["base"].attribution["total"], abs=2e-6
    )
    assert totals["low"].notna().all()
    assert (totals["high"] - totals["low"] < totals["unpaired_high"] - totals["unpaired_low"]).all()


def test_a_variant_that_changes_nothing_stands_for_the_scenario(tmp_path, file):
    path = tmp_path / "flat.yaml"
    path.write_text(TEXT.replace("  tight:", "  flat: {}\n  tight:"))
    assert list(mmsim.compare(path, workers=1).runs) == ["flat", "tight", "clock"]


def test_several_files_have_names_of_their_own(tmp_path, file):
    other = tmp_path / "other.yaml"
    other.write_text(TEXT.partition("variants:")[0].replace("seed: 3", "seed: 4"))
    found = mmsim.compare([file, other], workers=1)
    assert list(found.runs) == ["bands: base", "bands: tight", "bands: clock", "other"]
    assert found.differs["other"] == ["seed"]
    assert found.differs["bands: tight"] == []


def test_mistakes_are_said_before_anything_is_run(tmp_path, file):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(TEXT.replace("band: 10}", "bnd: 10}").replace("strikes: [95", "strikes: [-5"))
    with pytest.raises(UserError) as caught:
        mmsim.compare([file, wrong])
    assert {problem.file for problem in caught.value.problems} == {str(wrong)}
    with pytest.raises(UserError, match="nothing to compare"):
        mmsim.compare(file, changes={"variants": "{}"})
    other = tmp_path / "euro.yaml"
    other.write_text("currency: EUR" + TEXT)
    with pytest.raises(UserError, match="different currencies"):
        mmsim.compare([file, other])


BROKEN = """from typing import NamedTuple

class Broken(NamedTuple):
    def hedge(self, view):
        raise ValueError("no idea")
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_mistake_that_only_the_run_finds_names_the_variant(file, tmp_path, workers):
    (tmp_path / "broken.py").write_text(BROKEN)
    changes = {"variants.tight": "{hedging: {policy: broken.py:Broken}}"}
    with pytest.raises(UserError, match=r"variant 'tight': policy .*no idea"):
        mmsim.compare(file, changes=changes, workers=workers)


def test_the_command_writes_tables_that_agree_with_its_json(file, tmp_path):
    folder = tmp_path / "out"
    done = CliRunner().invoke(
        cli.app, ["compare", str(file), "--paths", "4", "--workers", "1", "--out", str(folder), "--json"]
    )
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert summary == json.loads((folder / "comparison.json").read_text())
    buckets = pd.read_parquet(folder / "buckets.parquet").set_index("variant")
    for name, part in summary["variants"].items():
        for bucket in BUCKETS:
            assert buckets.at[name, bucket] == pytest.approx(part["attribution"][bucket], abs=1e-9)
        assert set(part["identities"].values()) == {0}
    differences = pd.read_parquet(folder / "differences.parquet")
    assert differences["difference"].tolist() == [row["difference"] for row in summary["differences"]]
    whole_folder.read(folder, comparison_folder.LAYOUT)
    again = CliRunner().invoke(cli.app, ["compare", str(file), "--workers", "1", "--out", str(folder), "--quiet"])
    assert (again.exit_code, again.stdout.strip()) == (0, str(folder))
    run = CliRunner().invoke(cli.app, ["run", str(file), "--out", str(folder)])
    assert run.exit_code == 2
    assert "not a run's folder" in run.stderr


def test_the_screen_says_who_earned_what(file, tmp_path):
    done = CliRunner().invoke(
        cli.app, ["compare", str(file), "--paths", "4", "--workers", "1", "--out", str(tmp_path / "out")]
    )
    said = done.stdout
    assert "means of 4 paths" in said
    assert "total against base" in said
    assert "unpaired" in said
    assert "--variant clock" in said
    assert all(name in said for name in ("base", "tight", "clock", "hedging"))


def test_without_marks_differences_are_those_of_the_totals(file):
    found = mmsim.compare(file, changes={"keep_paths": "0"}, workers=1)
    totals = found.differences[found.differences["figure"] == "total"].set_index("variant")
    expected = found.table["total"] - found.table.at["base", "total"]
    assert totals["difference"].to_dict() == pytest.approx(expected.drop("base").to_dict())
    assert totals["low"].isna().all()


def test_variants_may_have_other_marks_and_share_the_luck_between_those_of_both(file):
    found = mmsim.compare(file, changes={"variants": "{same: {report.mark_every: 10m}}"}, workers=1)
    total = found.differences.set_index("figure").loc["total"]
    assert total["difference"] == pytest.approx(0.0, abs=0.01)
    assert total["standard_error"] < 0.01 * found.table["sd"].fillna(1.0).iloc[0] + 1.0


@pytest.mark.parametrize("workers", [0, -1, 1.5, "a"])
def test_workers_are_a_whole_number_from_1(file, workers):
    with pytest.raises(UserError, match="workers must be a whole number from 1"):
        mmsim.compare(file, workers=workers)


def test_variants_that_change_the_market_are_said_to(file, tmp_path):
    settings = ["--set", "variants={calm: {market.spot.volatility: 0.1}}"]
    done = CliRunner().invoke(
        cli.app, ["compare", str(file), "--workers", "1", "--out", str(tmp_path / "out"), *settings]
    )
    assert "calm has another market" in done.stdout


def test_the_entries_of_a_file_that_stands_twice_can_be_told_apart(file):
    names = [entry.name for entry in variants._entries(variants._named([file, file], None, None, None))]
    assert len(set(names)) == len(names) == 6
