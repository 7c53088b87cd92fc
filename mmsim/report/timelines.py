"""Series over time: panels that share a time axis, each with its lines and marks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from mmsim.report.drawing import FONT, canvas
from mmsim.report.palette import DASHES, LIGHT, LINES
from mmsim.report.sampling import keep_extremes

POINTS = 700  # of a line, at most: more than a screen shows
MARKS = 240  # of each kind, at most
REACH = 4.0  # a limit is drawn up to so many times the largest value


class Line(NamedTuple):
    """One series. ``times`` are datetime64 without a zone, in UTC, ascending; NaN values are gaps."""

    label: str
    times: npt.NDArray[np.datetime64]
    values: npt.NDArray[np.float64]
    color: str
    dash: str = ""  # an SVG dash array

    @property
    def style(self) -> dict[str, Any]:
        """How matplotlib draws it."""
        dashes = (0, tuple(float(step) for step in self.dash.split())) if self.dash else "solid"
        width = 2.2 if self.color == "total" else 1.5
        return {"color": LIGHT[self.color], "linestyle": dashes, "linewidth": width}


class Marks(NamedTuple):
    """Single events, drawn as triangles."""

    label: str
    times: npt.NDArray[np.datetime64]
    values: npt.NDArray[np.float64]
    color: str
    shape: str  # "^" or "v"

    @property
    def style(self) -> dict[str, Any]:
        """How matplotlib draws them."""
        color = LIGHT[self.color]
        return {"color": color, "marker": self.shape, "linestyle": "", "markersize": 5, "markeredgewidth": 0}


class Band(NamedTuple):
    """The room between two series, which share their times; where either is NaN there is none."""

    label: str
    times: npt.NDArray[np.datetime64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    color: str

    @property
    def style(self) -> dict[str, Any]:
        """How matplotlib draws a sample of it."""
        return {"color": LIGHT[self.color], "linewidth": 7}


class Panel(NamedTuple):
    """One pair of axes."""

    title: str
    lines: Sequence[Line]
    marks: Sequence[Marks] = ()
    height: float = 110
    prices: bool = False  # the ordinate is a price: full digits and no zero line
    bands: Sequence[Band] = ()  # behind all else
    limit: float | None = None  # drawn either way, where it is within `REACH`
    window: tuple[float, float] | None = None  # the ordinates shown, where not all are

    @property
    def shown_limit(self) -> float | None:
        """The limit, if drawing it leaves the lines their shape."""
        if self.limit is None:
            return None
        largest = max((float(np.nanmax(np.abs(line.values), initial=0.0)) for line in self.lines), default=0.0)
        return self.limit if self.limit <= REACH * largest else None


def colored(number: int) -> tuple[str, str]:
    """Colour and dash of series ``number``; the seventh looks like the first."""
    return LINES[number % len(LINES)], DASHES[number % len(DASHES)]


def draw(panels: Sequence[Panel]) -> Figure:
    """The panels, stacked, over one time axis."""
    titled = any(panel.title for panel in panels)
    left = 66 if any(panel.prices for panel in panels) else 52
    figure, stack = canvas(
        [panel.height for panel in panels], top=22 if titled else 8, gap=30 if titled else 14, left=left, right=28
    )
    first, last = date2num(_extent(panels))  # type: ignore[no-untyped-call]
    for axes, panel in zip(stack, panels, strict=True):
        _fill(axes, panel)
        axes.set_xlim(first, last)
        axes.xaxis.set_visible(False)
    locator = AutoDateLocator(tz=UTC, minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    stack[-1].xaxis.set_visible(True)
    stack[-1].xaxis.set_major_locator(locator)
    stack[-1].xaxis.set_major_formatter(_clock(locator))
    return figure


def _clock(locator: AutoDateLocator) -> ConciseDateFormatter:
    """Labels that need no date beside the axis: years, months, days, hours, minutes, seconds, and where each begins."""
    formats = ["%Y", "%b %Y", "%d %b", "%H:%M", "%H:%M", "%H:%M:%S"]
    begins = ["", "%Y", "%b %Y", "%d %b", "%H:%M", "%H:%M:%S"]
    style = {"tz": UTC, "formats": formats, "zero_formats": begins, "show_offset": False}
    return ConciseDateFormatter(locator, **style)  # type: ignore[no-untyped-call]


def _extent(panels: Sequence[Panel]) -> npt.NDArray[np.datetime64]:
    """From the first to the last instant drawn; at least a second, so that one instant makes an axis."""
    times = [line.times for panel in panels for line in panel.lines] + [
        m.times for panel in panels for m in panel.marks
    ]
    drawn = np.concatenate(times)
    return np.array([drawn.min(), max(drawn.max(), drawn.min() + np.timedelta64(1, "s"))])


def _fill(axes: Axes, panel: Panel) -> None:
    """Lines and marks of one panel, thinned."""
    if panel.title:
        axes.set_title(panel.title, loc="left", y=1.0, fontsize=FONT, color=LIGHT["ink"], pad=6, parse_math=False)
    if panel.prices:
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.6g}"))
    else:
        axes.axhline(0, color=LIGHT["muted"], linewidth=0.8)
    if not any(np.nan_to_num(line.values).any() for line in panel.lines):
        axes.set_ylim(-1, 1)  # nothing but zero: no microscope on it
    if panel.window is not None:
        axes.set_ylim(*panel.window)
    for band in panel.bands:
        kept = np.union1d(keep_extremes(band.low, POINTS), keep_extremes(band.high, POINTS))
        axes.fill_between(band.times[kept], band.low[kept], band.high[kept], color=LIGHT[band.color], linewidth=0)
    if panel.shown_limit is not None:
        for bound in (-panel.shown_limit, panel.shown_limit):
            axes.axhline(bound, color=LIGHT["loss"], linewidth=1.2, linestyle=(0, (5, 3)))
    for line in panel.lines:
        kept = keep_extremes(line.values, POINTS)
        axes.plot(line.times[kept], line.values[kept], **line.style)
    for marks in panel.marks:
        kept = keep_extremes(marks.values, MARKS)
        axes.plot(marks.times[kept], marks.values[kept], **marks.style)
