"""What the policies were shown in an event, and each step from their answers to what was in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_type_hints

import numpy as np
import pandas as pd

from mmsim.engine.state import TransactionKind
from mmsim.engine.tracing import Asked
from mmsim.events import Kind
from mmsim.explanation.replay import Played, Replay
from mmsim.policy import HedgeView, OptionView, QuoteView
from mmsim.results import Run

_VIEWS: Mapping[Asked, Any] = {Asked.QUOTE: QuoteView, Asked.HEDGE: HedgeView, Asked.OFFLOAD: OptionView}
_MOST = 4  # described of an event


@dataclass(frozen=True)
class Decision:
    """One answer of a policy.

    ``view`` is what it was shown, ``steps`` what became of its answer, a dict each: of a quote ``step``, ``bid``,
    ``ask``, ``bid_size``, ``ask_size`` (a side that is not quoted is NaN), of a hedge ``step`` and ``units`` (of an
    offload: contracts).
    """

    asked: str  # quote, hedge or offload
    policy: str
    parameters: Mapping[str, Any]
    instrument: str
    decided: pd.Timestamp
    in_force: pd.Timestamp
    view: Mapping[str, float | int]
    steps: tuple[Mapping[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """Its fields."""
        return asdict(self)


def decisions(run: Run, replay: Replay, played: Played, options: Sequence[int]) -> tuple[tuple[Decision, ...], int]:
    """The decisions behind an event and in it, and the number of those that are left out.

    Of quotes, those of the event's own options are told; in an event about none, those made in it.
    """
    after, count = played.after, len(played.after.options)
    traced = [*after.trace[count + 1 : count + 1 + int(after.desk[0]["traces"])]]
    stands = after.rules[0]["standing"] and replay.events[played.event]["kind"] in (Kind.ORDER, Kind.BAR_TRADE)
    if stands:
        behind = [after.trace[i] for i in options if after.options[i]["stands"] and after.trace[i]["ts"]]
        traced = [*behind, *(row for row in traced if row["asked"] != Asked.QUOTE)]
    told = [row for row in traced if not _is_beside(row, options)]
    return tuple(_decision(run, replay, played, row) for row in told[:_MOST]), len(traced) - len(told[:_MOST])


def hedges_decided(run: Run, replay: Replay, traced: Iterable[Any], ts: int, symbol: str) -> tuple[Decision, ...]:
    """Those of some decisions that were to hedge an underlying at a time."""
    u = replay.market.universe.underlying_index[symbol]
    own = [row for row in traced if row["asked"] == Asked.HEDGE and row["ts"] == ts and int(row["view"][1]) == u]
    return tuple(_decision(run, replay, None, row) for row in own if row["in_force"][0] != 0)


def _is_beside(row: Any, options: Sequence[int]) -> bool:
    """Whether it is a quote of another option than the event's."""
    return bool(options) and row["asked"] == Asked.QUOTE and int(row["view"][1]) not in options


def _decision(run: Run, replay: Replay, played: Played | None, row: Any) -> Decision:
    """A decision traced; of a quote ``played`` is the event that met it."""
    asked = Asked(int(row["asked"]))
    view, latency = _view(row, asked), replay.scenario.latency
    role = "quoting" if asked == Asked.QUOTE else "hedging"
    waits = {Asked.QUOTE: latency.quote, Asked.HEDGE: latency.hedge, Asked.OFFLOAD: 0}[asked]
    names = replay.names.underlyings if asked == Asked.HEDGE else replay.names.options
    policy = run.summary["policies"][role]
    return Decision(
        asked=asked.name.lower(),
        policy=policy["name"],
        parameters=policy["parameters"],
        instrument=names[view["underlying" if asked == Asked.HEDGE else "option"]],
        decided=pd.Timestamp(view["ts_ns"], tz="UTC"),
        in_force=pd.Timestamp(view["ts_ns"] + waits, tz="UTC"),
        view=view,
        steps=tuple(_quote_steps(played, row, view) if asked == Asked.QUOTE else _trade_steps(row)),
    )


def _view(row: Any, asked: Asked) -> dict[str, Any]:
    """The view by its fields; its time is kept beside it, since nanoseconds exceed a float's 53 bits."""
    hints = get_type_hints(_VIEWS[asked])
    view = {name: hint(row["view"][k]) for k, (name, hint) in enumerate(hints.items())}
    return view | {"ts_ns": int(row["ts"])}


def _trade_steps(row: Any) -> Iterator[dict[str, Any]]:
    yield {"step": "the policy's answer", "units": float(row["answer"][0])}
    yield {"step": "in whole lots", "units": float(row["in_force"][0])}


def _quote_steps(played: Played | None, row: Any, view: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """From theo to what is in force; a step that changes nothing is left out."""
    theo, answer, kept, rounded, in_force = (
        view["theo"],
        *(row[name].tolist() for name in ("answer", "kept", "rounded", "in_force")),
    )
    yield {"step": "theo", "bid": theo, "ask": theo, "bid_size": np.nan, "ask_size": np.nan}
    if answer[2] > 0 and answer[3] > 0:
        fair = 0.5 * (answer[0] + answer[1])
        yield {"step": "the policy's fair value", "bid": fair, "ask": fair, "bid_size": np.nan, "ask_size": np.nan}
    steps = [
        ("the policy's answer", answer),
        ("as the alarms leave it", kept),
        ("on the tick grid", [*rounded, *kept[2:]]),
        ("post-only", [*in_force[:2], *kept[2:]]),
        ("in force, within the limits", in_force),
    ]
    for n, (name, values) in enumerate(steps):
        if n in (0, 2, 4) or values != steps[n - 1][1]:
            yield _sides(name, values)
    left = in_force if played is None else _left(played, view["option"], in_force)
    if left != in_force:
        yield _sides("what fills have left of it", left)


def _left(played: Played, i: int, in_force: Sequence[float]) -> list[float]:
    """The quote with the sizes that the event met: fills before it have taken of them since the decision."""
    option, rules, fills = played.after.options[i], played.after.rules[0], played.rows["fills"]
    own = fills["size"][(fills["kind"] == TransactionKind.CLIENT) & (fills["instrument"] == i)]
    left = list(in_force[:2])
    for side, size, filled in zip(("bid", "ask"), in_force[2:], (own[own > 0].sum(), -own[own < 0].sum()), strict=True):
        if rules["quote_latency"]:
            shown = min(size, option[f"stand_{side}_size"]) if rules["standing"] else size
            shown -= option[f"consumed_{side}"] - filled
        else:
            shown = min(size, option[f"stand_{side}_size"] + filled) if rules["standing"] else size
        left.append(max(float(shown), 0.0))
    return left


def _sides(name: str, values: Sequence[float]) -> dict[str, Any]:
    """A step with its prices and sizes; of a side without size there is no price."""
    bid, ask, bid_size, ask_size = values
    return {
        "step": name,
        "bid": bid if bid_size > 0 else np.nan,
        "ask": ask if ask_size > 0 else np.nan,
        "bid_size": bid_size,
        "ask_size": ask_size,
    }
