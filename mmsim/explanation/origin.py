"""What a run was made from and with, and whether the same is here."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmsim import backtest, results
from mmsim.errors import UserError
from mmsim.results import Run
from mmsim.run_folder import table_file
from mmsim.scenario import Scenario
from mmsim.whole_folder import MANIFEST
from mmsim.workspace import scenario_file


def opened(run: Run | str | Path) -> tuple[Run, str]:
    """A run, or the one in a folder with the hash of its ledger; UserError if it is not what its manifest says."""
    if isinstance(run, Run):
        return run, ""
    found = results.load(run)
    return found, json.loads((Path(run) / MANIFEST).read_text(encoding="utf-8"))[table_file("ledger")]


def digest(ledger: str, path: int, summary: Mapping[str, Any]) -> str:
    """The hash of all that the states of a replay depend on, but for mmsim's sources."""
    parts = [ledger, path, *(summary[name] for name in ("scenario", "inputs", "versions"))]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def check_kept(scenario: Scenario, path: int) -> None:
    """UserError if the run has kept no rows of a path."""
    kept = min(scenario.keep_paths, scenario.paths)
    if not 0 <= path < kept:
        said = f"it kept {kept:,}, numbered from 0" if kept else "it kept none (keep_paths)"
        raise UserError(f"path {path} has no ledger in the run: {said}")


def check_versions(made_with: Mapping[str, str]) -> None:
    """UserError if the run was made with other versions of anything than those here."""
    here = backtest.versions()
    other = [
        f"{name} {made_with.get(name, 'none')} (here {here.get(name, 'none')})"
        for name in sorted({*made_with, *here})
        if made_with.get(name) != here.get(name)
    ]
    if other:
        raise UserError(f"the run was made with {', '.join(other)}: install these to explain it")


def check_inputs(made_with: Mapping[str, str], here: Mapping[str, str]) -> None:
    """UserError if a file is not the one that the run has read, by its SHA-256."""
    other = [name for name, digest in here.items() if made_with.get(name) != digest]
    if other:
        raise UserError(f"the run has read other files than these: {', '.join(other)} (the SHA-256 differs)")


def made_from(command: str) -> tuple[str, str | None]:
    """The scenario's file and the data folder in the command that made a run."""
    words = shlex.split(command)
    data = words[words.index("--data") + 1] if "--data" in words else None
    typed = words[2]
    try:
        return str(scenario_file(Path(typed))), data
    except UserError:  # it may be gone: the run's folder holds all but its place
        return typed, data
