"""Slots: the places in the loop where a policy's methods are called, and what stands in them."""

from __future__ import annotations

from typing import Any, NamedTuple, get_type_hints

import numpy as np
import numpy.typing as npt

from mmsim.kernel.compiled import F1, F2, F64, JIT, SHOWN, VOID, record


class Slot(NamedTuple):
    """A place in the loop where a policy's method is called: ``answer = method(view)``."""

    method: str
    view: Any  # NamedTuple class of what the method is shown
    answer: Any  # NamedTuple class, float, or None

    @property
    def signature(self) -> Any:
        """answer(view, memory[underlying, :], parameters)."""
        answer = VOID if self.answer is None else F64 if self.answer is float else record(self.answer)
        return answer(record(self.view), F2 if self.answer is None else SHOWN, F1)


class Failure(NamedTuple):
    """What a policy's method raised, and the view that it was shown."""

    method: str
    error: BaseException
    view: Any


class Bound(NamedTuple):
    """A policy's method in its slot."""

    function: Any
    parameters: npt.NDArray[np.float64]
    compiled: bool
    reason: str  # why it is not compiled
    failures: list[Failure]  # of a plain-Python method; the loop stops at the first
    lent: list[npt.NDArray[np.float64]]  # a plain-Python method finds its memory here

    @property
    def address(self) -> Any:
        """Where the compiled function is, for `function_at`; with the compiler off, the function itself."""
        if not JIT:
            return self.function
        (compiled,) = self.function.overloads.values()
        return compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)

    def lend(self, memory: npt.NDArray[np.float64]) -> None:
        """Give a plain-Python method its memory (a compiled one receives it with every call)."""
        self.lent[:] = [memory]


def still(row: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A policy's memory as a decision is shown it: as it is now, and not to be written to."""
    copied = row.copy()
    copied.flags.writeable = False
    return copied


def remembering(view: Any) -> Any:
    """The view class with one more field, ``memory``: the policy's own float array for the view's underlying."""
    name = f"{view.__name__}WithMemory"
    if name not in globals():
        hints = [*get_type_hints(view).items(), ("memory", np.ndarray)]
        made = NamedTuple(name, hints)  # type: ignore[misc]
        made.__module__ = __name__
        globals()[name] = made
    return globals()[name]
