"""Whole scenarios drawn from seeds: their books agree with the auditor's, and with those of other ways to run them.

A failure names its seed and the command that plays it again; `make audit` draws more.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from mmsim import backtest, strict_yaml
from mmsim.results import Run
from mmsim.scenario import load
from tests import drawn_audit, planted_faults, scenario_draws
from tests.drawn_audit.hunt import hunt

SCENARIOS = 300
OFTEN = 5  # scenarios of these, at least, in which each feature has had an effect
PLAINLY = range(12)  # seeds that are run with policies in plain Python
UNCOMPILED = (0, 2, 3, 9, 11)  # seeds that are run without numba: recorded, of models, with quotes that stand


def test_drawn_scenarios_pass_the_audit() -> None:
    found = drawn_audit.tally(range(SCENARIOS))
    assert not found.failures, str(found)
    assert len(found.refused) <= drawn_audit.MOST_REFUSED * SCENARIOS, str(found)
    assert not found.rare(OFTEN), str(found)


def test_drawn_scenarios_catch_every_broken_engine() -> None:
    found = hunt(range(SCENARIOS), enough=1)
    assert not set(planted_faults.FAULTS) - set(found.caught), str(found)


@pytest.mark.parametrize(("seed", "files"), [(0, 4), (1, 1)], ids=["recorded", "of models"])
def test_a_seed_is_always_the_same_scenario(seed: int, files: int, tmp_path: Path) -> None:
    made = []
    for number in range(2):
        folder = _folder(tmp_path, number)
        scenario_draws.written(seed, folder)
        made.append({file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.*")})
    assert made[0] == made[1]
    assert len(made[0]) == files


def test_plain_policies_make_the_books_that_compiled_ones_make(tmp_path: Path) -> None:
    fills = 0
    for seed in PLAINLY:
        folder = _folder(tmp_path, seed)
        file = scenario_draws.written(seed, folder)
        compiled = backtest.run(file, folder)
        values: dict[str, Any] = strict_yaml.read(file).value
        for kind in ("quoting", "hedging"):
            values[kind]["policy"] = str(_refused_by_numba(load(file).policy(kind).file, folder))
        file.write_text(yaml.safe_dump(values), encoding="utf-8")
        plain = backtest.run(file, folder)
        for run, is_compiled in ((compiled, True), (plain, False)):
            assert {policy["compiled"] for policy in run.summary["policies"].values()} == {is_compiled}
        _assert_same_books(seed, (plain.ledger, plain.fills), compiled)
        fills += len(plain.fills)
    assert fills > 100


def _folder(under: Path, number: int) -> Path:
    folder = under / str(number)
    folder.mkdir()
    return folder


def _refused_by_numba(file: Path, folder: Path) -> Path:
    """A policy's file with a statement in its decision that does nothing, and that numba does not compile."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in ("quote", "hedge"):
            node.body.insert(0, ast.parse("globals()").body[0])
    twin = folder / f"plain_{file.parent.name}_{file.name}"
    twin.write_text(ast.unparse(tree), encoding="utf-8")
    return twin


def test_without_the_compiler_the_books_are_the_same(tmp_path: Path, root: Path) -> None:
    folders = [_folder(tmp_path, seed) for seed in UNCOMPILED]
    for seed, folder in zip(UNCOMPILED, folders, strict=True):
        scenario_draws.written(seed, folder)
    program = (
        "import sys; from pathlib import Path; from mmsim import backtest\n"
        "for folder in map(Path, sys.argv[1:]):\n"
        "    run = backtest.run(folder / 'scenario.yaml', folder)\n"
        "    assert not run.summary['policies']['quoting']['compiled']\n"
        "    run.ledger.to_parquet(folder / 'ledger.parquet'); run.fills.to_parquet(folder / 'fills.parquet')\n"
    )
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-c", program, *map(str, folders)], env=environment, check=True, timeout=300)
    for seed, folder in zip(UNCOMPILED, folders, strict=True):
        books = (pd.read_parquet(folder / "ledger.parquet"), pd.read_parquet(folder / "fills.parquet"))
        assert len(books[1]) > 0
        _assert_same_books(seed, books, backtest.run(folder / "scenario.yaml", folder))


def _assert_same_books(seed: int, books: tuple[pd.DataFrame, pd.DataFrame], run: Run) -> None:
    """Every posting to the micro-unit, every fill to the last bit."""
    for name, table, expected in zip(("ledger", "fills"), books, (run.ledger, run.fills), strict=True):
        pd.testing.assert_frame_equal(table, expected, check_exact=True, obj=f"seed {seed}: {name}")
