"""Finding the policy that a scenario names, and checking its parameters: every mistake at once."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmsim.errors import Problem, UserError
from mmsim.policy import Policy, find, prepared

GOOD = """\
from enum import Enum
from typing import NamedTuple
import numpy as np
from numpy.typing import NDArray
from mmsim import HedgeView, Quote, QuoteView

class Mode(Enum):
    CALM = "calm"
    WILD = "wild"

class Mine(NamedTuple):
    half_spread: float
    levels: NDArray[np.float64] = np.zeros(1)
    wait_ns: int = 0
    count: int = 1
    is_shy: bool = False
    mode: Mode = Mode.CALM
    size: float = 10.0

    def quote(self, view: QuoteView) -> Quote:
        return Quote(1.0, 2.0, self.size, self.size)

class Helper(NamedTuple):
    size: float = 1.0
"""


def complain(key: str, message: str, suggestion: str) -> Problem:
    return Problem(message, key=key, suggestion=suggestion)


def found(name: str, near: Path | None = None, kind: str = "quoting", **parameters: Any) -> Policy:
    return find(kind, name, parameters, near, complain)


def mistakes(
    name: str, near: Path | None = None, kind: str = "quoting", **parameters: Any
) -> list[tuple[str, str, str]]:
    """(key, message, suggestion) of each problem."""
    with pytest.raises(UserError) as caught:
        found(name, near, kind, **parameters)
    return [(problem.key, problem.message, problem.suggestion) for problem in caught.value.problems]


@pytest.fixture
def mine(tmp_path) -> str:
    (tmp_path / "mine.py").write_text(GOOD)
    return str(tmp_path / "mine.py")


class TestPlaces:
    def test_a_name_is_a_file_of_strategies(self, root):
        policy = found("fixed_width", half_spread=0.1)
        assert policy.file == root / "strategies" / "quoting" / "fixed_width.py"
        assert policy.parameters == {"half_spread": 0.1, "size": 10.0}

    def test_a_path_is_looked_for_beside_the_scenario_and_above_it(self, tmp_path, monkeypatch):
        (tmp_path / "strategies").mkdir()
        (tmp_path / "scenarios").mkdir()
        (tmp_path / "strategies" / "mine.py").write_text(GOOD)
        monkeypatch.chdir("/")
        policy = found("strategies/mine.py:Mine", tmp_path / "scenarios", half_spread=1)
        assert policy.file == tmp_path / "strategies" / "mine.py"

    def test_the_only_class_with_the_method_needs_no_name(self, mine):
        assert type(found(mine, half_spread=1).instance).__name__ == "Mine"

    @pytest.mark.parametrize(
        ("name", "kind", "message", "suggestion"),
        [
            ("inventory_skw", "quoting", "no quoting policy is called 'inventory_skw'", "inventory_skew"),
            ("delta_bnd", "hedging", "no hedging policy is called 'delta_bnd'", "delta_band"),
            ("delta_band", "quoting", "no quoting policy is called 'delta_band'", ""),
            ("missing.py:Mine", "quoting", "no such file: missing.py", ""),
        ],
    )
    def test_an_unknown_name(self, name, kind, message, suggestion):
        assert mistakes(name, kind=kind) == [("policy", message, suggestion)]

    def test_an_unknown_class(self, mine):
        assert mistakes(f"{mine}:Mien") == [("policy", "mine.py has no policy class Mien", "Mine")]

    def test_a_class_without_the_method(self, mine):
        assert mistakes(f"{mine}:Helper")[0][1].endswith("Helper has no method `quote`")
        assert mistakes(f"{mine}:Mine", kind="hedging")[0][1].endswith("Mine has no method `hedge`")

    @pytest.mark.parametrize(
        ("classes", "said"), [("", "0 classes"), (GOOD + GOOD.replace("Mine", "Two"), "2 classes")]
    )
    def test_a_file_with_no_class_or_several(self, tmp_path, classes, said):
        (tmp_path / "other.py").write_text(classes)
        assert said in mistakes(str(tmp_path / "other.py"))[0][1]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("x = 1\ndef (", "broken.py:2: SyntaxError"),
            ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
            ("1 / 0", "ZeroDivisionError"),
            ("import sys\nsys.exit(0)", "SystemExit: 0"),
        ],
    )
    def test_a_file_that_does_not_import(self, tmp_path, text, said):
        (tmp_path / "broken.py").write_text(text)
        ((key, message, _),) = mistakes(str(tmp_path / "broken.py"))
        assert key == "policy"
        assert said in message

    def test_a_name_that_no_file_can_have(self):
        assert mistakes("a" * 300)[0][1].startswith("no quoting policy is called")
        assert mistakes("a" * 300 + ".py")[0][1].startswith("no such file")

    @pytest.mark.parametrize("memory", ["'x'", "-1", "1.5", "10**12", "None"])
    def test_a_memory_that_cannot_be(self, tmp_path, memory):
        (tmp_path / "mine.py").write_text(GOOD.replace("    def quote", f"    MEMORY = {memory}\n\n    def quote"))
        ((key, message, _),) = mistakes(str(tmp_path / "mine.py"), half_spread=1.0)
        assert key == "policy"
        assert message.startswith("mine.py: MEMORY must be a whole number from 0 to 1,000,000")

    @pytest.mark.parametrize("memory", ["0", "2"])
    def test_a_memory_that_can_be(self, tmp_path, memory):
        (tmp_path / "mine.py").write_text(GOOD.replace("    def quote", f"    MEMORY = {memory}\n\n    def quote"))
        assert int(memory) == type(found(str(tmp_path / "mine.py"), half_spread=1.0).instance).MEMORY


CHECKED = GOOD.replace(
    "    def quote",
    """    def check(self):
        if self.count > 5:
            raise ValueError("count it yourself")
        wrong = {"size": "must be even"} if self.size % 2 else {}
        return wrong | ({"half_spread": "must be at least 0"} if self.half_spread < 0 else {})

    def quote""",
)


class TestOwnCheck:
    @pytest.fixture
    def checked(self, tmp_path) -> str:
        (tmp_path / "checked.py").write_text(CHECKED)
        return str(tmp_path / "checked.py")

    def test_says_what_is_wrong_by_parameter(self, checked):
        assert found(checked, half_spread=1, size=2).parameters["size"] == 2
        assert mistakes(checked, half_spread=-1, size=3) == [
            ("size", "must be even", ""),
            ("half_spread", "must be at least 0", ""),
        ]

    def test_may_raise(self, checked):
        assert mistakes(checked, half_spread=1, count=6) == [
            ("policy", f"{checked}.check raised ValueError: count it yourself", "")
        ]

    def test_must_answer_a_mapping(self, tmp_path):
        (tmp_path / "silent.py").write_text(CHECKED.replace("return wrong |", "wrong |"))
        ((key, message, _),) = mistakes(str(tmp_path / "silent.py"), half_spread=1)
        assert key == "policy"
        assert "silent.py.check raised AttributeError" in message

    @pytest.mark.parametrize(
        ("kind", "name", "parameters", "key"),
        [
            ("hedging", "delta_band", {"band": -5}, "band"),
            ("hedging", "interval", {"interval_ns": 0}, "interval_ns"),
            ("hedging", "interval", {"interval_ns": -5}, "interval_ns"),
            ("hedging", "scripted_deltas", {"deltas": []}, "deltas"),
            ("quoting", "expected_value", {"weight": 1.1}, "weight"),
            ("quoting", "expected_value", {"size": -1}, "size"),
            ("quoting", "fixed_width", {"half_spread": -0.1}, "half_spread"),
            ("quoting", "fixed_width", {"size": -1}, "size"),
            ("quoting", "inventory_skew", {"half_spread_vol": -0.1}, "half_spread_vol"),
            ("quoting", "vega_width", {"min_half_spread": -0.1}, "min_half_spread"),
            ("quoting", "none", {"size": -1}, "size"),
            ("quoting", "fixed_price", {"bid": 1, "ask": 2, "size": -1}, "size"),
        ],
    )
    def test_of_the_policies_that_come_with_mmsim(self, kind, name, parameters, key):
        assert [where for where, _, _ in mistakes(name, kind=kind, **parameters)] == [key]


class TestPrepare:
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ("return None", "must return a Mine, not None"),
            ("raise ValueError(scenario)", "raised ValueError: s"),
            ("raise SystemExit(0)", "raised SystemExit: 0"),
        ],
    )
    def test_that_fails(self, tmp_path, body, said):
        text = GOOD.replace("    def quote", f"    def prepare(self, scenario):\n        {body}\n\n    def quote")
        (tmp_path / "mine.py").write_text(text)
        policy = found(str(tmp_path / "mine.py"), half_spread=1.0)
        with pytest.raises(UserError, match=said):
            prepared(policy, "s", complain)


class TestParameters:
    def test_of_every_type(self, mine):
        given = {"half_spread": 1, "levels": [1, 2], "wait_ns": "5s", "count": 3.0, "is_shy": True, "mode": "wild"}
        policy = found(mine, **given)
        values = policy.instance._asdict()
        assert isinstance(values["half_spread"], float)
        assert np.array_equal(values["levels"], [1.0, 2.0])
        assert values["wait_ns"] == 5_000_000_000
        assert isinstance(values["count"], int)
        assert values["is_shy"] is True
        assert isinstance(values["mode"], Enum)
        plain = {"half_spread": 1.0, "levels": [1.0, 2.0], "wait_ns": 5_000_000_000, "count": 3, "is_shy": True}
        assert policy.parameters == plain | {"mode": "wild", "size": 10.0}

    @pytest.mark.parametrize(
        ("key", "value", "said"),
        [
            ("half_spread", "wide", "must be a number, not 'wide'"),
            ("half_spread", True, "must be a number, not True"),
            ("half_spread", float("nan"), "must be a number, not nan"),
            ("half_spread", float("inf"), "must be a number, not inf"),
            ("half_spread", None, "must be a number, not None"),
            ("half_spread", [1.0], "must be a number, not [1.0]"),
            ("count", 1.5, "must be a whole number, not 1.5"),
            ("count", "5s", "must be a whole number, not '5s'"),
            ("count", 10**30, "must be a whole number of at most 9,223,372,036,854,775,807"),
            ("count", -1e30, "must be a whole number of at most"),
            ("is_shy", 1, "must be true or false, not 1"),
            ("mode", "tame", "must be one of calm, wild, not 'tame'"),
            ("mode", 1, "must be one of calm, wild, not 1"),
            ("levels", 1.0, "must be a list of numbers"),
            ("levels", [1.0, float("nan")], "must be a list of numbers"),
            ("levels", ["a"], "list of numbers"),
            ("levels", [[1.0], [1.0, 2.0]], "list of numbers"),
            ("levels", {"a": 1.0}, "list of numbers"),
        ],
    )
    def test_of_the_wrong_type(self, mine, key, value, said):
        ((where, message, _),) = mistakes(mine, **({"half_spread": 1.0} | {key: value}))
        assert where == key
        assert said in message

    @pytest.mark.parametrize("hint", ["str", "dict", "object", "float | None", "list[float]"])
    def test_of_a_type_that_a_scenario_cannot_give(self, tmp_path, hint):
        (tmp_path / "mine.py").write_text(GOOD.replace("size: float = 10.0", f"size: {hint} = None", 1))
        file = str(tmp_path / "mine.py")
        assert found(file, half_spread=1.0).parameters["size"] == "None"
        ((key, message, _),) = mistakes(file, half_spread=1.0, size="a")
        assert key == "size"
        assert "which a scenario cannot give: parameters are float, int" in message

    def test_of_a_type_that_there_is_not(self, tmp_path):
        (tmp_path / "mine.py").write_text(GOOD.replace("size: float = 10.0", "size: 'Undefined' = 10.0", 1))
        ((key, message, _),) = mistakes(str(tmp_path / "mine.py"), half_spread=1.0)
        assert key == "policy"
        assert message == "reading the types of Mine raised NameError: name 'Undefined' is not defined"

    def test_members_of_enums_may_be_written_in_any_case(self, tmp_path):
        (tmp_path / "mine.py").write_text(GOOD.replace("WILD", "Wild"))
        mode = found(str(tmp_path / "mine.py"), half_spread=1.0, mode="wild").instance.mode
        assert mode.name == "Wild"

    @pytest.mark.parametrize("value", ["5 parsecs", "-5s", "s", -5, 10**18 * 2, "51000w", 0.5])
    def test_a_duration_that_is_none(self, mine, value):
        assert [key for key, _, _ in mistakes(mine, half_spread=1.0, wait_ns=value)] == ["wait_ns"]

    def test_all_mistakes_at_once_with_the_nearest_names(self, mine):
        known = "half_spread, levels, wait_ns, count, is_shy, mode, size"
        assert mistakes(mine, half_spred=1.0, count="x", zzz=1) == [
            ("half_spred", f"Mine has no such parameter; it has: {known}", "half_spread"),
            ("count", "must be a whole number, not 'x'", ""),
            ("zzz", f"Mine has no such parameter; it has: {known}", ""),
            ("policy", "Mine needs the parameter `half_spread`", ""),
        ]
