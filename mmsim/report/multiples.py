"""Small multiples: a panel a measure, a row a name, so that names can be compared in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mmsim.report.drawing import FONT, beside, canvas
from mmsim.report.numbers import compact, fixed, tone
from mmsim.report.palette import LIGHT

ROW = 20.0  # units
COLUMNS = 3
_TITLE, _TICKS = 26.0, 24.0  # units above and below the rows of a panel


class Interval(NamedTuple):
    """A difference, what is known of it paired, and what would be known of it unpaired; NaN where nothing is."""

    value: float
    low: float
    high: float
    unpaired_low: float
    unpaired_high: float

    @property
    def color(self) -> str:
        """Of a gain or a loss that cannot be put down to chance; else muted."""
        return "gain" if self.low > 0 else "loss" if self.high < 0 else "line6"


def intervals(names: Sequence[str], found: Sequence[Interval], places: int) -> Figure:
    """A row a name: a dot in its interval, and the unpaired one behind; the value on the right."""
    figure, [axes] = canvas([ROW * len(names)], left=_gutter(names), right=92)
    _rows(axes, names)
    _paint_intervals(axes, found)
    axes.set_ylim(len(names) - 0.5, -0.5)
    for row, one in enumerate(found):
        beside(axes, row, fixed(one.value, places), "right", tone(one.value, places) or "ink")
    _scale(axes, 4)
    return figure


def panels_of_intervals(names: Sequence[str], panels: Mapping[str, Sequence[Interval]]) -> Figure:
    """A panel a measure, in each of which a row a name has its interval."""
    return _grid(names, {title: partial(_paint_intervals, found=found) for title, found in panels.items()})


def panels_of_bars(names: Sequence[str], panels: Mapping[str, Sequence[float]]) -> Figure:
    """A panel a measure, in each of which a row a name has a bar from zero."""
    return _grid(names, {title: partial(_paint_bars, amounts=amounts) for title, amounts in panels.items()})


def _grid(names: Sequence[str], painters: Mapping[str, Callable[[Axes], None]]) -> Figure:
    columns = min(COLUMNS, len(painters))
    rows = -(-len(painters) // columns)
    figure, made = canvas(
        [ROW * len(names)] * rows,
        left=_gutter(names),
        right=14,
        top=_TITLE,
        bottom=_TICKS,
        gap=_TITLE + _TICKS,
        columns=columns,
    )
    for number, (title, paint) in enumerate(painters.items()):
        axes = made[number]
        _rows(axes, names if number % columns == 0 else ())
        paint(axes)
        axes.set_title(title, loc="left", y=1.0, fontsize=FONT, color=LIGHT["ink"], pad=6, parse_math=False)
        axes.set_ylim(len(names) - 0.5, -0.5)
        _scale(axes, 2)
    for axes in made[len(painters) :]:
        axes.set_visible(False)
    return figure


def _gutter(names: Sequence[str]) -> float:
    """The margin that names need."""
    return min(170.0, 14 + 8.6 * max(map(len, names)))


def _rows(axes: Axes, names: Sequence[str]) -> None:
    for row, name in enumerate(names):
        beside(axes, row, shortened(name), "left")
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.axvline(0, color=LIGHT["muted"], linewidth=1)


def shortened(name: str, most: int = 18) -> str:
    """A name that fits the margin.

    >>> shortened("zakamouline"), shortened("baldacci_bergault_gueant")
    ('zakamouline', 'baldacci_bergault…')
    """
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _paint_intervals(axes: Axes, found: Sequence[Interval]) -> None:
    for row, one in enumerate(found):
        color = LIGHT[one.color]
        axes.plot([one.unpaired_low, one.unpaired_high], [row, row], color=LIGHT["muted"], linewidth=1)
        axes.plot([one.low, one.high], [row, row], color=color, linewidth=4, solid_capstyle="butt")
        axes.plot([one.value], [row], "o", color=color, markersize=6, markeredgecolor=LIGHT["paper"])
    if not any(any(one) for one in found):
        axes.set_xlim(-1, 1)


def _paint_bars(axes: Axes, amounts: Sequence[float]) -> None:
    for row, amount in enumerate(amounts):
        axes.barh(row, amount, 0.62, color=LIGHT["loss" if amount < 0 else "gain"])
    if not any(amounts):
        axes.set_xlim(-1, 1)


def _scale(axes: Axes, ticks: int) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(compact))
    axes.margins(x=0.06)
