"""A policy's method compiled into its slot, behind a wrapper of generated source.

The wrapper stands in the cache folder, because functions made by exec are not cached and cost 0.2 s a process. It is
keyed by the policy's own sources, of which the loop's cache knows nothing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from mmsim.kernel.cache import CACHE, digest, tell_unkept
from mmsim.kernel.compiled import entry, unkept
from mmsim.kernel.slots import Bound, Slot, remembering

_BOUND: dict[str, Any] = {}  # functions of this process by the names of their wrappers, which change with their sources


_FIRST_SEEN: dict[Path, str] = {}  # of each policy's file, the hash of the files beside it


class _Packed(NamedTuple):
    """A policy's parameters as one float array, and the source that reads them back."""

    values: npt.NDArray[np.float64]
    arguments: str
    constants: dict[str, Enum]  # names in the source, of members of enums


def _pack(policy: Any) -> _Packed:
    """Scalars first (ints by their bits), arrays behind them; a member of an enum is a constant of the source.

    TypeError for anything else, which only plain Python can read.
    """
    scalars = np.zeros(len(policy))
    tail: list[npt.NDArray[np.float64]] = []
    constants: dict[str, Enum] = {}
    arguments, end = [], len(policy)
    for n, value in enumerate(policy):
        field = np.asarray(value)
        if isinstance(value, Enum):
            constants[f"member_{n}"] = value
            arguments.append(f"member_{n}")
        elif field.dtype.kind not in "fiub":
            raise TypeError(f"the parameter `{policy._fields[n]}` is no number and no array of numbers")
        elif field.ndim:
            flat = np.ascontiguousarray(field, float).ravel()
            shape = f".reshape({field.shape})" if field.ndim > 1 else ""
            arguments.append(f"params[{end}:{end + flat.size}]{shape}")
            tail.append(flat)
            end += flat.size
        elif field.dtype.kind == "f":
            scalars[n] = float(field)
            arguments.append(f"params[{n}]")
        else:
            scalars.view(np.int64)[n] = int(field)
            arguments.append(f"bits[{n}] != 0" if field.dtype.kind == "b" else f"bits[{n}]")
    return _Packed(np.concatenate([scalars, *tail, np.zeros(1)]), ", ".join(arguments), constants)


def _wrapper(policy: Any, slot: Slot, packed: _Packed, shown: str) -> str:
    """Source of the function in the slot: parameters back to the policy, the view with its memory, the method.

    A decision that raises answers NaN, which stops the loop; what a listener raises leaves the loop as it is.
    """
    call = f"method(memory[view.underlying], {shown}, policy)" if slot.answer is None else f"method(policy, {shown})"
    if slot.answer is None:
        body = f"    {call}\n"
    elif slot.answer is float:
        body = f"    try:\n        return 1.0 * {call}\n    except Exception:\n        return nan\n"
    else:
        fields = ", ".join(f"1.0 * answer.{name}" for name in slot.answer._fields)
        nothing = ", ".join("nan" for _ in slot.answer._fields)
        body = (
            f"    try:\n        answer = {call}\n        return answer_class({fields})\n"
            f"    except Exception:\n        return answer_class({nothing})\n"
        )
    constants = "".join(f"# {name}: {member!r}\n" for name, member in packed.constants.items())
    return (
        f'"""{slot.method} of {type(policy).__name__} in its slot (written by mmsim)."""\n'
        f"from numpy import int64, nan\n\n{constants}\n"
        "def bound(view, memory, params):\n"
        "    bits = params.view(int64)\n"
        f"    policy = policy_class({packed.arguments})\n" + body
    )


@cache
def nothing(slot: Slot) -> Any:
    """A function that does nothing, in the place of a missing method: a missing decision is no number."""
    answer = "return float('nan')" if slot.answer is float else "pass"
    text = f"def bound(view, memory, params):\n    {answer}\n"
    return _compiled(f"nothing_{slot.method}", text, slot, {}, is_kept=True)


