"""The documentation is run: its Python, its commands, its tables of fields."""

import doctest
import io
import re
import shlex
from pathlib import Path

import pytest
from rich.console import Console

import mmsim
from mmsim import backtest, screen, workspace
from mmsim.run_folder import TABLES

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def section(text: str, name: str) -> str:
    return text[text.index(f"`{name}`") :]


@pytest.mark.parametrize("view", ["QuoteView", "HedgeView", "OptionView", "TickView", "FillView"])
def test_views_names_every_field_in_its_order(view):
    table = section((ROOT / "docs/views.md").read_text(), view).split("| field |", 1)[1].split("\n\n", 1)[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)) == getattr(mmsim, view)._fields


def test_views_names_every_part_of_a_quote():
    answer = section((ROOT / "docs/views.md").read_text(), "QuoteView")
    assert all(f"`{part}`" in answer for part in mmsim.Quote._fields)


@pytest.fixture(scope="module")
def run():
    return mmsim.run(ROOT / "scenarios/textbook/put_scalping.yaml", changes={"paths": "2"})


@pytest.mark.parametrize("table", [name for name in TABLES if name != "paths"])  # whose columns are others' names
def test_run_folder_names_every_column(table, run):
    part = (ROOT / "docs/run_folder.md").read_text().split(f"\n## `{table}`\n")[1].split("\n## ")[0]
    cells = [line.split(" | ")[0] for line in part.splitlines() if line.startswith("| `")]
    assert [name for cell in cells for name in re.findall(r"`(\w+)`", cell)] == list(getattr(run, table).columns)


def test_run_folder_names_every_key_of_run_json(run):
    part = (ROOT / "docs/run_folder.md").read_text().split("\n## `run.json`\n")[1].split("\n## ")[0]
    cells = [line.split(" | ")[0] for line in part.splitlines() if line.startswith("| `")]
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == set(run.summary)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_shows_what_python_answers(monkeypatch):
    monkeypatch.chdir(ROOT)
    (session,) = [block for block in blocks(ROOT / "README.md", "python") if block.startswith(">>>")]
    test = doctest.DocTestParser().get_doctest(session, {}, "README", "README.md", 0)
    assert doctest.DocTestRunner().run(test).failed == 0


def test_the_readme_shows_what_the_demo_prints(monkeypatch):
    monkeypatch.chdir(ROOT)
    day = mmsim.run("scenarios/synthetic/market_maker_day.yaml")
    parts = screen.run(day.summary, Path("RUN"))
    console = Console(width=120, record=True, file=io.StringIO())
    screen.show(parts, console)
    printed = {line.rstrip() for line in console.export_text().splitlines()}
    (shown,) = [block for block in blocks(ROOT / "README.md", "text") if "market_maker_day" in block]
    told = [line for line in shown.splitlines() if not line.endswith("...") and not line.startswith(("$", "Report"))]
    assert [line for line in told[1:] if line not in printed] == []


def test_the_page_on_explain_shows_what_it_prints(monkeypatch):
    monkeypatch.chdir(ROOT)
    found = mmsim.explain(mmsim.run("scenarios/textbook/put_scalping.yaml"), fill=0)
    (shown,) = blocks(ROOT / "docs/explain.md", "text")
    printed = str(found).splitlines()
    told = [line for line in shown.splitlines()[1:] if line != "..."]
    assert len(told) > 30
    assert [line for line in told if line not in printed] == []


def test_the_python_of_the_tutorial_runs():
    scope = {}
    for block in blocks(ROOT / "docs/policy_tutorial.md", "python"):
        exec(block, scope)
    view = mmsim.HedgeView(0, 0, 1, 0, 100.0, 99.9, 100.1, 80.0, 0.0, 0.0, 80.0, 0.0, 0.0, 0.0, 0, 0.0)
    assert scope["HalfWay"](band=50.0).hedge(view) == -30.0


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with the scenarios, in which runs may be saved."""
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.chdir(tmp_path)


ANSWERING = ("expected_volatility", "explain", "how_to_read_a_report", "markouts", "python", "risk", "time")


@pytest.mark.parametrize("name", [f"{page}.md" for page in ANSWERING])
def test_a_page_shows_what_python_answers(name, checkout):
    page = "".join(blocks(ROOT / "docs" / name, "python"))
    session = doctest.DocTestParser().get_doctest(page, {}, "page", name, 0)
    assert session.examples
    assert doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).run(session).failed == 0


def test_the_python_of_the_readme_runs(checkout):
    (block,) = [block for block in blocks(ROOT / "README.md", "python") if not block.startswith(">>>")]
    scope = {}
    exec(block, scope)
    assert list(scope["table"].columns) == ["10", "100", "1000"]
    assert (scope["folder"] / "report.html").is_file()


def test_run_folder_names_every_count(run):
    part = (ROOT / "docs/run_folder.md").read_text().split("\n## `counts` of `run.json`\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", part, flags=re.MULTILINE)) == set(run.counts)


def commands() -> list[str]:
    """The runs that the pages tell a reader to make, but for those of the policy that the tutorial has them write."""
    lines = [line for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("mmsim run scenarios/") and "quoting.lean_vol=" not in line]


@pytest.mark.parametrize("command", commands())
def test_the_commands_that_run_a_scenario_name_one_and_change_keys_that_it_has(command, tmp_path, monkeypatch):
    workspace.create(tmp_path / "desk", lambda _folder: None)
    monkeypatch.chdir(tmp_path / "desk")
    words = shlex.split(command)
    changes = dict(words[n + 1].split("=", 1) for n, word in enumerate(words) if word == "--set")
    assert backtest.check(workspace.scenario_file(Path(words[2])), changes=changes)


def test_every_public_name_is_found_where_the_package_says():
    assert set(mmsim.__all__) == set(mmsim._HOME)
    assert all(getattr(mmsim, name).__name__ for name in mmsim.__all__)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Qoute'"):
        mmsim.Qoute  # noqa: B018
