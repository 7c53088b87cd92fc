"""The page's colours, by meaning, for a light and a dark background.

One table for the style sheet and the figures: a figure is drawn in the light colours, and each of them is then
replaced by its CSS variable (``drawing.svg``), so that figures follow the reader's theme. Text colours have a
contrast of at least 4.5 to their background (WCAG AA), marks of at least 3. Gain and loss are blue and orange, which
every common form of colour blindness tells apart; a loss carries a minus sign as well. Both have steps from the
paper, as ``gain1`` to ``gain4``, for cells that hold text.
"""

from __future__ import annotations

LIGHT = {
    "paper": "#ffffff",
    "panel": "#f5f7f9",
    "ink": "#1b2127",
    "muted": "#59636e",
    "rule": "#d4dae1",
    "gain": "#0a5ba8",
    "loss": "#a8430b",
    "total": "#30363c",
    "line1": "#0072b2",
    "line2": "#c2570c",
    "line3": "#00795a",
    "line4": "#a3458a",
    "line5": "#8a6d00",
    "line6": "#56707f",
    "gain1": "#e6eff6",
    "gain2": "#c4d8ea",
    "gain3": "#9dbddc",
    "gain4": "#71a0cd",
    "loss1": "#f6ece7",
    "loss2": "#ead2c4",
    "loss3": "#dcb49d",
    "loss4": "#cd9271",
}
DARK = {
    "paper": "#14181d",
    "panel": "#1c2228",
    "ink": "#e8ecf0",
    "muted": "#a1acb8",
    "rule": "#353e48",
    "gain": "#74b9ff",
    "loss": "#ffa366",
    "total": "#d5dbe1",
    "line1": "#5eb3f0",
    "line2": "#ff9d5c",
    "line3": "#3fcf9f",
    "line4": "#e39ad0",
    "line5": "#e2c044",
    "line6": "#9fb4c2",
    "gain1": "#1e2834",
    "gain2": "#293b4f",
    "gain3": "#36506c",
    "gain4": "#426589",
    "loss1": "#2c2624",
    "loss2": "#48372d",
    "loss3": "#664937",
    "loss4": "#855b40",
}
LINES = ("line1", "line2", "line3", "line4", "line5", "line6")  # in the order in which series take them
STEPS = 4  # of gain and of loss, the last the deepest
DASHES = ("", "", "5 2", "1.5 1.5", "8 2 2 2", "3 2")  # beside the colour, where colours alone could be confused
