import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mmsim import scenario, strict_yaml
from mmsim.errors import Problem, UserError


def problems(text):
    with pytest.raises(UserError) as raised:
        strict_yaml.parse(text, "f.yaml")
    return [(p.line, p.column, p.message) for p in raised.value.problems]


def test_values_are_what_was_written():
    text = (
        "{a: NO, b: 1:30, c: 1_000, d: 2026-01-05, e: 0x10, f: 010, "
        "g: 1e6, h: -1.0e-8, i: true, j: null, k: '1', l: .5}"
    )
    assert strict_yaml.parse(text).value == {
        "a": "NO", "b": "1:30", "c": "1_000", "d": "2026-01-05", "e": "0x10", "f": "010",
        "g": 1e6, "h": -1e-8, "i": True, "j": None, "k": "1", "l": 0.5,
    }  # fmt: skip


def test_every_place_is_known():
    document = strict_yaml.parse("a: 1\nb:\n  - x: 2\n    y: [3, 4]\n")
    assert document.mark(("a",)) == (1, 4)
    assert document.mark(("b", 0, "y"), of_key=True) == (3 + 1, 5)
    assert document.mark(("b", 0, "y", 1)) == (4, 12)
    assert document.mark(("b", 0, "absent")) == (3, 5)  # the nearest thing around it


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: 1\nb: 2\na: 3", 3, 1, "given twice, first in line 1"),
        ("{0: 1, 0.0: 2}", 1, 8, "given twice"),
        ("a: &x 1", 1, 4, "anchor"),
        ("a: !!python/object:os.system x", 1, 4, "tag"),
        ("a: !x 1", 1, 4, "tag"),
        ("a: {<<: {b: 1}}", 1, 5, "merge key"),
        ("a: 1\n---\nb: 2", 2, 1, "second document"),
        ("? [a, b]\n: 1", 1, 3, "plain word"),
        ("a: b: c", 1, 5, "not YAML"),
        ("a: 1\n b: 2", 2, 3, "not YAML"),
        ("a: \x07", 1, 4, "does not allow"),
        ("a: " + "[" * 30 + "]" * 30, 1, 23, "nested too deep"),
    ],
)
def test_cleverness_is_refused_with_its_place(text, line, column, words):
    found = problems(text)
    assert any((at, where) == (line, column) and words in message for at, where, message in found), found


def test_all_problems_are_told_at_once():
    assert len(problems("a: &x 1\nb: *x\nb: !t 2\n")) == 4


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "large.yaml").write_bytes(b"#" * (strict_yaml.MAX_BYTES + 1))
    (tmp_path / "latin.yaml").write_bytes(b"a: 1\nb: caf\xe9\n")
    for name, words in {
        "absent.yaml": "no such file",
        "large.yaml": "too large",
        "latin.yaml": "2:7: not UTF-8",
    }.items():
        with pytest.raises(UserError, match=words):
            strict_yaml.read(tmp_path / name)


_plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_plain)
def test_plain_values_written_by_pyyaml_are_read_back(value):
    text = yaml.safe_dump(value, allow_unicode=False, default_flow_style=True)
    assert strict_yaml.parse(text).value == value


@given(st.text(max_size=200))
def test_any_text_gives_a_document_or_problems_with_a_place(text):
    outcome = "a document"
    try:
        strict_yaml.parse(text, "f.yaml")
    except UserError as error:
        outcome = [problem.line for problem in error.problems]
    assert outcome == "a document" or all(outcome)


BOMBS = {
    "aliases": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)),
    "a million aliases": "a: &a 1\nb: [" + "*a," * 1_300_000 + "]",
    "merge keys": "a: 1\n" + "".join(f"k{n}: {{<<: {{b: 1}}}}\n" for n in range(10_000)),
    "tags": "a: [" + "!!python/object:os.system x, " * 10_000 + "]",
    "nesting": "a: " + "[" * 1_000_000,
    "nested mappings": "{a: " * 900_000,
    "keys twice": "a: 1\n" * 700_000,
    "keys that are lists": "{" + "? [a] : 1," * 300_000 + "}",
    "values": "a: [" + "1," * 1_900_000 + "1]",
    "keys": "".join(f"k{n}: 1\n" for n in range(300_000)),
    "documents": "---\n" * 900_000,
    "an integer of 5,000 digits": "seed: " + "9" * 5_000,
    "a date that is none": "clock: {start: 2026-02-30T10:00:00Z, end: 9999-99-99T10:00:00Z}",
    "a mapping of numbers": "".join(f"{n}: 1\n" for n in range(40_000)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_lines_with_their_places(name, tmp_path):
    """Within seconds, and in so many lines as a person might read."""
    file = tmp_path / "bomb.yaml"
    file.write_text(BOMBS[name])
    began = time.process_time()  # a busy machine is no hang
    with pytest.raises(UserError) as raised:
        scenario.load(file)
    assert time.process_time() - began < 5
    assert 1 <= len(raised.value.problems) <= 1_001
    assert all(problem.line and problem.column for problem in raised.value.problems)
    assert all(str(problem).startswith(f"{file}:") and len(str(problem)) < 2_000 for problem in raised.value.problems)


@pytest.mark.parametrize("name", ["aliases", "merge keys", "tags"])
def test_what_is_not_allowed_is_said_once_however_often_it_stands_there(name):
    kinds = [message.split("(")[0] for _, _, message in problems(BOMBS[name])]
    assert len(kinds) == len(set(kinds)), kinds


def test_nothing_in_a_message_ends_the_line_or_commands_the_terminal():
    (problem,) = (Problem("x\x1b[31m\ny", "f.yaml", key="a\nb"),)
    assert str(problem) == "f.yaml: a\\nb: x\\x1b[31m\\ny"
