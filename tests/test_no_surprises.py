"""What a run may touch: the code that it runs, the files that it reads and those that it writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmsim import backtest, export, results
from mmsim.errors import UserError
from mmsim.market.sample import write_sample
from mmsim.scenario import load

SPY = """
import json, os, sys

seen = {"files": [], "sockets": [], "processes": [], "code": []}

def spy(event, arguments):
    if event.startswith("socket."):
        seen["sockets"].append(event)
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty"):
        seen["processes"].append(f"{event} {arguments[0] if arguments else ''}")
    elif event == "open" and str(arguments[0]).endswith((".py", ".pyc", ".so", ".nbi", ".nbc")):
        seen["files"].append(os.path.abspath(arguments[0]))
    elif event == "exec":
        seen["code"].append(arguments[0].co_filename)

sys.addaudithook(spy)
from mmsim.cli import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
from mmsim import kernel
print(json.dumps(seen | {"cache": str(kernel.CACHE), "home": sys.prefix, "base": sys.base_prefix}))
"""


def spied(root: Path, folder: Path, *arguments: str) -> dict[str, list[str]]:
    """What a command opens and runs that is neither Python's, a package's, mmsim's own nor in the private cache."""
    (folder / "mmsim_policy.py").write_text("raise SystemExit('run by mistake')\n")
    (folder / "json.py").write_text("raise SystemExit('run by mistake')\n")  # beside the user, and not on the path
    done = subprocess.run(
        [sys.executable, "-P", "-c", SPY, *arguments],
        env=os.environ | {"PYTHONPATH": str(root)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    known = (*(f"{seen[key]}/" for key in ("home", "base", "cache")), f"{root}/mmsim/", f"{root}/strategies/", "<")
    for key in ("files", "code"):
        seen[key] = [
            name for name in seen[key] if not str(Path(name).resolve() if name[0] == "/" else name).startswith(known)
        ]
    return {key: seen[key] for key in ("files", "code", "sockets", "processes")}


class TestCode:
    def test_of_a_scenario_without_a_policy_file_is_mmsims_and_its_packages(self, root, tmp_path):
        """No other source is compiled, imported or run; no connection is made and no process started."""
        seen = spied(root, tmp_path, "run", "scenarios/textbook/neftci_9_4_6.yaml", "--quiet")
        assert {key: found for key, found in seen.items() if key != "code"} == {
            "files": [],
            "sockets": [],
            "processes": [],
        }
        assert set(seen["code"]) <= {"-c", ""}, seen["code"]

    def test_of_a_policy_file_is_seen_by_the_same_spy(self, root, tmp_path):
        (tmp_path / "mine.py").write_text((root / "strategies/hedging/every_tick.py").read_text())
        changes = ("--set", "hedging={policy: mine.py}")
        seen = spied(root, tmp_path, "run", "scenarios/textbook/neftci_9_4_6.yaml", "--quiet", *changes)
        assert any(name.endswith("mine.py") for name in [*seen["files"], *seen["code"]])


@pytest.fixture
def replay(root, tmp_path):
    """A recorded scenario in a file, whose folder is said by the test; data/sample_day has its data."""
    text = (root / "mmsim/template/scenarios/replay.yaml").read_text()
    policies = [line for line in text.splitlines() if line.startswith(("quoting:", "hedging:"))]
    for line in policies:
        text = text.replace(line, "")
    write_sample(tmp_path / "data" / "sample_day")

    def make(folder: str) -> Path:
        (tmp_path / "replay.yaml").write_text(text.replace("folder: sample_day", f"folder: {json.dumps(folder)}"))
        return tmp_path / "replay.yaml"

    return make


class TestData:
    @pytest.mark.parametrize("folder", ["../elsewhere", "/etc", "a/../../b", "..", "x\0y", "a/" + "é" * 200])
    def test_of_a_scenario_stand_below_the_data_folder(self, replay, folder):
        with pytest.raises(UserError) as caught:
            load(replay(folder))
        (problem,) = caught.value.problems
        assert problem.key == "market.recorded.folder"
        assert problem.line and problem.column

    @pytest.mark.parametrize("is_folder", [True, False])
    def test_are_not_read_through_a_link_out_of_it(self, replay, tmp_path, is_folder):
        inside, outside = tmp_path / "data" / "sample_day", tmp_path / "outside"
        if is_folder:
            inside.rename(outside)
            inside.symlink_to(outside)
        else:
            outside.mkdir()
            (inside / "option_trade.parquet").rename(outside / "trade.parquet")
            (inside / "option_trade.parquet").symlink_to(outside / "trade.parquet")
        with pytest.raises(UserError, match=r"option_trade\.parquet' is a link out of") as caught:
            backtest.check(replay("sample_day"), data=tmp_path / "data")
        assert all(problem.line for problem in caught.value.problems)

    def test_may_be_links_within_it_and_the_data_folder_one_itself(self, replay, tmp_path):
        (tmp_path / "data" / "day").symlink_to("sample_day")
        (tmp_path / "link").symlink_to(tmp_path / "data")
        assert backtest.check(replay("day"), data=tmp_path / "link")


class TestWhatIsWritten:
    @pytest.fixture
    def saved(self, root, tmp_path):
        return backtest.run(root / "scenarios/textbook/put_scalping.yaml").save(tmp_path / "run")

    @pytest.mark.parametrize("name", ["../x", "a/b", "/tmp/x", "..", ".x", ""])
    def test_no_name_of_a_scenario_leads_out_of_the_reports(self, root, name):
        with pytest.raises(UserError, match="name: "):
            load(root / "scenarios/textbook/put_scalping.yaml", {"name": json.dumps(name)})

    def test_takes_the_place_of_a_link_in_a_runs_folder_and_not_of_its_end(self, saved, tmp_path):
        (tmp_path / "precious").write_text("mine")
        run = results.load(saved)
        for name, write in {
            "report.html": run.report,
            "journal.beancount": lambda file: export.beancount(run, file),
        }.items():
            (saved / name).unlink(missing_ok=True)
            (saved / name).symlink_to(tmp_path / "precious")
            write(saved / name)
            assert not (saved / name).is_symlink()
        assert (tmp_path / "precious").read_text() == "mine"

    def test_never_goes_through_a_linked_folder_of_tables(self, saved, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        (saved / "csv").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(UserError, match="csv: is a symbolic link: nothing was written"):
            export.csv(results.load(saved), saved / "csv")
        assert not any((tmp_path / "elsewhere").iterdir())
