"""`mmsim explain`: an event played again from the run's folder, its postings being the ledger's to the micro-unit."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from typer.testing import CliRunner

import mmsim
from mmsim import backtest, cli, tables
from mmsim.engine.state import Counter
from mmsim.errors import UserError
from mmsim.explanation import explain as explained
from mmsim.explanation.replay import Replay
from mmsim.policy import QuoteView
from mmsim.results import Run
from mmsim.scenario import Scenario
from strategies.quoting.inventory_skew import InventorySkew
from tests import scenario_draws
from tests.engine.builder import CALL, at, clients, fixed, order, play
from tests.engine.test_offload import shedding
from tests.engine.test_standing import standing
from tests.mixed import MIXED

DRAWN = (1, 2, 3, 4)  # seeds: latencies, quotes that stand, sweeps and packages, offloads, protection, recordings
PLAIN = """
from typing import NamedTuple
from mmsim import Quote

class Plain(NamedTuple):
    '''What no compiler takes.'''
    size: float = 1.0

    def quote(self, view):
        told = {"theo": view.theo, "text": f"{view.theo:.3f}"}
        return Quote(max(told["theo"] - 0.1, 0.0), told["theo"] + 0.1, self.size, self.size)
"""


@pytest.fixture(scope="module")
def mixed() -> Run:
    return mmsim.run(Scenario.model_validate(MIXED))


@pytest.fixture(scope="module")
def folder(mixed: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mixed.save(tmp_path_factory.mktemp("runs") / "mixed")


def as_text(postings: pd.DataFrame) -> pd.DataFrame:
    return postings.astype(str).reset_index(drop=True)


def assert_is_the_ledgers(found: mmsim.Explanation, run: Run) -> None:
    """Its postings are those of its transactions, and those up to it are all that were checked."""
    ledger = run.ledger[run.ledger["path"] == found.path]
    mine = ledger[ledger["transaction"].isin(found.postings["transaction"])]
    pd.testing.assert_frame_equal(as_text(mine), as_text(found.postings))
    if len(mine):
        assert found.checked == (ledger["transaction"] <= mine["transaction"].max()).sum()
    assert set(found.identities.values()) == {0}
    assert (mine.groupby("transaction")["amount_micros"].sum() == 0).all()


def test_any_fill_of_a_day_is_explained_by_its_own_postings(mixed: Run) -> None:
    """Drawn fills, the first and the last, hedges and expiries among them."""
    fills = mixed.fills
    expiries = np.flatnonzero(fills["kind"] == "expiry")[:2]
    drawn = np.random.default_rng(5).choice(len(fills), 30, replace=False)
    kinds = set()
    for number in sorted({0, len(fills) - 1, *expiries.tolist(), *drawn.tolist()}):
        found = mmsim.explain(mixed, fill=number)
        assert fills["transaction"].iloc[number] in set(found.fills["transaction"])
        pd.testing.assert_frame_equal(
            as_text(found.fills), as_text(fills[fills["transaction"].isin(found.fills["transaction"])])
        )
        assert_is_the_ledgers(found, mixed)
        kinds |= set(found.fills["kind"])
    assert kinds == {"client", "hedge", "expiry"}


def every_event(run: Run, data: Path | None = None) -> None:
    """The events of a path, played one after another, are the whole ledger, once; some of them are explained."""
    replay = Replay(run, 0, data)
    step, rows = max(len(replay.events) // 20, 1), []
    for n in range(len(replay.events)):
        played = replay.play()
        rows.append(played.rows["postings"])
        if n % step == 0 or n == len(replay.events) - 1:
            found = explained._explained(run, replay, played)
            assert_is_the_ledgers(found, run)
            assert max(map(len, str(found).splitlines())) <= 120
            json.dumps(found.to_dict(), allow_nan=False)
    postings = tables.ledger_table(np.concatenate(rows), replay.names)
    pd.testing.assert_frame_equal(as_text(postings), as_text(run.ledger[run.ledger["path"] == 0]))
    counts = {counter.name.lower(): played.after.counters[counter] for counter in Counter}
    assert run.summary["paths"] > 1 or counts == run.counts


@pytest.mark.parametrize("seed", DRAWN)
def test_all_events_together_are_the_run(seed: int, tmp_path: Path) -> None:
    file = scenario_draws.written(seed, tmp_path)
    every_event(mmsim.run(file, tmp_path, changes={"report.mark_every": "30m"}), tmp_path)


def test_standing_quotes_have_the_decision_behind_them() -> None:
    """The spot jumps from 110 to 112 on the hour, and quotes take half an hour: at 1:15 what was made of 110 stands."""
    run = standing(110, 112, 112, 112, hours=(1.25, 1.7), quotes={}, latency={"quote": "30m"})
    every_event(run)
    for number, decided, spot in ((0, at(0), 110.0), (1, at(1), 112.0)):
        found = mmsim.explain(run, fill=number)
        (quote,) = [d for d in found.decisions if d.asked == "quote"]
        assert quote.decided == pd.Timestamp(decided)
        assert quote.in_force == quote.decided + pd.Timedelta("30min")
        assert quote.view["spot"] == spot
        assert quote.steps[-1]["ask"] == found.fills["price"].iloc[0] == spot - 100 + 0.5


def test_an_offload_is_explained() -> None:
    run = shedding(10.0, -4.4)
    every_event(run)
    found = mmsim.explain(run, fill=0)
    (offload,) = [d for d in found.decisions if d.asked == "offload"]
    assert [step["units"] for step in offload.steps] == [-4.4, -4.0]
    assert {"client", "offload"} <= set(found.fills["kind"])


def test_the_view_is_the_one_at_the_decision(mixed: Run) -> None:
    """Ten seconds before; the same policy in plain Python answers it as the run did."""
    fills = mixed.fills[mixed.fills["kind"] == "client"]
    for number in fills.index[:: len(fills) // 8]:
        found = mmsim.explain(mixed, fill=int(number))
        (quote,) = [d for d in found.decisions if d.asked == "quote"]
        row = fills.loc[number]
        assert quote.in_force == row["ts"]
        assert quote.decided == row["ts"] - pd.Timedelta("10s")
        policy = InventorySkew(**quote.parameters)
        answer = policy.quote(QuoteView(**quote.view))
        told = next(step for step in quote.steps if step["step"] == "the policy's answer")
        assert [told["bid"], told["ask"]] == [answer.bid, answer.ask]
        assert row["policy_fair"] == 0.5 * (answer.bid + answer.ask)
        in_force = next(step for step in quote.steps if step["step"].startswith("in force"))
        assert in_force["bid"] == math.floor(answer.bid * 100 + 1e-9) / 100
        assert in_force["ask"] == math.ceil(answer.ask * 100 - 1e-9) / 100
        assert row["price"] == in_force["bid" if row["side"] == "buy" else "ask"]


def test_a_hedge_under_way_has_the_decision_behind_it(mixed: Run) -> None:
    """Five seconds before the fill, by a band of 20 around a net delta of nothing."""
    hedges = mixed.fills[mixed.fills["kind"] == "hedge"]
    for number in hedges.index[:: len(hedges) // 6]:
        row, found = hedges.loc[number], mmsim.explain(mixed, fill=int(number))
        decided = found.decisions[0]
        assert (decided.asked, decided.instrument, decided.in_force) == ("hedge", row["instrument"], row["ts"])
        assert decided.decided == row["ts"] - pd.Timedelta("5s")
        assert decided.view["spot"] == row["decision_mid"]
        assert abs(decided.view["net_delta"]) > 20
        assert decided.steps[0]["units"] == -decided.view["net_delta"]
        assert abs(decided.steps[1]["units"]) == row["size"]
        assert found.checked == mmsim.explain(mixed, event=found.event).checked


def figure(found: mmsim.Explanation, of: str, name: str) -> tuple[float, float]:
    row = found.state[(found.state["of"] == of) & (found.state["figure"] == name)].iloc[0]
    return row["before"], row["after"]


def test_theo_greeks_and_position_are_those_of_both_sides() -> None:
    """A call at the money with 30 days to go, at 20 % and no rates: Black and Scholes by hand."""
    expiry = (pd.Timestamp(at(0)) + pd.Timedelta(days=30)).isoformat()
    option = f"ABC {expiry[:10]} C100"
    run = play(
        options=[{"underlying": "ABC", "strikes": [100], "rights": ["call"], "expiry": expiry}],
        market__spot={"model": "path", "step": "1h", "prices": [100, 101]},
        market__volatility={"model": "constant", "level": 0.2},
        clients=clients(order(0.5, "sell", 3, option=option), order(1.5, "buy", 1, 9, option=option)),
        quoting=fixed(2.0, 3.0, size=10),
        hedging={"policy": "every_tick"},
    )
    found = mmsim.explain(run, fill=int(run.fills.index[run.fills["kind"] == "client"][1]))
    assert figure(found, option, "position") == (3.0, 2.0)
    spots, hours = (101.0, 101.0), (1.0, 1.5)
    for side, (spot, hour) in enumerate(zip(spots, hours, strict=True)):
        root = 0.2 * math.sqrt((30 - hour / 24) / 365)
        d1 = math.log(spot / 100) / root + root / 2
        assert figure(found, option, "theo")[side] == pytest.approx(
            spot * norm.cdf(d1) - 100 * norm.cdf(d1 - root), abs=1e-9
        )
        assert figure(found, option, "delta")[side] == pytest.approx(norm.cdf(d1), abs=1e-9)
        assert figure(found, option, "vega")[side] == pytest.approx(spot * norm.pdf(d1) * root / 0.2, abs=1e-6)
        units = (300.0, 200.0)[side]
        assert figure(found, "ABC", "book_delta")[side] == pytest.approx(units * norm.cdf(d1), abs=1e-6)
    assert figure(found, "ABC", "spot") == spots
    assert figure(found, "", "cash_options") == (-600.0, -300.0)


def test_a_fill_by_hand() -> None:
    """Four contracts of 100 sold at 5 what is worth nothing: premium 2,000, all of it spread capture."""
    run = play(
        clients=clients(order(1, "buy", 4, 5.0)), quoting=fixed(0, 5, size=10, bid_size=0), market__spot__prices=[90]
    )
    found = mmsim.explain(run, fill=0)
    assert found.what | {"ts": None} == {
        "kind": "order", "ts": None, "instrument": CALL, "client": "client", "side": "buy", "size": 4.0, "limit": 5.0,
    }  # fmt: skip
    assert found.buckets_micros == {"spread_capture": 2_000_000_000}
    assert found.postings["amount_micros"].abs().tolist() == [2_000_000_000] * 2
    assert (found.equity_before_micros, found.equity_after_micros) == (0, 2_000_000_000)
    assert found.counts["client_fills"] == 1


@pytest.mark.parametrize(
    ("price", "quotes", "why"),
    [(4.99, {}, "orders_worse_price"), (9.0, {"ask_size": 0}, "orders_no_quote")],
)
def test_why_an_order_was_not_dealt(price: float, quotes: dict[str, Any], why: str) -> None:
    run = play(clients=clients(order(1, "buy", 4, price)), quoting=fixed(1, 5, **quotes), market__spot__prices=[90])
    found = mmsim.explain(run, at=at(1.0))
    while found.what["kind"] != "order":  # the marks of the hour come behind it
        found = mmsim.explain(run, event=found.event - 1)
    assert found.counts == {"orders": 1, "quotes": 1, why: 1}
    assert found.postings.empty and found.fills.empty
    assert "No deal" in str(found) and "Nothing was posted" in str(found)


def test_a_policy_in_plain_python(tmp_path: Path) -> None:
    file = tmp_path / "plain.py"
    file.write_text(PLAIN)
    made = Scenario.model_validate(MIXED | {"quoting": {"policy": f"{file}:Plain"}})
    run = mmsim.run(made)
    assert not run.summary["policies"]["quoting"]["compiled"]
    every_event(run)
    file.write_text(PLAIN + "\n")
    with pytest.raises(UserError, match=r"the run has read other files than these: plain\.py"):
        mmsim.explain(run, fill=0)
    file.unlink()
    with pytest.raises(UserError, match="plain"):
        mmsim.explain(run, fill=0)


def test_of_several_paths_each_has_its_own() -> None:
    run = mmsim.run(Scenario.model_validate(MIXED | {"paths": 3, "keep_paths": 2}))
    second = run.fills[run.fills["path"] == 1].reset_index(drop=True)
    for number in (0, 40, -1):
        found = mmsim.explain(run, fill=number, path=1)
        assert second["transaction"].iloc[number] in set(found.fills["transaction"])
        assert_is_the_ledgers(found, run)
    for path in (2, 3):
        with pytest.raises(UserError, match=f"path {path} has no ledger in the run: it kept 2, numbered from 0"):
            mmsim.explain(run, event=0, path=path)


def test_events_by_number_and_time(mixed: Run) -> None:
    count = mixed.summary["events"]
    last = mmsim.explain(mixed, event=count - 1)
    assert mmsim.explain(mixed, at="2030-01-01T00:00:00Z").event == last.event == count - 1
    some = mmsim.explain(mixed, event=300)
    assert mmsim.explain(mixed, at=some.what["ts"].isoformat()).what["ts"] == some.what["ts"]
    earlier = (some.what["ts"] - pd.Timedelta("1ns")).isoformat()
    assert mmsim.explain(mixed, at=earlier).event < 300


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ({"event": 10_000}, "there is no event 10,000: they are numbered 0 to"),
        ({"event": -1}, "there is no event -1"),
        ({"at": "2026-03-02T14:29:59Z"}, "there is no event by then: the first is at 2026-03-02T14:30:00"),
        ({"at": "2026-03-02T15:00"}, "has no time zone"),
        ({"fill": 100_000}, "there is no fill 100,000 on path 0: they are numbered 0 to"),
        ({"fill": -100_000}, "there is no fill -100,000"),
        ({}, "give one of event, at and fill"),
        ({"event": 1, "fill": 1}, "give one of event, at and fill"),
    ],
)
def test_what_is_not_there_is_said(mixed: Run, which: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        mmsim.explain(mixed, **which)


def test_another_version_is_refused(mixed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest, "versions", lambda: mixed.summary["versions"] | {"numpy": "9.9"})
    with pytest.raises(UserError, match=r"the run was made with numpy \d.* \(here 9.9\): install these"):
        mmsim.explain(mixed, fill=0)


def test_an_edited_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    edited = tmp_path / "edited"
    shutil.copytree(folder, edited)
    with (edited / "fills.parquet").open("ab") as file:
        file.write(b" ")
    with pytest.raises(UserError, match=r"fills\.parquet: is missing or is not what manifest\.json says"):
        mmsim.explain(edited, fill=0)
    with pytest.raises(UserError, match="is not a run's folder"):
        mmsim.explain(tmp_path, fill=0)


def test_another_ledger_is_refused(mixed: Run, folder: Path, tmp_path: Path) -> None:
    """One micro-unit, or one posting more, and a manifest that agrees with it."""
    ledger = mixed.ledger
    last = int(mixed.fills["transaction"].max())
    for n, changed in enumerate(
        [ledger.assign(amount_micros=ledger["amount_micros"] + (ledger.index == 100)), ledger[:-1]]
    ):
        forged = tmp_path / str(n)
        shutil.copytree(folder, forged)
        changed.to_parquet(forged / "ledger.parquet", index=False)
        manifest = json.loads((forged / "manifest.json").read_text())
        manifest["ledger.parquet"] = hashlib.sha256((forged / "ledger.parquet").read_bytes()).hexdigest()
        (forged / "manifest.json").write_text(json.dumps(manifest))
        assert mmsim.explain(forged, fill=0).checked < 100
        with pytest.raises(UserError, match="does not play again as it was: transaction"):
            mmsim.explain(forged, event=mixed.summary["events"] - 1)
    assert last


def test_the_command(folder: Path) -> None:
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.iterdir()}
    run = CliRunner().invoke
    shown = run(cli.app, ["explain", str(folder), "--fill", "3"])
    assert shown.exit_code == 0 and "Played again" in shown.output
    assert shown.output.splitlines()[0] in str(mmsim.explain(folder, fill=3))
    told = json.loads(run(cli.app, ["explain", str(folder), "--fill", "-1", "--json"]).output)
    assert told["identities"] == {"trial_balance": 0, "mark_view": 0}
    for wrong in (["--fill", "1", "--event", "2"], ["--event", "99999"], ["--at", "noon"], []):
        refused = run(cli.app, ["explain", str(folder), *wrong])
        assert refused.exit_code == 2
        assert len(refused.output.strip().splitlines()) == 1
    assert before == {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.iterdir()}


def test_a_name_with_markup_is_text() -> None:
    run = play(
        clients=[{"name": "[red]a", "model": "scripted", "orders": [order(1, "sell", 1)]}], quoting=fixed(0.5, 1.0)
    )
    found = mmsim.explain(run, fill=0)
    assert "[red]a" in str(found)
    assert "&lt;" not in found._repr_html_() or "<script" not in found._repr_html_()


def test_recorded_options_are_explained(recorded_data: Path, root: Path, tmp_path: Path) -> None:
    """Every kind of fill of a recorded day, from its folder, the data being where the run's command has them."""
    run = mmsim.run(root / "scenarios" / "recorded" / "goog.yaml", recorded_data)
    saved = run.save(tmp_path / "run")
    fills = run.fills
    for number in {0, len(fills) // 2, len(fills) - 1}:
        found = mmsim.explain(saved, fill=number)
        assert fills["transaction"].iloc[number] in set(found.fills["transaction"])
        assert_is_the_ledgers(found, run)
    with pytest.raises(UserError, match="there is no folder"):
        mmsim.explain(saved, fill=0, data=tmp_path)


def test_policies_of_one_file_name_are_each_looked_at(tmp_path: Path) -> None:
    """Two files of one name in two folders: an edit of the first is seen, though the second is as it was."""
    home = Path(mmsim.__file__).parents[1] / "strategies"
    for role, name in (("quoting", "fixed_width"), ("hedging", "delta_band")):
        (tmp_path / role).mkdir()
        (tmp_path / role / "mine.py").write_text((home / role / f"{name}.py").read_text())
    policies = {role: {"policy": str(tmp_path / role / "mine.py")} for role in ("quoting", "hedging")}
    run = mmsim.run(Scenario.model_validate(MIXED | policies))
    assert {"quoting: mine.py", "hedging: mine.py"} <= set(run.summary["inputs"])
    mmsim.explain(run, event=0)
    edited = tmp_path / "quoting" / "mine.py"
    edited.write_text(edited.read_text() + "\n# another\n")
    with pytest.raises(UserError, match=r"other files than these: quoting: mine\.py"):
        mmsim.explain(run, event=0)


def test_a_hedge_that_rests_is_not_said_to_fill_after_the_latency(root: Path) -> None:
    run = mmsim.run(root / "scenarios" / "synthetic" / "protected_day.yaml")
    assert run.summary["scenario"]["execution"]["hedge_at"] == "passive" and run.summary["scenario"]["latency"]["hedge"]
    fill = int(np.flatnonzero(run.fills["kind"] == "hedge")[3])
    found = mmsim.explain(run, fill=fill)
    assert found.hedge_latency_ns == 0 and "after its decision" not in str(found)
    assert len(found.fills) and found.fills["kind"].eq("hedge").any()
