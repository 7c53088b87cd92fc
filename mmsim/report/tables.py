"""The page's tables that come straight from run.json."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any, NamedTuple

import pandas as pd

from mmsim.report import words
from mmsim.report.numbers import Number, count, fixed, level, money

Cell = str | Number
Summary = Mapping[str, Any]


class Table(NamedTuple):
    """Rows of text and numbers; the first cell of a row names it."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    sums: int = 0  # so many of the last rows are sums of those above
    note: str = ""  # what stands below it

    @property
    def explains(self) -> bool:
        """Whether its rows are name, explanation and number, which a phone shows on two lines."""
        return len(self.head) == 3 and self.head[0] == ""


def explained(
    summary: Summary, amounts: Mapping[str, float], meanings: Mapping[str, str], caption: str, sums: int = 1
) -> Table:
    """Name, meaning and amount of each key of ``meanings``, in its order; ``amounts`` are of ``summary``'s run."""
    places = words.decimals(summary)
    rows = tuple((words.label(key), meaning, money(amounts[key], places)) for key, meaning in meanings.items())
    return Table(("", "What it is", _currency(summary)), rows, caption, sums)


def buckets(summary: Summary) -> Table:
    """The mark view: where the change in equity came from."""
    return explained(summary, summary["attribution"], words.BUCKETS, "Mark view: the buckets and their sum")


def accounts(summary: Summary) -> Table:
    """The accounts of the ledger behind the buckets, those that are zero left out."""
    places, detail = words.decimals(summary), summary["detail"]
    rows = tuple((account, money(amount, places)) for account, amount in detail.items() if amount != 0)
    return Table(("Account", _currency(summary)), rows, "By account of the ledger, profits positive")


def cash(summary: Summary) -> Table:
    """The cash view, whose sum is that of the mark view."""
    return explained(summary, summary["cash"], words.CASH, "Cash view: what was paid and received")


def components(summary: Summary) -> Table:
    """Options and hedge, each with its own cash."""
    parts = dict(summary["components"]) | {"total": summary["attribution"]["total"]}
    meanings = words.COMPONENTS | {"total": words.BUCKETS["total"]}
    return explained(summary, parts, meanings, "The two components")


def carry(summary: Summary) -> Table:
    """Carry by part."""
    parts = dict(summary["carry"]) | {"total": summary["attribution"]["carry"]}
    return explained(summary, parts, words.CARRY | {"total": "carry"}, "Carry by part")


def taylor(summary: Summary) -> Table:
    """The Taylor view: the same revaluation by the Greeks at the start of each interval."""
    return explained(summary, summary["taylor"], words.TAYLOR, "Taylor view: revaluation by Greeks")


def revaluation(summary: Summary) -> Table:
    """The options' revaluation by the ledger, whose total the Taylor view's is.

    The spot step is what the other buckets leave of it. Opening positions that were given a mark differ from theo at
    once, which is in the ledger's vega and in no Greek.
    """
    buckets, parts = summary["attribution"], summary["carry"]
    total = summary["components"]["options"] - buckets["spread_capture"] - parts["options_cash"]
    total -= summary["detail"].get("Expenses:Fees:Options", 0.0)
    total -= summary.get("hedge_cost", {}).get("offloads", 0.0)
    steps = {name: buckets[name] for name in ("theta", "vega", "rates")}
    steps["dividends"] = buckets["dividends"] + parts["dividends"]  # the hedge falls by what it is paid
    amounts = steps | {"spot_step": total - sum(steps.values()), "total": total}
    return explained(summary, amounts, words.REVALUATION, "The same revaluation by the ledger")


def convexity_and_theta(summary: Summary) -> Table:
    """Convexity and theta, which trade off with the grid of marks, and their sum, which does not; and drift."""
    detail = summary["detail"]
    amounts = {
        "convexity": detail.get("Income:Gamma:Convexity", 0.0),
        "theta": summary["attribution"]["theta"],
        "convexity + theta": summary["convexity_and_theta"],
        "drift": detail.get("Income:Gamma:Drift", 0.0),
    }
    return explained(summary, amounts, words.CONVEXITY_AND_THETA, "Convexity and theta", 0)


