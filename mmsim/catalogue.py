"""What policies there are: read from their sources, so that listing them runs no code."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mmsim import units
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
    class_name: str
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

    ``name`` is a policy as a scenario names it, a class, or ``path.py`` or ``path.py:Class`` wherever that file stands.
    UserError if there is none of that name.
    """
    if name.endswith(".py") or ".py:" in name:
        return _in_file(name)
    found = [entry for kind in METHODS for entry in _of_kind(kind)]
    chosen = [entry for entry in found if name in ("", entry.name, entry.class_name)]
    if not chosen and name:
        known = [known for entry in found for known in (entry.name, entry.class_name)]
        raise UserError(Problem(f"no policy is called {name!r}", suggestion=nearest(name, known)))
    return chosen


def _of_kind(kind: str) -> Iterator[Entry]:
    """The policies under strategies/ that come with mmsim, then a user's own; what is no Python is passed by."""
    home, own = builtin("strategies") / kind, Path("strategies") / kind
    for folder in [home] if own.resolve() == home.resolve() else [home, own]:
        for file in sorted(folder.glob("*.py")):
            with suppress(SyntaxError, ValueError):
                for cls in _policy_classes(file, kind):
                    yield _entry(file.stem if folder is home else f"{file}:{cls.name}", kind, file, cls)


def _in_file(name: str) -> list[Entry]:
    """The policies of ``path.py``, or the one of ``path.py:Class``."""
    stem, _, class_name = name.rpartition(".py")
    file = Path(f"{stem}.py")
    try:
        found = [
            _entry(f"{file}:{cls.name}", kind, file, cls) for kind in METHODS for cls in _policy_classes(file, kind)
        ]
    except OSError as error:
        raise UserError(Problem(f"cannot be read: {error.strerror or error}", file=str(file))) from error
    except (SyntaxError, ValueError) as error:
        raise UserError(Problem(f"is no Python: {error}", file=str(file))) from error
    if not found:
        methods = " or ".join(f"`{method}(view)`" for method in METHODS.values())
        raise UserError(Problem(f"has no class with a method {methods}", file=str(file)))
    chosen = [entry for entry in found if class_name in ("", f":{entry.class_name}")]
    if not chosen:
        suggestion = nearest(class_name[1:], [entry.class_name for entry in found])
        raise UserError(Problem(f"has no policy class {class_name[1:]}", file=str(file), suggestion=suggestion))
    return chosen


def _policy_classes(file: Path, kind: str) -> Iterator[ast.ClassDef]:
    """The classes of a file that have the method of that kind; SyntaxError or ValueError where it is no Python."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and any(getattr(part, "name", "") == METHODS[kind] for part in node.body):
            yield node


def _entry(name: str, kind: str, file: Path, cls: ast.ClassDef) -> Entry:
    about, _, source = inspect.cleandoc(ast.get_docstring(cls) or "").partition("Source: ")
    text = file.read_text(encoding="utf-8")
    fields = [node for node in cls.body if isinstance(node, ast.AnnAssign)]
    choices = _choices(text)
    return Entry(
        name=name,
        kind=kind,
        file=str(file),
        class_name=cls.name,
        about=about.strip(),
        source=" ".join(source.split()),
        parameters=tuple(_parameter(node, text, choices) for node in fields),
    )


def _choices(text: str) -> dict[str, list[str]]:
    """The names, as a scenario writes them, of what the classes of a source name: members, if they are enums."""
    classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    return {
        cls.name: [ast.unparse(part.targets[0]).lower() for part in cls.body if isinstance(part, ast.Assign)]
        for cls in classes
    }


def _parameter(node: ast.AnnAssign, text: str, choices: dict[str, list[str]]) -> Parameter:
    name, annotation = ast.unparse(node.target), ast.unparse(node.annotation)
    default = ast.get_source_segment(text, node.value) or "" if node.value else ""
    default = {"True": "true", "False": "false"}.get(default, default.replace("_", ""))  # YAML knows no 1_000
    kind = "list of numbers" if "NDArray" in annotation else _TYPES.get(annotation, annotation)
    if annotation == "int" and name.endswith("_ns"):
        kind, default = "duration", units.duration_text(int(default)) if default.isdecimal() else default
    if annotation in choices:
        kind, default = " or ".join(choices[annotation]), default.rpartition(".")[2].lower()
    comment = text.splitlines()[node.lineno - 1].partition("#")[2]
    return Parameter(name=name, type=kind, default=default, meaning=comment.strip())
