"""The cache of compiled code: private, and never stale; and how a policy's method is bound to its slot."""

from __future__ import annotations

import json
import math
import os
import pickle
import shutil
import stat
import subprocess
import sys
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from mmsim import kernel, run_folder
from mmsim.engine.seats import HEDGE, ON_TICK
from mmsim.kernel import bind
from mmsim.policy import HedgeView, TickView
from tests.engine.builder import clients, only, order, play

VIEW = HedgeView(
    ts_ns=1_767_571_200_123_456_789,
    underlying=0,
    ticks=3,
    timer=0,
    spot=100.0,
    spot_bid=99.0,
    spot_ask=101.0,
    option_delta=40.0,
    hedge=-30.0,
    pending=0.0,
    net_delta=10.0,
    net_gamma=1.0,
    net_vega=2.0,
    net_theta=3.0,
    last_hedge_ns=0,
    last_hedge_spot=float("nan"),
)
_NANS = [name for name, value in VIEW._asdict().items() if value != value]  # which equal nothing
MEMORY = np.zeros((1, 1))
SCALES = {"one": 1.0}  # numba reads no such thing


class Compiled(NamedTuple):
    share: float = 1.0
    offset: int = 0

    def hedge(self, view: HedgeView) -> float:
        return -self.share * view.net_delta + self.offset + view.ts_ns % 10


class Plain(NamedTuple):
    share: float = 1.0
    offset: int = 0

    def hedge(self, view: HedgeView) -> float:
        return SCALES["one"] * Compiled(*self).hedge(view)


class Importing(NamedTuple):
    share: float = 1.0
    offset: int = 0

    def hedge(self, view: HedgeView) -> float:
        import json  # a bytecode that numba refuses in its own way

        return json.loads("1.0") * Compiled(*self).hedge(view)


class OfADict(NamedTuple):
    settings: dict[str, float]

    def hedge(self, view: HedgeView) -> float:
        return self.settings["units"]


class Side(Enum):
    LOW = -1
    HIGH = 1

    def __repr__(self) -> str:
        return "a side"


class Sided(NamedTuple):
    side: Side

    def hedge(self, view: HedgeView) -> float:
        return -1.0 if self.side == Side.LOW else 1.0


class Writing(NamedTuple):
    def hedge(self, view: HedgeView) -> float:
        view.memory[0] += 1.0
        return 0.0


class WritingPlainly(NamedTuple):
    def hedge(self, view: HedgeView) -> float:
        view.memory[0] += json.loads("1.0")
        return 0.0


Writing.MEMORY = WritingPlainly.MEMORY = 1


