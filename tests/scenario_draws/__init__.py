"""Whole scenarios drawn from a seed, as the YAML that a user would write, with recorded data where they replay any.

``written(seed, folder)`` writes ``scenario.yaml``, and ``day/`` with recorded files for a fifth of the seeds. The same
seed gives the same bytes. A file here is what one part of a scenario is drawn from.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.scenario_draws import flows, frictions, happenings, instruments, markets, policies, recordings
from tests.scenario_draws.draw import Frame

__all__ = ["scenario", "written"]


def scenario(frame: Frame, traded: instruments.Instruments, hedge: dict[str, str]) -> dict[str, Any]:
    """The scenario of a frame as plain values."""
    clock = {"start": frame.at(0), "end": frame.at(frame.minutes)}
    return {
        "name": f"drawn-{frame.seed}",
        "seed": frame.seed,
        "clock": clock | frictions.day_counts(frame),
        "underlyings": traded.underlyings,
        "options": traded.options,
        "market": (markets.replayed(frame) if frame.is_recorded else markets.modelled(frame, traded.symbols))
        | flows.maker(frame),
        "clients": flows.drawn(frame, traded),
        "quoting": policies.quoting(frame),
        "hedging": policies.hedging(frame, traded, hedge),
        **frictions.drawn(frame),
        **happenings.drawn(frame, traded),
    }


def written(seed: int, folder: Path) -> Path:
    """The file of the seed's scenario, written into ``folder`` with its recorded data."""
    frame = Frame.of(seed)
    hedge = policies.instrument(frame, instruments.symbols(frame))
    traded = instruments.drawn(frame, hedge)
    file = folder / "scenario.yaml"
    file.write_text(yaml.safe_dump(scenario(frame, traded, hedge), sort_keys=False), encoding="utf-8")
    if frame.is_recorded:
        recordings.write(folder, frame, traded)
    return file
