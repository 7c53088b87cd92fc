"""YAML as people mean it: plain values with their places, and an error for everything that surprises.

No aliases, anchors, merge keys or tags; no key twice; `NO`, `1:30` and `1_000` are the strings that were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from yaml.reader import Reader

from mmsim.errors import Problem, UserError

MAX_BYTES = 4_000_000
MAX_DEPTH = 20
MAX_NODES = 100_000  # keys, values, lists and mappings: seconds to read
MAX_PROBLEMS = 100

KeyPath = tuple[str | int | float, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML was built with it: 20 times faster
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,39})")  # longer is read as a float: int() refuses some thousand digits
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


class Mark(NamedTuple):
    """A place in a file, both from 1; 0 is unknown."""

    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Document:
    """A YAML document: its plain value, and where each key and value of it stands."""

    value: Any
    file: str = ""
    values: dict[KeyPath, Mark] = field(default_factory=dict)
    keys: dict[KeyPath, Mark] = field(default_factory=dict)

    def mark(self, path: KeyPath, *, of_key: bool = False) -> Mark:
        """Where the value (or the key) at ``path`` stands; where it does not, the nearest thing around it."""
        marks = self.keys if of_key else self.values
        while path and path not in marks:
            path, marks = path[:-1], self.keys | self.values
        return marks.get(path, Mark())


def read(path: str | Path) -> Document:
    """The document in a file; UserError with every problem."""
    file, path = str(path), Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(
                Problem(f"the file is too large: {path.stat().st_size:,} bytes, at most {MAX_BYTES:,}", file, 1, 1)
            )
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(Problem(f"cannot be read: {(error.strerror or str(error)).lower()}", file)) from error
    try:
        return parse(raw.decode("utf-8-sig"), file)
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        raise UserError(Problem("not UTF-8 text", file, *_place(before))) from error


def parse(text: str, file: str = "") -> Document:
    """The document that ``text`` is; UserError with every problem, ``file`` naming where the text is from."""
    if strange := Reader.NON_PRINTABLE.search(text):
        place = _place(text[: strange.start()])
        raise UserError(Problem(f"a character that YAML does not allow: {strange.group()!r}", file, *place))
    builder = _Builder(file)
    try:
        document = builder.build(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Mark(mark.line + 1, mark.column + 1) if mark else Mark()
        reason = ": ".join(part for part in (error.context, error.problem) if part)
        raise UserError(*builder.problems, Problem(f"not YAML: {reason}", file, *place)) from error
    if builder.problems:
        raise UserError(*builder.problems)
    return document


def plain(text: str) -> Any:
    """What an unquoted scalar means: null, a bool, an int, a float, or else the string itself.

    >>> [plain(t) for t in ("1e6", "1.0e-8", "12", "true", "~", "NO", "1:30", "1_000", "007")]
    [1000000.0, 1e-08, 12, True, None, 'NO', '1:30', '1_000', '007']
    """
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


class _StopError(Exception):
    """Too deep, too much, or too much of it wrong: reading stops here."""


class _Builder:
    """Builds plain values from PyYAML's events, noting every place and every problem."""

    def __init__(self, file: str) -> None:
        self.document = Document(None, file, {(): Mark(1, 1)})  # where nothing stands, it should have begun
        self.problems: list[Problem] = []
        self._nodes = 0
        self._clever: set[str] = set()  # what has been refused once is not said again: a file can be full of it

    def build(self, events: Iterator[yaml.Event]) -> Document:
        documents = 0
        value = None
        try:
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self._note(event, (), "a second document starts here; a file holds one")
                        break
                elif isinstance(event, yaml.NodeEvent):
                    value = self._value(event, events, ())
        except _StopError:
            pass  # noted where it was met
        return Document(value, self.document.file, self.document.values, self.document.keys)

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], path: KeyPath) -> Any:
        self._count(event)
        self.document.values[path] = _mark(event)
        self._refuse_cleverness(event, path)
        if isinstance(event, yaml.ScalarEvent):
            return plain(event.value) if event.implicit[0] else event.value
        if isinstance(event, yaml.AliasEvent):
            return None
        if len(path) >= MAX_DEPTH:
            self._note(event, (), f"nested too deep: at most {MAX_DEPTH} levels")
            raise _StopError
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, path)
        return self._mapping(events, path)

    def _sequence(self, events: Iterator[yaml.Event], path: KeyPath) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._value(event, events, (*path, len(items))))
        return items

    def _mapping(self, events: Iterator[yaml.Event], path: KeyPath) -> dict[Any, Any]:
        items: dict[Any, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._key(event, events, path)
            where = (*path, key)
            twice = key in items
            if twice:
                self._note(event, where, f"this key is given twice, first in line {self.document.keys[where].line}")
            else:
                self.document.keys[where] = _mark(event)
            value = self._value(next(events), events, where)
            if not twice:
                items[key] = value
        return items

    def _key(self, event: yaml.Event, events: Iterator[yaml.Event], path: KeyPath) -> str | int | float:
        self._count(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._note(event, path, "a key must be a plain word")
            self._value(event, events, (*path, "?"))
            return "?"
        self._refuse_cleverness(event, (*path, event.value))
        if event.implicit[0] and event.value == "<<":
            self._refuse("merge", event, path, "a merge key (<<) is not allowed: write the keys out")
        key = plain(event.value) if event.implicit[0] else event.value
        return key if isinstance(key, int | float) and not isinstance(key, bool) else str(event.value)

    def _refuse_cleverness(self, event: yaml.Event, path: KeyPath) -> None:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent):
            self._refuse("alias", event, path, f"an alias (*{anchor}) is not allowed: write the value out")
        elif anchor is not None:
            self._refuse("anchor", event, path, f"an anchor (&{anchor}) is not allowed")
        if tag is not None:
            self._refuse("tag", event, path, f"a tag ({tag}) is not allowed")

    def _refuse(self, what: str, event: yaml.Event, path: KeyPath, message: str) -> None:
        if what not in self._clever:
            self._clever.add(what)
            self._note(event, path, message)

    def _count(self, event: yaml.Event) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._note(event, (), f"too much: at most {MAX_NODES:,} keys and values")
            raise _StopError

    def _note(self, event: yaml.Event, path: KeyPath, message: str) -> None:
        self.problems.append(Problem(message, self.document.file, *_mark(event), dotted(path)))
        if len(self.problems) == MAX_PROBLEMS:
            raise _StopError


def dotted(path: KeyPath) -> str:
    """A path as users write it.

    >>> dotted(("options", 0, "strikes"))
    'options.0.strikes'
    """
    return ".".join(str(part) for part in path)


def _mark(event: yaml.Event) -> Mark:
    assert event.start_mark is not None, "events from text have marks"
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _place(before: str) -> Mark:
    """The place that follows the text ``before``."""
    return Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
