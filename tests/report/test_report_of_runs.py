"""The page of real runs: its figures are those of run.json, and a saved run gives the same page again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mmsim import backtest, results
from mmsim.report import words, write


def cells(html: str, caption: str) -> list[float]:
    """The numbers of the table with this caption, row by row."""
    [body] = re.findall(rf"<caption>{caption}[^<]*</caption>.*?<tbody>(.*?)</tbody>", html, flags=re.DOTALL)
    return [float(value) for value in re.findall(r'<data value="([^"]*)">', body)]


@pytest.mark.parametrize(
    ("name", "paths"), [("textbook/neftci_9_4_6", 1), ("textbook/put_scalping", 1), ("textbook/fair_option", 3)]
)
def test_the_page_of_a_run(root: Path, tmp_path: Path, name: str, paths: int) -> None:
    folder = backtest.run(root / "scenarios" / f"{name}.yaml", paths=paths).save(tmp_path / "run")
    html = (folder / "report.html").read_text(encoding="utf-8")
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))

    assert cells(html, "Mark view") == [run["attribution"][bucket] for bucket in words.BUCKETS]
    assert cells(html, "Cash view") == [run["cash"][part] for part in words.CASH]
    assert cells(html, "Taylor view") == [run["taylor"][part] for part in words.TAYLOR]
    assert cells(html, "Identities") == [0] * len(run["identities"])
    assert cells(html, "Counts") == [run["events"], *run["counts"].values()]
    revaluation = cells(html, "The same revaluation by the ledger")
    assert revaluation[:3] == [run["attribution"][bucket] for bucket in ("theta", "vega", "rates")]
    assert sum(revaluation[:-1]) == pytest.approx(revaluation[-1], abs=1e-5)
    assert revaluation[-1] == pytest.approx(run["taylor"]["total"], abs=1e-5)
    assert words.verdict(run) in html
    if paths > 1:
        of_paths = [figures[key] for figures in run["monte_carlo"].values() for key in ("mean", "sd", "se")]
        assert cells(html, f"Over {paths} paths") == of_paths

    over_time = cells(html, "Buckets over time")
    columns = len(re.findall("<li>", html.split('id="cumulative"')[1].split("</ul>")[0]))
    assert over_time[:columns] == [0.0] * columns
    if paths == 1:
        assert over_time[-columns] == run["attribution"]["total"]

    again = write(results.load(folder), tmp_path / "again.html")
    assert again.read_text(encoding="utf-8") == html


def test_every_key_of_run_json_that_is_explained_is_there(root: Path) -> None:
    run = backtest.run(root / "scenarios" / "textbook" / "neftci_9_4_6.yaml").summary
    assert set(run["attribution"]) == set(words.BUCKETS)
    assert set(run["cash"]) == set(words.CASH)
    assert set(run["carry"]) == set(words.CARRY)
    assert set(run["taylor"]) == set(words.TAYLOR)
    assert set(run["components"]) == set(words.COMPONENTS)
    assert set(run["identities"]) == set(words.IDENTITIES)
    assert {"events", *run["counts"]} == set(words.COUNTS)
    assert list(run["attribution"]) == list(words.BUCKETS), "one order everywhere"
