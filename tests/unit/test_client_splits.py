"""Splits that were read before come from a compact file, which is never trusted blindly."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from openml_client import Client
from openml_client.errors import TaskError
from openml_client.formats.splits import VERSION, Fold, Splits, write_splits
from openml_client.seed import seed

FILE = b"""@relation probe
@attribute type {TRAIN,TEST}
@attribute rowid numeric
@attribute repeat numeric
@attribute fold numeric
@data
TRAIN,7,0,0
TRAIN,3,0,0
TEST,5,0,0
"""
"""Other splits than any procedure makes."""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with Client(f"local:{tmp_path / 'registry'}", cache_dir=tmp_path / "cache") as client:
        assert next(iter(seed(client))).task.id == 1
        yield client


def rows(splits: Splits) -> list[tuple[list[int], list[int]]]:
    return [(fold.train.tolist(), fold.test.tolist()) for fold in splits.values()]


def entry(client: Client) -> Path:
    """The splits file of the first task."""
    return client._caller.cache.path_of("task/splits/1.arff")


def stored(client: Client) -> Path:
    return entry(client).with_name("1.arff.npy")


def test_splits_are_read_once(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    before = rows(client.tasks.splits(1))
    entry(client).write_bytes(b"damaged, which is told where the file is read")
    with caplog.at_level(logging.WARNING):
        assert rows(client.tasks.splits(1)) == before
    assert not caplog.records


@pytest.mark.parametrize("place", [0, 130, -1])
def test_a_damaged_file_is_made_again(client: Client, place: int) -> None:
    before = rows(client.tasks.splits(1))
    content = stored(client).read_bytes()
    damaged = bytearray(content)
    damaged[place] ^= 1
    stored(client).write_bytes(damaged)
    assert rows(client.tasks.splits(1)) == before
    assert stored(client).read_bytes() == content


def test_an_emptied_file_is_made_again(client: Client) -> None:
    before = rows(client.tasks.splits(1))
    stored(client).write_bytes(b"")
    assert rows(client.tasks.splits(1)) == before
    assert stored(client).stat().st_size


def test_a_whole_file_of_another_shape_is_made_again(client: Client) -> None:
    before = rows(client.tasks.splits(1))
    cache = client._caller.cache
    cache.keep_derived("task/splits/1.arff.npy", VERSION, lambda sink: sink.write(b"nonsense"))
    assert rows(client.tasks.splits(1)) == before
    assert stored(client).stat().st_size > 1000


def test_a_file_of_another_version_is_made_again(client: Client) -> None:
    before = rows(client.tasks.splits(1))
    cache = client._caller.cache
    other = Splits({(0, 0, 0): Fold(np.array([0]), np.array([1]))})
    cache.keep_derived("task/splits/1.arff.npy", "other", lambda sink: write_splits(other, sink))
    assert rows(client.tasks.splits(1)) == before


def test_splits_that_were_read_need_their_file_no_longer(client: Client) -> None:
    before = rows(client.tasks.splits(1))
    client._caller.cache.remove("task/splits/1.arff")
    assert rows(client.tasks.splits(1)) == before
    assert not entry(client).exists()


def test_a_file_that_can_not_be_written_does_not_hinder(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    before = rows(client.tasks.splits(1))
    stored(client).unlink()
    stored(client).mkdir()  # root writes everywhere, but not here
    with caplog.at_level(logging.WARNING):
        assert rows(client.tasks.splits(1)) == before
    assert "the cache can't be written" in caplog.text


def test_a_run_needs_splits_that_test_each_row_once(client: Client) -> None:
    from sklearn.tree import DecisionTreeClassifier

    client._caller.cache.write("task/splits/1.arff", FILE)
    with pytest.raises(TaskError, match="repeat 0 tests the rows 0, 1, 2, 3, 4 never"):
        client.runs.execute(DecisionTreeClassifier(), 1, seed=1, progress=False)
