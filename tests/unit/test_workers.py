"""Blocks that are worked on side by side."""

from __future__ import annotations

import pytest

from openml_client.formats import workers
from openml_client.formats.workers import in_order


@pytest.fixture(params=[1, 2, 100])
def n_processors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    n: int = request.param
    monkeypatch.setattr(workers, "n_processors", lambda: n)
    return n


def test_what_is_made_comes_in_the_order_of_the_items(n_processors: int) -> None:
    assert list(in_order(str, range(1_000))) == [str(n) for n in range(1_000)]
    assert list(in_order(str, [7])) == ["7"]
    assert not list(in_order(str, []))


def test_few_are_made_ahead(n_processors: int) -> None:
    made: list[int] = []
    results = in_order(made.append, range(1_000))
    next(results)
    results.close()  # waits for those that have begun
    assert len(made) <= 2 * workers.MAX_WORKERS + 1


def test_a_fault_is_raised_in_its_place(n_processors: int) -> None:
    results = in_order(lambda n: 1 / (n - 3), range(1_000))
    assert [next(results) for _ in range(3)] == [-1 / 3, -1 / 2, -1]
    with pytest.raises(ZeroDivisionError):
        next(results)
