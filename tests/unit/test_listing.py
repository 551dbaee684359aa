"""Listings page by themselves, stop at the end and keep each row once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from openml_client.model.page import Listing


class Pages:
    """A server with rows 0 to n-1, which counts what it is asked."""

    def __init__(self, n_rows: int) -> None:
        self.rows = list(range(n_rows))
        self.asked: list[tuple[int, int]] = []

    def __call__(self, offset: int, limit: int) -> Sequence[int]:
        self.asked.append((offset, limit))
        return self.rows[offset : offset + limit]


def test_iterating_reads_page_after_page_and_stops_at_the_end() -> None:
    pages = Pages(25)
    assert list(Listing(pages, page_size=10)) == list(range(25))
    assert pages.asked == [(0, 10), (10, 10), (20, 10)]


def test_nothing_is_asked_before_the_first_row_is_wanted() -> None:
    pages = Pages(5)
    listing = Listing(pages, page_size=10)
    assert pages.asked == []
    assert listing.first() == 0
    assert listing[3] == 3
    assert len(pages.asked) == 1


def test_a_limit_ends_the_list() -> None:
    pages = Pages(100)
    assert list(Listing(pages, page_size=10, limit=15, offset=2)) == list(range(2, 17))
    assert pages.asked == [(2, 10), (12, 5)]


def test_a_limit_of_zero_asks_nothing() -> None:
    pages = Pages(3)
    assert list(Listing(pages, page_size=10, limit=0)) == []
    assert pages.asked == []


def test_the_length_is_known_only_after_reading() -> None:
    listing = Listing(Pages(3), page_size=10)
    with pytest.raises(TypeError, match="read to the end"):
        len(listing)
    assert len(list(listing)) == 3
    assert len(listing) == 3


def test_rows_that_appear_meanwhile_are_kept_once() -> None:
    pages = Pages(10)
    listing = Listing(pages, page_size=5, key=("real",))
    rows = iter(listing)
    first = [next(rows) for _ in range(5)]
    pages.rows.insert(0, 99)
    assert first + list(rows) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("limit", [None, 8])
@pytest.mark.parametrize("place", range(11))
def test_rows_that_appear_anywhere_neither_hide_nor_double_others(
    place: int, limit: int | None
) -> None:
    pages = Pages(10)
    listing = Listing(pages, page_size=3, limit=limit, key=("real",))
    found = []
    for row in listing:
        found.append(row)
        if row == 4:  # of the second page, so that one stands before, within or after what was read
            pages.rows.insert(place, 99)
            pages.rows.insert(place, 98)
    old = [row for row in found if row < 98]
    assert old == list(range(len(old)))
    assert len(found) == len(set(found))
    assert len(found) == limit or len(old) == 10


def test_an_index_beyond_the_end_is_refused() -> None:
    with pytest.raises(IndexError, match="row 7"):
        Listing(Pages(3), page_size=10)[7]


def test_the_repr_shows_a_few_rows_only() -> None:
    text = repr(Listing(Pages(100), page_size=10, title="numbers"))
    assert text.splitlines() == [
        "<Listing of at least 10 numbers>", "  0", "  1", "  2", "  3", "  4", "  …"
    ]  # fmt: skip


def test_a_slice_reads_no_further_than_it_must() -> None:
    pages = Pages(100)
    listing = Listing(pages, page_size=10)
    assert listing[2:5] == [2, 3, 4]
    assert pages.asked == [(0, 10)]
    assert Listing(Pages(5), page_size=10)[-2:] == [3, 4]
