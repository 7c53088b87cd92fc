"""The page: its structure, its numbers against run.json, and what it does with odd runs."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest

from mmsim.report import palette, timelines, words, write

MakeRun = Callable[..., Any]
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Element:
    """An element of a parsed page."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[Element] = []
        self.own_text = ""

    def find(self, tag: str) -> list[Element]:
        """All elements of this tag below, in document order."""
        return [e for child in self.children for e in ([child] if child.tag == tag else []) + child.find(tag)]

    @property
    def text(self) -> str:
        return self.own_text + "".join(child.text for child in self.children)

    @property
    def value(self) -> float:
        """The exact number behind the text of a cell."""
        return float(self.find("data")[0].attributes["value"])


class Tree(HTMLParser):
    """A page as elements; every tag must be closed by its own."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open = [Element("", {})]
        self.feed(html)
        assert len(self.open) == 1, f"<{self.open[-1].tag}> is not closed"

    @property
    def root(self) -> Element:
        return self.open[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}> at {self.getpos()}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].own_text += data


def page(run: Any, folder: Path) -> tuple[str, Element]:
    html = write(run, folder / "report.html").read_text(encoding="utf-8")
    return html, Tree(html).root


def table(root: Element, caption: str) -> dict[str, Element]:
    """The rows of the table whose caption starts so: name of the row -> its last cell."""
    [found] = [t for t in root.find("table") if t.find("caption") and t.find("caption")[0].text.startswith(caption)]
    return {row.find("th")[0].text: row.children[-1] for row in found.find("tbody")[0].find("tr")}


def values(root: Element, caption: str) -> dict[str, float]:
    return {name: cell.value for name, cell in table(root, caption).items()}


def labelled(amounts: dict[str, float]) -> dict[str, float]:
    return {words.label(key): amount for key, amount in amounts.items()}


def test_the_page_is_one_file_that_asks_for_nothing(make_run: MakeRun, tmp_path: Path) -> None:
    html, root = page(make_run(symbols=("ESH0", "ESM0"), paths=50), tmp_path)
    assert re.findall(r"https?:|//\w|@import|\ssrc=", html) == []
    assert {link.attributes["href"] for link in root.find("link")} == {"data:,"}
    [script] = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert [m.attributes["content"] for m in root.find("meta") if m.attributes.get("http-equiv")] == [
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:"
    ]
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))


def test_every_figure_says_what_it_shows_and_has_its_numbers(make_run: MakeRun, tmp_path: Path) -> None:
    html, root = page(make_run(symbols=("ESH0", "ESM0"), paths=50), tmp_path)
    figures = root.find("figure")
    names = (
        "waterfall distribution vega cumulative components gamma-theta break-even hedging spot-0 inventory spot-1"
        " greeks markouts-client markouts-moneyness markouts-side markouts-size by-strike-0 by-option by-strike-1"
        " edge-chain under-water against-theo carry"
    )
    assert [f.attributes["id"] for f in figures] == names.split()
    for figure in figures:
        assert len(figure.find("h3")[0].text) > 3
        assert len(figure.find("figcaption")[0].text) > 40
        assert len(figure.find("details")[0].find("tbody")[0].find("tr")) > 1
        [drawing] = [svg for svg in figure.find("svg") if svg.attributes.get("role") == "img"]
        assert drawing.attributes["aria-label"]
    ids = re.findall(r'\sid="([^"]*)"', html)
    assert len(ids) == len(set(ids))
    wanted = re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', html)
    assert {a or b for a, b in wanted} <= set(ids)
    assert len(root.find("h1")) == 1 and root.find("html")[0].attributes["lang"] == "en"


def test_figures_are_sound_xml_in_the_readers_colours(make_run: MakeRun, tmp_path: Path) -> None:
    html, _ = page(make_run(), tmp_path)
    drawings = re.findall(r'<svg [^>]*role="img".*?</svg>', html, flags=re.DOTALL)
    assert len(drawings) == 20
    for drawing in drawings:
        ElementTree.fromstring(drawing)
        assert set(re.findall(r"(?:fill|stroke): (#\w+)", drawing)) == set(), "a colour that ignores the theme"
        assert "<text" in drawing, "text must stay text"


def test_the_tables_are_run_json(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(paths=50)
    summary, (_, root) = run.summary, page(run, tmp_path)
    assert values(root, "Mark view") == labelled(summary["attribution"])
    assert values(root, "Cash view") == labelled(summary["cash"])
    assert values(root, "The two components") == labelled(
        summary["components"] | {"total": summary["attribution"]["total"]}
    )
    assert values(root, "Carry by part") == labelled(summary["carry"] | {"total": summary["attribution"]["carry"]})
    assert values(root, "Taylor view") == labelled(summary["taylor"])
    assert values(root, "By account") == {account: amount for account, amount in summary["detail"].items() if amount}
    assert values(root, "Identities") == labelled(dict.fromkeys(summary["identities"], 0.0))
    assert values(root, "Counts") == labelled(summary["counts"]) | {"Events": summary["events"]}
    assert words.COUNTS["hedge_fills"] in root.text
    assert values(root, "Convexity and theta")["Convexity + theta"] == summary["convexity_and_theta"]
    assert values(root, "Over 50 paths") == labelled(
        {b: figures["se"] for b, figures in summary["monte_carlo"].items()}
    )
    equity = summary["equity"]
    against_theo = {"Theo": 0.0, "Market mid": equity["at_mid"], "Liquidation": equity["at_liquidation"]}
    for name, at in against_theo.items():
        assert values(root, "Three marks")[name] == pytest.approx(at - equity["closing"] if at else 0.0, abs=1e-9)


def test_the_headline_is_five_figures_and_names_the_rest(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    run.summary["attribution"]["total"] += 1.5 - run.summary["attribution"]["delta"]
    run.summary["attribution"]["delta"] = 1.5
    amounts, (html, root) = run.summary["attribution"], page(run, tmp_path)
    [headline] = [dl for dl in root.find("dl") if dl.attributes["class"] == "headline"]
    shown = {dt.text: dd.value for dt, dd in zip(headline.find("dt"), headline.find("dd"), strict=True)}
    assert list(shown) == ["Total", "Spread capture", "Gamma net of theta and carry", "Vega", "Costs"]
    assert shown["Gamma net of theta and carry"] == amounts["gamma"] + amounts["theta"] + amounts["carry"]
    assert shown["Total"] == amounts["total"] and shown["Costs"] == amounts["hedge_cost"] + amounts["fees"]
    assert sum(shown.values()) - shown["Total"] + amounts["delta"] == pytest.approx(amounts["total"], abs=1e-6)
    assert f"The total also holds delta {words.fixed(amounts['delta'])}." in html


def test_one_order_of_the_buckets_everywhere(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    _, root = page(run, tmp_path)
    order = list(labelled(run.summary["attribution"]))
    for caption in ("Mark view", "From spread capture to total", "By account"):
        shown = table(root, caption)
        assert [name for name in order if name in shown] == [name for name in shown if name in order], caption


def test_parts_add_up_to_their_sums(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    _, root = page(run, tmp_path)
    for caption in ("From spread capture to total", "Cash view", "Buckets by option"):
        *parts, total = values(root, caption).values()
        assert sum(parts) == pytest.approx(total, abs=1e-5), caption
    assert values(root, "Buckets by option")["All"] == pytest.approx(run.options["total"].sum(), abs=1e-6)


def test_greeks_are_in_the_units_that_the_page_names(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(marks=3)
    _, root = page(run, tmp_path)
    [greeks] = [f for f in root.find("figure") if f.attributes["id"] == "greeks"]
    assert "USD per point of volatility" in greeks.text and "USD per day" in greeks.text
    last = greeks.find("tbody")[0].find("tr")[-1].find("data")
    book = run.marks[run.marks["underlying"] == "ABC"].iloc[-1]
    assert [float(cell.attributes["value"]) for cell in last] == pytest.approx(
        [book["gamma"], book["vega"] / 100, book["theta"] / 365]
    )


def test_names_that_hold_markup_are_text(make_run: MakeRun, tmp_path: Path) -> None:
    run, attack = make_run(), "<script>alert('&')</script>\"><img src=x>"
    run.summary["scenario"]["name"] = run.summary["about"] = attack
    run.summary["scenario"]["currency"] = "<b>$x$"
    run.summary["notes"] = [attack]
    run.summary["reproduce"] = attack
    run.summary["counts"][attack] = 1
    run.summary["policies"]["quoting"]["name"] = attack
    run.options.loc[0, ["option", "client", "total"]] = [attack, attack, 1e9]
    run.marks["underlying"] = run.marks["underlying"].replace("ABC", attack)
    html, root = page(run, tmp_path)
    assert len(root.find("script")) == 1 and not root.find("img") and not root.find("b")
    assert root.find("h1")[0].text == attack
    assert sum(attack in text.text for text in root.find("text")) == 2, "the option and its underlying in their figures"
    assert html.count("&lt;script&gt;") > 8


def test_the_same_run_gives_the_same_bytes_in_another_process(make_run: MakeRun, tmp_path: Path, root: Path) -> None:
    here = write(make_run(paths=20), tmp_path / "here.html").read_bytes()
    again = write(make_run(paths=20), tmp_path / "again.html").read_bytes()
    imports = "import sys; from conftest import made_up_run; from mmsim.report import write"
    code = f"{imports}; write(made_up_run(paths=20), sys.argv[1])"
    places = os.pathsep.join([str(root), str(Path(__file__).parent)])
    environment = os.environ | {"PYTHONHASHSEED": "12345", "PYTHONPATH": places, "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "there.html")], check=True, env=environment)
    assert here == again == (tmp_path / "there.html").read_bytes()


def test_the_users_matplotlib_settings_change_nothing(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    plain = write(run, tmp_path / "plain.html").read_bytes()
    taste = {
        "lines.linewidth": 9,
        "axes.xmargin": 0.4,
        "font.family": "serif",
        "timezone": "Asia/Tokyo",
        "text.usetex": True,
    }
    with matplotlib.rc_context(taste):
        assert write(run, tmp_path / "styled.html").read_bytes() == plain


def test_the_words_cost_no_import_of_matplotlib(root: Path) -> None:
    code = "import sys, mmsim.report.words; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": str(root)})


@pytest.mark.parametrize(
    "odd",
    [
        {"fills": 0, "hedges": 0},
        {"hedges": 0},
        {"marks": 1, "fills": 1, "hedges": 1},
        {"marks": 2, "fills": 0, "hedges": 0, "paths": 2},
    ],
    ids=["nothing traded", "no hedges", "one instant", "two paths without a fill"],
)
def test_odd_runs_make_a_sensible_page(make_run: MakeRun, tmp_path: Path, odd: dict[str, int]) -> None:
    html, root = page(make_run(**odd), tmp_path)
    assert not re.search(r"\b(nan|inf|NaT|None)\b", root.find("main")[0].text.replace("None.", ""))
    assert len(root.find("figure")) >= 6
    if not odd.get("fills", 1):
        assert "No option was traded or held." in html


def test_a_run_that_kept_no_path_shows_what_it_has(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(paths=30)
    run.marks, run.fills, run.options = run.marks[:0], run.fills[:0], run.options[:0]
    _, root = page(run, tmp_path)
    assert [f.attributes["id"] for f in root.find("figure")] == ["waterfall", "distribution"]
    assert values(root, "Mark view") == labelled(run.summary["attribution"])


def test_marks_that_agree_are_not_drawn(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    run.marks["equity_at_mid"] = run.marks["equity_at_liquidation"] = run.marks["equity"]
    _, root = page(run, tmp_path)
    assert "against-theo" not in [f.attributes["id"] for f in root.find("figure")]
    assert len(table(root, "Three marks")) == 3


def test_without_any_quote_there_is_no_liquidation(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    run.summary["equity"] |= {"unquoted": 35, "at_liquidation": run.summary["equity"]["at_mid"]}
    _, root = page(run, tmp_path)
    assert table(root, "Three marks")["Liquidation"].text == "–" != table(root, "Three marks")["Market mid"].text
    assert "None of the 35 positions has a quote" in root.text
    assert "At liquidation, less theo" not in root.text


def test_positions_without_a_quote_are_said_to_be_at_mid(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    _, root = page(run, tmp_path)
    assert "2 positions without a quote are taken at mid." in root.text
    assert table(root, "Three marks")["Liquidation"].text != "–"


def breached(run: Any, *rows: tuple[str, int, str, str, float]) -> Any:
    """The run with these breaches: time, path, limit, instrument, value."""
    run.breaches = pd.DataFrame(rows, columns=["ts", "path", "limit", "instrument", "value"])
    run.breaches["ts"] = pd.to_datetime(run.breaches["ts"])
    return run


def test_limits_that_were_crossed_are_listed_and_a_halt_is_a_warning(make_run: MakeRun, tmp_path: Path) -> None:
    position = ("2026-01-05T15:00:00Z", 0, "position", "ABC 2026-01-16 C100", 501.0)
    html, root = page(breached(make_run(), position), tmp_path)
    assert "The loss limit stopped the desk" not in html
    run = breached(make_run(), position, ("2026-01-05T15:31:00Z", 0, "loss", "", -2_345.5))
    _, root = page(run, tmp_path)
    [listed] = [t for t in root.find("table") if t.find("caption") and t.find("caption")[0].text == "Limits crossed"]
    assert [[cell.text for cell in row.children] for row in listed.find("tbody")[0].find("tr")] == [
        ["2026-01-05 15:00:00", "0", "Position", "ABC 2026-01-16 C100", "501", "500"],
        ["2026-01-05 15:31:00", "0", "Loss", "desk", "−2,345.5", "−2,000"],
    ]
    warnings = [p.text for p in root.find("p") if p.attributes.get("class") == "warning"]
    assert "The loss limit stopped the desk at 2026-01-05 15:31:00 UTC: from then on it quoted nothing." in warnings
    many = make_run(paths=3)
    many = breached(many, *(("2026-01-05T15:31:00Z", path, "loss", "", -2_345.5) for path in (0, 0)))
    assert "The loss limit stopped the desk on 1 of the 1 paths kept." in page(many, tmp_path)[1].text


def test_dust_has_no_colour_and_small_amounts_have_decimals(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    small = dict.fromkeys(run.summary["attribution"], 0.0) | {"gamma": -1.15, "theta": 1.25, "delta": -3e-7}
    run.summary["attribution"] = small | {"total": 0.1}
    html, root = page(run, tmp_path)
    cells = table(root, "Mark view")
    assert (cells["Gamma"].text, cells["Gamma"].attributes["class"]) == ("−1.1500", "number loss")
    assert (cells["Delta"].text, cells["Delta"].attributes["class"]) == ("0.0000", "number")
    assert list(table(root, "From spread capture to total")) == ["Gamma", "Theta", "Total"]
    assert "The total also holds" not in html


def test_missing_numbers_are_dashes(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    run.summary["equity"]["at_liquidation"] = float("nan")
    run.marks["equity_at_liquidation"] = np.nan
    _, root = page(run, tmp_path)
    assert table(root, "Three marks")["Liquidation"].text == "–"


def test_paths_that_all_agree(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(paths=10)
    run.paths["total"] = 3.0
    run.summary["monte_carlo"]["total"] = {"mean": 3.0, "sd": 0.0, "se": 0.0}
    html, root = page(run, tmp_path)
    assert "Good: the desk makes 3.00 USD a path on average over 10 paths" in html
    [figure] = [f for f in root.find("figure") if f.attributes["id"] == "distribution"]
    assert sum(float(cell.attributes["value"]) for cell in figure.find("data")) == 10


def test_a_large_run_stays_small(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(marks=10_000, fills=5_000, hedges=10_000, paths=2_000, symbols=tuple("ABCDEFGH"))
    run.summary["scenario"]["market"] = {"spot": {"model": "path", "prices": [100.25] * 500_000}}
    run.summary["policies"]["hedging"]["parameters"]["deltas"] = [0.5] * 500_000
    path = write(run, tmp_path / "report.html")
    assert path.stat().st_size < 3_000_000
    root = Tree(path.read_text(encoding="utf-8")).root
    assert len([f for f in root.find("figure") if f.attributes["id"].startswith("spot-")]) == 6
    assert "Shown: the 6 of 8 underlyings with the most hedges." in root.text


def test_a_spike_of_one_tick_is_in_the_figure() -> None:
    times = np.datetime64("2026-01-05") + np.arange(100_000) * np.timedelta64(1, "s")
    levels = np.full(len(times), 100.0)
    levels[54_321], levels[77_777] = 250.0, -250.0
    figure = timelines.draw([timelines.Panel("", [timelines.Line("spot", times, levels, "line1")])])
    drawn = np.asarray(figure.axes[0].lines[-1].get_ydata())
    assert drawn.max() == 250.0 and drawn.min() == -250.0 and len(drawn) <= timelines.POINTS


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours."""

    def luminance(color: str) -> float:
        channels = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_colours_have_the_contrast_of_wcag_aa(theme: dict[str, str]) -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)  # the definition's own example
    for name in ("ink", "muted", "gain", "loss", "total"):
        assert min(contrast(theme[name], theme[back]) for back in ("paper", "panel")) >= 4.5, name
    for name in palette.LINES:
        assert contrast(theme[name], theme["paper"]) >= 3, name


def test_every_colour_is_its_own_variable() -> None:
    assert palette.LIGHT.keys() == palette.DARK.keys()
    assert len(set(palette.LIGHT.values())) == len(palette.LIGHT)
