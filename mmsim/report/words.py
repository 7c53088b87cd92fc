"""What the buckets mean, and the sentence that says whether a period was good and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmsim.report import numbers
from mmsim.report.numbers import fixed, is_shown_as_zero
from mmsim.risk.figures import is_liquidation_known

BUCKETS: dict[str, str] = {
    "spread_capture": "theo against the price dealt, at each client fill",
    "gamma": "curvature over each move (convexity), and waiting between hedges (drift)",
    "delta": "what the delta left open at the last hedge, and by fills since, earned",
    "theta": "the options' loss or gain of value as time passes",
    "vega": "the options' revaluation as implied volatility moves",
    "rates": "the options' revaluation as interest rates move",
    "dividends": "the options' and the hedge's revaluation at ex-dates",
    "carry": "interest on cash, borrow fees, dividends on the hedge",
    "basis": "the hedge instrument's move against the underlying that prices the options",
    "hedge_cost": "price of each hedge against the mid at its fill",
    "fees": "commissions on options, hedges and exercises",
    "unexplained": "what no bucket explains: zero, or something is wrong",
    "total": "the change in equity",
}
CASH: dict[str, str] = {
    "premium": "option premiums received less paid",
    "rebalancing": "realised result of the hedge's lots, slippage included",
    "carry": "interest on cash, borrow fees, dividends on the hedge",
    "fees": "commissions on options, hedges and exercises",
    "settlement": "cash from exercise and assignment",
    "inventory": "options at theo; open hedge lots at mid less what they cost",
    "total": "the change in equity",
}
CARRY: dict[str, str] = {
    "options_cash": "interest on the cash of the options",
    "hedge_cash": "interest on the cash of the hedge",
    "borrow": "fees for the stock borrowed to sell short",
    "dividends": "dividends on the hedge, received or paid",
}
TAYLOR: dict[str, str] = {
    "delta": "Δ·dS",
    "gamma": "½Γ·dS²",
    "theta": "Θ·dt",
    "vega": "vega·dσ",
    "vanna": "vanna·dS·dσ",
    "volga": "½volga·dσ²",
    "rates": "interest rates, 0 while they are constant",
    "residual": "what the second order misses; large for an option about to expire",
    "total": "the options' whole revaluation between marks, before the hedge",
}
CONVEXITY_AND_THETA: dict[str, str] = {
    "convexity": "curvature: the options' spot move less the delta held before each tick",
    "theta": BUCKETS["theta"],
    "convexity + theta": "moves between the two with the grid of marks; the sum stays",
    "drift": "what the delta earned that grew since the last hedge: the price of waiting",
}
REVALUATION: dict[str, str] = {
    "theta": "the bucket",
    "vega": "the bucket",
    "rates": "the bucket",
    "dividends": "the bucket without the hedge's part",
    "spot_step": "gamma and delta without what the hedge itself moved",
    "total": "the options component less the edges of fills, interest and fees: the Taylor view's, opening marks apart",
}
COMPONENTS: dict[str, str] = {
    "options": "options, their cash, its interest and fees",
    "hedge": "the hedge, its cash, its interest and costs",
}
IDENTITIES: dict[str, str] = {
    "trial_balance": "the postings of every transaction sum to zero",
    "mark_view": "the buckets sum to the change in equity",
    "cash_view": "the cash view sums to the change in equity",
    "cash": "cash is the sum of the fills' cash flows and the accruals",
    "components": "options component and hedge component sum to the total",
}

COUNTS: dict[str, str] = {
    "events": "rows of market, clients and clock that the run walked through",
    "orders": "client orders that arrived",
    "client_fills": "client orders that dealt with the desk",
    "hedge_fills": "trades of the hedge",
    "expiries": "positions that expired, exercised or worthless",
    "exercises": "positions exercised or assigned before expiry",
    "offloads": "trades with the volatility desk",
    "quotes": "quotes asked of the quoting policy",
    "hedge_decisions": "times that the hedging policy was asked",
    "limit_breaches": "times that a limit was crossed",
    "marks": "revaluations of an underlying's book",
    "orders_worse_price": "no deal: the desk's price was worse than the client would take",
    "orders_no_quote": "no deal: the desk quoted nothing on that side, or its size was used up",
    "orders_no_share": "no deal: at the desk's price, but the venue's rule gave the desk none of it",
    "orders_better_elsewhere": "no deal: another maker's price was better for the client",
    "orders_closed": "no deal: outside the session, or after the option's last trade",
    "orders_no_mark": "no deal: the option had no volatility mark or no spot yet",
    "quotes_clamped": "quotes moved off the market's other side by post-only",
    "quotes_crossed_by_market": "quotes that the market's other side was already through",
    "freezes": "times that market-maker protection pulled all quotes on an underlying",
    "alarms": "times that quotes were pulled or widened: a jump, a thin book, a fast volatility",
    "quote_messages": "standing quotes placed, replaced or pulled",
    "quotes_held_back": "quotes decided on for which the venue took no message: stale ones stood",
    "market_mid_missing": "fills without a market mid: their whole edge is against the desk's own mark",
}
SMALL = 0.2  # of the largest part: what a sentence may leave out
NOTABLE = 0.1  # of all buckets, sizes added: delta so large is a headline
DOUBTFUL = 0.5  # of the total: a gap to liquidation so large is said


def label(key: str) -> str:
    """A key of run.json as a reader sees it.

    >>> label("spread_capture")
    'Spread capture'
    """
    words = key.replace("_", " ")
    return words[:1].upper() + words[1:]


def decimals(summary: Mapping[str, Any]) -> int:
    """How many decimals show the amounts of a run; ``summary`` is run.json."""
    return numbers.decimals(summary["attribution"].values())


def headline(attribution: Mapping[str, float]) -> dict[str, float]:
    """The figures at the top of the page; their names are their labels. Delta is among them where it is notable."""
    groups = drivers(attribution)
    figures = {
        "Total": attribution["total"],
        "Spread capture": attribution["spread_capture"],
        "Gamma net of theta and carry": groups["gamma net of theta and carry"],
        "Delta kept at hedges": attribution["delta"],
        "Vega": attribution["vega"],
        "Costs": groups["costs"],
    }
    if not _is_delta_notable(attribution):
        del figures["Delta kept at hedges"]
    return figures


def _is_delta_notable(attribution: Mapping[str, float]) -> bool:
    sizes = sum(abs(amount) for bucket, amount in attribution.items() if bucket != "total")
    return abs(attribution["delta"]) > NOTABLE * sizes


def rest(attribution: Mapping[str, float]) -> str:
    """What the total holds beside the other headline figures; empty if nothing."""
    small = ("delta",) if not _is_delta_notable(attribution) else ()
    places = numbers.decimals(attribution.values())
    parts = [
        f"{bucket} {fixed(attribution[bucket], places)}"
        for bucket in (*small, "rates", "dividends", "basis", "unexplained")
        if not is_shown_as_zero(attribution[bucket], places)
    ]
    return f"The total also holds {', '.join(parts)}." if parts else ""


def at_other_marks(summary: Mapping[str, Any]) -> str:
    """What the total is with the options at the market's prices; empty where these are theo."""
    equity, places = summary["equity"], decimals(summary)
    marks = {"the market's mid": "at_mid"} | ({"liquidation": "at_liquidation"} if has_liquidation(summary) else {})
    totals = {name: equity[mark] - equity["opening"] for name, mark in marks.items() if mark in equity}
    if all(is_shown_as_zero(total - summary["attribution"]["total"], places) for total in totals.values()):
        return ""
    said = ", ".join(f"at {name} {fixed(total, places)}" for name, total in totals.items())
    return f"The total is at theo; {said}."


