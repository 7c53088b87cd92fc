"""The waterfall: how amounts add up to their total."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmsim.report.drawing import beside, canvas
from mmsim.report.numbers import fixed, tone
from mmsim.report.palette import LIGHT

ROW = 25.0


def draw(steps: Sequence[tuple[str, float]], total: float, places: int, whole: str = "Total") -> Figure:
    """One horizontal bar a step, each from where the last one ended, and the total, under its name, from zero.

    Amounts on the right, with so many decimals.
    """
    longest = max(len(name) for name in (*(name for name, _ in steps), whole))
    figure, [axes] = canvas([ROW * (len(steps) + 1)], left=max(124.0, 9.1 * longest), right=108, bottom=8)
    reached = 0.0
    for row, (name, amount) in enumerate(steps):
        axes.barh(row, amount, 0.62, left=reached, color=LIGHT["loss" if amount < 0 else "gain"])
        reached += amount
        axes.plot([reached, reached], [row - 0.31, row + 1.31], color=LIGHT["muted"], linewidth=0.8)
        _row(axes, row, name, fixed(amount, places), tone(amount, places) or "ink")
    axes.barh(len(steps), total, 0.62, color=LIGHT["total"])
    _row(axes, len(steps), whole, fixed(total, places), "ink", weight="bold")
    axes.axvline(0, color=LIGHT["muted"], linewidth=1)
    axes.set_ylim(len(steps) + 0.5, -0.5)
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.margins(x=0.02)
    return figure


def _row(axes: Axes, row: int, name: str, amount: str, color: str, weight: str = "normal") -> None:
    """Name on the left, amount on the right."""
    beside(axes, row, name, "left", weight=weight)
    beside(axes, row, amount, "right", color, weight=weight)