def bind_compiled(policy: Any, slot: Slot, source: Path | None) -> Bound:
    """The method as machine code; raises whatever numba does about what it cannot compile."""
    cls, packed = type(policy), _pack(policy)
    if getattr(cls, "MEMORY", 0):
        view_class = remembering(slot.view)
        shown = "view_class(" + ", ".join(f"view.{name}" for name in slot.view._fields) + ", memory[view.underlying])"
        shown = shown if slot.answer is not None else "view"
    else:
        view_class, shown = slot.view, "view"
    text, method = _wrapper(policy, slot, packed, shown), getattr(cls, slot.method)
    name = f"{cls.__name__}_{slot.method}_{_key(text, method, packed, source)}"
    is_kept = source is not None and method.__closure__ is None and _is_as_first_seen(source)
    if is_kept and name in _BOUND:
        return Bound(_BOUND[name], packed.values, True, "", [], [])
    # numba's own error model: a division by zero raises, as it does in plain Python
    inner = numba.njit(boundscheck=True)(_as_listener(method) if slot.answer is None else method)
    scope = {"policy_class": cls, "method": inner, "view_class": view_class, "answer_class": slot.answer}
    compiled = _compiled(name, text, slot, packed.constants | scope, is_kept=is_kept)
    if is_kept:
        _BOUND[name] = compiled
    return Bound(compiled, packed.values, True, "", [], [])


def _key(text: str, method: Any, packed: _Packed, source: Path | None) -> str:
    """A hash of all that a wrapper is compiled from: its text, the method, the enums' members, the files beside it."""
    code = method.__code__
    parts = [text, f"{method.__qualname__} {code.co_firstlineno} {code.co_consts!r} {code.co_names!r}"]
    parts += [f"{type(member).__qualname__} {member.name} {member.value!r}" for member in packed.constants.values()]
    if source is not None:
        parts += [digest(sorted(source.parent.glob("*.py"))), str(source.resolve())]
    return hashlib.sha256("\0".join(parts).encode() + code.co_code).hexdigest()[:16]


def _is_as_first_seen(source: Path) -> bool:
    """Whether the files beside a policy's are as they were when this process first saw them.

    What a policy imports from them is not read again, and must not be kept under the hash of what they say now.
    """
    beside = digest(sorted(file for file in source.parent.glob("*.py") if file != source))
    return _FIRST_SEEN.setdefault(source, beside) == beside


def _compiled(name: str, text: str, slot: Slot, scope: dict[str, Any], *, is_kept: bool) -> Any:
    """The function of a wrapper's source; kept for later processes where that is wanted and the disk allows it."""
    try:
        module = _written(name, text)
    except OSError as error:
        tell_unkept(error)
        module, is_kept = _in_memory(name, text), False
    module.__dict__.update(scope)
    return (entry if is_kept else unkept)(slot.signature)(module.bound)


def _as_listener(method: Callable[..., None]) -> Callable[..., None]:
    """``on_tick(self, memory, view)`` with its arguments in the order in which the wrapper has them."""
    heard = numba.njit(boundscheck=True)(method)

    def listener(memory: Any, view: Any, policy: Any) -> None:
        heard(policy, memory, view)

    return listener


def _written(name: str, text: str) -> ModuleType:
    """A module of generated source in the cache folder (functions made by exec alone are never cached)."""
    file = CACHE / f"{name}.py"
    if not file.exists():
        partial = CACHE / f".{name}.{os.getpid()}"
        try:
            partial.write_text(text)
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
    spec = importlib.util.spec_from_file_location(f"mmsim_bound_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where the cached function of another process looks for it
    spec.loader.exec_module(module)
    return module


def _in_memory(name: str, text: str) -> ModuleType:
    """The same module where the cache folder takes no file."""
    module = ModuleType(f"mmsim_bound_{name}")
    exec(text, module.__dict__)
    return module
