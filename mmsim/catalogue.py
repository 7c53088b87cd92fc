"""What policies there are: read from their sources, so that listing them runs no code."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmsim.errors import Problem, UserError, nearest
from mmsim.policy import METHODS
from mmsim.workspace import builtin

_TYPES = {"float": "number", "int": "whole number", "bool": "true or false"}


class Parameter(NamedTuple):
    """One field of a policy, which is one key in a scenario."""

    name: str
    type: str
    default: str  # as YAML writes it; "" where it must be given
    meaning: str  # unit and meaning, from the comment beside it


class Entry(NamedTuple):
    """One policy."""

    name: str  # as a scenario names it
    kind: str  # quoting or hedging
    file: str
    about: str
    source: str
    parameters: tuple[Parameter, ...]

    @property
    def example(self) -> str:
        """A line of a scenario that uses it."""
        given = "".join(f", {p.name}: {p.default or '...'}" for p in self.parameters)
        return f"{self.kind}: {{policy: {self.name}{given}}}"

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return self._asdict() | {"parameters": [p._asdict() for p in self.parameters], "example": self.example}


def entries(name: str = "") -> list[Entry]:
    """The policies that come with mmsim and those under ./strategies; of one name, if one is given.

    UserError if there is none of that name.
    """
    found = [entry for kind in METHODS for entry in _of_kind(kind)]
    if not name:
        return found
    chosen = [entry for entry in found if name in (entry.name, entry.name.rpartition(":")[0])]
    if not chosen:
        suggestion = nearest(name, [entry.name for entry in found])
        raise UserError(Problem(f"no policy is called {name!r}", suggestion=suggestion))
    return chosen


def _of_kind(kind: str) -> Iterator[Entry]:
    home = builtin("strategies") / kind
    for file in sorted(home.glob("*.py")):
        for cls in _policy_classes(file, METHODS[kind]):
            yield _entry(file.stem, kind, file, cls)
    own = Path("strategies") / kind
    if own.resolve() != home.resolve():
        for file in sorted(own.glob("*.py")):
            for cls in _policy_classes(file, METHODS[kind]):
                yield _entry(f"{file}:{cls.name}", kind, file, cls)


def _policy_classes(file: Path, method: str) -> Iterator[ast.ClassDef]:
    """The classes of a file that have the method; none where the file is no Python."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError):
        return
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(getattr(part, "name", "") == method for part in node.body):
            yield node


def _entry(name: str, kind: str, file: Path, cls: ast.ClassDef) -> Entry:
    about, _, source = inspect.cleandoc(ast.get_docstring(cls) or "").partition("Source: ")
    text = file.read_text(encoding="utf-8")
    fields = [node for node in cls.body if isinstance(node, ast.AnnAssign)]
    return Entry(
        name=name,
        kind=kind,
        file=str(file),
        about=about.strip(),
        source=" ".join(source.split()),
        parameters=tuple(_parameter(node, text) for node in fields),
    )


def _parameter(node: ast.AnnAssign, text: str) -> Parameter:
    annotation = ast.unparse(node.annotation)
    default = ast.get_source_segment(text, node.value) or "" if node.value else ""
    comment = text.splitlines()[node.lineno - 1].partition("#")[2]
    return Parameter(
        name=ast.unparse(node.target),
        type="list of numbers" if "NDArray" in annotation else _TYPES.get(annotation, annotation),
        default={"True": "true", "False": "false"}.get(default, default.replace("_", "")),  # YAML knows no 1_000
        meaning=comment.strip(),
    )
