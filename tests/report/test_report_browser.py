"""The page in a real browser: it asks for nothing, reports no error, fits a phone, can be read, opened and sorted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from mmsim.report import palette, write
from tests.report.browser import TALL, Browser

pytestmark = pytest.mark.browser
THEMES = [("light", palette.LIGHT), ("dark", palette.DARK)]
PAPER = 794  # CSS pixels: the width of A4


@pytest.fixture(scope="module")
def page(make_run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with everything that a page can hold, and long names."""
    run = make_run(paths=50, symbols=("ESH0", "ESM0"))
    run.summary["scenario"]["name"] = "a-scenario-with-" + "a-very-" * 12 + "long-name"
    run.summary["reproduce"] = "mmsim run " + "/a/long/folder" * 20 + ".yaml --seed 7"
    run.summary["notes"] = ["Unbroken:" + "x" * 300]
    return write(run, tmp_path_factory.mktemp("page") / "report.html")


def test_it_asks_for_nothing_and_reports_no_error(browser: Browser, page: Path) -> None:
    browser.log("performance"), browser.log("browser")
    browser.open(page, 1440)
    events = browser.log("performance")
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith("data:")] == [page.as_uri()]
    assert browser.log("browser") == []


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_nothing_overflows_with_all_tables_open(browser: Browser, page: Path, width: int) -> None:
    browser.open(page, width)
    assert browser.ask("openAll() && document.documentElement.scrollWidth") <= width
    assert browser.ask("overflowing()") == []


def test_a_click_opens_the_numbers_of_a_figure(browser: Browser, page: Path) -> None:
    browser.open(page, 390)
    table = browser.driver.find_element("css selector", "#waterfall details table")
    assert not table.is_displayed()
    browser.driver.find_element("css selector", "#waterfall summary").click()
    assert table.is_displayed()
    assert "Spread capture" in table.text


