"""Our registry, taken through the whole recording, answers as the real server did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from openml_client.registry import Registry

from .comparison import differences
from .known_differences import DIFFERENCES, MAX_SHARE, OUT_OF_SCOPE
from .own_requests import own_requests
from .scenario import Performed, World, perform

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def performed(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Performed]:
    result = perform(tmp_path_factory.mktemp("scenario"), shared, own_requests(shared))
    yield result
    result.registry.close()


@pytest.fixture(scope="module")
def found(performed: Performed) -> dict[str, list[str]]:
    """What differs, by the name of the transcript, for all that is in scope."""
    return {
        item.name: differences(item.exchange, item.answer)
        for item in performed.answered
        if not any(re.fullmatch(pattern, item.name) for pattern in OUT_OF_SCOPE)
    }


def test_every_answer_is_the_real_servers_but_for_known_differences(
    found: dict[str, list[str]],
) -> None:
    surprises = [
        f"{name}: {'; '.join(lines[:3])}"
        for name, lines in found.items()
        if lines and name not in DIFFERENCES
    ]
    assert not surprises, "\n".join(surprises)


def test_every_known_difference_is_still_one(found: dict[str, list[str]]) -> None:
    assert [name for name in DIFFERENCES if not found[name]] == []


def test_the_known_differences_are_few(found: dict[str, list[str]]) -> None:
    assert len(found) > 870
    assert len(DIFFERENCES) <= MAX_SHARE * len(found)


def test_what_the_registry_keeps_outlives_it(performed: Performed) -> None:
    item = next(item for item in performed.answered if item.name == "run_get_reg")
    before = World(performed.registry).send(item.exchange).data
    with Registry.open(performed.registry.folder, create=False) as again:
        assert World(again).send(item.exchange).data == before
