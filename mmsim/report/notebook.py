"""What a notebook shows of a run: the sentence, the figures, the waterfall and its buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmsim.report import exhibits, limits, tables, words
from mmsim.report.numbers import money
from mmsim.report.sections import file, render

if TYPE_CHECKING:
    from mmsim.results import Run


def of_run(run: Run) -> str:
    """A run as a piece of HTML: the page's colours in light and dark, nothing that a notebook would have to fetch."""
    summary = run.summary
    places, amounts = words.decimals(summary), summary["attribution"]
    return render(
        "notebook.html.j2",
        name=summary["scenario"]["name"],
        verdict=words.verdict(summary),
        warnings=[warning for warning in (words.second_thought(summary), limits.halt(run)) if warning],
        figures={name: money(amount, places) for name, amount in words.headline(amounts).items()},
        svg=exhibits.attribution(run).svg,
        table=tables.buckets(summary),
        style=file("notebook.css"),
    )
