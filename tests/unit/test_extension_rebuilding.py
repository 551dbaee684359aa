"""Models to descriptions and back, as extensions do it alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from openml_client.errors import UntrustedError
from openml_client.extension.protocol import API
from openml_client.extension.rebuilding import Rebuilder
from openml_client.extension.trust import Trust
from tests.unit.toy_extension import CODEC, POLICY, Thing

ENTERED: list[str] = []


@contextmanager
def kept() -> Iterator[None]:
    ENTERED.append("in")
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
        ENTERED.append("out")


def _drawing(thing: Thing, name: str, value: object) -> None:
    object.__setattr__(thing, name, value)
    random.random()


REBUILDER = Rebuilder(extension="toy", api=API, codec=CODEC, policy=POLICY, around=kept)


def test_what_surrounds_the_making_of_models_keeps_what_constructors_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Thing, "__setattr__", _drawing, raising=False)
    model, state = Thing(), random.getstate()
    ENTERED.clear()
    description = REBUILDER.describe(model)
    REBUILDER.build(description, trust=Trust.of_own(POLICY, description))
    assert random.getstate() == state
    assert ENTERED == ["in", "out"] * 2


def test_nothing_is_surrounded_before_the_audit() -> None:
    description = REBUILDER.describe_unverified(Thing())
    hostile = description.with_tree(
        {"$node": {**description.tree["$node"], "class": "strange:Thing"}}
    )
    ENTERED.clear()
    with pytest.raises(UntrustedError):
        REBUILDER.build(hostile, trust=Trust.of_strangers(POLICY, ()))
    assert ENTERED == []
