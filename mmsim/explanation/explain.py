"""One event of a run explained: the market, what the policies saw and answered, what was posted and what it came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmsim import tables
from mmsim.attribution import BUCKETS
from mmsim.engine.state import Counter
from mmsim.errors import UserError
from mmsim.events import Kind
from mmsim.explanation.decisions import Decision, decisions, hedges_decided
from mmsim.explanation.origin import opened
from mmsim.explanation.replay import Played, Replay
from mmsim.explanation.states import ASSETS, at_hand, state_table
from mmsim.ledger import NAMES, Account
from mmsim.results import Run
from mmsim.units import parse_instant

_ORDERS = (Kind.ORDER, Kind.BAR_TRADE)
_OF_UNDERLYINGS = (Kind.SPOT, Kind.DIVIDEND)


@dataclass(frozen=True)
class Explanation:
    """One event of a kept path, played again: its DataFrames, and plain fields. Times are UTC, ``micros`` integers.

    ``what`` is the event; ``state`` has the market, theo, Greeks, positions and cash before and after; ``decisions``
    what the policies were shown and answered; ``counts`` the counters of the run that moved; ``fills``, ``breaches``
    and ``postings`` are rows of the run's tables of these names; ``checked`` counts the postings of the path, up to
    and with this event, that were played again and are the ledger's.
    """

    run: str
    currency: str
    path: int
    event: int
    events: int
    what: Mapping[str, Any]
    state: pd.DataFrame
    decisions: tuple[Decision, ...]
    undescribed: int  # decisions beside these
    counts: Mapping[str, int]
    fills: pd.DataFrame
    breaches: pd.DataFrame
    postings: pd.DataFrame
    equity_before_micros: int
    equity_after_micros: int
    hedge_latency_ns: int
    checked: int

    @property
    def buckets_micros(self) -> dict[str, int]:
        """What the postings added to each bucket, profits positive, and to the opening equity; those that moved."""
        groups = {**BUCKETS, "opening": (Account.OPENING,)}
        sums = {
            name: -int(self.postings.loc[self.postings["account"].isin(map(NAMES.get, group)), "amount_micros"].sum())
            for name, group in groups.items()
        }
        return {name: micros for name, micros in sums.items() if micros}

    @property
    def transactions(self) -> pd.DataFrame:
        """A row a transaction: ts, kind, postings, and sum_micros, which is 0."""
        grouped = self.postings.groupby("transaction", sort=False)
        of_each = {"ts": ("ts", "first"), "kind": ("kind", "first"), "postings": ("ts", "size")}
        return grouped.agg(**of_each, sum_micros=("amount_micros", "sum")).reset_index()

    @property
    def identities(self) -> dict[str, int]:
        """Differences in micro-units, which are 0: transactions sum to zero, and buckets to the change of equity."""
        change = self.equity_after_micros - self.equity_before_micros
        return {
            "trial_balance": int(self.transactions["sum_micros"].abs().sum()),
            "mark_view": sum(self.buckets_micros.values()) - change,
        }

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON would hold it: times as ISO 8601, what is not known as None."""
        plain = ("run", "currency", "path", "event", "events", "what", "counts", "undescribed", "checked")
        made: dict[str, Any] = {name: getattr(self, name) for name in plain}
        made |= {name: getattr(self, name).to_dict("records") for name in ("state", "fills", "breaches", "postings")}
        made["decisions"] = [decision.to_dict() for decision in self.decisions]
        made["equity_micros"] = {"before": self.equity_before_micros, "after": self.equity_after_micros}
        made |= {"buckets_micros": self.buckets_micros, "identities": self.identities}
        return dict(_jsonable(made))

    def __str__(self) -> str:
        from mmsim.explanation import text

        return text.text(self)

    def _repr_html_(self) -> str:
        from mmsim.explanation import text

        return text.html(self)


def explain(
    run: Run | str | Path,
    *,
    event: int | None = None,
    at: str | None = None,
    fill: int | None = None,
    path: int = 0,
    data: str | Path | None = None,
) -> Explanation:
    """Explain one event of a run, or of the run in a folder, by playing the path again up to it.

    Which one: ``event``, its number among the events of the path, from 0; ``at``, an ISO 8601 time with a zone: the
    last event at or before it; or ``fill``, a row of the path's fills, from 0 (from the end: -1 is the last): the
    event that made it. ``data`` is the folder that holds recorded data, by default that of the run's own command.
    Raises UserError where the run cannot be played again as it was, and where there is no such event.
    """
    if sum(given is not None for given in (event, at, fill)) != 1:
        raise UserError("give one of event, at and fill")
    found, ledger = opened(run)
    made = None if fill is None else _fill(found, path, fill)
    instant = None if at is None else _instant(at)
    replay = Replay(found, path, data, ledger)
    earlier: tuple[Decision, ...] = ()
    if made is not None:
        since = int(made["ts"].value)
        if made["kind"] == "hedge" and (waited := _waited(replay)):
            earlier = _decided(found, replay, since - waited, str(made["instrument"]))
        replay.to_transaction(min(_first_at(replay, since), len(replay.events) - 1), int(made["transaction"]))
    else:
        replay.to(_number(replay, event, instant))
    return _explained(found, replay, replay.play(), earlier)


