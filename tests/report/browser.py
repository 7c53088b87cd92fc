"""A page in Chromium: opened at a width, in a theme, for a screen or for paper, and asked what a reader sees."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions")
LOOKS = (Path(__file__).parent / "looks.js").read_text(encoding="utf-8")
TALL = 60_000  # of a window in which a whole page is laid out and every point of it can be asked for


class Seen(NamedTuple):
    """A text or a shape, its colour and what is behind it: red, green and blue from 0 to 255."""

    what: str
    color: tuple[float, float, float]
    behind: tuple[float, float, float]
    is_large: bool = False

    @property
    def contrast(self) -> float:
        """The contrast ratio of WCAG 2.2: (L1 + 0.05) / (L2 + 0.05), L the relative luminance."""
        light, dark = sorted((luminance(self.color), luminance(self.behind)), reverse=True)
        return (light + 0.05) / (dark + 0.05)


def luminance(color: tuple[float, float, float]) -> float:
    """Relative luminance as WCAG 2.2 defines it for sRGB."""
    shares = [channel / 255 for channel in color]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


class Browser:
    """One Chromium for all the tests."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, page: Path, width: int, theme: str = "light", media: str = "screen", height: int = 900) -> None:
        """Show ``page`` in a window of this size, with the reader's preference for a theme."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
        self.driver.get(page.as_uri())

    def ask(self, expression: str, *arguments: Any) -> Any:
        """What an expression of JavaScript comes to on the page; looks.js has the functions that it may call."""
        return self.driver.execute_script(f"{LOOKS}\nreturn {expression};", *arguments)

    def seen(self, function: str) -> list[Seen]:
        """What `texts` or `shapes` of looks.js finds, each combination of colours once."""
        return [Seen(what, tuple(color), tuple(behind), large) for what, color, behind, large in self.ask(function)]

    def log(self, kind: str) -> list[Any]:
        """What has been logged since it was last asked for."""
        entries = self.driver.get_log(kind)
        return [json.loads(entry["message"])["message"] for entry in entries] if kind == "performance" else entries

    def allow_scripts(self, allowed: bool) -> None:
        """Whether pages that are opened from now on may run scripts of their own."""
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not allowed})


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium from the system's packages; the test is skipped where it is not."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    if not (CHROMIUM and DRIVER):
        pytest.skip("no chromium and chromedriver on PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield Browser(driver)
    driver.quit()
