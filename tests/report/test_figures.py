"""Figures and the piece of HTML that a notebook shows, of runs and comparisons: those of the page, by themselves."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import mmsim
from mmsim.report import drawing, palette

ATTACK = '<script>alert(1)</script>"><img src=x>$x$'
NAMED = {"about": json.dumps(ATTACK), "clients.0.name": json.dumps(ATTACK)}
VARIANTS = "{tight: {hedging.deltas: [-0.5, -0.4, -0.5, -0.6, -0.5]}, wide: {quoting.half_spread: 0.1}}"


@pytest.fixture(scope="module")
def run(root: Path) -> mmsim.Run:
    return mmsim.run(root / "scenarios/textbook/put_scalping.yaml", changes=NAMED)


@pytest.fixture(scope="module")
def comparison(root: Path) -> mmsim.Comparison:
    changes = NAMED | {"variants": VARIANTS}
    return mmsim.compare(root / "scenarios/textbook/put_scalping.yaml", changes=changes, workers=1)


def texts(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))} - {""}


def test_its_names_are_those_of_the_page_in_order(run: mmsim.Run, tmp_path: Path) -> None:
    html = run.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert run.figures == re.findall(r'<figure id="([^"]+)"', html)


def test_every_figure_can_be_read_by_itself(run: mmsim.Run, comparison: mmsim.Comparison) -> None:
    for source in (run, comparison):
        for name in source.figures:
            figure = source.figure(name)
            exhibit = source._exhibits[name]
            assert isinstance(figure, Figure)
            said = texts(figure)
            assert exhibit.title in said
            assert {series.label for series in exhibit.legend} <= said
            assert " ".join(exhibit.caption.split()) in {" ".join(text.split()) for text in said}
            picture = Image.open(io.BytesIO(figure._repr_png_()[0])).convert("RGB")
            edge = np.concatenate(
                [np.asarray(picture)[[0, -1]].reshape(-1, 3), np.asarray(picture)[:, [0, -1]].reshape(-1, 3)]
            )
            assert (edge == 255).all(), f"{name}: something runs out of the figure"


def test_the_waterfall_has_the_runs_amounts(run: mmsim.Run) -> None:
    figure = run.figure("waterfall")
    bars = {round(bar.get_width(), 6) for bar in figure.axes[0].patches}
    assert bars == {round(amount, 6) for amount in run.attribution if amount}
    assert palette.LIGHT["paper"] == "#{:02x}{:02x}{:02x}".format(*(int(255 * c) for c in figure.get_facecolor()[:3]))


@pytest.mark.parametrize("form", ["png", "pdf", "svg"])
def test_a_figure_is_saved_as_any_other(run: mmsim.Run, form: str, tmp_path: Path) -> None:
    run.figure("cumulative").savefig(tmp_path / f"x.{form}")
    assert (tmp_path / f"x.{form}").stat().st_size > 5_000


def test_an_unknown_name_is_refused_with_the_nearest(run: mmsim.Run, comparison: mmsim.Comparison) -> None:
    with pytest.raises(mmsim.UserError, match=r"no figure 'waterfal': there are .* \(did you mean 'waterfall'\?\)"):
        run.figure("waterfal")
    with pytest.raises(mmsim.UserError, match="no figure 'waterfall': there are "):
        comparison.figure("waterfall")


def test_no_figure_needs_pyplot(root: Path) -> None:
    code = (
        "import sys, mmsim; run = mmsim.run('scenarios/textbook/put_scalping.yaml');"
        "run.figure('waterfall')._repr_png_(); run._repr_html_(); sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_a_notebook_shows_the_sentence_the_figures_and_the_waterfall(run: mmsim.Run) -> None:
    html = run._repr_html_()
    assert html == run._repr_html_()
    assert "Good, with help from the market: the desk made 9.3210 USD" in html
    values = {float(value) for value in re.findall(r'<data value="([^"]+)">', html)}
    assert set(run.attribution[run.attribution != 0]) <= values
    assert len(html) < 20_000
    assert re.findall(r"https?:|<script|@import|\ssrc=", html) == []
    assert repr(run) == "Run('put-scalping', total=9.32 USD)"


def test_a_notebook_shows_a_comparison(comparison: mmsim.Comparison) -> None:
    html = comparison._repr_html_()
    made = {row["difference"] for row in comparison.summary["differences"] if row["figure"] == "total"}
    assert made <= {float(value) for value in re.findall(r'<data value="([^"]+)">', html)}
    assert re.findall(r"https?:|<script|@import|\ssrc=", html) == []


def test_names_that_hold_markup_are_text_everywhere(
    run: mmsim.Run, comparison: mmsim.Comparison, tmp_path: Path
) -> None:
    """A scenario and its variants have names of letters; what else a user may name is free."""
    pages = [source.report(tmp_path / "page.html").read_text(encoding="utf-8") for source in (run, comparison)]
    assert [len(re.findall("<script|<img", page)) for page in pages] == [1, 1], "the page's own script"
    assert all("&lt;script&gt;alert(1)" in page for page in pages)
    for source in (run, comparison):
        named = {"name": ATTACK, "scenario": source.summary.get("scenario", {}) | {"name": ATTACK}}
        shown = type(source)(source.summary | named, source._tables)._repr_html_()
        assert "<script" not in shown and "&lt;script&gt;alert(1)" in shown
    with pytest.raises(mmsim.UserError, match="name: "):
        mmsim.load_scenario("scenarios/textbook/put_scalping.yaml", changes={"name": json.dumps(ATTACK)})


def test_a_text_of_a_figure_is_left_as_it_is() -> None:
    """Even one that looks like what is changed in tags: a path, an id, a reference, a colour of the palette."""
    said = f'd="1.2345" id="x_1" href="#a" {palette.LIGHT["gain"]}'
    figure, [axes] = drawing.canvas([40])
    axes.text(0.5, 0.5, f" {said}", parse_math=False)
    assert said in drawing.svg(figure, "key", "a text")
