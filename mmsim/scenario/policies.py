"""The policies that a scenario names: found and checked whatever else is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmsim import policy
from mmsim.errors import Problem, UserError
from mmsim.policy import Complain, Policy
from mmsim.scenario.changes import Changed
from mmsim.scenario.errors import placed
from mmsim.scenario.parts.desk import Hedging, PolicyEntry, Quoting
from mmsim.strict_yaml import Document

_ENTRIES: dict[str, type[PolicyEntry]] = {"quoting": Quoting, "hedging": Hedging}


def found(kind: str, document: Document, changed: Changed) -> Policy:
    """The policy for ``quoting`` or ``hedging`` in plain values; UserError with every mistake of its name and keys."""
    entry = document.value.get(kind) or {}
    known = _ENTRIES[kind].model_fields
    parameters = {key: value for key, value in entry.items() if isinstance(key, str) and key not in known}
    near = Path(document.file).parent if document.file else None
    name = entry.get("policy", known["policy"].default)
    return policy.find(kind, name, parameters, near, complainer(kind, document, changed))


def problems(document: Document, changed: Changed) -> list[Problem]:
    """The mistakes of both policies; what is no mapping, or names no policy, is the model's to refuse."""
    wrong: list[Problem] = []
    for kind in _ENTRIES:
        if _names_one(document.value, kind):
            try:
                found(kind, document, changed)
            except UserError as error:
                wrong += error.problems
    return wrong


def complainer(kind: str, document: Document, changed: Changed) -> Complain:
    """What makes a problem of a key of ``quoting`` or ``hedging``, placed where the user wrote it."""

    def complain(key: str, message: str, suggestion: str) -> Problem:
        of_key = bool(suggestion) and key != "policy"
        return placed(document, changed, (kind, key), message, suggestion, of_key=of_key)

    return complain


def _names_one(value: Any, kind: str) -> bool:
    if not isinstance(value, dict):
        return False
    entry = value.get(kind, {})
    return isinstance(entry, dict) and isinstance(name := entry.get("policy", "none"), str) and name != ""
