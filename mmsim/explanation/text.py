"""An explanation as text: for a terminal, a file or a notebook."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from mmsim.ledger import MICROS
from mmsim.report.numbers import MINUS, NONE, fixed
from mmsim.report.words import COUNTS, label
from mmsim.units import duration_text

if TYPE_CHECKING:
    import pandas as pd

    from mmsim.explanation.decisions import Decision
    from mmsim.explanation.explain import Explanation

WIDTH = 120
_SHOWN = 40  # postings, at most: of a mark there are hundreds
_UNITS = {
    "bid": "{currency}",
    "ask": "{currency}",
    "spot": "{currency}",
    "spot_bid": "{currency}",
    "spot_ask": "{currency}",
    "last_hedge_spot": "{currency}",
    "market_bid": "{currency}",
    "market_ask": "{currency}",
    "market_mid": "{currency}",
    "market_fair": "{currency}",
    "strike": "{currency}",
    "tick": "{currency}",
    "theo": "{currency}",
    "expected_theo": "{currency}",
    "years": "to expiry",
    "implied_volatility": "a year",
    "expected_volatility": "a year",
    "rate": "a year",
    "delta": "of one unit",
    "gamma": "per 1.00 of spot",
    "vega": "{currency} per 1.00 of vol",
    "theta": "{currency} a year",
    "book_delta": "units",
    "book_gamma": "units per 1.00 of spot",
    "book_vega": "{currency} per 1.00 of vol",
    "book_theta": "{currency} a year",
    "option_delta": "units",
    "net_delta": "units",
    "hedge_delta": "units",
    "hedge": "units",
    "pending": "units",
    "net_gamma": "units per 1.00 of spot",
    "net_vega": "{currency} per 1.00 of vol",
    "net_theta": "{currency} a year",
    "position": "contracts",
    "market_bid_size": "contracts",
    "market_ask_size": "contracts",
    "multiplier": "units a contract",
    "cash_options": "{currency}",
    "cash_hedge": "{currency}",
    "options_at_theo": "{currency}",
    "hedge_at_mid": "{currency}",
}
_UNSAID = ("ts_ns", "option", "underlying", "timer", "last_hedge_ns")  # said otherwise, or numbers of the loop's own


def text(explanation: Explanation) -> str:
    """All of it as plain text, at most 120 characters wide."""
    console = Console(file=io.StringIO(), width=WIDTH, highlight=False, color_system=None)
    show(explanation, console)
    written: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in written.splitlines())


def html(explanation: Explanation) -> str:
    """All of it as an HTML element."""
    console = Console(file=io.StringIO(), width=WIDTH, highlight=False, record=True)
    show(explanation, console)
    return console.export_html(inline_styles=True, code_format="<pre>{code}</pre>")


def show(explanation: Explanation, console: Console) -> None:
    """Print all of it."""
    for part in parts(explanation):
        console.print(part)


def parts(found: Explanation) -> Iterator[RenderableType]:
    """What is printed, in the order of reading."""
    yield Text(_headline(found), style="bold")
    yield from map(Text, _order(found))
    yield from _refusals(found)
    yield _state(found)
    for decision in found.decisions:
        yield from _decision(decision, found.currency)
    if found.undescribed:
        yield Text(f"\nAnd {found.undescribed:,} more decisions, which are not shown.")
    yield from _fills(found)
    yield from _postings(found)
    yield from _identity(found)


def _headline(found: Explanation) -> str:
    kind = label(str(found.what["kind"])).lower()
    of = f" of {found.what['instrument']}" if found.what["instrument"] else ""
    path = f", path {found.path}" if found.path else ""
    return f"{found.run}{path}: event {found.event:,} of {found.events:,}, {kind}{of} at {_time(found.what['ts'])}"


def _order(found: Explanation) -> Iterator[str]:
    """What a client asked for, or the numbers of a market event."""
    what = found.what
    if "client" in what:
        limit = f" at {_number(what['limit'])} or better" if isfinite(what["limit"]) else ""
        side = "would buy or sell" if what["side"] == "either" else f"would {what['side']}"
        yield f"The client ({what['client'] or 'none'}) {side} {_number(what['size'])}{limit}."
    elif "bid" in what:
        bid, ask = (f"{side} {_number(what[side])} × {_number(what[f'{side}_size'])}" for side in ("bid", "ask"))
        yield f"Market: {bid}, {ask}."
    elif "value" in what:
        yield f"Value {_number(what['value'])}."


def _refusals(found: Explanation) -> Iterator[RenderableType]:
    """What the run counted; why an order was not dealt stands out."""
    for name in found.counts:
        if name in COUNTS and name.startswith("orders_"):
            yield Text(f"{label(COUNTS[name])}.", style="bold yellow")
    others = [f"{label(name).lower()} {number:,}" for name, number in found.counts.items()]
    yield Text(f"Counted: {', '.join(others) or 'nothing'}.")


def _state(found: Explanation) -> Table:
    """Market, theo, Greeks, positions and cash before and after."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("\nof", no_wrap=True, overflow="fold")
    table.add_column("\n")
    for column in ("\nbefore", "\nafter", "\nchange"):
        table.add_column(column, justify="right")
    table.add_column("\n", style="dim")
    last = None
    for of, figure, before, after in found.state.itertuples(index=False):
        name = "" if of == last else of or "the desk"
        last = of
        change = after - before
        moved = _signed(change) if isfinite(change) and change else ""
        cells = (_number(before), _number(after), moved) if of else map(_amount, (before, after, change))
        table.add_row(
            escape(name), label(figure).lower(), *cells, _UNITS.get(figure, "").format(currency=found.currency)
        )
    return table


