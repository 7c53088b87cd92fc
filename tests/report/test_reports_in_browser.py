"""Real reports in a real browser: a synthetic day, paths, a recorded day, a comparison and a sensitivity."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mmsim
from mmsim.report.words import BUCKETS
from tests.report.browser import TALL, Browser

pytestmark = pytest.mark.browser
SCENARIOS = Path(__file__).parents[2] / "scenarios"
DAY, BANDS = SCENARIOS / "synthetic" / "market_maker_day.yaml", SCENARIOS / "comparison" / "hedging_bands.yaml"
FAIR, ES = SCENARIOS / "textbook" / "fair_option.yaml", SCENARIOS / "recorded" / "es_fop.yaml"
FEW = "{clock_1d: {}, leland_1d: {hedging.round_trip: 0.004}, band_1: {hedging: {policy: delta_band, band: 1}}}"
LEVELS = {"sensitivity": "{latency: [0s], informed: [0, 0.2], hedge_cost: [1, 2]}"}
MAKERS: dict[str, Callable[[Any], Any]] = {
    "day": lambda data: mmsim.run(DAY),
    "paths": lambda data: mmsim.run(FAIR, paths=40),
    "es_fop": lambda data: mmsim.run(ES, data),
    "comparison": lambda data: mmsim.compare(BANDS, paths=40, changes={"variants": FEW}, workers=1),
    "sensitivity": lambda data: mmsim.sensitivity(DAY, changes=LEVELS, workers=1),
}


@pytest.fixture(scope="module", params=MAKERS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = request.getfixturevalue("recorded_data") if request.param == "es_fop" else None
    made: Path = MAKERS[request.param](data).save(tmp_path_factory.mktemp(request.param) / "out")
    return made


def test_it_can_be_read_on_a_screen_and_a_phone(browser: Browser, folder: Path) -> None:
    """No request to anything else, no error, nothing beyond the edge, contrast in both themes; all tables open."""
    page = folder / "report.html"
    assert page.stat().st_size < 3e6
    browser.log("performance"), browser.log("browser")
    for width, theme in ((390, "dark"), (1440, "light"), (1440, "dark")):
        browser.open(page, width, theme, height=TALL if width > 1000 else 900)
        assert browser.ask("openAll() && document.documentElement.scrollWidth") <= width
        assert browser.ask("overflowing()") == []
        if width > 1000:
            texts, shapes = browser.seen("texts()"), browser.seen("shapes()")
            assert len(texts) > 4 and len(shapes) > 2
            assert [(t.what, t.contrast) for t in texts if t.contrast < (3 if t.is_large else 4.5)] == []
            assert [(s.what, s.contrast) for s in shapes if s.contrast < 3] == []
    events = browser.log("performance")
    asked = {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
    assert {url for url in asked if not url.startswith("data:")} == {page.as_uri()}
    assert browser.log("browser") == []


def test_its_table_sorts_and_is_what_the_folder_says(browser: Browser, folder: Path) -> None:
    browser.open(folder / "report.html", 1440)
    browser.ask("openAll()")
    caption, column, expected = _expected(folder)
    table = browser.ask("tableWith(arguments[0])", caption)
    assert browser.ask("numbers(arguments[0], arguments[1])", table, column) == expected
    button = table.find_element("css selector", f"thead th:nth-child({column + 1}) button")
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    sums = 1 if caption.startswith("Mark view") else 0
    body = expected[: len(expected) - sums]
    assert browser.ask("numbers(arguments[0], arguments[1])", table, column) == sorted(body) + expected[len(body) :]


def _expected(folder: Path) -> tuple[str, int, list[float]]:
    """A table of the page by its caption, one of its columns, and what it has to hold."""
    if (folder / "run.json").exists():
        attribution = json.loads((folder / "run.json").read_text())["attribution"]
        return "Mark view", 2, [attribution[bucket] for bucket in BUCKETS]
    if (folder / "comparison.json").exists():
        found = mmsim.load_comparison(folder)
        totals = found.differences[found.differences["figure"] == "total"]
        return f"Total against {found.reference}", 1, totals["difference"].tolist()
    rows = json.loads((folder / "sensitivity.json").read_text())["table"]
    return "USD; the scenario", 3, [row["total_worst"] for row in rows]
