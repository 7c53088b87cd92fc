import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mmsim import strict_yaml
from mmsim.errors import UserError


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


def test_an_alias_bomb_is_cheap():
    """Nine levels of nine aliases are 9^9 nodes to a loader that follows them."""
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    began = time.perf_counter()
    assert problems(bomb)
    assert time.perf_counter() - began < 1


def test_deep_nesting_is_cheap():
    began = time.perf_counter()
    assert "too deep" in problems("[" * 500_000)[0][2]
    assert time.perf_counter() - began < 2


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