class TestBinding:
    @pytest.mark.parametrize(("cls", "compiled"), [(Compiled, True), (Plain, False), (Importing, False)])
    def test_gives_equal_answers_compiled_or_not(self, cls, compiled):
        """−0.5·10 + 7 + the last digit of the nanoseconds, which a float would lose."""
        bound = bind(cls(0.5, 7), HEDGE, None)
        assert bound.compiled is compiled
        assert bool(bound.reason) is not compiled
        assert bound.function(VIEW, MEMORY, bound.parameters) == -5.0 + 7.0 + 9.0

    def test_plain_python_is_shown_a_view_that_does_what_the_tuple_does(self):
        seen = []

        class Keeping(NamedTuple):
            def hedge(self, view: HedgeView) -> float:
                seen.append(view)
                return json.loads("0.0")  # which numba does not read

        bound, shown = bind(Keeping(), HEDGE, None), VIEW._replace(**dict.fromkeys(_NANS, 0.0))
        for spot in (101.0, 102.0):
            bound.function(shown._replace(spot=spot), MEMORY, bound.parameters)
        view = seen[0]
        assert [kept.spot for kept in seen] == [101.0, 102.0], "each call has a view of its own"
        assert view == shown._replace(spot=101.0)
        assert view != seen[1]
        assert tuple(view) == tuple(shown._replace(spot=101.0))
        assert (len(view), view[0], view[-1]) == (len(shown), shown[0], shown[-1])
        assert view._asdict() == shown._replace(spot=101.0)._asdict()
        assert view._replace(spot=1.0) == shown._replace(spot=1.0)
        assert repr(view) == repr(shown._replace(spot=101.0))
        assert hash(view) == hash(shown._replace(spot=101.0))
        assert pickle.loads(pickle.dumps(view)) == view
        assert isinstance(view.ts_ns, int)
        with pytest.raises(AttributeError, match="a view is to be read"):
            view.spot = 5.0
        with pytest.raises(AttributeError, match="no attribute 'sport'"):
            _ = view.sport

    @pytest.mark.parametrize("answer", ["100", None, [1.0]])
    def test_an_answer_that_is_no_number_is_a_failure(self, answer):
        """A compiler that reads texts as numbers notwithstanding."""

        class Wrong(NamedTuple):
            def hedge(self, view: HedgeView) -> float:
                return answer

        bound = bind(Wrong(), HEDGE, None)
        assert math.isnan(bound.function(VIEW, MEMORY, bound.parameters))
        assert isinstance(bound.failures[0].error, TypeError)

    @pytest.mark.parametrize("cls", [Writing, WritingPlainly])
    def test_a_decision_may_not_write_to_the_memory(self, cls):
        memory = np.zeros((1, 1))
        bound = bind(cls(), HEDGE, None)
        bound.lend(memory)
        assert math.isnan(bound.function(VIEW, memory, bound.parameters))
        assert "read-only" in str(bound.failures[0].error)
        assert memory[0, 0] == 0.0

    def test_classes_of_one_name_are_not_taken_for_each_other(self, tmp_path):
        """As a factory makes them: they differ in what their methods have closed over."""

        def made(units: float):
            class Fixed(NamedTuple):
                def hedge(self, view: HedgeView) -> float:
                    return units

            return Fixed

        (tmp_path / "mine.py").write_text("")
        answers = [bind(made(units)(), HEDGE, tmp_path / "mine.py") for units in (0.0, 50.0)]
        assert [bound.function(VIEW, MEMORY, bound.parameters) for bound in answers] == [0.0, 50.0]
        assert all(bound.compiled for bound in answers)

    def test_members_of_an_enum_that_print_alike_are_not_taken_for_each_other(self, tmp_path):
        (tmp_path / "mine.py").write_text("")
        answers = [bind(Sided(side), HEDGE, tmp_path / "mine.py") for side in Side]
        assert [bound.function(VIEW, MEMORY, bound.parameters) for bound in answers] == [-1.0, 1.0]

    def test_a_parameter_that_is_no_number_runs_as_plain_python(self):
        bound = bind(OfADict({"units": 4.0}), HEDGE, None)
        assert "the parameter `settings` is no number" in bound.reason
        assert bound.function(VIEW, MEMORY, bound.parameters) == 4.0

    def test_whole_numbers_keep_all_their_digits(self):
        bound = bind(Compiled(0.0, 2**53 + 1), HEDGE, None)
        assert bound.parameters.view(np.int64)[1] == 2**53 + 1

    def test_a_missing_listener_does_nothing(self):
        bound = bind(Compiled(), ON_TICK, None)
        assert bound.function(TickView(0, 0, 1, 100.0, 99.0, 101.0), MEMORY, bound.parameters) is None


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def answer(program: str, cache: Path, package: Path, *arguments: str, **environment: str) -> str:
    """What a program prints in a process of its own, with its own cache of compiled code."""
    paths = {"MMSIM_CACHE": str(cache), "PYTHONPATH": str(package)}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={k: v for k, v in os.environ.items() if k != "NUMBA_DISABLE_JIT"} | paths | environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=cache.parent,
    ).stdout.strip()


def tables(folder: Path) -> dict[str, bytes]:
    """The Parquet files of a run's folder."""
    return {file.name: file.read_bytes() for file in folder.glob("*.parquet")}


def edit(file: Path, old: str, new: str) -> None:
    """An edit that leaves a file's size and time as they were: only its content can tell."""
    text, times = file.read_text(), file.stat()
    assert text.count(old) == 1
    assert len(old) == len(new)
    file.write_text(text.replace(old, new))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


WHERE = "import os, sys; os.umask(int(sys.argv[1], 8)); from mmsim import kernel; print(kernel.CACHE)"


