"""Policies in the loop: compiled and as plain Python, with a memory, with parameters of every type, and failing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pandas as pd
import pytest

from mmsim import UserError
from tests.engine.builder import POLICIES, at, clients, fixed, only, order, play

LIVELY: dict[str, Any] = {
    "options": [{"underlying": "ABC", "strikes": [100], "expiry": "2026-02-05T00:00:00Z"}],
    "market__spot": {"model": "path", "step": "30m", "prices": [100, 101, 99, 100.5, 102, 98, 97, 99, 101, 103, 104]},
    "market__volatility": {"model": "constant", "level": 0.2},
    "clients": clients(
        *(
            order(0.7 * n + 0.1, side, 2, 99.0 if side == "buy" else 0.0, f"ABC 2026-02-05 {right}100")
            for n, (side, right) in enumerate(
                [("buy", "C"), ("sell", "P"), ("buy", "P"), ("buy", "C"), ("sell", "C")] * 2
            )
        )
    ),
}
PARAMETERS: dict[str, Any] = {
    "widths": [[0.05, 0.07], [0.06, 0.08]],
    "per_fill": 0.01,
    "lean": "position",
    "side": "both",
    "is_patient": True,
    "size": 3,
}


def twins(quoter: str, hedger: str, **changes: Any) -> dict[str, Any]:
    """The lively market with the twins of policies/twins.py."""
    file = POLICIES / "twins.py"
    quoting = {"policy": f"{file}:{quoter}", **PARAMETERS, **changes.pop("parameters", {})}
    return LIVELY | {"quoting": quoting, "hedging": {"policy": f"{file}:{hedger}", "share": 0.9}} | changes


LATENCIES = [{}, {"latency": {"quote": "40m", "hedge": "25m"}}]


@pytest.mark.parametrize("latency", LATENCIES, ids=["at once", "late"])
def test_compiled_and_plain_policies_give_equal_books(latency):
    compiled, plain = (
        play(**twins("Quoter", "Hedger", **latency)),
        play(**twins("PlainQuoter", "PlainHedger", **latency)),
    )
    assert compiled.counts["client_fills"] >= 5
    assert compiled.counts["hedge_fills"] >= 3
    pd.testing.assert_frame_equal(compiled.fills, plain.fills)
    pd.testing.assert_frame_equal(compiled.ledger, plain.ledger)
    assert [compiled.summary["policies"][kind]["compiled"] for kind in ("quoting", "hedging")] == [True, True]
    assert [plain.summary["policies"][kind]["compiled"] for kind in ("quoting", "hedging")] == [False, False]
    said = {
        name: [note for note in run.summary["notes"] if "runs as plain Python" in note]
        for name, run in (("compiled", compiled), ("plain", plain))
    }
    assert said["compiled"] == []
    assert len(said["plain"]) == 2
    assert said["plain"][0].split(":PlainQuoter")[0].endswith("twins.py")


@pytest.mark.parametrize("latency", LATENCIES, ids=["at once", "late"])
def test_without_the_compiler_the_books_are_the_same(latency, tmp_path, root):
    keys = twins("Quoter", "Hedger", **latency)
    program = (
        "import json, sys; from tests.engine.builder import play\n"
        "run = play(**json.load(open(sys.argv[1])))\n"
        "run.ledger.to_parquet(sys.argv[2] + '/ledger.parquet'); run.fills.to_parquet(sys.argv[2] + '/fills.parquet')\n"
        "print(json.dumps(run.summary['policies']['quoting']))"
    )
    (tmp_path / "scenario.json").write_text(json.dumps(keys))
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "scenario.json"), str(tmp_path)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    compiled = play(**keys)
    assert json.loads(answer.stdout) == {
        "name": keys["quoting"]["policy"],
        "file": "twins.py",
        "parameters": PARAMETERS,
        "compiled": False,
    }
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "ledger.parquet"), compiled.ledger, check_dtype=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "fills.parquet"), compiled.fills, check_dtype=False)


class TestParameters:
    """The call at 100 is worth 2.3 or so; at the first tick the spot is not above 100: the width is widths[0][0]."""

    def asks(self, **parameters):
        run = play(**twins("Quoter", "Hedger", parameters=PARAMETERS | {"is_patient": False, **parameters}))
        return only(run, "client")

    @pytest.mark.parametrize("width", [0.05, 0.15])
    def test_an_array_of_two_dimensions(self, width):
        first = self.asks(widths=[[width, 9], [9, 9]]).iloc[0]
        assert first["quoted"] - first["theo"] == pytest.approx(width)

    def test_an_enum_of_texts(self):
        """Short two calls at 0:06 the desk leans up by 0.04 at 2:06, where it quotes the same call again."""
        lean, none = (self.asks(lean=lean, per_fill=0.0).iloc[3] for lean in ("position", "none"))
        assert lean["quoted"] - none["quoted"] == pytest.approx(0.04)

    def test_an_enum_of_numbers(self):
        assert set(self.asks(side="buy")["side"]) == {"buy"}
        assert set(self.asks(side="both")["side"]) == {"buy", "sell"}

    def test_a_flag(self):
        assert self.asks(is_patient=True)["ts"].iloc[0] > self.asks(is_patient=False)["ts"].iloc[0]

    def test_a_whole_number(self):
        assert self.asks(size=1)["size"].tolist()[0] == 1


class TestMemory:
    """The quote widens by 0.01 a contract filled: each client buys two calls, with the spot at 100 and worth theo."""

    def widths(self, **changes):
        requests = clients(*(order(1 + n / 2, "buy", 2, 99.0, "ABC 2026-02-05 C100") for n in range(4)))
        keys = {"market__spot": {"model": "path", "step": "1h", "prices": [100] * 10}, "clients": requests}
        fills = only(
            play(**twins("Quoter", "Hedger", parameters={"lean": "none", "is_patient": False}, **keys, **changes)),
            "client",
        )
        return [round(width, 4) for width in fills["quoted"] - fills["theo"]]

    def test_of_fills_is_there_at_the_next_quote(self):
        assert self.widths() == [0.05, 0.07, 0.09, 0.11]

    def test_of_fills_is_late_by_the_latency(self):
        """An hour late: 1:00 none, 1:30 none (one contract of three is left), 2:00 the two of 1:00, 2:30 one more.

        Theo is an hour older in the quote than at the fill: 0.002 more.
        """
        assert self.widths(latency={"quote": "1h"}) == pytest.approx([0.052, 0.052, 0.072, 0.082], abs=5e-4)

    def test_of_ticks_begins_at_the_start_of_a_run(self):
        first, again = (play(**twins("Quoter", "Hedger")).fills for _ in range(2))
        pd.testing.assert_frame_equal(first, again)

    def test_begins_anew_on_every_path(self):
        spot = {"model": "gbm", "start": 100, "volatility": 0.0, "step": "30m"}
        run = play(**twins("Quoter", "Hedger", market__spot=spot, paths=3, keep_paths=3))
        assert run.paths["total"].nunique() == 1


class TestPrepare:
    @pytest.mark.parametrize(("name", "compiled"), [("Tabulated", True), ("Looked", False)])
    def test_makes_the_policy_that_runs(self, name, compiled):
        run = play(
            seed=2,
            market__spot={"model": "path", "step": "1h", "prices": [100, 100]},
            clients=clients(order(0.5, "buy", 1, 99), order(1.5, "buy", 1, 99)),
            quoting={"policy": f"{POLICIES / 'prepared.py'}:{name}"},
        )
        assert only(run, "client")["price"].tolist() == [3.0, 6.0]
        assert run.summary["policies"]["quoting"]["compiled"] is compiled


TWO_TICKS = {
    "market__spot": {"model": "path", "step": "1h", "prices": [100, 101]},
    "clients": clients(order(0.5, "sell", 1), order(1.5, "sell", 1)),
}


def failing(**changes: Any) -> str:
    """The message of a run that a policy stops."""
    with pytest.raises(UserError) as caught:
        play(**(TWO_TICKS | changes))
    return str(caught.value)


class TestFailures:
    @pytest.mark.parametrize("name", ["Quoter", "PlainQuoter"])
    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            ("nan", "bid=nan, ask=2, bid_size=1, ask_size=1"),
            ("crossed", "bid=3, ask=2, bid_size=1, ask_size=1"),
            ("negative_price", "bid=-1, ask=2, bid_size=1, ask_size=1"),
            ("negative_size", "bid=1, ask=2, bid_size=1, ask_size=-1"),
            ("nan_size", "bid=1, ask=2, bid_size=nan, ask_size=1"),
            ("infinite", "bid=1, ask=inf, bid_size=1, ask_size=1"),
            ("raises", "quote raised ValueError: boom"),
            ("divides", "quote raised ZeroDivisionError"),
            ("out_of_range", "quote raised IndexError"),
        ],
    )
    def test_of_a_quote_name_policy_event_and_view(self, name, fault, said):
        path = f"{POLICIES / 'faulty.py'}:{name}"
        message = failing(quoting={"policy": path, "fault": fault})
        assert repr(path) in message
        assert said in message
        assert "(ORDER of ABC 2026-01-05 C100 at 2026-01-05T01:30:00.000000000Z)" in message
        assert "QuoteView(ts_ns=1767576600000000000, option=0, underlying=0, ticks=2, spot=101, strike=100," in message

    @pytest.mark.parametrize("name", ["Hedger", "PlainHedger"])
    @pytest.mark.parametrize(
        ("parameters", "said"),
        [
            ({}, "answered nan"),
            ({"units": 1.0}, "answered inf"),
            ({"is_raising": True}, "hedge raised ValueError: boom"),
        ],
    )
    def test_of_a_hedge_name_policy_event_and_view(self, name, parameters, said):
        path = f"{POLICIES / 'faulty.py'}:{name}"
        message = failing(hedging={"policy": path, **parameters}, quoting=fixed(1.0, 2.0))
        assert repr(path) in message
        assert said in message
        assert "(SPOT of ABC at 2026-01-05T01:00:00.000000000Z)" in message
        assert "HedgeView(ts_ns=1767574800000000000, underlying=0, ticks=2, timer=0, spot=101," in message

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("Listener", "on_tick"),
            ("PlainListener", "on_fill raised ValueError: boom (faulty.py, line 131); the fill at"),
        ],
    )
    def test_of_a_listener_name_the_policy_and_the_time(self, name, said):
        path = f"{POLICIES / 'faulty.py'}:{name}"
        message = failing(quoting={"policy": path}, hedging={"policy": "every_tick"})
        assert repr(path) in message
        assert "every_tick" not in message
        assert said in message
        assert "raised ValueError: boom" in message
        assert ("T01:00:00" if name == "Listener" else "T00:30:00") in message

    def test_the_views_time_keeps_all_its_digits(self):
        late = clients(order(1.5, "sell", 1) | {"at": "2026-01-05T01:30:00.000000001Z"})
        message = failing(quoting={"policy": f"{POLICIES / 'faulty.py'}:Quoter", "fault": "nan"}, clients=late)
        assert "QuoteView(ts_ns=1767576600000000001," in message

    def test_an_interrupt_is_the_users(self):
        with pytest.raises(KeyboardInterrupt):
            play(**TWO_TICKS, quoting={"policy": f"{POLICIES / 'faulty.py'}:Interrupted"})

    def test_nothing_of_a_side_without_size_matters(self):
        """A price of NaN is no fault where nothing is quoted at it: scripts quote one side so."""
        run = play(
            clients=clients(order(0, "sell", 1)), quoting=fixed(1.0, 0.5, bid_size=2.0, ask_size=0.0), clock__end=at(1)
        )
        assert run.counts["client_fills"] == 1
