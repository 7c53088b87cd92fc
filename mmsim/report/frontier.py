"""Variants in two measures, each with its name, and the frontier of those that no other beats in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from scipy.optimize import isotonic_regression

from mmsim.report.drawing import FONT, WIDTH, canvas
from mmsim.report.multiples import shortened
from mmsim.report.numbers import compact
from mmsim.report.palette import LIGHT

Floats = npt.NDArray[np.float64]

LABEL = 19.0  # units from one name to the next
_HEIGHT, _LEFT, _NAMES = 300.0, 56.0, 176.0  # units: of the plot at least, of the margins left and right


class Points(NamedTuple):
    """Variants in two measures; more of ``y`` is better, and so is more of ``x`` unless less is."""

    names: Sequence[str]
    x: Floats
    y: Floats
    x_title: str
    y_title: str
    is_less_better: bool  # of x, a risk
    has_sums: bool  # x + y means something: lines of equal sums are drawn


def unbeaten(x: Floats, y: Floats) -> npt.NDArray[np.intp]:
    """Indices, by rising x, of the points that no other beats: none has as much of both and more of one.

    >>> unbeaten(np.array([1.0, 2.0, 3.0, 2.0]), np.array([5.0, 4.0, 1.0, 3.0])).tolist()
    [0, 1, 2]
    """
    as_much = (x >= x[:, None]) & (y >= y[:, None])
    more = (x > x[:, None]) | (y > y[:, None])
    kept = np.flatnonzero(~(as_much & more).any(axis=1))
    return kept[np.lexsort((-y[kept], x[kept]))]


def frontier(points: Points) -> npt.NDArray[np.intp]:
    """Indices of the unbeaten points, from left to right."""
    best = unbeaten(-points.x if points.is_less_better else points.x, points.y)
    return best[::-1] if points.is_less_better else best


def draw(points: Points) -> Figure:
    """The points with their names on the right; full ones are the frontier, and the square is the first."""
    height = max(_HEIGHT, LABEL * len(points.names))
    figure, [axes] = canvas([height], left=_LEFT, right=_NAMES, top=24, bottom=44)
    axes.set_xlim(*_room(points.x, points.y))
    axes.set_ylim(*_room(points.y, points.x))
    if points.has_sums:
        _draw_sums(axes)
    best = frontier(points)
    axes.plot(points.x[best], points.y[best], color=LIGHT["line1"], linewidth=1.2, linestyle=(0, (4, 3)))
    for n in range(len(points.names)):
        face = LIGHT["line1" if n in best else "paper"]
        shape = "s" if n == 0 else "o"
        axes.plot(points.x[n], points.y[n], shape, markerfacecolor=face, markeredgecolor=LIGHT["line1"], markersize=7)
    _draw_names(axes, points, height)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4))
        axis.set_major_formatter(FuncFormatter(compact))
    axes.tick_params(axis="x", pad=8)
    title: dict[str, Any] = {"fontsize": FONT, "color": LIGHT["ink"], "parse_math": False}
    axes.set_title(points.y_title, loc="left", y=1.0, pad=8, **title)
    axes.text(1, -34 / height, points.x_title, transform=axes.transAxes, ha="right", va="center_baseline", **title)
    return figure


def _room(values: Floats, others: Floats) -> tuple[float, float]:
    """Limits around values; where they are about equal, so wide that the others' differences are no smaller."""
    low, high = float(values.min()), float(values.max())
    span = high - low
    if span < 1e-3 * float(np.ptp(others)) or span <= 1e-9 * max(abs(low), abs(high)):
        span = float(np.ptp(others)) or abs(high) or 1.0
        return (low + high - span) / 2, (low + high + span) / 2
    return low - 0.08 * span, high + 0.08 * span


def _draw_sums(axes: Axes) -> None:
    """Lines along which x + y is the same, each with its sum where it enters from the left or from above."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    for total in MaxNLocator(6).tick_values(left + low, right + high):
        x = max(left, total - high)
        if not left + low < total < right + high or x > left + 0.85 * (right - left):
            continue
        axes.plot([left, right], [total - left, total - right], color=LIGHT["rule"], linewidth=0.8, scaley=False)
        said: dict[str, Any] = {"fontsize": 0.85 * FONT, "color": LIGHT["muted"], "va": "top", "clip_on": True}
        axes.annotate(compact(total), (x, total - x), (4, -3), textcoords="offset points", **said)


def _draw_names(axes: Axes, points: Points, height: float) -> None:
    """A name a point, in the order of their heights, so far apart that none is on another; a line leads to each."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    order = np.lexsort((points.x, points.y))
    wanted = (points.y[order] - low) / (high - low) * height
    edge = (WIDTH - _LEFT - _NAMES + 14) / (WIDTH - _LEFT - _NAMES)
    for n, at in zip(order.tolist(), spread(wanted, LABEL, height).tolist(), strict=True):
        across, up = (points.x[n] - left) / (right - left), (points.y[n] - low) / (high - low)
        line: dict[str, Any] = {"color": LIGHT["rule"], "linewidth": 0.8, "clip_on": False, "zorder": 1}
        axes.plot([across, edge], [up, at / height], transform=axes.transAxes, scalex=False, scaley=False, **line)
        name: dict[str, Any] = {"fontsize": FONT, "color": LIGHT["ink"], "parse_math": False, "va": "center_baseline"}
        axes.text(edge + 0.01, at / height, shortened(points.names[n]), transform=axes.transAxes, **name)


def spread(wanted: Floats, apart: float, most: float) -> Floats:
    """The places nearest to those ``wanted``, ascending, that are so far ``apart`` and lie between 0 and ``most``.

    Nearest in squares: places less the distances due are an isotonic regression.

    >>> spread(np.array([1.0, 1.0, 9.0]), 2.0, 10.0).tolist()
    [0.0, 2.0, 9.0]
    """
    due = apart * np.arange(len(wanted))
    free = isotonic_regression(wanted - due).x
    return np.asarray(np.clip(free, 0.0, max(most - due[-1], 0.0)) + due)
