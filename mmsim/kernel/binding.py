"""Putting a policy's method in its slot: compiled where numba can, as plain Python otherwise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mmsim.kernel.compiled import JIT
from mmsim.kernel.compiled_policy import bind_compiled, nothing
from mmsim.kernel.plain_policy import bind_plain
from mmsim.kernel.slots import Bound, Slot, remembering, still


def bind(policy: Any, slot: Slot, source: Path | None) -> Bound:
    """Put a policy's method in its slot: compiled where numba can, as plain Python otherwise.

    ``source`` is the policy's file (its folder's sources key the cached machine code); None for a class without one.
    A missing optional method is bound as a function that does nothing.
    """
    if not hasattr(policy, slot.method):
        return Bound(nothing(slot), np.zeros(1), JIT, "", [], [])
    if not JIT:
        return bind_plain(policy, slot, "the compiler is off (NUMBA_DISABLE_JIT)")
    try:
        return bind_compiled(policy, slot, source)
    except Exception as error:  # numba refuses in more ways than its own errors
        return bind_plain(policy, slot, _cause(error))


def _cause(error: Exception) -> str:
    """What the compiler has against a policy, on a line: its first sentence that says something, and where."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.startswith(("Failed in", "File ", "-", "During"))]
    places = re.findall(r'File "([^"]*)", line (\d+)', str(error))
    where = f" ({Path(places[-1][0]).name}, line {places[-1][1]})" if places else ""
    return (said[0] if said else type(error).__name__) + where


def raised(policy: Any, slot: Slot, view: Any, memory: npt.NDArray[np.float64]) -> BaseException | None:
    """What a decision raises on a view, if it does: compiled code cannot tell, so plain Python is asked."""
    if getattr(type(policy), "MEMORY", 0):
        view = remembering(slot.view)(*view, still(memory[view.underlying]))
    try:
        getattr(policy, slot.method)(view)
    except (Exception, SystemExit) as error:
        return error
    return None
