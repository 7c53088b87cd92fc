"""A share of the kills of `make fuzz`, and every site of every writing; what a full disk leaves."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.kills import runs


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A run's folder."""
    folder = tmp_path_factory.mktemp("saved") / "run"
    runs.finished(folder)
    return folder


def sites(root, *arguments: object) -> str:
    words = [*(["unshare", "-rm"] if "full" in arguments else []), sys.executable, "-m", "tests.kills.sites"]
    done = subprocess.run(
        [*words, *map(str, arguments)], cwd=root, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_kill_at_any_time_leaves_an_old_run_a_new_one_or_none(tmp_path):
    assert runs.campaign(tmp_path, warm=6).startswith("6 kills")


def test_a_refusal_or_a_kill_at_every_change_to_the_disk_leaves_what_was_there(root, tmp_path, saved):
    """The old run is whole, too, where it was being replaced."""
    assert "a run over another: 32 sites refused, 49 killed\n" in sites(root, tmp_path, saved)


def _can_mount() -> bool:
    if not shutil.which("unshare"):
        return False
    words = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _can_mount(), reason="no tmpfs can be mounted here")
def test_a_disk_that_is_full_at_any_page_leaves_what_was_there(root, tmp_path, saved):
    said = sites(root, tmp_path, saved, "full")
    assert int(said.split("a run over another: ")[1].split()[0]) > 10
