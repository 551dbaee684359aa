"""Marks of one bit each, against the same with a byte each."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from openml_client.formats.bits import Bits, after, before, from_odd_to_even, packed

MARKS = st.lists(st.booleans(), max_size=300).map(lambda marks: np.array(marks, dtype=bool))


def unpacked(bits: Bits, n: int) -> list[bool]:
    found: list[bool] = np.unpackbits(bits.view(np.uint8), bitorder="little")[:n].astype(bool)
    return list(found)


@given(MARKS)
def test_every_mark_has_its_bit_and_the_rest_is_zero(marks: NDArray[np.bool_]) -> None:
    bits = packed(marks)
    assert unpacked(bits, len(marks)) == list(marks)
    assert not any(unpacked(bits, 64 * len(bits))[len(marks) :])


@given(MARKS)
def test_marks_are_moved_by_a_byte_over_the_bounds_of_words(marks: NDArray[np.bool_]) -> None:
    bits = packed(marks)
    assert unpacked(after(bits), len(marks)) == [False, *marks][: len(marks)]
    assert unpacked(after(bits, first=True), len(marks)) == [True, *marks][: len(marks)]
    assert unpacked(before(bits), len(marks)) == [*marks[1:], False][: len(marks)]


@given(MARKS)
def test_pairs_of_marks_are_filled_up_to_the_second_one(marks: NDArray[np.bool_]) -> None:
    filled = unpacked(from_odd_to_even(packed(marks)), len(marks))
    assert filled == list(np.cumsum(marks) % 2 == 1)
