"""A figure of the page by itself: with the title, legend and caption that the page sets around it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mmsim.report.drawing import FONT, WIDTH
from mmsim.report.palette import LIGHT
from mmsim.report.timelines import Band, Line, Marks

MARGIN, TITLE, ROW, LINE = 14.0, 34.0, 19.0, 14.0  # units: around, and the height of title, legend row, caption line
_LETTER, _SMALL_LETTER, _SAMPLE = 7.0, 5.6, 44.0  # units: about the width of a letter, and of a legend's sample


def frame(figure: Figure, title: str, caption: str, legend: Sequence[Line | Marks | Band] = ()) -> Figure:
    """``figure`` on paper, made larger by a margin, title and legend above it and the caption below it."""
    lines = textwrap.wrap(caption, int(WIDTH / _SMALL_LETTER))
    columns = _columns([series.label for series in legend])
    above = TITLE + ROW * -(-len(legend) // columns)
    below = MARGIN + LINE * len(lines) + MARGIN
    height = _extend(figure, above, below)
    figure.patch.set(visible=True, facecolor=LIGHT["paper"])
    left, plain = MARGIN / (WIDTH + 2 * MARGIN), {"parse_math": False, "ha": "left"}
    figure.text(left, 1 - MARGIN / height, title, plain | {"va": "top", "fontsize": 1.15 * FONT, "color": LIGHT["ink"]})
    if legend:
        _add_legend(figure, legend, columns, left, 1 - TITLE / height)
    small = {"va": "bottom", "fontsize": 0.85 * FONT, "color": LIGHT["muted"], "linespacing": 1.3}
    figure.text(left, MARGIN / height, "\n".join(lines), plain | small)
    return figure


def _columns(labels: Sequence[str]) -> int:
    """In how many columns a legend fits the figure."""
    widest = max((_SAMPLE + _LETTER * len(label) for label in labels), default=WIDTH)
    return max(1, min(int(WIDTH / widest), len(labels)))


def _extend(figure: Figure, above: float, below: float) -> float:
    """Make a figure larger, its axes staying as they are; the new height in units."""
    old_width, old_height = 72 * figure.get_size_inches()
    width, height = old_width + 2 * MARGIN, above + old_height + below
    for axes in figure.axes:
        x, y, wide, tall = axes.get_position().bounds
        left, bottom = MARGIN + x * old_width, below + y * old_height
        axes.set_position((left / width, bottom / height, wide * old_width / width, tall * old_height / height))
    figure.set_size_inches(width / 72, height / 72)
    return float(height)


def _add_legend(figure: Figure, legend: Sequence[Line | Marks | Band], columns: int, left: float, top: float) -> None:
    samples = [Line2D([], [], label=series.label, **series.style) for series in legend]
    box = figure.legend(
        handles=samples,
        loc="upper left",
        bbox_to_anchor=(left, top),
        ncols=columns,
        fontsize=FONT,
        labelcolor=LIGHT["ink"],
        frameon=False,
        borderpad=0,
        borderaxespad=0,
    )
    for text in box.get_texts():
        text.set_parse_math(False)
