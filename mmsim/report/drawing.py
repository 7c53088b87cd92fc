"""The canvas: axes in the page's style, and a matplotlib figure as SVG that follows the reader's theme."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, NamedTuple

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mmsim.report.numbers import compact
from mmsim.report.palette import LIGHT

_NAMES = {color: name for name, color in reversed(LIGHT.items())}
_COLOR = re.compile("|".join(_NAMES))
WIDTH = 560  # units of a figure, a unit being about a pixel in a column of the page
FONT = 12.0


class Drawn(Figure):
    """A figure that a notebook shows, whether or not pyplot is there."""

    def _repr_png_(self) -> tuple[bytes, dict[str, float]]:
        out = io.BytesIO()
        self.savefig(out, format="png", dpi=144)
        width, height = self.get_size_inches() * 72
        return out.getvalue(), {"width": width, "height": height}


class Picture(NamedTuple):
    """A figure that is drawn when it is wanted."""

    draw: Callable[[], Figure]
    description: str  # what a screen reader says


def canvas(
    heights: Sequence[float],
    *,
    left: float = 56,
    right: float = 12,
    top: float = 8,
    bottom: float = 26,
    gap: float = 26,
    columns: int = 1,
    between: float = 20,
) -> tuple[Figure, list[Axes]]:
    """A figure and its axes, row by row from the top, of these heights; all sizes in units.

    ``gap`` is left between rows, ``between`` between the columns of each.
    """
    height = top + sum(heights) + gap * (len(heights) - 1) + bottom
    figure = Drawn(figsize=(WIDTH / 72, height / 72))
    FigureCanvasSVG(figure)
    figure.patch.set_visible(False)
    made: list[Axes] = []
    edge, width = height - top, (WIDTH - left - right - between * (columns - 1)) / columns
    for tall in heights:
        edge -= tall
        for column in range(columns):
            box = ((left + column * (width + between)) / WIDTH, edge / height, width / WIDTH, tall / height)
            made.append(_plain(figure.add_axes(box)))
        edge -= gap
    return figure, made


def _plain(axes: Axes) -> Axes:
    """Few, quiet lines: a horizontal grid and no box."""
    axes.patch.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.grid(axis="y", color=LIGHT["rule"], linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=5, labelsize=FONT, labelcolor=LIGHT["muted"])
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(compact))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_label_coords(0, 0)  # no axis has a label: otherwise all ticks are measured to make room for one
    return axes


def beside(axes: Axes, row: float, text: str, side: Literal["left", "right"], color: str = "ink", **style: Any) -> None:
    """Text in the margin at data height ``row``: right-aligned to the axes or to the figure's edge.

    It is taken literally: a ``$`` in it starts no formula.
    """
    box = axes.get_position()
    x = -8 / (WIDTH * box.width) if side == "left" else (0.997 - box.x0) / box.width
    style |= {"color": LIGHT[color], "fontsize": FONT, "parse_math": False, "ha": "right", "va": "center_baseline"}
    axes.text(x, row, text, transform=axes.get_yaxis_transform(), **style)


def defaults() -> AbstractContextManager[None]:
    """Matplotlib's own settings for as long as figures are made and saved, whatever the user's matplotlibrc says."""
    return matplotlib.rc_context({k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith("backend")})


def _themed(tag: str, key: str) -> str:
    """A tag of a figure with ids of its own, shorter numbers, and the reader's colours and font."""
    tag = re.sub(r'\sid="[\w.]+_\d+"', "", tag)  # names of groups, which nothing refers to
    tag = re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{key}-", tag).replace("xlink:href", "href")
    tag = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", tag)
    tag = re.sub(r'\sd="[^"]*"', lambda path: re.sub(r"(\.\d)\d+", r"\1", path[0]), tag)
    return _COLOR.sub(lambda color: f"var(--{_NAMES[color[0]]})", tag)


def svg(figure: Figure, key: str, description: str) -> Markup:
    """The figure as an inline SVG element: deterministic, ids of its own, colours as CSS variables.

    ``key`` is unique on the page and keeps the ids of two figures apart; ``description`` is what a screen reader says.
    """
    out = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": key}):
        figure.savefig(out, format="svg", metadata=nothing)
    drawn = out.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"<[^>]+>", lambda tag: _themed(tag[0], key), drawn)  # a text is left as it is, whatever it says
    width, height = figure.get_size_inches() * 72
    opening = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        width, round(height, 2), description
    )
    return opening + Markup(drawn[drawn.index(">") + 1 :].strip())  # noqa: S704  (matplotlib has escaped its text)
