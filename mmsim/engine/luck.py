"""Draws whose use depends on the desk: counter-based, so that asking or not asking moves no other draw.

Philox 4x32 with ten rounds. Source: Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3,
Proceedings of SC11 (2011).
"""

from __future__ import annotations

from mmsim.kernel import internal

_WORD = 0xFFFFFFFF
_ROUNDS = 10
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)  # by which the key moves from round to round


@internal
def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Four words of 32 bits from a counter of four and a key of two."""
    for _ in range(_ROUNDS):
        first, second = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]  # of 64 bits, which may wrap to below zero
        c0, c1, c2, c3 = (
            ((second >> 32) & _WORD) ^ c1 ^ k0,
            second & _WORD,
            ((first >> 32) & _WORD) ^ c3 ^ k1,
            first & _WORD,
        )
        k0, k1 = (k0 + _WEYL[0]) & _WORD, (k1 + _WEYL[1]) & _WORD
    return c0, c1, c2, c3


@internal
def uniform(k0: int, k1: int, number: int, path: int) -> float:
    """A draw from [0, 1) of 53 bits for the event of that number on a path; the key is of the seed and the stream."""
    n, p = int(number), int(path)
    high, low, _, _ = philox(n & _WORD, n >> 32, p & _WORD, p >> 32, int(k0), int(k1))
    return ((high >> 5) * 67108864.0 + (low >> 6)) / 9007199254740992.0
