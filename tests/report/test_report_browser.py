"""The page in a real browser: it asks for nothing, reports no error, fits a phone, follows the reader's theme."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mmsim.report import palette, write

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium and chromedriver on PATH"),
]

OVERFLOWING = """
const wide = document.documentElement.clientWidth;
const scrolled = element => element.closest('.scroll, pre') && !element.matches('.scroll, pre');
return [...document.querySelectorAll('body *')].filter(e => !scrolled(e))
  .filter(e => e.getBoundingClientRect().right > wide + 0.5 || e.getBoundingClientRect().left < -0.5)
  .map(e => e.tagName + ' ' + e.textContent.trim().slice(0, 40));
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-extensions",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def show(browser: Any, page: Path, width: int, theme: str = "light") -> None:
    """Open ``page`` in a window of this width, with the reader's preference for a theme."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    preference = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", preference)
    browser.get(page.as_uri())


@pytest.fixture(scope="module")
def page(make_run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with everything that a page can hold, and long names."""
    run = make_run(paths=50, symbols=("ESH0", "ESM0"))
    run.summary["scenario"]["name"] = "a-scenario-with-" + "a-very-" * 12 + "long-name"
    run.summary["reproduce"] = "mmsim run " + "/a/long/folder" * 20 + ".yaml --seed 7"
    run.summary["notes"] = ["Unbroken:" + "x" * 300]
    return write(run, tmp_path_factory.mktemp("page") / "report.html")


def test_it_asks_for_nothing_and_reports_no_error(browser: Any, page: Path) -> None:
    browser.get_log("performance")
    browser.get_log("browser")
    show(browser, page, 1440)
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith("data:")] == [page.as_uri()]
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_nothing_overflows_with_all_tables_open(browser: Any, page: Path, width: int) -> None:
    show(browser, page, width)
    browser.execute_script("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert browser.execute_script("const page = document.documentElement; return page.scrollWidth <= page.clientWidth")
    assert browser.execute_script(OVERFLOWING) == []


def test_a_click_opens_the_numbers_of_a_figure(browser: Any, page: Path) -> None:
    show(browser, page, 390)
    table = browser.find_element("css selector", "#waterfall details table")
    assert not table.is_displayed()
    browser.find_element("css selector", "#waterfall summary").click()
    assert table.is_displayed()
    assert "Spread capture" in table.text


@pytest.mark.parametrize(("theme", "colors"), [("light", palette.LIGHT), ("dark", palette.DARK)])
def test_page_and_figures_follow_the_theme(browser: Any, page: Path, theme: str, colors: dict[str, str]) -> None:
    show(browser, page, 1440, theme)

    def computed(selector: str, name: str) -> str:
        script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        return str(browser.execute_script(script, selector, name))

    def rgb(color: str) -> str:
        return "rgb({}, {}, {})".format(*(int(color[n : n + 2], 16) for n in (1, 3, 5)))

    assert computed("body", "backgroundColor") == rgb(colors["paper"])
    assert computed("body", "color") == rgb(colors["ink"])
    assert computed("#waterfall svg text", "fill") == rgb(colors["ink"])
    assert computed("#money .loss", "color") == rgb(colors["loss"])


def test_a_table_that_goes_on_shows_it_and_its_total_without_scrolling(browser: Any, page: Path) -> None:
    show(browser, page, 390)
    script = """
    const region = [...document.querySelectorAll('#options .scroll')]
      .find(r => r.querySelector('caption')?.textContent.startsWith('By client group'));
    return [region.scrollWidth > region.clientWidth,
            getComputedStyle(region).backgroundAttachment,
            region.querySelector('td.number').getBoundingClientRect().right < document.documentElement.clientWidth,
            region.querySelectorAll('thead th')[1].textContent];
    """
    goes_on, attachment, is_visible, first = browser.execute_script(script)
    assert goes_on and is_visible and first == "Total"
    assert attachment == "local, local, scroll, scroll"


def test_text_in_figures_is_readable_on_a_phone(browser: Any, page: Path) -> None:
    show(browser, page, 390)
    heights = browser.execute_script(
        "return [...document.querySelectorAll('figure svg text')].map(t => t.getBoundingClientRect().height)"
    )
    assert min(heights) >= 10
