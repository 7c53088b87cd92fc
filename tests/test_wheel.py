"""The wheel carries what a run needs: built, installed and used from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from mmsim import results


def done(*words: object, cwd: Path, **environment: str) -> str:
    """What a program prints; it must not fail."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ended = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=kept | environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    """Built by the backend itself, so that nothing is downloaded."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("dist")
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    done(sys.executable, "-c", build, folder, cwd=root)
    (made,) = folder.glob("*.whl")
    return made


def test_has_every_policy_and_scenario_and_no_test(wheel, root):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, kind in (("strategies", "*.py"), ("scenarios", "*.yaml")):
        own = {f"mmsim/{file.relative_to(root).as_posix()}" for file in (root / folder).rglob(kind)}
        assert own <= names
    assert not [name for name in names if "tests" in Path(name).parts]


def test_runs_a_scenario_from_another_folder(wheel, tmp_path):
    """In an environment of its own, which is lent the packages that mmsim needs; interpreted, to be quick."""
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    packages = Path(done(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip())
    zipfile.ZipFile(wheel).extractall(packages)
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")  # behind the environment's own
    where = done(python, "-c", "import mmsim; print(mmsim.__file__)", cwd=tmp_path)
    assert where.startswith(str(packages))
    words = ("-m", "mmsim", "run", "scenarios/textbook/neftci_9_4_6.yaml", "--quiet", "--out", tmp_path / "run")
    done(python, *words, cwd=tmp_path, NUMBA_DISABLE_JIT="1")
    assert results.load(tmp_path / "run").cash["rebalancing"] == 425.0
