"""Runs whose rows stand in files, in pieces, are the runs that are held in memory; and the files are never seen."""

from __future__ import annotations

import copy
import mmap
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmsim import backtest, market, results, spool, workspace
from mmsim.errors import UserError
from mmsim.events import EVENT, Events, Kind, merge, merged, rows
from mmsim.market.sample import write_sample
from mmsim.scenario import Scenario
from tests.causality import outputs
from tests.mixed import MIXED

PIECES = (7, 100)  # rows
TABLES = ("ledger", "fills", "markouts", "positions", "marks", "breaches", "paths")
PAYING = {
    "dividends": [{"underlying": "ABC", "ex": "2026-03-02T16:00:10Z", "amount": 1.5}],
    "rates": {"pricing": 0.05},
    "limits": {"position": 5, "net_delta": 10},
}
SCENARIOS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "paths": {"paths": 3, "keep_paths": 2},
    "dividends and limits": PAYING,
    "a timer": {"hedging": {"policy": "interval", "interval_ns": "90s"}, "latency": {}},
    "a clock that ends between ticks": {"clock": MIXED["clock"] | {"end": "2026-03-02T17:29:31Z"}},
}


@pytest.fixture
def in_files(monkeypatch, tmp_path) -> Callable[[int], Path]:
    """Whatever is more than a kilobyte stands in a file, and this many rows are a piece; the folder of these files."""

    def changed(piece: int) -> Path:
        monkeypatch.setattr(spool, "IN_MEMORY", 1_000)
        monkeypatch.setattr(spool, "PIECE", piece)
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        return tmp_path

    return changed


def scenario(changes: dict[str, Any]) -> Scenario:
    return Scenario.model_validate(copy.deepcopy(MIXED) | changes)


def check_same(run: results.Run, other: results.Run) -> None:
    """Tables to the byte; sums of floats by option, which are added up piece by piece, to the micro-unit."""
    for name in TABLES:
        assert outputs.parquet(outputs.plain(getattr(run, name))) == outputs.parquet(
            outputs.plain(getattr(other, name))
        ), name
    pd.testing.assert_frame_equal(run.options, other.options, rtol=0, atol=2e-6)
    own, others = ({k: v for k, v in each.summary.items() if k != "seconds"} for each in (run, other))
    assert own == others


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("changes", SCENARIOS.values(), ids=SCENARIOS)
def test_models_make_the_same_run(changes, piece, in_files):
    held = backtest.run(scenario(changes))
    in_files(piece)
    assert market.build(scenario(changes)).is_long
    run = backtest.run(scenario(changes))
    assert run.counts["client_fills"] > 30
    check_same(run, held)


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> tuple[Path, Path]:
    """The scenario and the recorded files that `mmsim new` writes."""
    desk = tmp_path_factory.mktemp("new") / "desk"
    workspace.create(desk, write_sample)
    return desk / "scenarios" / "replay.yaml", desk / "data"


@pytest.mark.parametrize("clients", ["", "[{name: flow, model: poisson, per_hour: 90, reservation_ticks: 8}]"])
def test_recorded_data_make_the_same_run(sample, clients, in_files):
    changes = {"clients": clients} if clients else {}
    held = backtest.run(*sample, changes=changes)
    in_files(333)
    run = backtest.run(*sample, changes=changes)
    assert run.counts["client_fills"] > 30
    check_same(run, held)


@pytest.mark.filterwarnings("ignore:AutoDateLocator")  # of matplotlib, about how many labels fit
def test_a_folder_and_its_report_are_the_same(in_files, tmp_path):
    held = backtest.run(scenario({}))
    held.save(tmp_path / "held")
    in_files(20)
    backtest.run(scenario({})).save(tmp_path / "run")
    loaded = [results.load(tmp_path / name) for name in ("held", "run")]
    check_same(*loaded)
    pd.testing.assert_frame_equal(loaded[1].deals, held.deals)
    pages = [(tmp_path / name / "report.html").read_bytes() for name in ("held", "run")]
    assert pages[0] == pages[1]
    loaded[1].report(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == pages[0]


def drawn(draws: np.random.Generator, number: int) -> Events:
    """Orders of one group at few times, so that many share theirs."""
    times = np.sort(draws.integers(0, 20, draws.integers(0, 40)))
    return rows(Kind.ORDER, times, draws.integers(0, 3, len(times)), client=number, size=draws.random(len(times)))


@pytest.mark.parametrize("seed", range(50))
def test_streams_in_pieces_merge_as_whole_ones(seed):
    draws = np.random.default_rng(seed)
    streams = [drawn(draws, number) for number in range(draws.integers(1, 5))]

    def cut(stream: Events) -> Iterator[Events]:
        yield from np.split(stream, np.sort(draws.integers(0, len(stream) + 1, draws.integers(0, 9))))

    made = np.concatenate([np.zeros(0, EVENT), *merged([cut(stream) for stream in streams])])
    assert made.tobytes() == merge(streams).tobytes()


def test_files_have_no_name(in_files):
    folder = in_files(100)
    assert isinstance(market.build(scenario({})).events(0).base, mmap.mmap)
    assert [*folder.iterdir()] == []


def test_a_full_disk_is_said_in_a_line(in_files, monkeypatch):
    in_files(100)
    honest, full = tempfile.TemporaryFile, Path("/dev/full")  # numba makes such files too, in folders that it names
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **of: honest(**of) if of else full.open("w+b"))
    with pytest.raises(UserError, match=r"no temporary file can be written: No space left on device \(TMPDIR may"):
        backtest.run(scenario({}))


def test_a_folder_that_is_not_there_is_said_in_a_line(in_files, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(in_files(100) / "none"))
    with pytest.raises(UserError, match="none: no temporary file can be written: No such file"):
        backtest.run(scenario({}))


def resident() -> int:
    """Bytes of mapped files that are in this process's memory."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("RssFile:")[2].split()[0])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not say what is resident")
@pytest.mark.parametrize("first", [0, 12_345])
def test_walked_rows_are_given_back(first):
    count = 2 * spool.IN_MEMORY // EVENT.itemsize
    mapped = spool.filled(EVENT, (rows(Kind.SPOT, np.arange(1 << 16), 0) for _ in range(count >> 16)))[first:]
    before = resident()
    assert mapped["ts"].sum() > 0
    assert resident() - before > spool.IN_MEMORY
    spool.give_back(mapped, len(mapped))
    assert resident() - before < spool.IN_MEMORY // 8
    assert mapped["kind"].min() == Kind.SPOT  # from the file again


def test_pieces_are_all_rows_and_at_least_one_piece(monkeypatch):
    monkeypatch.setattr(spool, "PIECE", 4)
    ten = rows(Kind.MARK, np.arange(10))
    assert [len(piece) for piece in spool.pieces(ten)] == [4, 4, 2]
    assert [len(piece) for piece in spool.pieces(ten[:0])] == [0]
