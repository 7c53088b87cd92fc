"""Ways to damage the bytes of a file, Parquet's above all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Damage = Callable[[bytes, np.random.Generator], bytes]
_FOOTER = 8  # a Parquet file ends with the length of its metadata and the magic bytes


def _place(data: bytes, draw: np.random.Generator) -> int:
    """A place in the file; half of the time one near its end, where Parquet has its metadata."""
    near = min(len(data), 1500)
    return int(draw.integers(len(data) - near, len(data)) if draw.random() < 0.5 else draw.integers(len(data)))


def bits_flipped(data: bytes, draw: np.random.Generator) -> bytes:
    damaged = bytearray(data)
    for _ in range(int(draw.integers(1, 9))):
        damaged[_place(data, draw)] ^= 1 << int(draw.integers(8))
    return bytes(damaged)


def byte_replaced(data: bytes, draw: np.random.Generator) -> bytes:
    place = _place(data, draw)
    return data[:place] + bytes([int(draw.choice([0, 1, 0x7F, 0x80, 0xFE, 0xFF]))]) + data[place + 1 :]


def truncated(data: bytes, draw: np.random.Generator) -> bytes:
    return data[: _place(data, draw)]


def beheaded(data: bytes, draw: np.random.Generator) -> bytes:
    return data[int(draw.integers(1, len(data))) :]


def block_removed(data: bytes, draw: np.random.Generator) -> bytes:
    place = _place(data, draw)
    return data[:place] + data[place + int(draw.integers(1, 200)) :]


def block_inserted(data: bytes, draw: np.random.Generator) -> bytes:
    place = _place(data, draw)
    return data[:place] + draw.bytes(int(draw.integers(1, 200))) + data[place:]


def block_zeroed(data: bytes, draw: np.random.Generator) -> bytes:
    place = _place(data, draw)
    size = min(int(draw.integers(1, 200)), len(data) - place)
    return data[:place] + bytes(size) + data[place + size :]


def blocks_swapped(data: bytes, draw: np.random.Generator) -> bytes:
    size = int(draw.integers(1, max(len(data) // 4, 2)))
    first, second = sorted(int(draw.integers(0, max(len(data) - size, 1))) for _ in range(2))
    if second < first + size:
        return block_removed(data, draw)
    return (
        data[:first]
        + data[second : second + size]
        + data[first + size : second]
        + data[first : first + size]
        + data[second + size :]
    )


def footer_length(data: bytes, draw: np.random.Generator) -> bytes:
    """The length of Parquet's metadata said to be another."""
    length = int(draw.choice([0, 1, 8, len(data), 2**31 - 1, 2**31, 2**32 - 1, int(draw.integers(2**32))]))
    return data[:-_FOOTER] + length.to_bytes(4, "little") + data[-4:]


def magic(data: bytes, draw: np.random.Generator) -> bytes:
    other = bytes(draw.choice(np.frombuffer(b"PAR1PARE\0\xff", np.uint8), 4))
    return other + data[4:] if draw.random() < 0.5 else data[:-4] + other


def varint_enlarged(data: bytes, draw: np.random.Generator) -> bytes:
    """A number of the metadata (thrift writes them in groups of seven bits) replaced by a large one."""
    place = _place(data, draw)
    large = bytes([0xFE] * int(draw.integers(1, 10)) + [int(draw.integers(128))])
    keep = len(data) - _FOOTER
    place = min(place, keep)
    tail = data[place + 1 : keep]
    length = int.from_bytes(data[-_FOOTER:-4], "little") + len(large) - 1  # so that the metadata are still found
    return data[:place] + large + tail + min(length, 2**32 - 1).to_bytes(4, "little") + data[-4:]


def twice(data: bytes, _draw: np.random.Generator) -> bytes:
    return data + data


OF_BYTES: tuple[Damage, ...] = (
    bits_flipped,
    byte_replaced,
    truncated,
    beheaded,
    block_removed,
    block_inserted,
    block_zeroed,
    blocks_swapped,
    footer_length,
    magic,
    varint_enlarged,
    twice,
)