@pytest.mark.parametrize(("theme", "colors"), THEMES)
def test_page_and_figures_follow_the_theme(browser: Browser, page: Path, theme: str, colors: dict[str, str]) -> None:
    browser.open(page, 1440, theme)

    def computed(selector: str, name: str) -> str:
        script = "getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        return str(browser.ask(script, selector, name))

    def rgb(color: str) -> str:
        return "rgb({}, {}, {})".format(*(int(color[n : n + 2], 16) for n in (1, 3, 5)))

    assert computed("body", "backgroundColor") == rgb(colors["paper"])
    assert computed("body", "color") == rgb(colors["ink"])
    assert computed("#waterfall svg text", "fill") == rgb(colors["ink"])
    assert computed("#money .loss", "color") == rgb(colors["loss"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_have_a_contrast_of_four_and_a_half_and_shapes_of_three(browser: Browser, page: Path, theme: str) -> None:
    browser.open(page, 1440, theme, height=TALL)
    browser.ask("openAll()")
    texts = browser.seen("texts()")
    shapes = browser.seen("shapes()")
    assert len({text.color for text in texts}) >= 4 and len({shape.color for shape in shapes}) >= 6, "it looks"
    assert [(t.what, t.contrast) for t in texts if t.contrast < (3 if t.is_large else 4.5)] == []
    assert [(s.what, s.contrast) for s in shapes if s.contrast < 3] == []


def test_what_cannot_be_read_is_found(browser: Browser, tmp_path: Path) -> None:
    """The check itself: grey on white as WCAG's own examples have it, a text on a bar, a text that is half there."""
    file = tmp_path / "grey.html"
    file.write_text(
        "<!doctype html><body style='background:#fff;color:#777'><p>grey</p><p style='opacity:0.5;color:#000'>half</p>"
        "<svg width=200 height=50><rect width=200 height=50 fill='#000'/><text x=5 y=30 fill='#333'>bar</text></svg>"
    )
    browser.open(file, 800)
    found = {text.what: round(text.contrast, 2) for text in browser.seen("texts()")}
    assert found == {"grey": 4.48, "half": 3.98, "bar": 1.66}


def click(browser: Browser, table: Any, column: int) -> Any:
    """A click on a column's head."""
    button = table.find_elements("css selector", "thead button")[column]
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    return table.find_elements("css selector", "thead th")[column].get_attribute("aria-sort")


def test_a_click_sorts_upwards_downwards_and_back_with_the_sums_last(browser: Browser, page: Path) -> None:
    browser.open(page, 1440)
    browser.ask("openAll()")
    table = browser.ask("tableWith('Buckets by option')")
    before = browser.ask("body(arguments[0])", table)
    assert [row[0] for row in before[-2:]] == ["54 others", "All"]
    total = len(before[0]) - 1
    exact = browser.ask("numbers(arguments[0], arguments[1])", table, total)
    for order, sign in (("ascending", 1), ("descending", -1)):
        assert click(browser, table, total) == order
        sorted_ = browser.ask("numbers(arguments[0], arguments[1])", table, total)
        assert sorted_ == [*sorted(exact[:-2], key=lambda value, sign=sign: sign * value), *exact[-2:]]
    assert click(browser, table, total) is None
    assert browser.ask("body(arguments[0])", table) == before


def test_texts_sort_by_their_numbers_and_keys_work(browser: Browser, page: Path) -> None:
    browser.open(page, 1440)
    browser.ask("openAll()")
    table = browser.ask("tableWith('Buckets by option')")
    heads = table.find_elements("css selector", "thead button")
    heads[0].send_keys(Keys.ENTER)
    names = [row[0] for row in browser.ask("body(arguments[0])", table)]
    options = [(name[:17], int(name[17:])) for name in names[:-2]]
    assert options == sorted(options), "C90 comes before C100"
    assert names[-2:] == ["54 others", "All"]
    heads[3].send_keys(Keys.SPACE)
    strikes = browser.ask("numbers(arguments[0], 3)", table)
    known = [strike for strike in strikes if strike is not None]
    assert known == sorted(known) and strikes[: len(known)] == known, "what has no number comes last"
    assert [th.get_attribute("aria-sort") for th in table.find_elements("css selector", "thead th")].count(None) > 10


def test_without_scripts_every_table_is_there_and_opens(browser: Browser, page: Path) -> None:
    browser.allow_scripts(False)
    try:
        browser.open(page, 1440)
        assert browser.driver.find_elements("css selector", "thead button") == []
        details = browser.driver.find_elements("css selector", "figure details")
        for part in details[:3]:
            part.find_element("css selector", "summary").click()
            assert part.find_element("css selector", "table").is_displayed()
        assert len(browser.driver.find_elements("css selector", "table")) > 15
    finally:
        browser.allow_scripts(True)


def test_on_paper_nothing_is_cut_and_no_click_is_asked_for(browser: Browser, page: Path) -> None:
    browser.open(page, PAPER, "dark", media="print")
    assert browser.ask("overflowing()") == []
    assert not any(part.is_displayed() for part in browser.driver.find_elements("css selector", "details, nav"))
    assert all(part.is_displayed() for part in browser.driver.find_elements("css selector", "figure > svg"))
    texts = browser.seen("texts()")
    assert {text.behind for text in texts} <= {(255, 255, 255), (245, 247, 249)}, "paper is white"
    assert min(text.contrast for text in texts) >= 4.5


def test_a_table_that_goes_on_shows_it_and_its_total_without_scrolling(browser: Browser, page: Path) -> None:
    browser.open(page, 390)
    script = """(region => [region.scrollWidth > region.clientWidth,
            getComputedStyle(region).backgroundAttachment,
            region.querySelector('td.number').getBoundingClientRect().right < document.documentElement.clientWidth,
            region.querySelectorAll('thead th')[1].textContent])(tableWith('By client group').closest('.scroll'))"""
    goes_on, attachment, is_visible, first = browser.ask(script)
    assert goes_on and is_visible and first == "Total"
    assert attachment == "local, local, scroll, scroll"


def test_text_in_figures_is_readable_on_a_phone(browser: Browser, page: Path) -> None:
    browser.open(page, 390)
    heights = browser.ask(
        "[...document.querySelectorAll('figure svg text')].map(t => t.getBoundingClientRect().height)"
    )
    assert min(heights) >= 10
