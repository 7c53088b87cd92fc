"""Changes to a scenario before it is validated: ``--set quoting.half_spread_vol=0.01``, or those of a variant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmsim import strict_yaml
from mmsim.errors import Problem, UserError
from mmsim.strict_yaml import KeyPath

Changed = Mapping[KeyPath, KeyPath]  # what has been changed, and where the change is written: () is ``--set``


def change(value: Any, key: str, new: Any) -> KeyPath:
    """Set a dotted key in plain values, making the mappings on the way; the path that was set.

    >>> scenario = {"options": [{"strikes": [90, 100]}]}
    >>> change(scenario, "options.0.strikes", "[50]"), change(scenario, "latency.quote", "5ms")
    (('options', 0, 'strikes'), ('latency', 'quote'))
    >>> scenario
    {'options': [{'strikes': [50]}], 'latency': {'quote': '5ms'}}
    """
    if isinstance(new, str):
        new = _yaml_value(key, new)
    *way, last = key.split(".")
    path: KeyPath = ()
    for name in way:
        step = _step(value, name, key, path)
        if isinstance(value, dict) and value.get(step) is None:
            value[step] = {}
        value, path = value[step], (*path, step)
    step = _step(value, last, key, path)
    value[step] = new
    return (*path, step)


def _step(value: Any, name: str, key: str, path: KeyPath) -> str | int | float:
    """The key or index in ``value`` that ``name`` means."""
    if isinstance(value, dict):
        return next((k for k in value if str(k) == name), name)
    where = strict_yaml.dotted(path) or "the scenario"
    if not isinstance(value, list):
        raise UserError(Problem(f"{where} has no keys", "--set", key=key))
    if not name.isdecimal() or int(name) >= len(value):
        raise UserError(
            Problem(f"{where} is a list of {len(value)}: {name!r} must be 0 to {len(value) - 1}", "--set", key=key)
        )
    return int(name)


def _yaml_value(key: str, text: str) -> Any:
    try:
        return strict_yaml.parse(text).value
    except UserError as error:
        raise UserError(*(Problem(p.message, "--set", key=key) for p in error.problems)) from error
