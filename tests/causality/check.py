"""The check: what a run has said by an instant is the same whatever comes after it."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

from mmsim import backtest
from mmsim.scenario import Scenario
from mmsim.units import parse_duration
from tests.causality import outputs, tape
from tests.causality.outputs import Outputs

Plain = dict[str, Any]  # a scenario as `Scenario.dump` gives it
Play = Callable[[Path], Outputs]  # a recorded folder through a scenario


def replayer(file: Path, **changes: str) -> Play:
    """How a scenario's file with changed keys replays a folder of recorded files, in this process."""

    def play(folder: Path) -> Outputs:
        keys = {"market.recorded.folder": folder.name, "market.recorded.refuse_above": "1.0"}
        with mock.patch.dict(os.environ, {"PEEK_AT": str(folder.parent)}):
            return outputs.played(lambda: backtest.run(file, folder.parent, changes=changes | keys))

    return play


def foresight(scenario: Plain) -> int:
    """Nanoseconds that the orders of informed clients may look ahead; all else may not."""
    return max((parse_duration(group["horizon"]) for group in scenario["clients"] if "horizon" in group), default=0)


def leak_of_tape(
    play: Play, whole: Outputs, folder: Path, instant_ns: int, into: Path, seed: int, ahead: int = 0
) -> str:
    """What outputs up to an instant owe to rows after it, "" for nothing.

    ``whole`` are the outputs of ``folder`` itself. Compared are all rows with ts <= instant less what informed clients
    may look ``ahead``.
    """
    views = {
        "cut": tape.cut(folder, instant_ns, into / "cut"),
        "corrupted": tape.corrupted(folder, instant_ns, into / "corrupted", np.random.default_rng(seed)),
    }
    known = outputs.until(whole, instant_ns - ahead)
    assert len(known["events"]), "nothing has happened by then"
    for name, view in views.items():
        if found := outputs.difference(known, outputs.until(play(view), instant_ns - ahead)):
            return f"{name} at {pd.Timestamp(instant_ns, tz='UTC')}: {found}"
    return ""


def leak_of_models(scenario: Plain, instant_ns: int, draws: np.random.Generator) -> str:
    """What outputs up to an instant owe to the scenario's words about later, "" for nothing.

    A clock that ends at the instant makes a last tick and a last mark there: compared are rows with ts < instant. With
    prices and orders after it altered, rows with ts <= instant. Expiries and dividends after it are terms that are
    known beforehand, as are the options listed. Where informed clients look ahead, rows are compared until so much
    before the instant.
    """
    whole, ahead = play_models(scenario), foresight(scenario)
    others = {"shortened": (shortened(scenario, instant_ns), 1), "altered": (altered(scenario, instant_ns, draws), 0)}
    for name, (other, open_end) in others.items():
        ours, theirs = (outputs.until(made, instant_ns - ahead - open_end) for made in (whole, play_models(other)))
        if found := outputs.difference(ours, theirs):
            return f"{name} at {pd.Timestamp(instant_ns, tz='UTC')}: {found}"
    return ""


def play_models(scenario: Plain) -> Outputs:
    """The outputs of a scenario whose market is made by models."""
    return outputs.played(lambda: backtest.run(Scenario.model_validate(copy.deepcopy(scenario))))


def shortened(scenario: Plain, instant_ns: int) -> Plain:
    """The scenario with a clock that ends at an instant, without the orders that it does not reach."""
    made = copy.deepcopy(scenario)
    made["clock"]["end"] = _text(instant_ns)
    for _, group in _scripts(made):
        group["orders"] = [order for order in group["orders"] if _ns(order["at"]) <= instant_ns]
    made["clients"] = [group for group in made["clients"] if group.get("orders", True)]
    return made


def altered(scenario: Plain, instant_ns: int, draws: np.random.Generator) -> Plain:
    """The scenario with other prices and other orders after an instant."""
    made = copy.deepcopy(scenario)
    start, end = (_ns(made["clock"][key]) for key in ("start", "end"))
    for model in _paths(made):
        at = start + np.arange(len(model["prices"])) * parse_duration(model["step"])
        moved = np.exp(0.1 * draws.standard_normal(len(at)))
        model["prices"] = np.where(at > instant_ns, model["prices"] * moved, model["prices"]).tolist()
    for _, group in _scripts(made):
        for order in group["orders"]:
            if _ns(order["at"]) > instant_ns:
                order["at"] = _text(int(draws.integers(instant_ns + 1, end + 1)))
                order["side"] = "sell" if order["side"] == "buy" else "buy"
                order["size"] = float(draws.integers(1, 100))
                order["price"] *= float(draws.exponential())
    return made


def instants(scenario: Plain, count: int, draws: np.random.Generator) -> list[int]:
    """Random instants within a clock: on the nanosecond, and on a second where the scenario's own events stand."""
    start, end = (_ns(scenario["clock"][key]) for key in ("start", "end"))
    longest = max([parse_duration(model["step"]) for model in _paths(scenario)], default=0)
    found = draws.integers(start + max(longest, (end - start) // 20), end, count)
    return [int(at) // 10 ** (9 * (n % 2)) * 10 ** (9 * (n % 2)) for n, at in enumerate(found)]


def _scripts(scenario: Plain) -> Iterator[tuple[int, Plain]]:
    return ((n, group) for n, group in enumerate(scenario["clients"]) if group["model"] == "scripted")


def _paths(scenario: Plain) -> Iterator[Plain]:
    spot = scenario["market"]["spot"]
    return (model for model in ([spot] if "model" in spot else spot.values()) if model["model"] == "path")


def _ns(text: str) -> int:
    return int(pd.Timestamp(text).as_unit("ns").value)


def _text(instant_ns: int) -> str:
    return pd.Timestamp(instant_ns, tz="UTC").isoformat()