class TestCache:
    def test_is_the_users_alone(self):
        """Anyone who can write an index file there can run code as the user."""
        assert mode(kernel.CACHE) == 0o700

    def test_is_made_so_whatever_the_umask(self, tmp_path, root):
        folder = Path(answer(WHERE, tmp_path / "cache", root, "0"))
        assert folder.parent == tmp_path / "cache"
        assert mode(folder) == mode(folder.parent) == 0o700
        assert Path(answer(WHERE, tmp_path / "cache", root, "0")) == folder

    @pytest.mark.parametrize("obstacle", ["open folder", "open base", "linked folder", "linked base", "file"])
    def test_is_refused_where_it_is_not_the_users_alone(self, tmp_path, root, obstacle):
        """Another folder serves, for the process, and it is said why; what stands there is left as it is."""
        base = tmp_path / "cache"
        folder = Path(answer(WHERE, base, root, "0"))
        if obstacle == "file":
            folder.rmdir()
            folder.write_text("a file is in the way")
        elif obstacle.startswith("open"):
            (base if obstacle.endswith("base") else folder).chmod(0o777)
        else:
            place = base if obstacle.endswith("base") else folder
            place.rename(tmp_path / "elsewhere")
            place.symlink_to(tmp_path / "elsewhere")
        found = os.lstat(base if obstacle.endswith("base") else folder)
        said = subprocess.run(
            [sys.executable, "-c", WHERE, "0"],
            env=os.environ | {"MMSIM_CACHE": str(base), "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
        )
        other = Path(said.stdout.strip())
        assert base not in other.parents
        assert not other.exists(), "it goes with its process"
        assert "compiled code is not kept for the next time" in said.stderr
        assert str(base) in said.stderr
        assert os.lstat(base if obstacle.endswith("base") else folder) == found

    def test_a_disk_that_takes_nothing_costs_the_next_run_its_time_and_nothing_else(self, tmp_path, root):
        program = (
            "import resource; from mmsim import kernel\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
            "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "from mmsim.pricing import price; print(round(float(price(spot=60, strike=65, years=.25, volatility=.3, "
            "rate=.08)), 4), sum(file.stat().st_size for file in kernel.CACHE.rglob('*') if file.is_file()))"
        )
        assert answer(program, tmp_path / "cache", root) == "2.1334 0"

    def test_an_edit_of_a_pricing_helper_changes_the_next_run(self, tmp_path, root):
        """A coefficient in one file is changed; the loop that was compiled from it and cached stands in another.

        Before that, compiling, reading what was compiled, and what another folder's process compiled give equal bytes.
        """
        for folder in ("mmsim", "strategies", "scenarios"):
            shutil.copytree(root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
        program = (
            "import sys, mmsim; run = mmsim.run('scenarios/textbook/neftci_9_4_6.yaml')\n"
            "if sys.argv[1:]: mmsim.run('scenarios/synthetic/market_maker_day.yaml').save(sys.argv[1])\n"
            "print(run.ledger['amount_micros'].tolist())"
        )
        before = answer(program, tmp_path / "cache", tmp_path, str(tmp_path / "cold"))
        assert answer(program, tmp_path / "cache", tmp_path, str(tmp_path / "warm")) == before
        answer(program, kernel.CACHE.parent, root, str(tmp_path / "shared"))
        cold = tables(tmp_path / "cold")
        assert len(cold) == len(run_folder.tables_of(1))
        assert cold == tables(tmp_path / "warm") == tables(tmp_path / "shared")
        edit(tmp_path / "mmsim" / "pricing" / "normal.py", "w + 1.2533141373155003", "w + 1.5533141373155003")
        after = answer(program, tmp_path / "cache", tmp_path)
        assert after != before
        assert after == answer(program, tmp_path / "cache", tmp_path, NUMBA_DISABLE_JIT="1")

    def test_an_edit_of_a_policy_or_of_what_it_imports_beside_it_reaches_its_next_run(self, tmp_path, root):
        """Bought at 1.25 in one process; at 1.75 in the next, and at 2.75 once a helper's constant is another."""
        (tmp_path / "helper_of_mine.py").write_text("EXTRA = 0.0\n")
        (tmp_path / "mine.py").write_text(POLICY)
        program = "import sys; sys.path.insert(0, sys.argv[1])\n" + PROGRAM
        prices = [answer(program, kernel.CACHE.parent, root, str(tmp_path), str(root))]
        edit(tmp_path / "mine.py", "1.25", "1.75")
        prices.append(answer(program, kernel.CACHE.parent, root, str(tmp_path), str(root)))
        edit(tmp_path / "helper_of_mine.py", "0.0", "1.0")
        prices.append(answer(program, kernel.CACHE.parent, root, str(tmp_path), str(root)))
        assert prices == ["True 1.25", "True 1.75", "True 2.75"]

    def test_an_edit_of_a_helper_that_a_process_has_read_is_kept_from_no_other(self, tmp_path, root):
        """The process goes on with what it has imported; the next one trades at what the helper then says."""
        (tmp_path / "helper_of_mine.py").write_text("EXTRA = 0.0\n")
        (tmp_path / "mine.py").write_text(POLICY)
        begin = "import sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True\n"
        edited = "\nfrom pathlib import Path; Path(sys.argv[1], 'helper_of_mine.py').write_text('EXTRA = 1.0\\n')\n"
        twice = answer(begin + PROGRAM + edited + PROGRAM, kernel.CACHE.parent, root, str(tmp_path), str(root))
        assert twice.splitlines() == ["True 1.25", "True 1.25"]
        assert answer(begin + PROGRAM, kernel.CACHE.parent, root, str(tmp_path), str(root)) == "True 2.25"

    def test_an_edit_of_a_policy_reaches_the_next_run_of_the_same_process(self, tmp_path):
        file = tmp_path / "mine.py"
        file.write_text(POLICY.replace("from helper_of_mine import EXTRA", "EXTRA = 0.0"))
        quoting = {"policy": f"{file}:Mine"}
        run = play(clients=clients(order(0, "sell", 1)), quoting=quoting)
        edit(file, "1.25", "1.75")
        again = play(clients=clients(order(0, "sell", 1)), quoting=quoting)
        assert [only(r, "client")["price"].iloc[0] for r in (run, again)] == [1.25, 1.75]


POLICY = """\
from typing import NamedTuple

from helper_of_mine import EXTRA
from mmsim import Quote, QuoteView


class Mine(NamedTuple):
    size: float = 1.0

    def quote(self, view: QuoteView) -> Quote:
        return Quote(1.25 + EXTRA, 9.0, self.size, self.size)
"""
PROGRAM = """\
sys.path.append(sys.argv[2])
from tests.engine.builder import clients, only, order, play
run = play(clients=clients(order(0, "sell", 1)), quoting={"policy": sys.argv[1] + "/mine.py:Mine"})
print(run.summary["policies"]["quoting"]["compiled"], only(run, "client")["price"].iloc[0])
"""
