"""Folders of a user's own: what `mmsim new` writes, and where what comes with mmsim stands."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from mmsim.errors import Problem, UserError, nearest

_PACKAGE = Path(__file__).parent
_COPIES = {  # a workspace's own policies, to be edited: file there: (file here, its class, the class there)
    "strategies/quoting/my_quotes.py": ("quoting/inventory_skew.py", "InventorySkew", "MyQuotes"),
    "strategies/hedging/my_hedge.py": ("hedging/delta_band.py", "DeltaBand", "MyHedge"),
}


def builtin(folder: str) -> Path:
    """Where `strategies` or `scenarios` stand: in the package once it is installed, beside it in a checkout."""
    installed = _PACKAGE / folder
    return installed if installed.is_dir() else _PACKAGE.parent / folder


def scenario_file(path: Path) -> Path:
    """``path``, or the file of that name among the scenarios that come with mmsim; UserError if there is neither."""
    inside = path.relative_to("scenarios") if path.parts[:1] == ("scenarios",) else path
    for file in (path, builtin("scenarios") / inside):
        if file.is_file():
            return file
    known = [f"scenarios/{f.relative_to(builtin('scenarios'))}" for f in sorted(builtin("scenarios").rglob("*.yaml"))]
    raise UserError(Problem("no such scenario file", file=str(path), suggestion=nearest(str(path), known)))


def create(folder: Path, write_sample: Callable[[Path], None]) -> list[Path]:
    """Make a workspace in ``folder``, which must be empty or not there yet; the files that a user edits.

    ``write_sample`` writes a generated day of quotes and trades to the folder that it is given.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(Problem("is not an empty folder: choose another name", file=str(folder)))
    shutil.copytree(_PACKAGE / "template", folder, dirs_exist_ok=True)
    for name, (source, old, new) in _COPIES.items():
        text = (builtin("strategies") / source).read_text(encoding="utf-8")
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text.replace(f"class {old}(", f"class {new}("), encoding="utf-8")
    (folder / "reports").mkdir()
    write_sample(folder / "data" / "sample_day")
    return sorted([*folder.glob("scenarios/*.yaml"), *folder.glob("strategies/*/*.py")])