def to_know(summary: Mapping[str, Any]) -> str:
    """Where the run's notes stand; empty without any."""
    count = len(summary["notes"])
    if not count:
        return ""
    notes = f"{count} notes under “Can it be relied on” say" if count > 1 else "A note under “Can it be relied on” says"
    return f"{notes} what to know first."


def drivers(attribution: Mapping[str, float]) -> dict[str, float]:
    """All that the total is made of beside spread capture, in groups that a sentence can name; their sum is exact."""
    rest = ("rates", "dividends", "basis", "unexplained")
    return {
        "gamma net of theta and carry": attribution["gamma"] + attribution["theta"] + attribution["carry"],
        "delta kept at hedges": attribution["delta"],
        "vega": attribution["vega"],
        "costs": attribution["hedge_cost"] + attribution["fees"],
        "rates, dividends and basis": sum(attribution[bucket] for bucket in rest),
    }


def verdict(summary: Mapping[str, Any]) -> str:
    """One sentence: was the period good, and why. ``summary`` is run.json."""
    if summary.get("paths", 1) > 1:
        return _over_paths(summary)
    total, spread, places = summary["attribution"]["total"], summary["attribution"]["spread_capture"], decimals(summary)
    amount, why = f"{fixed(abs(total), places)} {summary['scenario']['currency']}", _why(summary)
    is_even = is_shown_as_zero(total, places)
    if summary["counts"].get("client_fills", 0) == 0:
        if is_even:
            return "Neither good nor bad: no client traded, and the desk ends where it began."
        return f"No client traded: the desk {'made' if total > 0 else 'lost'} {amount} on what it held: {why}."
    if is_even:
        return f"Neither good nor bad: the desk ends where it began{f': {why}' if why else ''}."
    if total < 0:
        return f"Bad: the desk lost {amount}: {why}."
    if _is_on_paper(summary):
        return f"Good on paper only: the desk made {amount} at theo, and {_at_worst(summary)}: {why}."
    if spread >= total:
        return f"Good: the desk made {amount}: {why}."
    if spread > 0:
        return f"Good, with help from the market: the desk made {amount}: {why}."
    return f"Good, but not by making markets: the desk made {amount}: {why}."


