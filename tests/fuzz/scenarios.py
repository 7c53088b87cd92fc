"""Scenario files with something wrong in them: read as they are, or every mistake said with its place."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmsim.backtest import check
from mmsim.errors import Problem, UserError
from tests.fuzz.workers import Try

SEED = 7
ROOT = Path(__file__).parent.parent.parent
SHIPPED = sorted([*(ROOT / "scenarios").rglob("*.yaml"), *(ROOT / "mmsim" / "template").rglob("first.yaml")])
TOKEN = re.compile(r"[A-Za-z_][\w.]*|[-+]?\d[\w.:+-]*|[^\S\n]+|\n|.")
VALUES = (
    *(
        "null",
        "~",
        "true",
        "[]",
        "{}",
        "[1, 2]",
        "{a: 1}",
        "''",
        "text",
        "-1",
        "0",
        "-0.0",
        "1e308",
        "-1e308",
        "5e-324",
    ),
    *("1e400", ".nan", ".inf", "nan", "9" * 30, "9" * 5_000, "0x10", "0o7", "1_000", "1:30", "0.1.2", "2026-02-30"),
    *("0000-00-00", "9999-12-31T23:59:59Z", "2262-04-12T00:00:00Z", "1677-01-01T00:00:00Z", "2026-01-05T21:00:00"),
    *("2026-01-05T25:00:00Z", "2026-03-08T02:30 America/New_York", "12:00 Nowhere/Atall", "5s", "-5s", "1e9d", "0s"),
    *("99999999999999d", "1ns", "'\\0'", "\u0663", "\U0001f4a5", "\ufeff", "\u202e", "é" * 500, "NO", "yes", "2**3"),
    *(
        "*a",
        "&a 1",
        "!!python/name:os.system",
        "!x",
        "<<",
        "|",
        ">",
        "- -",
        "? x",
        "%YAML",
        "---",
        "...",
        "@",
        "`",
        "'",
    ),
    *('"', "#", ",", "market", "mid", "put", "ES 2020-03-20 C3200", "../../etc/passwd", "/dev/zero", "no_such_policy"),
)


def mutated() -> Try:
    """Checks a shipped scenario with one to four changes."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    texts = [file.read_text(encoding="utf-8") for file in SHIPPED]

    def attempt(case: int) -> str:
        draw = np.random.default_rng([SEED, case])
        text = texts[int(draw.integers(len(texts)))]
        for _ in range(int(draw.integers(1, 5))):
            text = WAYS[int(draw.integers(len(WAYS)))](text, draw)
        return tried(folder / "mutated.yaml", text.encode("utf-8", "surrogatepass"))

    return attempt


def tried(file: Path, data: bytes) -> str:
    """What comes of checking a file of these bytes; UserError where each of its mistakes has a line and a column."""
    file.write_bytes(data)
    try:
        check(file)
    except UserError as error:
        if wrong := [problem for problem in error.problems if not _is_placed(problem, file)]:
            raise AssertionError(f"no line with a place: {str(wrong[0])!r}") from error
        raise
    return "read"


def _is_placed(problem: Problem, file: Path) -> bool:
    return problem.file == str(file) and problem.line > 0 and problem.column > 0 and len(str(problem)) < 2_000


def _tokens(text: str) -> list[str]:
    return TOKEN.findall(text)


def _words(tokens: list[str]) -> list[int]:
    """The places of keys and values that are no comment's."""
    words, is_comment = [], False
    for place, token in enumerate(tokens):
        is_comment = token != "\n" and (is_comment or token == "#")
        if not is_comment and not token.isspace():
            words.append(place)
    return words or [0]


def _at_a_word(change: Callable[[list[str], int, np.random.Generator], str]) -> Callable[..., str]:
    def way(text: str, draw: np.random.Generator) -> str:
        tokens = _tokens(text) or [" "]
        place = int(draw.choice(_words(tokens)))
        tokens[place] = change(tokens, place, draw)
        return "".join(tokens)

    return way


def _value(draw: np.random.Generator) -> str:
    return VALUES[int(draw.integers(len(VALUES)))]


def _other_word(tokens: list[str], draw: np.random.Generator) -> str:
    return tokens[int(draw.choice(_words(tokens)))]


def _renamed(word: str, draw: np.random.Generator) -> str:
    place = int(draw.integers(len(word)))
    return word[:place] + str(draw.choice(list("aez_019-."))) + word[place + int(draw.integers(2)) :]


def _indented(text: str, draw: np.random.Generator) -> str:
    lines = text.split("\n")
    place = int(draw.integers(len(lines)))
    lines[place] = str(draw.choice([" ", "  ", "\t", "- "])) + lines[place] if draw.random() < 0.7 else lines[place][1:]
    return "\n".join(lines)


def _line_moved(text: str, draw: np.random.Generator) -> str:
    lines = text.split("\n")
    line = lines[int(draw.integers(len(lines)))]
    if draw.random() < 0.5:
        lines.remove(line)
    lines.insert(int(draw.integers(len(lines) + 1)), line)
    return "\n".join(lines)


def _cut(text: str, draw: np.random.Generator) -> str:
    return text[: int(draw.integers(len(text) + 1))]


def _character(text: str, draw: np.random.Generator) -> str:
    place = int(draw.integers(len(text) + 1))
    odd = ["\0", "\x07", "\t", "\r", "\u2028", "\ud800", "\xa0", "{", "}", "[", "]", ":", "'", '"', "&", "*", "!", "|"]
    return text[:place] + odd[int(draw.integers(len(odd)))] + text[place:]


WAYS: tuple[Callable[[str, np.random.Generator], str], ...] = (
    _at_a_word(lambda _tokens, _place, draw: _value(draw)),
    _at_a_word(lambda _tokens, _place, draw: _value(draw)),
    _at_a_word(lambda _tokens, _place, draw: _value(draw)),
    _at_a_word(lambda _tokens, _place, _draw: ""),
    _at_a_word(lambda tokens, place, _draw: tokens[place] * 2),
    _at_a_word(lambda tokens, _place, draw: _other_word(tokens, draw)),
    _at_a_word(lambda tokens, place, draw: _renamed(tokens[place], draw)),
    _indented,
    _line_moved,
    _cut,
    _character,
)
