"""What a notebook shows of a run: the sentence, the figures, the waterfall and its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmsim.report import exhibits, limits, words
from mmsim.report.numbers import money
from mmsim.report.sections import file, render

if TYPE_CHECKING:
    from mmsim.results import Run


def of_run(run: Run) -> str:
    """A run as a piece of HTML: the page's colours in light and dark, nothing that a notebook would have to fetch."""
    summary = run.summary
    places, amounts, waterfall = words.decimals(summary), summary["attribution"], exhibits.attribution(run)
    return render(
        "notebook.html.j2",
        name=summary["scenario"]["name"],
        verdict=words.verdict(summary),
        warnings=[warning for warning in (words.second_thought(summary), limits.halt(run)) if warning],
        figures={name: money(amount, places) for name, amount in words.headline(amounts).items()},
        svg=waterfall.svg,
        table=waterfall.table,
        style=file("notebook.css"),
    )
