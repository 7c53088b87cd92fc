"""A policy's method as plain Python behind its slot, some hundreds of nanoseconds a call.

The trampoline, which is compiled, copies the view into a buffer and calls back; Python shows the method a copy of it
and puts the answer in the buffer. An exception cannot cross the compiled loop: it is kept, and a NaN answer (a poisoned
buffer) tells the loop to stop.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, ClassVar, cast, get_type_hints

import numba
import numpy as np
import numpy.typing as npt

from mmsim.kernel.compiled import JIT
from mmsim.kernel.slots import Bound, Failure, Slot, still

_C_TYPES: dict[Any, Any] = {int: ctypes.c_int64, float: ctypes.c_double}


class _Light(ctypes.Structure):
    """What a light view does beyond its fields, by a tuple where need be."""

    _view: ClassVar[Any]  # the NamedTuple

    def _tuple(self) -> Any:
        return self._view._make(getattr(self, name) for name in self._view._fields)

    def __iter__(self) -> Iterator[float]:
        return iter(self._tuple())

    def __len__(self) -> int:
        return len(self._view._fields)

    def __getitem__(self, place: Any) -> Any:
        return self._tuple()[place]

    def __eq__(self, other: object) -> bool:
        return bool(self._tuple() == (tuple(other) if isinstance(other, _Light) else other))

    def __hash__(self) -> int:
        return hash(self._tuple())

    def __repr__(self) -> str:
        return repr(self._tuple())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tuple(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a view is to be read: {name} cannot be set")

    def __reduce__(self) -> Any:
        return self._view._make, (list(self),)


@cache
def light(view: Any) -> Any:
    """A class with the fields of a view that is quicker to make: a field is read from memory when it is asked for.

    It is no tuple, and compares, unpacks and prints as one; what else the view's class can do it does by a tuple.
    """
    fields = [(name, _C_TYPES[hint]) for name, hint in get_type_hints(view).items()]
    return type(view.__name__, (_Light,), {"_fields_": fields, "_view": view})


def bind_plain(policy: Any, slot: Slot, reason: str) -> Bound:
    """The method as plain Python; ``reason`` says why it is not compiled."""
    hints = get_type_hints(slot.view)
    shared = np.zeros(len(hints) + 1)
    failures: list[Failure] = []
    lent: list[npt.NDArray[np.float64]] = []
    call = _callback(policy, slot, shared, failures, lent)
    ints = [n for n, hint in enumerate(hints.values()) if hint is int]
    copy = "; ".join(f"{'bits' if n in ints else 'shared'}[{n}] = view[{n}]" for n in range(len(hints)))
    if slot.answer is None:
        answer = "pass"
    elif slot.answer is float:
        answer = "return shared[0]"
    else:
        answer = "return answer_class(" + ", ".join(f"shared[{n}]" for n in range(len(slot.answer._fields))) + ")"
    text = f"def bound(view, memory, shared):\n    bits = shared.view(int64)\n    {copy}\n    call()\n    {answer}\n"
    scope: dict[str, Any] = {
        "call": ctypes.CFUNCTYPE(None)(call) if JIT else call,
        "int64": np.int64,
        "answer_class": slot.answer,
    }
    exec(text, scope)
    bound = numba.njit([slot.signature], error_model="numpy")(scope["bound"])
    return Bound(bound, shared, False, reason, failures, lent)


def _callback(
    policy: Any,
    slot: Slot,
    shared: npt.NDArray[np.float64],
    failures: list[Failure],
    lent: list[npt.NDArray[np.float64]],
) -> Callable[[], None]:
    """What the trampoline calls: the method on a copy of the view in ``shared``, and its answer into ``shared``."""
    method: Any = getattr(policy, slot.method)
    buffer: Any = memoryview(cast("Any", shared))
    shown: Any = light(slot.view).from_buffer_copy
    answer_fields = () if slot.answer in (None, float) else slot.answer._fields
    remembers = bool(getattr(type(policy), "MEMORY", 0)) and slot.answer is not None

    def failed(error: BaseException, view: Any) -> None:
        failures.append(Failure(slot.method, error, slot.view(*view)))
        shared[:] = np.nan

    def hear() -> None:
        view = shown(buffer)
        try:
            method(lent[0][view.underlying], view)
        except BaseException as error:
            failed(error, view)

    def decide() -> None:
        view = shown(buffer)
        try:
            if remembers:
                vars(view)["memory"] = still(lent[0][view.underlying])
            answer = method(view)
            if not answer_fields:
                buffer[0] = answer
            for n, name in enumerate(answer_fields):
                buffer[n] = getattr(answer, name)
        except BaseException as error:
            failed(error, view)

    return hear if slot.answer is None else decide
