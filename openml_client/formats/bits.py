"""Marks on the bytes of a text, one bit each: a look at 64 bytes is one operation.

Source of the method: Langdale and Lemire, "Parsing gigabytes of JSON per second", VLDB Journal
28(6), 2019, section 3.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WORD = np.dtype("<u8")
"""64 bits, of which the lowest stands for the first byte."""

Bits = NDArray[np.uint64]

_ONE, _LAST = np.uint64(1), np.uint64(63)
_STEPS = tuple(np.uint64(1 << n) for n in range(6))


class Marked:
    """A text, and where in it some bytes are; each is looked for once."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.array: NDArray[np.uint8] = np.frombuffer(content, dtype=np.uint8)
        self._bits: dict[int, Bits] = {}

    def of(self, byte: int) -> Bits:
        """Marks on every byte of this value; not to be written."""
        bits = self._bits.get(byte)
        if bits is None:
            bits = self._bits[byte] = packed(self.array == byte)
        return bits

    def places(self, bits: Bits) -> NDArray[np.intp]:
        """Offsets of the marked bytes."""
        return np.flatnonzero(np.unpackbits(bits.view(np.uint8), bitorder="little"))


def packed(marks: NDArray[np.bool_]) -> Bits:
    """The bits of marks that have a byte each; behind the last one the bits are zero."""
    octets = np.packbits(marks, bitorder="little")
    words = np.zeros(-(-len(octets) // WORD.itemsize), dtype=WORD)
    words.view(np.uint8)[: len(octets)] = octets
    return words


def after(bits: Bits, *, first: bool = False) -> Bits:
    """Marks on the bytes behind the marked ones; ``first`` on the first byte of all."""
    shifted = bits << _ONE
    shifted[1:] |= bits[:-1] >> _LAST
    if first and len(shifted):
        shifted[0] |= _ONE
    return shifted


def before(bits: Bits) -> Bits:
    """Marks on the bytes in front of the marked ones."""
    shifted = bits >> _ONE
    shifted[:-1] |= bits[1:] << _LAST
    return shifted


def from_odd_to_even(bits: Bits) -> Bits:
    """Marks from every first of two marks up to the byte in front of the second."""
    parity = bits.copy()
    for step in _STEPS:
        parity ^= parity << step
    is_odd = np.bitwise_xor.accumulate(parity >> _LAST).astype(bool)
    parity[1:] ^= np.where(is_odd[:-1], ~np.uint64(0), np.uint64(0))
    return parity


def count(bits: Bits) -> int:
    """How many marks there are."""
    return int.from_bytes(bits.tobytes(), "little").bit_count()