def _decision(decision: Decision, currency: str) -> Iterator[RenderableType]:
    """The policy, what it was shown and what became of its answer."""
    parameters = ", ".join(f"{name}={value}" for name, value in decision.parameters.items()) or "no parameters"
    yield Text(f"\nThe {decision.asked} of {decision.instrument}, by {decision.policy} ({parameters})", style="bold")
    later = "" if decision.in_force == decision.decided else f", in force at {_time(decision.in_force)}"
    yield Text(f"Decided at {_time(decision.decided)}{later}, on this view:")
    yield _view(decision.view, currency)
    yield _steps(decision.steps)


def _view(view: Mapping[str, Any], currency: str) -> Table:
    """The view's fields, two beside each other."""
    shown = [
        (label(name).lower(), _number(value), _UNITS.get(name, "").format(currency=currency))
        for name, value in view.items()
        if name not in _UNSAID and value == value
    ]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(2):
        table.add_column()
        table.add_column(justify="right")
        table.add_column(style="dim", min_width=20)
    half = (len(shown) + 1) // 2
    for n in range(half):
        right = shown[half + n] if half + n < len(shown) else ("", "", "")
        table.add_row(*shown[n], *right)
    return table


def _steps(steps: Sequence[Mapping[str, Any]]) -> Table:
    """The edge chain, or the answer in lots."""
    table = _table("step")
    names = [name for name in steps[0] if name != "step"]
    for name in names:
        table.add_column(label(name).lower(), justify="right")
    for step in steps:
        table.add_row(step["step"], *(_number(step[name]) for name in names))
    return table


def _fills(found: Explanation) -> Iterator[RenderableType]:
    """What was dealt: price, theo and edge."""
    if found.fills.empty:
        return
    yield Text("\nDealt", style="bold")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("", "instrument", "client", "side"):
        table.add_column(column, overflow="fold", no_wrap=column == "instrument")
    for column in ("size", "price", "theo", "fair", "mid", "edge", "fee", "position"):
        table.add_column(column, justify="right")
    row: Any
    for row in found.fills.itertuples(index=False):
        figures = (row.size, row.price, row.theo, row.policy_fair, row.decision_mid, row.edge, row.fee)
        texts = (str(row.kind), escape(str(row.instrument)), escape(str(row.client)), str(row.side))
        table.add_row(*texts, *map(_number, figures), _number(row.position_after))
    yield table
    yield Text(
        "Fair: the policy's. Mid: the market's, of a hedge when it was decided. Position: after it.", style="dim"
    )
    is_shown = any(decision.asked == "hedge" and decision.in_force > decision.decided for decision in found.decisions)
    if found.hedge_latency_ns and not is_shown and (found.fills["kind"] == "hedge").any():
        yield Text(
            f"A hedge fills {duration_text(found.hedge_latency_ns)} after its decision, which --at that time explains."
        )


def _postings(found: Explanation) -> Iterator[RenderableType]:
    """Every posting with its account, by transaction, and the transaction's sum."""
    if found.postings.empty:
        yield Text("\nNothing was posted.")
        return
    yield Text("\nPostings", style="bold")
    table = _table("transaction", "account", "instrument")
    table.add_column(found.currency, justify="right")
    left = len(found.postings) - _SHOWN
    shown = found.postings if left <= 0 else found.postings.iloc[:_SHOWN]
    sums = found.transactions.set_index("transaction")["sum_micros"]
    number: Any
    for number, rows in shown.groupby("transaction", sort=False):
        _add_transaction(table, int(number), rows, int(sums[number]))
    yield table
    if left > 0:
        yield Text(f"And {left:,} more postings, of {len(sums):,} transactions in all; each sums to 0.")


def _add_transaction(table: Table, number: int, rows: pd.DataFrame, total: int) -> None:
    """The postings of one transaction and their sum."""
    first = rows.iloc[0]
    table.add_row(f"{number} {first['kind']}", _time(first["ts"]), "", "", style="bold")
    row: Any
    for row in rows.itertuples(index=False):
        table.add_row("", str(row.account), escape(str(row.instrument)), _money(row.amount_micros))
    table.add_row("", "sum", "", _money(total), style="dim")


def _identity(found: Explanation) -> Iterator[RenderableType]:
    """The change of equity as the sum of the buckets, and what was compared with the folder."""
    before, after = found.equity_before_micros, found.equity_after_micros
    parts_ = " ".join(_term(name, micros) for name, micros in found.buckets_micros.items())
    yield Text(
        f"\nEquity {_money(before)} to {_money(after)}: {_money(after - before)} = {parts_.removeprefix('+ ') or 0}"
    )
    wrong = {name: off for name, off in found.identities.items() if off}
    if wrong:
        yield Text(f"Identities that do NOT hold: {wrong}", style="bold red")
    else:
        yield Text("Each transaction sums to 0, and the buckets to the change of equity, to the micro-unit.")
    yield Text(
        f"Played again: the {found.checked:,} postings up to here, these {len(found.postings):,} the last of them, are"
        " those of the run's ledger."
    )


def _term(name: str, micros: int) -> str:
    return f"{'+' if micros >= 0 else MINUS} {_money(abs(micros))} {label(name).lower()}"


def _money(micros: int) -> str:
    """An amount to the micro-unit."""
    return _amount(int(micros) / MICROS)


def _amount(value: float) -> str:
    return fixed(value, 6)


def _number(value: float) -> str:
    """Up to eight significant digits."""
    if not isfinite(value):
        return NONE
    said = f"{abs(value):,.8g}"
    return MINUS + said if value < 0 else said


def _signed(value: float) -> str:
    return f"+{_number(value)}" if value > 0 else _number(value)


def _time(ts: pd.Timestamp) -> str:
    """To the nanosecond where it has any."""
    return ts.isoformat().replace("+00:00", "Z")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column)
    return table
