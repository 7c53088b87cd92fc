"""Randomness: one generator for each cause and path, so that no cause moves another's draws."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np


def generator(seed: int, name: str, path: int) -> np.random.Generator:
    """The generator of stream ``name`` on path number ``path`` of a scenario's ``seed``.

    A stream is a cause with one use of its numbers (``"spot:ABC"``, ``"client:flow:sizes"``). Equal arguments give
    equal draws in every process; the draws of different streams or paths are independent.

    >>> float(generator(7, "spot:ABC", 0).random()) == float(generator(7, "spot:ABC", 1).random())
    False
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(*_words(name), path))))


@cache
def _words(name: str) -> tuple[int, ...]:
    """Four words of 32 bits from the hash of a stream's name."""
    digest = hashlib.sha256(name.encode()).digest()
    return tuple(int.from_bytes(digest[n : n + 4], "little") for n in range(0, 16, 4))
