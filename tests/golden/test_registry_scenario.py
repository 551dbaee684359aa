"""Our registry, taken through the whole recording, answers as the real server did."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from openml_client.registry import Registry
from openml_client.wire import json, xml
from openml_client.wire.vocabulary import ERROR

from . import documents
from .comparison import differences
from .known_differences import DIFFERENCES, MAX_SHARE, OF_THE_WEB_SITE, OUT_OF_SCOPE
from .own_requests import own_requests
from .scenario import NOT_SENT, Performed, World, in_order, perform

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def performed(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Performed]:
    result = perform(tmp_path_factory.mktemp("scenario"), shared, own_requests(shared))
    yield result
    result.registry.close()


@pytest.fixture(scope="module")
def found(performed: Performed) -> dict[str, list[str]]:
    """What differs, by the name of the transcript, of all that is not the web site's affair."""
    return {
        item.name: differences(item.exchange, item.answer)
        for item in performed.answered
        if not fits(OF_THE_WEB_SITE, item.name)
    }


@pytest.fixture(scope="module")
def in_scope(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """The same of what the registry is there for."""
    return {name: lines for name, lines in found.items() if not fits(OUT_OF_SCOPE, name)}


def fits(patterns: Iterable[str], name: str) -> bool:
    """Whether one of the patterns fits the name as a whole."""
    return any(re.fullmatch(pattern, name) for pattern in patterns)


def test_every_exchange_is_performed(performed: Performed, shared: Path) -> None:
    names = [name for name, _ in in_order(shared) if name not in NOT_SENT]
    assert [item.name for item in performed.answered] == names


def test_every_answer_is_the_real_servers_but_for_known_differences(
    in_scope: dict[str, list[str]],
) -> None:
    surprises = [
        f"{name}: {'; '.join(lines[:3])}"
        for name, lines in in_scope.items()
        if lines and name not in DIFFERENCES
    ]
    assert not surprises, "\n".join(surprises)


def test_every_known_difference_is_still_one(in_scope: dict[str, list[str]]) -> None:
    assert [name for name in DIFFERENCES if not in_scope[name]] == []


def test_every_pattern_of_what_is_out_of_scope_fits(shared: Path) -> None:
    names = [name for name, _ in in_order(shared)]
    assert [p for p in OUT_OF_SCOPE if not any(fits([p], name) for name in names)] == []


def test_the_known_differences_are_few(in_scope: dict[str, list[str]]) -> None:
    assert len(DIFFERENCES) <= MAX_SHARE * len(in_scope)


def test_they_are_few_also_with_all_that_is_out_of_scope_but_not_the_web_sites(
    found: dict[str, list[str]],
) -> None:
    differing = [*NOT_SENT, *(name for name, lines in found.items() if lines)]
    assert len(differing) <= MAX_SHARE * (len(found) + len(NOT_SENT)), differing


def test_what_is_the_web_sites_affair_is_refused_with_code_100(performed: Performed) -> None:
    asked = [item for item in performed.answered if fits(OF_THE_WEB_SITE, item.name)]
    for item in asked:
        module = json if documents.is_json(item.answer.data) else xml
        refusal = module.read(ERROR, item.answer.data, source=item.name)
        assert (item.answer.status_code, refusal.code) == (412, 100), item.name
    segments = {item.exchange.request.path.split("/")[4] for item in asked}
    assert segments == {"votes", "downloads", "gamification", "badges"}


def test_what_the_registry_keeps_outlives_it(performed: Performed) -> None:
    item = next(item for item in performed.answered if item.name == "run_get_reg")
    before = World(performed.registry).send(item.exchange).data
    with Registry.open(performed.registry.folder, create=False) as again:
        assert World(again).send(item.exchange).data == before
