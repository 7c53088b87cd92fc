"""Putting a policy's method in its slot: compiled where numba can, as plain Python otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mmsim.kernel.compiled import JIT
from mmsim.kernel.compiled_policy import bind_compiled, nothing
from mmsim.kernel.plain_policy import bind_plain
from mmsim.kernel.slots import Bound, Slot, remembering


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
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return bind_plain(policy, slot, lines[0] if lines else type(error).__name__)


def raised(policy: Any, slot: Slot, view: Any, memory: npt.NDArray[np.float64]) -> BaseException | None:
    """What a decision raises on a view, if it does: compiled code cannot tell, so plain Python is asked."""
    shown = remembering(slot.view)(*view, memory[view.underlying]) if getattr(type(policy), "MEMORY", 0) else view
    try:
        getattr(policy, slot.method)(shown)
    except (Exception, SystemExit) as error:
        return error
    return None
