"""What the buckets mean, and the sentence that says whether a period was good and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmsim.report.numbers import fixed

BUCKETS: dict[str, str] = {
    "spread_capture": "theo against the price dealt, at each client fill",
    "gamma": "what the options' curvature earned beyond the delta that the hedge answers to",
    "delta": "what the net delta that the desk kept earned as the spot moved",
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
    "inventory": "options at theo and open hedge lots at mid, less what they cost",
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
    "total": "the options' revaluation between marks",
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


def label(key: str) -> str:
    """A key of run.json as a reader sees it.

    >>> label("spread_capture")
    'Spread capture'
    """
    words = key.replace("_", " ")
    return words[:1].upper() + words[1:]


def headline(attribution: Mapping[str, float]) -> dict[str, float]:
    """The five figures at the top of the page; their names are their labels."""
    return {
        "Total": attribution["total"],
        "Spread capture": attribution["spread_capture"],
        "Gamma net of theta and carry": attribution["gamma"] + attribution["theta"] + attribution["carry"],
        "Vega": attribution["vega"],
        "Costs": attribution["hedge_cost"] + attribution["fees"],
    }


def rest(attribution: Mapping[str, float]) -> str:
    """What the total holds beside the other four headline figures; empty if nothing."""
    others = [
        bucket
        for bucket in ("delta", "rates", "dividends", "basis", "unexplained")
        if fixed(attribution[bucket]) != "0.00"
    ]
    if not others:
        return ""
    parts = ", ".join(f"{bucket} {fixed(attribution[bucket])}" for bucket in others)
    return f"The total also holds {parts}."


def drivers(attribution: Mapping[str, float]) -> dict[str, float]:
    """All that the total is made of beside spread capture, in groups that a sentence can name; their sum is exact."""
    rest = ("rates", "dividends", "basis", "unexplained")
    return {
        "gamma net of theta and carry": attribution["gamma"] + attribution["theta"] + attribution["carry"],
        "vega": attribution["vega"],
        "delta left unhedged": attribution["delta"],
        "costs": attribution["hedge_cost"] + attribution["fees"],
        "rates, dividends and basis": sum(attribution[bucket] for bucket in rest),
    }


def verdict(summary: Mapping[str, Any]) -> str:
    """One sentence: was the period good, and why. ``summary`` is run.json."""
    if summary.get("paths", 1) > 1:
        return _over_paths(summary)
    attribution, currency = summary["attribution"], summary["scenario"]["currency"]
    total, spread = attribution["total"], attribution["spread_capture"]
    name, driver = max(drivers(attribution).items(), key=lambda item: item[1] if total > 0 else -item[1])
    amount = f"{fixed(abs(total))} {currency}"
    if summary["counts"].get("client_fills", 0) == 0:
        return _without_fills(total, amount, name, driver)
    if fixed(total) == "0.00":
        return f"Neither good nor bad: the desk ends where it began, and its fills {_captured(spread)} in spread."
    if total > 0 and spread >= total:
        kept = f"{100 * total / spread:.0f} % of the {fixed(spread)} it captured in spread"
        return f"Good: the desk made {amount}, {kept}; {_largest_drain(attribution)}."
    if total > 0 and spread > 0:
        return (
            f"Good, with help from the market: the desk made {amount}, of which it captured {fixed(spread)} in spread;"
            f" {name} added {fixed(driver)}."
        )
    if total > 0:
        return (
            f"Good, but not by making markets: the desk made {amount} although its fills {_captured(spread)} in spread;"
            f" {name} brought {fixed(driver)}."
        )
    if spread > 0:
        return (
            f"Bad: the desk lost {amount}; its fills {_captured(spread)} in spread, and {name} took {fixed(-driver)}."
        )
    if driver < spread:
        taken = f"{name} took {fixed(-driver)}"
        return f"Bad: the desk lost {amount}; {taken}, and its fills {_captured(spread)} in spread."
    return f"Bad: the desk lost {amount}; its fills {_captured(spread)} in spread, the largest part of it."


def _captured(spread: float) -> str:
    """What the fills did, as a verb and an amount."""
    if fixed(spread) == "0.00":
        return "captured nothing"
    return f"captured {fixed(spread)}" if spread > 0 else f"gave up {fixed(-spread)}"


def _largest_drain(attribution: Mapping[str, float]) -> str:
    """What took most of the spread, for the end of a sentence."""
    name, amount = min(drivers(attribution).items(), key=lambda item: item[1])
    return f"{name} took most, {fixed(-amount)}" if amount < 0 else "nothing else cost it anything"


def _without_fills(total: float, amount: str, name: str, driver: float) -> str:
    """The sentence of a run in which no client traded."""
    if fixed(total) == "0.00":
        return "Neither good nor bad: no client traded, and the desk ends where it began."
    made = "made" if total > 0 else "lost"
    return f"No client traded: the desk {made} {amount} on what it held, {fixed(driver)} of it from {name}."


def _over_paths(summary: Mapping[str, Any]) -> str:
    """The sentence of a Monte Carlo run: the mean against its standard error."""
    total, currency, paths = summary["monte_carlo"]["total"], summary["scenario"]["currency"], summary["paths"]
    mean, error = total["mean"], total["se"]
    spread = summary["monte_carlo"]["spread_capture"]["mean"]
    made = "makes" if mean >= 0 else "loses"
    sentence = (
        f"the desk {made} {fixed(abs(mean))} {currency} a path on average over {paths:,} paths"
        f" (standard error {fixed(error)}), and its fills {_captured(spread)} in spread"
    )
    if abs(mean) <= 1.96 * error or fixed(mean) == "0.00":
        return f"Neither good nor bad: {sentence}; the mean is within 1.96 standard errors of zero."
    return f"{'Good' if mean > 0 else 'Bad'}: {sentence}."


def second_thought(summary: Mapping[str, Any]) -> str:
    """A warning where the sign of the result depends on the mark, or an identity does not hold; else empty."""
    broken = [label(name).lower() for name, difference in summary["identities"].items() if difference != 0]
    if broken:
        return f"Do not rely on these figures: an identity does not hold ({', '.join(broken)})."
    equity = summary["equity"]
    total = equity["closing"] - equity["opening"]
    at_liquidation = equity["at_liquidation"] - equity["opening"]
    if total > 0 > at_liquidation:
        loss = f"{fixed(-at_liquidation)} {summary['scenario']['currency']}"
        return f"With the options at liquidation prices it would be a loss of {loss}."
    return ""
