"""Every scenario there is: the page, run.json, the Parquet tables and the API say the same to the micro-unit."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from markupsafe import Markup

import mmsim
from mmsim.attribution import BUCKETS
from mmsim.ledger import NAMES
from mmsim.report import drawing, words

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").rglob("*.yaml"))
PATHS = 2  # of what has several
COLUMNS = {"gamma": "gamma_pnl", "theta": "theta_pnl", "vega": "vega_pnl"}  # of marks


def micros(amount: float) -> int:
    return round(amount * 1e6)


@pytest.fixture(params=SCENARIOS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def saved(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[mmsim.Run, Path]:
    """A run of the scenario and its folder; the page's figures are left blank, which is what takes the time."""
    monkeypatch.setattr(drawing, "svg", lambda *_: Markup("<svg></svg>"))
    scenario = mmsim.load_scenario(request.param)
    data = request.getfixturevalue("recorded_data") if scenario.market.recorded else None
    many = min(scenario.paths, PATHS)
    run = mmsim.run(request.param, data, paths=many, changes={"keep_paths": f"{many}"})
    return run, run.save(tmp_path / "run")


def shown(html: str, caption: str) -> list[int]:
    """The amounts of the table of this caption, micro-units."""
    [body] = re.findall(rf"<caption>{caption}[^<]*</caption>.*?<tbody>(.*?)</tbody>", html, flags=re.DOTALL)
    return [micros(float(value)) for value in re.findall(r'<data value="([^"]*)">', body)]


def test_all_say_the_same(saved: tuple[mmsim.Run, Path]) -> None:
    run, folder = saved
    summary = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    html = (folder / "report.html").read_text(encoding="utf-8")
    tables = {file.stem: pd.read_parquet(file) for file in folder.glob("*.parquet")}
    paths = summary["paths"]
    of_ledger = {
        bucket: -int(
            tables["ledger"]["amount_micros"][tables["ledger"]["account"].isin([NAMES[a] for a in group])].sum()
        )
        for bucket, group in BUCKETS.items()
    }
    assert of_ledger["unexplained"] == 0

    for bucket, sum_over_paths in of_ledger.items():
        assert micros(summary["attribution"][bucket] * paths) == sum_over_paths, bucket
        assert run.attribution[bucket] == summary["attribution"][bucket]
    assert micros(summary["attribution"]["total"] * paths) == sum(of_ledger.values())

    assert shown(html, "Mark view") == [micros(summary["attribution"][bucket]) for bucket in words.BUCKETS]
    assert shown(html, "Cash view") == [micros(summary["cash"][part]) for part in words.CASH]
    assert micros(summary["cash"]["total"]) == micros(summary["attribution"]["total"])
    top = html.split('class="headline"')[1].split("</dl>")[0]
    assert [micros(float(value)) for value in re.findall(r'<data value="([^"]*)">', top)] == [
        micros(amount) for amount in words.headline(summary["attribution"]).values()
    ]

    desk = tables["marks"][tables["marks"]["underlying"] == ""].groupby("path").last()
    for bucket in BUCKETS:
        assert micros(desk[COLUMNS.get(bucket, bucket)].sum()) == of_ledger[bucket], bucket
    edges = tables["fills"].loc[tables["fills"]["kind"] == "client", "edge"]
    assert edges.sum() * 1e6 == pytest.approx(of_ledger["spread_capture"], abs=1 + len(edges))
    assert micros(tables["options"]["spread_capture"].sum()) == of_ledger["spread_capture"]
    if paths > 1:
        assert [micros(amount) for amount in tables["paths"].sort_values("path")["total"]] == [
            micros(amount) for amount in desk["total"]
        ]
    assert summary["identities"] == dict.fromkeys(summary["identities"], 0) == run.identities
    for name, table in tables.items():
        pd.testing.assert_frame_equal(getattr(mmsim.load_run(folder), name), table, check_exact=True)