def _instant(at: str) -> int:
    try:
        return parse_instant(at)
    except ValueError as error:
        raise UserError(str(error)) from error


def _waited(replay: Replay) -> int:
    """Nanoseconds from a hedge's decision to its fill; 0 where it may rest until the market comes to it."""
    return 0 if replay.scenario.execution.hedge_at == "passive" else replay.scenario.latency.hedge


def _decided(run: Run, replay: Replay, ts: int, symbol: str) -> tuple[Decision, ...]:
    """The decisions at a time to hedge an underlying, which the replay is then just behind."""
    replay.to(_first_at(replay, ts))
    after = int(np.searchsorted(replay.events["ts"], ts, "right"))
    is_filled_next = _first_at(replay, ts + _waited(replay)) == after
    return hedges_decided(run, replay, replay.traced(after if is_filled_next else after + 1), ts, symbol)


def _fill(run: Run, path: int, fill: int) -> pd.Series[Any]:
    """The fill of that number on a path: its kind, instrument, time and transaction."""
    pieces = run._tables["fills"].pieces(["path", "ts", "transaction", "kind", "instrument"])
    fills = pd.concat([piece[piece["path"] == path] for piece in pieces], ignore_index=True)
    if not -len(fills) <= fill < len(fills):
        there = f"they are numbered 0 to {len(fills) - 1:,}" if len(fills) else "it has none"
        raise UserError(f"there is no fill {fill:,} on path {path}: {there}")
    return fills.iloc[fill]


def _first_at(replay: Replay, ts: int) -> int:
    return int(np.searchsorted(replay.events["ts"], ts))


def _number(replay: Replay, event: int | None, instant: int | None) -> int:
    count = len(replay.events)
    if event is not None:
        if not 0 <= event < count:
            raise UserError(f"there is no event {event:,}: they are numbered 0 to {count - 1:,}")
        return event
    assert instant is not None
    found = int(np.searchsorted(replay.events["ts"], instant, "right")) - 1
    if found < 0:
        first = pd.Timestamp(int(replay.events[0]["ts"]), tz="UTC")
        raise UserError(f"there is no event by then: the first is at {first.isoformat()}")
    return found


def _explained(run: Run, replay: Replay, played: Played, earlier: tuple[Decision, ...] = ()) -> Explanation:
    """The explanation of an event that has been played; ``earlier`` are the decisions behind its hedge."""
    fills = tables.fills_table(played.rows["fills"], replay.names)
    options, underlyings = at_hand(replay, played)
    told, undescribed = decisions(run, replay, played, options)
    moved = played.after.counters - played.before.counters
    before, after = (int(state.balances[:, ASSETS].sum()) for state in (played.before, played.after))
    return Explanation(
        run=run.summary["name"],
        currency=run.summary["currency"],
        path=replay.path,
        event=played.event,
        events=len(replay.events),
        what=_what(replay, played),
        state=state_table(replay, played, options, underlyings),
        decisions=(*earlier, *told),
        undescribed=undescribed,
        counts={counter.name.lower(): int(moved[counter]) for counter in Counter if moved[counter]},
        fills=fills,
        breaches=tables.breaches_table(played.rows["breaches"], replay.names),
        postings=tables.ledger_table(played.rows["postings"], replay.names),
        equity_before_micros=before,
        equity_after_micros=after,
        hedge_latency_ns=_waited(replay),
        checked=replay.checked,
    )


def _what(replay: Replay, played: Played) -> dict[str, Any]:
    """The event itself; of an order also who asked for what."""
    row = replay.events[played.event]
    kind, i = Kind(row["kind"]), int(row["instrument"])
    names = replay.names.underlyings if kind in _OF_UNDERLYINGS else replay.names.options
    what: dict[str, Any] = {
        "kind": kind.name.lower(),
        "ts": pd.Timestamp(int(row["ts"]), tz="UTC"),
        "instrument": names[i] if i >= 0 else "",
    }
    if kind in _ORDERS:
        side = int(row["side"])
        what |= {
            "client": replay.names.clients[row["client"]] if row["client"] >= 0 else "",
            "side": {1: "buy", -1: "sell"}.get(side, "either"),  # the client's
            "size": float(row["size"]),
            "limit": float(played.after.desk[0]["limit"]),
        }
    elif kind in (Kind.SPOT, Kind.QUOTE):
        what |= {name: float(row[name]) for name in ("bid", "ask", "bid_size", "ask_size")}
    elif kind in (Kind.VOLATILITY, Kind.FAIR_VOLATILITY, Kind.DIVIDEND):
        what |= {"value": float(row["value"])}
    return what


def _jsonable(value: Any) -> Any:
    """Values of tables as JSON would hold them."""
    if isinstance(value, Mapping):
        return {str(key): _jsonable(part) for key, part in value.items()}
    if isinstance(value, list | tuple | Iterator):
        return [_jsonable(part) for part in value]
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
