"""Policies as they are listed: read from their sources, found by name, class and file."""

import pytest

from mmsim import catalogue
from mmsim.errors import UserError

GAMMA_QUOTES = '''
from enum import Enum
from typing import NamedTuple

raise RuntimeError("listing runs no code")


class GammaQuotes(NamedTuple):
    """Wider where gamma is.

    Source: a test.
    """

    wait_ns: int = 90_000_000_000  # how long
    width: float = 0.05  # currency

    def quote(self, view): ...


class Flat(NamedTuple):
    def hedge(self, view): ...
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pol.py").write_text(GAMMA_QUOTES)
    return tmp_path


def names(asked: str) -> list[str]:
    return [entry.name for entry in catalogue.entries(asked)]


def test_a_file_anywhere_is_listed_whole_or_by_class(folder):
    assert names("pol.py") == ["pol.py:GammaQuotes", "pol.py:Flat"]
    assert names(f"{folder}/pol.py:Flat") == [f"{folder}/pol.py:Flat"]
    (entry,) = catalogue.entries("./pol.py:GammaQuotes")
    assert (entry.kind, entry.about, entry.source) == ("quoting", "Wider where gamma is.", "a test.")


def test_a_class_is_found_by_its_name_alone(folder):
    (folder / "strategies/quoting").mkdir(parents=True)
    (folder / "pol.py").rename(folder / "strategies/quoting/pol.py")
    assert names("GammaQuotes") == ["strategies/quoting/pol.py:GammaQuotes"]
    assert names("DeltaBand") == ["delta_band"]


def test_a_duration_is_shown_as_a_scenario_writes_it(folder):
    (entry,) = catalogue.entries("pol.py:GammaQuotes")
    assert entry.example == "quoting: {policy: pol.py:GammaQuotes, wait_ns: 90s, width: 0.05}"
    assert entry.parameters[0] == ("wait_ns", "duration", "90s", "how long")
    (interval,) = catalogue.entries("interval")
    assert [p.default for p in interval.parameters] == ["1h"]


def test_what_prepare_solves_is_no_parameter():
    (glft,) = catalogue.entries("glft")
    assert not {"distances", "start", "end"} & {p.name for p in glft.parameters}
    for name, kept in (("leland", "year_days"), ("hedge_at", "volatility")):  # filled in where it is not given
        (entry,) = catalogue.entries(name)
        assert kept in {p.name for p in entry.parameters}


def test_an_enum_is_shown_by_its_members_as_a_scenario_writes_them():
    (glft,) = catalogue.entries("glft")
    (solution,) = [p for p in glft.parameters if p.name == "solution"]
    assert (solution.type, solution.default) == ("closed_form or stationary or until_end", "closed_form")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("InventrySkew", "no policy is called 'InventrySkew' (did you mean 'InventorySkew'?)"),
        ("pol.py:GamaQuotes", "pol.py: has no policy class GamaQuotes (did you mean 'GammaQuotes'?)"),
        ("none_there.py:Any", "none_there.py: cannot be read: No such file or directory"),
        ("empty.py", "empty.py: has no class with a method `quote(view)` or `hedge(view)`"),
        ("broken.py", "broken.py: is no Python: "),
        ("x" * 300 + ".py", "File name too long"),
    ],
)
def test_what_is_not_there_is_said(folder, asked, said):
    (folder / "empty.py").write_text("")
    (folder / "broken.py").write_text("class (")
    with pytest.raises(UserError) as raised:
        catalogue.entries(asked)
    assert said in str(raised.value)


def test_choices_are_written_as_a_scenario_does():
    (entry,) = catalogue.entries("hedge_at")
    chosen = entry.parameters[0]
    assert (chosen.type, chosen.default) == ("implied or realised or forecast or given", "implied")
    assert entry.example.startswith("hedging: {policy: hedge_at, volatility_is: implied,")
