"""Nothing that a run says of a time depends on what comes later; and what did would be seen.

A run is replayed without what comes after a random instant, and again with rubbish after it: everything that it has
said by then is the same, to the byte. `MMSIM_CUTS` is how many instants each scenario is tried at, `MMSIM_SEED` draws
them; `make audit` tries many, by a seed of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from mmsim import backtest, load_run, workspace
from mmsim.market import kept
from mmsim.market.sample import write_sample
from mmsim.scenario import Scenario
from mmsim.units import UNITS_NS
from tests.causality import cheats, outputs, tape
from tests.causality.check import Plain, instants, leak_of_models, leak_of_tape, replayer
from tests.every_group import EVERY_GROUP
from tests.mixed import MIXED

CUTS = int(os.environ.get("MMSIM_CUTS", "3"))
SEED = int(os.environ.get("MMSIM_SEED", "20151224"))
TRIES = 6  # instants at which a planted fault has to show once: a peek at the next tick shows just before the instant
PEEKING = Path(__file__).parent / "causality" / "policies" / "peeking.py"
VARIED: list[dict[str, str]] = [  # what else may carry something over from later, a set of changes for each cut in turn
    {"market.theo": "{volatility: surface, refit: 1h, dynamics: sticky_moneyness}"},
    {
        "latency": "{quote: 3m, hedge: 90s}",
        "clients.0.fills": "back_of_queue",
        "expected_volatility": "{model: realised, window: 20m, initial: 0.3}",
        "quoting": "{policy: expected_value, half_spread_vol: 0.002}",
    },
    {"market.theo": "{volatility: 0.2}", "hedging": "{policy: interval, interval_ns: 7m}"},
]


class Recording(NamedTuple):
    """A scenario and the recorded files that it replays."""

    scenario: Path
    folder: Path

    def instants(self, count: int, seed: int) -> list[int]:
        """Random times of the clock, data on both sides: within a minute after a row, and that of a row, by turns."""
        draws = np.random.default_rng(seed)
        clock, known = backtest.load(self.scenario).clock, tape.times(self.folder)
        known = known[known.between(clock.start, clock.end)]
        chosen = known.iloc[(len(known) * draws.uniform(0.05, 0.95, count)).astype(int)].to_numpy()
        return [int(at) + (n + 1) % 2 * int(draws.integers(1, UNITS_NS["m"])) for n, at in enumerate(chosen)]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """What `mmsim new` writes."""
    desk = tmp_path_factory.mktemp("new") / "desk"
    workspace.create(desk, write_sample)
    return Recording(desk / "scenarios" / "replay.yaml", desk / "data" / "sample_day")


@pytest.fixture(params=["sample", "es_fop", "goog"])
def recording(request: pytest.FixtureRequest, root: Path) -> Recording:
    name = request.param
    if name == "sample":
        return request.getfixturevalue("sample")
    data = request.getfixturevalue("recorded_data")
    return Recording(root / "scenarios" / "recorded" / f"{name}.yaml", data / f"lean_{name}")


def synthetic(root: Path, name: str) -> Plain:
    """A scenario of models as plain values, with few paths."""
    if name == "mixed":
        return Scenario.model_validate(MIXED | {"paths": 2, "keep_paths": 2}).dump()
    if name == "mixed, given prices":
        spot = given_prices()
        paid = [{"underlying": "ABC", "ex": f"2026-03-02T{hour}:00:00Z", "amount": 0.5} for hour in (15, 17)]
        return Scenario.model_validate(MIXED | {"market": MIXED["market"] | {"spot": spot}, "dividends": paid}).dump()
    if name.startswith("every group"):
        drawn = name == "every group"
        market = EVERY_GROUP["market"] if drawn else EVERY_GROUP["market"] | {"spot": given_prices()}
        return Scenario.model_validate(EVERY_GROUP | {"market": market, "paths": 2, "keep_paths": 2}).dump()
    (file,) = (root / "scenarios").glob(f"*/{name}.yaml")
    scenario = backtest.load(file).dump()
    return scenario | {"paths": min(scenario["paths"], 3), "keep_paths": 3}


def given_prices() -> Plain:
    bumps = np.random.default_rng(0).normal(0.0, 0.004, (2, 60)).cumsum(axis=1)
    prices = {symbol: (100.0 * np.exp(path)).tolist() for symbol, path in zip(("ABC", "XYZ"), bumps, strict=True)}
    return {symbol: {"model": "path", "step": "3m", "prices": path} for symbol, path in prices.items()}


class TestNothingComesFromLater:
    def test_on_recorded_data(self, recording: Recording, tmp_path: Path) -> None:
        for n, instant in enumerate(recording.instants(CUTS, SEED)):
            play = replayer(recording.scenario, **VARIED[n % len(VARIED)])
            whole = play(recording.folder)
            leak = leak_of_tape(play, whole, recording.folder, instant, tmp_path, SEED + n)
            assert leak == "", f"seed {SEED}, cut {n}, changes {VARIED[n % len(VARIED)]}"
        print(f"\ncausality: {recording.scenario.stem}: {CUTS} instants, seed {SEED}: nothing from later")  # noqa: T201  for `make audit`

    def test_in_processes_that_have_never_seen_it(self, sample: Recording, root: Path, tmp_path: Path) -> None:
        """Nothing is carried over in memory either. The compiled loop is shared: it is made from sources alone."""
        (instant,) = sample.instants(1, SEED)
        views = {
            "cut": tape.cut(sample.folder, instant, tmp_path / "cut"),
            "corrupted": tape.corrupted(sample.folder, instant, tmp_path / "bad", np.random.default_rng(SEED)),
            "whole": sample.folder,
        }
        said = {}
        for name, folder in views.items():
            changes = [f"market.recorded.folder={folder.name}", "market.recorded.refuse_above=1.0"]
            command = ["run", str(sample.scenario), "--data", str(folder.parent), "--quiet"]
            command += ["--out", str(tmp_path / "runs" / name)]
            subprocess.run(
                [sys.executable, "-m", "mmsim", *command, *(word for change in changes for word in ("--set", change))],
                env=os.environ | {"PYTHONPATH": str(root)},
                check=True,
                capture_output=True,
            )
            said[name] = outputs.until(outputs.written(load_run(tmp_path / "runs" / name)), instant)
        assert len(said["whole"]["fills"]) > 20
        assert outputs.difference(said["whole"], said["cut"]) == "", f"seed {SEED}"
        assert outputs.difference(said["whole"], said["corrupted"]) == "", f"seed {SEED}"

    @pytest.mark.parametrize(
        "name",
        [
            *("mixed", "mixed, given prices", "every group", "every group, given prices"),
            *("market_maker_day", "heston_day", "jumps_day", "oscillation"),
            *("fair_option", "hull_itm", "neftci_9_4_6", "put_scalping"),
        ],
    )
    def test_on_models(self, root: Path, name: str) -> None:
        scenario, draws = synthetic(root, name), np.random.default_rng(SEED)
        for instant in instants(scenario, CUTS, draws):
            assert leak_of_models(scenario, instant, draws) == "", f"seed {SEED}"
        print(f"\ncausality: {name}: {CUTS} instants, seed {SEED}: nothing from later")  # noqa: T201  for `make audit`


class TestWhatPeeksIsCaught:
    """The same check, with a fault planted: it names the output in which the fault shows first."""

    @pytest.fixture(autouse=True)
    def nothing_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A fault is planted in this process: what was made without it is not to be found."""
        monkeypatch.setattr(kept, "kept", lambda shelf, key, make: make())

    @pytest.mark.parametrize("name", cheats.OF_RECORDED | cheats.OF_CLIENTS)
    def test_on_recorded_data(self, sample: Recording, tmp_path: Path, name: str) -> None:
        cheat = (cheats.OF_RECORDED | cheats.OF_CLIENTS)[name]
        with cheat.planted():
            leak = of_tape(sample, tmp_path, **{"clients.1.per_hour": "600"})
        assert f": {cheat.shows} at" in leak, leak

    @pytest.mark.parametrize("name", cheats.OF_SURFACES)
    @pytest.mark.parametrize("dynamics", ["sticky_strike", "sticky_moneyness"])
    def test_on_a_surface(self, sample: Recording, tmp_path: Path, name: str, dynamics: str) -> None:
        cheat = cheats.OF_SURFACES[name]
        theo = {"market.theo": f"{{volatility: surface, refit: 5m, dynamics: {dynamics}}}"}
        with cheat.planted():
            leak = of_tape(sample, tmp_path, **theo)
        assert f": {cheat.shows} at" in leak, leak

    @pytest.mark.parametrize("name", cheats.OF_MODELS | cheats.OF_CLIENTS)
    def test_on_models(self, root: Path, name: str) -> None:
        cheat = (cheats.OF_MODELS | cheats.OF_CLIENTS)[name]
        with cheat.planted():
            leak = of_models(root)
        assert f": {cheat.shows} at" in leak, leak

    @pytest.mark.parametrize("name", cheats.OF_INFORMED)
    def test_on_informed_clients(self, root: Path, name: str) -> None:
        """They may look ahead by their horizon and no further."""
        cheat, scenario = cheats.OF_INFORMED[name], synthetic(root, "every group, given prices")
        scenario["clients"] = [group | {"per_hour": 600} for group in scenario["clients"] if "horizon" in group]
        draws = np.random.default_rng(1)
        with cheat.planted():
            found = (leak_of_models(scenario, at, draws) for at in instants(scenario, TRIES, draws))
            leak = next(filter(None, found), "")
        assert f": {cheat.shows}" in leak, leak

    @pytest.mark.parametrize(("kind", "shows"), [("hedging", "marks.pending"), ("quoting", "ledger.ts")])
    def test_policies_on_recorded_data(self, sample: Recording, tmp_path: Path, kind: str, shows: str) -> None:
        leak = of_tape(sample, tmp_path, **{kind: f"{{policy: '{PEEKING}:{cheats.OF_POLICIES[kind]}'}}"})
        assert f": {shows} at" in leak, leak

    @pytest.mark.parametrize(("kind", "shows"), [("hedging", "ledger.ts"), ("quoting", "fills.policy_fair")])
    def test_policies_on_models(self, root: Path, kind: str, shows: str) -> None:
        leak = of_models(root, **{kind: {"policy": f"{PEEKING}:{cheats.OF_POLICIES[kind]}"}})
        assert f": {shows} at" in leak, leak


def of_tape(recording: Recording, into: Path, **changes: str) -> str:
    """The leak at the first of a few instants at which there is one."""
    play = replayer(recording.scenario, **changes)
    whole = play(recording.folder)
    found = (leak_of_tape(play, whole, recording.folder, at, into, seed=1) for at in recording.instants(TRIES, seed=1))
    return next(filter(None, found), "")


def of_models(root: Path, **changes: Plain) -> str:
    """The leak at the first of a few instants at which there is one.

    Of drawn paths, the shortened one makes its last, smaller step by the number that made the longer step, up or down
    as that: only given prices show who knows the direction.
    """
    draws = np.random.default_rng(1)
    scenarios = [synthetic(root, name) | changes for name in ("mixed", "mixed, given prices")]
    for scenario in scenarios:
        scenario["clients"][0]["per_hour"] = 600
    found = (leak_of_models(s, at, draws) for s in scenarios for at in instants(s, TRIES, draws))
    return next(filter(None, found), "")
