"""The commands as a user types them: what is printed where, and with which exit code."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest
from beancount import loader
from beancount.core.data import Transaction
from rich.console import Console
from typer.testing import CliRunner

from mmsim import backtest, cli
from mmsim.errors import Problem, UserError
from mmsim.kernel import JIT

ROOT = Path(__file__).parent.parent
PUT_SCALPING = ROOT / "scenarios/textbook/put_scalping.yaml"


@pytest.fixture
def mmsim(monkeypatch, tmp_path):
    """Run a command in an empty folder; the result has `exit_code`, `stdout` and `stderr`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return lambda *arguments: CliRunner().invoke(cli.app, [str(a) for a in arguments])


def test_help_names_every_command(mmsim):
    shown = mmsim("--help").stdout
    assert "where did every cent come from" in " ".join(shown.split())
    for command in ("run", "check", "report", "policies", "schema", "export", "new"):
        assert f"\n  {command} " in shown


def test_help_of_a_command_loads_nothing_heavy():
    code = "import sys; from mmsim import cli; print({'numba', 'numpy', 'pandas', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.skipif(not JIT, reason="the compiler is off")
def test_the_first_run_says_that_it_compiles_before_it_does(tmp_path):
    cache = tmp_path / "cache"
    command = [sys.executable, "-m", "mmsim", "run", str(PUT_SCALPING), "--out", str(tmp_path / "out")]
    environment = {**os.environ, "MMSIM_CACHE": str(cache)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr.readline().startswith("Compiling the loop (first run only")
            assert not any(cache.rglob("*.nbi"))  # nothing is compiled yet
        finally:
            process.kill()


def test_a_missing_scenario_is_one_line_with_the_nearest_name(mmsim):
    done = mmsim("run", "scenarios/synthetic/market_maker_dya.yaml")
    assert done.exit_code == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("scenarios/synthetic/market_maker_dya.yaml: no such scenario file")
    assert "did you mean 'scenarios/synthetic/market_maker_day.yaml'?" in line


class TestMistakes:
    def test_every_mistake_is_a_line_on_standard_error(self, capsys):
        with pytest.raises(cli.typer.Exit) as caught, cli.mistakes(debug=False):
            raise UserError(Problem("is wrong", "a.yaml", 3, 5, "hedging.bnad", "band"), "and so is this [sic]")
        assert caught.value.exit_code == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.splitlines() == [
            "a.yaml:3:5: hedging.bnad: is wrong (did you mean 'band'?)",
            "and so is this [sic]",
        ]

    def test_anything_else_is_one_line_and_exit_code_1(self, capsys):
        with pytest.raises(cli.typer.Exit) as caught, cli.mistakes(debug=False):
            raise ZeroDivisionError("division by zero")
        assert caught.value.exit_code == 1
        assert capsys.readouterr().err == "mmsim failed: ZeroDivisionError: division by zero (--debug shows where)\n"

    def test_debug_shows_the_traceback(self):
        with pytest.raises(UserError), cli.mistakes(debug=True):
            raise UserError("x")


def test_settings_are_split_at_the_first_equals_sign():
    assert cli.changes(["hedging.band=10", "about=a=b"]) == {"hedging.band": "10", "about": "a=b"}
    assert cli.changes(None) == {}


def test_all_wrong_settings_are_said():
    with pytest.raises(UserError) as caught:
        cli.changes(["hedging.band", "a=1", "=5"])
    assert [p.file for p in caught.value.problems] == ["--set", "--set"]


class TestProgress:
    def test_elsewhere_than_on_a_terminal_it_is_a_line_now_and_then(self, monkeypatch, capsys):
        clock = iter([0.0, 1.0, 12.0, 12.0, 13.0])
        monkeypatch.setattr(cli.time, "monotonic", lambda: next(clock))
        with cli.progress(quiet=False) as show:
            show(0.1, "replaying")
            show(0.5, "replaying")
            show(0.6, "replaying")
        assert capsys.readouterr().err == "replaying: 50%\n"

    def test_quiet_is_quiet(self, capsys):
        with cli.progress(quiet=True) as show:
            show(0.5, "replaying")
        assert capsys.readouterr() == ("", "")

    def test_a_terminal_has_a_bar(self, monkeypatch, capsys):
        monkeypatch.setattr(cli, "err", Console(stderr=True, force_terminal=True, width=80))
        with cli.progress(quiet=False) as show:
            show(0.5, "replaying")
            time.sleep(0.15)
        assert "replaying" in capsys.readouterr().err


class TestPolicies:
    def test_lists_every_file_of_strategies(self, mmsim):
        root = ROOT / "strategies"
        shown = json.loads(mmsim("policies", "--json").stdout)
        assert [(p["kind"], p["name"]) for p in shown] == [
            (kind, file.stem) for kind in ("quoting", "hedging") for file in sorted((root / kind).glob("*.py"))
        ]

    def test_says_everything_about_one(self, mmsim):
        (policy,) = json.loads(mmsim("policies", "delta_band", "--json").stdout)
        assert policy["parameters"] == [
            {"name": "band", "type": "number", "default": "5.0", "meaning": "units of the underlying"}
        ]
        assert policy["example"] == "hedging: {policy: delta_band, band: 5.0}"
        assert "Whalley and Wilmott" in policy["source"]
        shown = mmsim("policies", "delta_band").stdout
        assert policy["example"] in shown
        assert "units of the underlying" in shown

    def test_shows_brackets_as_they_are(self, mmsim):
        assert "`deltas[k]`" in mmsim("policies", "scripted_deltas").stdout

    def test_finds_a_users_own(self, mmsim, tmp_path):
        folder = tmp_path / "strategies" / "hedging"
        folder.mkdir(parents=True)
        (folder / "mine.py").write_text(
            "class Mine(NamedTuple):\n    n: int = 1_000  # things\n    def hedge(self, view): return 0.0\n"
        )
        (folder / "broken.py").write_text("class (")
        (policy,) = json.loads(mmsim("policies", "strategies/hedging/mine.py", "--json").stdout)
        assert policy["name"] == "strategies/hedging/mine.py:Mine"
        assert policy["parameters"][0]["default"] == "1000"

    def test_an_unknown_one_is_exit_code_2_with_the_nearest_name(self, mmsim):
        done = mmsim("policies", "inventry_skew")
        assert done.exit_code == 2
        assert done.stderr == "no policy is called 'inventry_skew' (did you mean 'inventory_skew'?)\n"


def test_schema_is_json_schema(mmsim):
    shown = json.loads(mmsim("schema").stdout)
    assert shown["type"] == "object"
    assert {"clock", "market", "quoting", "hedging"} <= set(shown["properties"])


class TestNew:
    def test_refuses_a_folder_with_something_in_it(self, mmsim, tmp_path):
        (tmp_path / "desk").mkdir()
        (tmp_path / "desk" / "notes.txt").write_text("mine")
        done = mmsim("new", "desk")
        assert done.exit_code == 2
        assert done.stderr == "desk: is not an empty folder: choose another name\n"
        assert [f.name for f in (tmp_path / "desk").iterdir()] == ["notes.txt"]

    def test_every_scenario_of_a_new_workspace_runs(self, mmsim, monkeypatch, tmp_path):
        done = mmsim("new", "desk")
        assert done.exit_code == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "Next:   cd desk && mmsim run scenarios/first.yaml"
        monkeypatch.chdir(tmp_path / "desk")
        for scenario in ("scenarios/first.yaml", "scenarios/replay.yaml"):
            done = mmsim("run", scenario, "--data", "data", "--json")
            assert done.exit_code == 0, done.stderr
            summary = json.loads(done.stdout)
            assert summary["counts"]["client_fills"] > 0
            assert summary["policies"]["quoting"]["name"] == "strategies/quoting/my_quotes.py:MyQuotes"
            assert summary["policies"]["quoting"]["compiled"]

    def test_the_tutorials_policy_runs_in_it(self, mmsim, monkeypatch, tmp_path):
        mmsim("new", "desk")
        monkeypatch.chdir(tmp_path / "desk")
        tutorial = (ROOT / "docs/policy_tutorial.md").read_text()
        code = tutorial.split("```python\n")[1].split("```")[0]
        line = tutorial.split("```yaml\n")[2].split("```")[0]
        Path("strategies/quoting/my_quotes.py").write_text(code)
        scenario = Path("scenarios/first.yaml")
        wrong = mmsim("check", scenario)
        assert wrong.exit_code == 2
        assert "lean_vol_per_vega" in wrong.stderr
        lines = scenario.read_text().splitlines()
        scenario.write_text("\n".join(line if text.startswith("quoting:") else text for text in lines))
        done = mmsim("run", scenario, "--json")
        assert done.exit_code == 0, done.stderr
        assert json.loads(done.stdout)["policies"]["quoting"]["parameters"]["lean_vol"] == 0.01


@pytest.fixture(scope="module")
def textbook(tmp_path_factory):
    """The put-scalping scenario, run once: what was printed, and the run's folder."""
    folder = tmp_path_factory.mktemp("runs") / "put"
    done = CliRunner().invoke(cli.app, ["run", str(PUT_SCALPING), "--out", str(folder)])
    assert done.exit_code == 0, done.stderr
    return done, folder


class TestRun:
    def test_prints_the_buckets_and_the_report(self, textbook):
        done, folder = textbook
        assert "Spread capture" in done.stdout
        assert f"Report: {folder}/report.html\n" in done.stdout
        assert done.stdout.splitlines()[-1].startswith("Next:   mmsim ")
        assert (folder / "report.html").read_text().startswith("<!DOCTYPE html>")

    def test_json_is_run_json_and_nothing_else(self, textbook, mmsim, tmp_path):
        shown = json.loads(mmsim("run", "textbook/put_scalping.yaml", "--json", "--out", tmp_path / "again").stdout)
        written = json.loads((tmp_path / "again" / "run.json").read_text())
        assert shown == written
        assert shown["attribution"] == json.loads((textbook[1] / "run.json").read_text())["attribution"]

    def test_quiet_is_the_runs_folder_and_nothing_else(self, mmsim):
        done = mmsim("run", "scenarios/textbook/put_scalping.yaml", "--quiet")
        assert done.stderr == ""
        folder = Path(done.stdout.strip())
        assert folder.parent == Path("reports/put-scalping")
        assert (folder / "run.json").exists()

    def test_a_wrong_scenario_says_everything_and_leaves_nothing(self, mmsim, tmp_path):
        good = PUT_SCALPING.read_text()
        Path("bad.yaml").write_text(
            good.replace("quoting:", "qouting:").replace("settlement: cash", "settlement: csah")
        )
        done = mmsim("run", "bad.yaml", "--set", "hedging.policy=evry_tick", "--out", "run")
        assert done.exit_code == 2
        assert "did you mean 'quoting'?" in done.stderr
        assert all(line.startswith(("bad.yaml:", "--set")) for line in done.stderr.splitlines())
        assert [file.name for file in tmp_path.iterdir()] == ["bad.yaml"]

    def test_report_writes_the_page_again(self, textbook, mmsim):
        page = textbook[1] / "report.html"
        before = page.read_bytes()
        page.write_text("")
        assert mmsim("report", textbook[1]).exit_code == 0
        assert page.read_bytes() == before

    def test_export_writes_a_journal_that_beancount_loads(self, textbook, mmsim):
        done = mmsim("export", textbook[1], "--format", "beancount")
        assert done.exit_code == 0, done.stderr
        entries, errors, _ = loader.load_file(done.stdout.strip())
        assert errors == []
        postings = [posting for entry in entries if isinstance(entry, Transaction) for posting in entry.postings]
        result = sum(p.units.number for p in postings if p.account.startswith(("Income", "Expenses")))
        summary = json.loads((textbook[1] / "run.json").read_text())
        assert -result == Decimal(str(summary["attribution"]["total"]))

    def test_a_run_whose_books_do_not_balance_is_saved_and_fails(self, mmsim, monkeypatch, tmp_path):
        ran = backtest.run

        def unbalanced(*arguments, **options):
            run = ran(*arguments, **options)
            run.summary["identities"] |= {"cash_view": 2}
            return run

        monkeypatch.setattr(backtest, "run", unbalanced)
        for output in ([], ["--quiet"], ["--json"]):
            done = mmsim("run", PUT_SCALPING, "--out", tmp_path / "run", *output)
            assert done.exit_code == 1
            assert (tmp_path / "run" / "manifest.json").is_file()
            assert done.stderr.splitlines()[-1] == (
                f"{tmp_path}/run: the figures cannot be trusted: identities do not hold (cash_view)"
            )

    def test_out_is_looked_at_before_the_run(self, mmsim, monkeypatch):
        Path("notes.txt").write_text("mine")
        monkeypatch.setattr(backtest, "run", lambda *_, **__: pytest.fail("ran"))
        done = mmsim("run", PUT_SCALPING, "--out", ".")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == ".: is not empty and not a run's folder: nothing was written\n"

    def test_the_next_command_runs_as_printed(self, mmsim, monkeypatch, tmp_path):
        mmsim("new", "my desk")
        monkeypatch.chdir(tmp_path / "my desk")
        Path("data").rename("my data")
        done = mmsim("run", "scenarios/replay.yaml", "--data", "my data", "--set", "hedging.band=60")
        assert done.exit_code == 0, done.stderr
        command = shlex.split(done.stdout.splitlines()[-1].removeprefix("Next:"))
        assert command[:3] == ["mmsim", "run", "scenarios/replay.yaml"]
        assert [word for word in command if word.startswith("hedging.band=")] == ["hedging.band=30"]
        again = mmsim(*command[1:], "--json")
        assert again.exit_code == 0, again.stderr
        assert json.loads(again.stdout)["policies"]["hedging"]["parameters"]["band"] == 30

    def test_export_of_a_run_that_kept_no_path(self, mmsim, tmp_path):
        scenario = "scenarios/textbook/fair_option.yaml"
        mmsim("run", scenario, "--paths", "3", "--set", "keep_paths=0", "--out", "run", "--quiet")
        done = mmsim("export", "run", "--format", "beancount")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith("run/journal.beancount: has nothing to hold")
        assert mmsim("export", "run", "--format", "csv").stdout == "run/csv/paths.csv\n"

    def test_what_stands_where_a_file_is_to_be_written(self, textbook, mmsim, tmp_path):
        folder = tmp_path / "run"
        shutil.copytree(textbook[1], folder, ignore=shutil.ignore_patterns("csv", "report.html"))
        (folder / "csv").write_text("mine")
        (folder / "report.html").mkdir()
        for command, name in ((("export", folder, "--format", "csv"), "csv"), (("report", folder), "report.html")):
            done = mmsim(*command)
            assert (done.exit_code, done.stdout) == (2, "")
            assert done.stderr.startswith(f"{folder / name}: cannot be written: ")
            assert len(done.stderr.splitlines()) == 1

    def test_a_damaged_run_is_a_users_mistake(self, textbook, mmsim, tmp_path):
        folder = tmp_path / "run"
        shutil.copytree(textbook[1], folder)
        (folder / "manifest.json").write_text("{")
        for command in (("report", folder), ("export", folder, "--format", "csv")):
            done = mmsim(*command)
            assert (done.exit_code, done.stdout) == (2, "")
            assert done.stderr.startswith(f"{folder / 'manifest.json'}: is no JSON")

    def test_export_writes_csv(self, textbook, mmsim):
        done = mmsim("export", textbook[1], "--format", "csv")
        assert {"ledger.csv", "fills.csv", "marks.csv"} <= {Path(line).name for line in done.stdout.splitlines()}

    def test_a_folder_that_is_no_run_is_a_users_mistake(self, mmsim, tmp_path):
        for command in (("report", tmp_path), ("export", tmp_path, "--format", "csv")):
            done = mmsim(*command)
            assert (done.exit_code, done.stdout) == (2, "")
            assert len(done.stderr.splitlines()) == 1


ODD = """
from typing import Any, NamedTuple

class Odd(NamedTuple):
    kind: int = 0
    interval_ns: Any = 0
    deltas: Any = None

    def hedge(self, view):
        return 0.0

    def prepare(self, scenario):
        interval = {1: float("inf"), 2: -5}.get(self.kind, 0)
        return self._replace(interval_ns=interval, deltas=[[1], [1, 2]] if self.kind == 3 else None)
"""


class TestCheck:
    @pytest.mark.parametrize(
        ("setting", "said"),
        [
            (
                "hedging={policy: interval, interval_ns: 1}",
                "hedging.interval_ns: gives 23,400,000,000,000 timers",
            ),
            ("hedging={policy: scripted_deltas, deltas: []}", "hedging.deltas: must not be empty"),
            ("hedging={policy: scripted_deltas, deltas: [[1, 2], [3]]}", "hedging.deltas: must be a list of numbers"),
            (
                "hedging={policy: scripted_deltas, deltas: [[1, 2], [3, 4]]}",
                "hedging.deltas: must be a number a tick, or one for each of the 36 options a tick",
            ),
            ("hedging={policy: scripted_deltas, deltas: [[[1]]]}", "hedging.deltas: must be a number a tick"),
            ("hedging={policy: odd.py:Odd, kind: 1}", "hedging.interval_ns: cannot convert float infinity to integer"),
            ("hedging={policy: odd.py:Odd, kind: 2}", "hedging.interval_ns: must be a duration from 0 to 50 years"),
            ("hedging={policy: odd.py:Odd, kind: 3}", "hedging.deltas: must be a number a tick"),
            ("sessions={open: 01:00, close: 02:00, zone: UTC}", "sessions: no session is open within the clock"),
            ("quoting.policy=exits.py", "quoting.policy: exits.py does not import: SystemExit: 0"),
        ],
    )
    def test_what_does_not_fit_is_a_line_and_exit_code_2(self, mmsim, setting, said):
        Path("exits.py").write_text("import sys\nsys.exit(0)\n")
        Path("odd.py").write_text(ODD)
        done = mmsim("check", "scenarios/synthetic/market_maker_day.yaml", "--set", setting)
        assert (done.exit_code, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith("--set: ")
        assert said in line.replace(f"{Path.cwd()}/", "")

    def test_deltas_may_be_given_for_each_option(self, mmsim):
        deltas = f"hedging={{policy: scripted_deltas, deltas: [{[0.5] * 36}, {[0.6] * 36}]}}"
        done = mmsim("check", "scenarios/synthetic/market_maker_day.yaml", "--set", deltas)
        assert (done.exit_code, done.stderr) == (0, "")

    def test_says_that_recorded_data_were_not_looked_at(self, mmsim):
        for scenario in ("goog", "es_fop"):
            done = mmsim("check", f"scenarios/recorded/{scenario}.yaml")
            assert done.exit_code == 0, done.stderr
            assert done.stdout == (
                f"scenarios/recorded/{scenario}.yaml: nothing wrong, "
                "but its data were not looked at: give their folder with --data\n"
            )


def test_every_scenario_that_comes_with_mmsim_is_right(mmsim):
    scenarios = [f for f in sorted((ROOT / "scenarios").rglob("*.yaml")) if "recorded:" not in f.read_text()]
    done = mmsim("check", *scenarios)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"{scenario}: nothing wrong" for scenario in scenarios]
