"""From pydantic's errors to plain sentences with the place where the user wrote the mistake."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from mmsim.errors import Problem, nearest
from mmsim.scenario import checks
from mmsim.scenario.changes import Changed
from mmsim.scenario.values import shown
from mmsim.strict_yaml import Document, KeyPath, dotted, plain

if TYPE_CHECKING:
    from mmsim.scenario.model import Scenario

MAX_MISTAKES = 1_000  # said one by one
UNKNOWN_KEYS = ("extra_forbidden", "invalid_key")  # the second: a key that is a number
TOO_SHORT = "too_short"

_SENTENCES = {
    "missing": "is missing",
    **dict.fromkeys(UNKNOWN_KEYS, "unknown key"),
    "union_tag_not_found": "needs the key {discriminator}",
    "union_tag_invalid": "must be one of {choices}, not {found}",
    "literal_error": "must be one of {choices}, not {found}",
    "greater_than": "must be greater than {gt:g}, not {found}",
    "greater_than_equal": "must be at least {ge:g}, not {found}",
    "less_than": "must be less than {lt:g}, not {found}",
    "less_than_equal": "must be at most {le:g}, not {found}",
    "finite_number": "must be a finite number, not {found}",
    "string_pattern_mismatch": "{found} does not match {pattern}",
    "string_too_short": "must not be empty",
    "string_too_long": "must be text of at most {max_length} characters, not {found}",
    TOO_SHORT: "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "float_type": "must be a number, not {found}",
    "int_type": "must be a whole number, not {found}",
    "int_from_float": "must be a whole number, not {found}",
    "bool_type": "must be true or false, not {found}",
    "string_type": "must be text, not {found}",
    "tuple_type": "must be a list, not {found}",
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "must be a mapping of keys, not {found}"),
}


def problems(error: ValidationError, root: type[Scenario], document: Document, changed: Changed) -> list[Problem]:
    """Every mistake in ``document``: what pydantic found, and what checks across keys find in sound parts."""
    every = error.errors(include_url=False)
    details = [(_path(e, document.value), e) for e in every[:MAX_MISTAKES]]
    found = [
        placed(document, changed, path, *_sentence(e, root), of_key=e["type"] in UNKNOWN_KEYS)
        for path, e in details
        if not _is_echo(path, e, details)
    ]
    if more := len(every) - len(details):
        return [*found, placed(document, changed, (), f"and {more:,} more mistakes", "")]
    if all(e["type"] != checks.ERROR_TYPE for _, e in details):  # else they have run, on the whole scenario
        sound = _sound_parts(root, document.value, [path for path, e in details if e["type"] in UNKNOWN_KEYS])
        mistakes = checks.mistakes(root.model_construct(**sound), sound.keys())
        found += [placed(document, changed, m.path, m.message, m.suggestion) for m in mistakes]
    return found


def _is_echo(path: KeyPath, details: ErrorDetails, every: Sequence[tuple[KeyPath, ErrorDetails]]) -> bool:
    """Whether a list is called too short only because its items are wrong, which has been said."""
    inside = (other[: len(path)] == path and len(other) > len(path) for other, _ in every)
    return details["type"] == TOO_SHORT and any(inside)


def placed(
    document: Document,
    changed: Changed,
    path: KeyPath,
    message: str,
    suggestion: str,
    *,
    of_key: bool = False,
) -> Problem:
    """A problem at ``path``: in the file, there in the variant, or in the ``--set`` that changed it."""
    key = dotted(path)
    for change, origin in reversed([*changed.items()]):
        if path[: len(change)] == change and not origin:
            return Problem(message, "--set", key=key, suggestion=suggestion)
        if path[: len(change)] == change:
            path = (*origin, *path[len(change) :])
            break
    return Problem(message, document.file, *document.mark(path, of_key=of_key), key, suggestion)


def _sound_parts(root: type[Scenario], value: Any, unknown: list[KeyPath]) -> dict[str, Any]:
    """The top-level keys whose values are valid once unknown keys are taken out, absent ones with their defaults."""
    if not isinstance(value, dict):
        return {}
    value = copy.deepcopy(value)
    for path in unknown:
        _remove(value, path)
    sound: dict[str, Any] = {}
    for name, field in root.model_fields.items():
        if name in value:
            adapter: TypeAdapter[Any] = TypeAdapter(Annotated[field.annotation, field])  # type: ignore[arg-type]
            with suppress(ValidationError):  # an unsound part has been reported
                sound[name] = adapter.validate_python(value[name])
        elif not field.is_required():
            sound[name] = field.get_default(call_default_factory=True)
    return sound


def _remove(value: Any, path: KeyPath) -> None:
    for step in path[:-1]:
        value = value[step]
    del value[path[-1]]


def _path(details: ErrorDetails, value: Any) -> KeyPath:
    """Where in the user's values an error stands: pydantic's location without the names of union branches."""
    path: KeyPath = ()
    for n, step in enumerate(details["loc"]):
        key = _key_of(value, step)
        if key is not None:
            value, path = value[key], (*path, key)
        elif n == len(details["loc"]) - 1 and details["type"] == "missing":
            path = (*path, step)
    if details["type"] == "union_tag_invalid":
        path = (*path, _names_in(details["ctx"]["discriminator"])[0])
    return path


def _key_of(value: Any, step: str | int) -> str | int | float | None:
    """The key or index in ``value`` that ``step`` is, or None."""
    if isinstance(value, dict):
        at_once = next((key for key in (step, plain(str(step))) if key in value), None)
        return at_once if at_once is not None else next((key for key in value if str(key) == str(step)), None)
    is_index = isinstance(value, list | tuple) and isinstance(step, int) and step < len(value)
    return step if is_index else None


def _sentence(details: ErrorDetails, root: type[BaseModel]) -> tuple[str, str]:
    """What is wrong, and the nearest right name or nothing."""
    kind, context = details["type"], details.get("ctx", {})
    named = {"choices": ", ".join(_names(context)), "found": shown(context.get("tag", details["input"]))}
    message = _SENTENCES[kind].format(**context | named) if kind in _SENTENCES else details["msg"]
    if kind == TOO_SHORT and context["min_length"] == 1:
        message = "must not be empty"
    if kind in UNKNOWN_KEYS:
        return message, nearest(str(details["loc"][-1]), _keys_at(root, details["loc"][:-1]))
    if kind == "literal_error":
        return message, nearest(str(details["input"]), _names(context))
    if kind == "union_tag_invalid":
        return message, nearest(str(context["tag"]), _names(context))
    return message, str(context.get("suggestion", ""))


def _names(context: Mapping[str, Any]) -> list[str]:
    """The names that pydantic expected: ``'a', 'b' or 'c'``."""
    return _names_in(str(context.get("expected") or context.get("expected_tags", "")))


def _names_in(quoted: str) -> list[str]:
    return re.findall(r"'([^']*)'", quoted)


def _keys_at(root: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """The keys that a scenario may have at a location."""
    models = [root]
    for step in loc:
        fields = [model.model_fields[step] for model in models if step in model.model_fields]
        if fields:
            models = [model for field in fields for model in _models_in(field.annotation)]
        else:  # an index, a symbol, or the tag of a union's branch, which is a model's own `model`
            models = [model for model in models if step in _tags(model)] or models
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    """What the key ``model`` may be, where a model has it."""
    return get_args(model.model_fields["model"].annotation) if "model" in model.model_fields else ()


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The pydantic models that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