def worst_mark(summary: Mapping[str, Any]) -> tuple[str, float]:
    """The mark of the options that leaves least (closing, which is theo, at_mid, at_liquidation), and what it leaves.

    That is the change in equity since the opening, of several paths their mean. The first of equals.
    """
    equity = summary["equity"]
    marks = ("closing", "at_mid", "at_liquidation") if has_liquidation(summary) else ("closing", "at_mid")
    changes = {mark: equity[mark] - equity["opening"] for mark in marks}
    return min(changes.items(), key=lambda item: item[1])


def _is_on_paper(summary: Mapping[str, Any]) -> bool:
    """Whether a profit at theo is a loss at another mark, which the sentence then says."""
    places, (_, worst) = decimals(summary), worst_mark(summary)
    is_lost = worst < 0 and not is_shown_as_zero(worst, places)
    return is_lost and summary["attribution"]["total"] > 0 and summary["counts"].get("client_fills", 0) > 0


def _at_worst(summary: Mapping[str, Any]) -> str:
    mark, worst = worst_mark(summary)
    where = "closing its options at bid and ask" if mark == "at_liquidation" else "marking its options at market mids"
    return f"{where} would leave a loss of {fixed(-worst, decimals(summary))}"


def explanation(attribution: Mapping[str, float]) -> dict[str, float]:
    """The parts that explain the total, largest first.

    What is left of the total, and each part left out, is less than ``SMALL`` of the largest part.
    """
    spread = attribution["spread_capture"]
    parts = {"spread capture" if spread > 0 else "dealing worse than theo": spread, **drivers(attribution)}
    ranked = sorted(parts.items(), key=lambda part: -abs(part[1]))
    left, named = attribution["total"], dict[str, float]()
    for name, amount in ranked:
        if named and max(abs(left), abs(amount)) < SMALL * abs(ranked[0][1]):
            break
        named[name] = amount
        left -= amount
    return named


def _why(summary: Mapping[str, Any]) -> str:
    """What took and what brought the total, as clauses: first those that pull its way; empty if nothing did."""
    total, places = summary["attribution"]["total"], decimals(summary)
    named = explanation(summary["attribution"]).items()
    shown = [(name, amount) for name, amount in named if not is_shown_as_zero(amount, places)]
    brought = _clause("brought", [(name, fixed(amount, places)) for name, amount in shown if amount > 0])
    took = _clause("took", [(name, fixed(-amount, places)) for name, amount in shown if amount < 0])
    return "; ".join(clause for clause in ((took, brought) if total < 0 else (brought, took)) if clause)


def _clause(verb: str, parts: Sequence[tuple[str, str]]) -> str:
    """``costs took 3.00, vega 2.00 and delta 1.00``; empty without parts."""
    if not parts:
        return ""
    (first, amount), *others = parts
    said = [f"{first} {verb} {amount}", *(" ".join(part) for part in others)]
    return " and ".join([", ".join(said[:-1]), said[-1]] if others else said)


def _over_paths(summary: Mapping[str, Any]) -> str:
    """The sentence of a Monte Carlo run: the mean against its standard error."""
    total, currency, places = summary["monte_carlo"]["total"], summary["scenario"]["currency"], decimals(summary)
    mean, error, why = total["mean"], total["se"], _why(summary)
    sentence = (
        f"the desk {'makes' if mean >= 0 else 'loses'} {fixed(abs(mean), places)} {currency} a path on average over"
        f" {summary['paths']:,} paths (standard error {fixed(error, places)}){f': {why}' if why else ''}"
    )
    if abs(mean) <= 1.96 * error or is_shown_as_zero(mean, places):
        return f"Neither good nor bad: {sentence}. The mean is within 1.96 standard errors of zero."
    if _is_on_paper(summary):
        return f"Good on paper only: {sentence}; {_at_worst(summary)}."
    return f"{'Good' if mean > 0 else 'Bad'}: {sentence}."


def has_liquidation(summary: Mapping[str, Any]) -> bool:
    """Whether any position has a quote to liquidate at: not where all that lack one leave equity where mid has it."""
    return is_liquidation_known(summary["equity"])


def second_thought(summary: Mapping[str, Any]) -> str:
    """A warning where the result hangs on the mark and the sentence is silent, or an identity is broken; else empty."""
    broken = [label(name).lower() for name, difference in summary["identities"].items() if difference != 0]
    if broken:
        return f"Do not rely on these figures: an identity does not hold ({', '.join(broken)})."
    if _is_on_paper(summary):
        return ""  # the sentence says it
    equity, places = summary["equity"], decimals(summary)
    total, at_liquidation = (equity[mark] - equity["opening"] for mark in ("closing", "at_liquidation"))
    gap = at_liquidation - total
    if is_shown_as_zero(gap, places) or (abs(gap) <= DOUBTFUL * abs(total) and total * at_liquidation >= 0):
        return ""
    amount = f"{fixed(abs(at_liquidation), places)} {summary['scenario']['currency']}"
    result = "loss" if at_liquidation < 0 else "profit"
    return f"With the options at liquidation prices (bid for longs, ask for shorts) it would be a {result} of {amount}."