def three_marks(summary: Summary) -> Table:
    """Equity with the options at theo, at the market's mid, and at what selling and buying them back would give."""
    equity, places = dict(summary["equity"]), words.decimals(summary)
    if not words.has_liquidation(summary):
        equity["at_liquidation"] = nan
    marks = (("Theo", "closing"), ("Market mid", "at_mid"), ("Liquidation", "at_liquidation"))
    rows = tuple(
        (
            name,
            level(equity[key], places),
            money(equity[key] - equity["opening"], places),
            money(equity[key] - equity["closing"], places),
        )
        for name, key in marks
    )
    currency = _currency(summary)
    head = (
        "Options marked at",
        f"Equity, {currency}",
        f"Change since opening, {currency}",
        f"Against theo, {currency}",
    )
    return Table(head, rows, "Three marks")


def identities(summary: Summary) -> Table:
    """What must be zero, and whether it is."""
    rows = tuple(
        (
            words.label(key),
            words.IDENTITIES.get(key, ""),
            Number("0 ✓", 0, "gain") if difference == 0 else Number(f"{fixed(difference, 0)} ✗", difference, "loss"),
        )
        for key, difference in summary["identities"].items()
    )
    return Table(("", "What it says", "Difference, micro-units"), rows, "Identities, checked on this run")


def counts(summary: Summary) -> Table:
    """How often things happened."""
    numbers = {"events": summary["events"], **summary["counts"]}
    rows = tuple((words.label(key), words.COUNTS.get(key, ""), count(number)) for key, number in numbers.items())
    return Table(("", "What it is", "Number"), rows, "Counts")


def quality(summary: Summary) -> Table:
    """Recorded rows read, and dropped by reason."""
    rows = tuple((*_source_and_reason(name), count(number)) for name, number in summary["data"].items())
    return Table(("Data", "What", "Rows"), rows, "Recorded data: rows read, and dropped by reason")


def _source_and_reason(name: str) -> tuple[str, str]:
    source, _, reason = name.rpartition(": ")
    return source, reason


def monte_carlo(summary: Summary) -> Table:
    """Mean, standard deviation and standard error of each bucket over the paths."""
    places = words.decimals(summary)
    rows = tuple(
        (
            words.label(bucket),
            money(figures["mean"], places),
            level(figures["sd"], places),
            level(figures["se"], places),
        )
        for bucket, figures in summary["monte_carlo"].items()
    )
    currency = _currency(summary)
    head = ("Bucket", f"Mean a path, {currency}", "Standard deviation", "Standard error of the mean")
    return Table(head, rows, f"Over {summary['paths']:,} paths", 1)


QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def quantiles(summary: Summary, paths: pd.DataFrame) -> Table:
    """Quantiles of each bucket over the paths, those that are zero on all of them left out; ``paths`` is a run's."""
    places = words.decimals(summary)
    moved = [bucket for bucket in words.BUCKETS if bucket == "total" or (bucket in paths and paths[bucket].any())]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (words.label(bucket), *(money(float(value), places) for value in paths[bucket].quantile(QUANTILES)))
        for bucket in moved
    )
    head = ("Bucket", *(f"{100 * share:g} %" for share in QUANTILES))
    return Table(head, rows, f"Quantiles over the paths, {_currency(summary)}", 1)


def facts(name: str, values: Mapping[str, Any]) -> Table:
    """Names and values as text: versions, hashes, parameters."""
    return Table((name, ""), tuple((str(key), brief(str(value), 300)) for key, value in values.items()))


def brief(text: str, limit: int) -> str:
    """The text, cut where it is longer than ``limit``; run.json has all of it.

    >>> brief("deltas = [0.5, 0.4]", 11)
    'deltas = [0 … (run.json has it all)'
    """
    return text if len(text) <= limit else f"{text[:limit]} … (run.json has it all)"


def _currency(summary: Summary) -> str:
    return str(summary["scenario"]["currency"])
