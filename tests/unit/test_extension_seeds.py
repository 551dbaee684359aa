"""Seeds are derived by what they are for, and nothing else is disturbed."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import pytest

from openml_client.extension.description import Description
from openml_client.extension.seeds import derive, seed_description, seeded_generators
from tests.unit.toy_extension import TOY, Part, Thing

SEED = frozenset({"seed"})


def test_seeds_differ_by_root_purpose_and_place() -> None:
    seeds = {
        derive(root, purpose, *place)
        for root in (0, 1)
        for purpose in ("a", "b")
        for place in ((), (0, 1), (1, 0), ("01",), ("0", "1"))
    }
    assert len(seeds) == 20
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_a_seed_is_the_same_for_ever() -> None:
    digest = hashlib.sha256(b'[0,"parameter","x"]').digest()
    assert derive(0, "parameter", "x") == int.from_bytes(digest[:8], "big") % 2**31 == 807119093


def seeds_of(description: Description) -> list[object]:
    inner = description.parameters["inner"]
    return [
        description.parameters["seed"],
        *(item["$tuple"][1]["$node"]["params"]["seed"] for item in inner),
    ]


def test_open_seeds_are_filled_and_those_that_were_set_stay() -> None:
    model = Thing(inner=[("a", Thing()), ("b", Thing(seed=7)), ("c", Thing())])
    described = TOY.describe(model)
    seeded = seed_description(described, 3, SEED)
    root, a, b, c = seeds_of(seeded)
    assert b == 7
    assert len({root, a, c}) == 3
    assert all(isinstance(seed, int) for seed in (root, a, c))
    assert seed_description(described, 3, SEED) == seeded
    assert seed_description(described, 4, SEED) != seeded
    assert seeds_of(described) == [None, None, 7, None]


def test_a_seed_depends_on_its_place_and_not_on_its_neighbours() -> None:
    both = seed_description(TOY.describe(Thing(inner=[("a", Thing()), ("b", Thing())])), 3, SEED)
    only = seed_description(TOY.describe(Thing(inner=[("b", Thing())])), 3, SEED)
    assert seeds_of(both)[2] == seeds_of(only)[1]


def test_other_parameters_are_left_alone() -> None:
    described = TOY.describe(Thing(inner=[("a", Part(None))], seed=1))
    assert seed_description(described, 3, SEED) == described


@pytest.mark.parametrize(("shuffle", "is_seeded"), [(False, False), (True, True)])
def test_a_splitter_that_does_not_shuffle_gets_no_seed(shuffle: bool, is_seeded: bool) -> None:
    kwargs = {"seed": None, "shuffle": shuffle}
    call = {"$call": {"kind": "splitter", "name": "a:B", "args": [], "kwargs": kwargs}}
    tree = TOY.describe(Thing(seed=1)).tree
    tree["$node"]["params"]["size"] = call
    seeded = seed_description(
        Description(extension="toy", api=1, frameworks={}, tree=tree), 3, SEED
    )
    found = seeded.parameters["size"]["$call"]["kwargs"]["seed"]
    assert isinstance(found, int) is is_seeded


def test_the_global_generators_are_seeded_inside_and_given_back() -> None:
    random.seed(1)
    np.random.seed(1)
    expected = (random.random(), np.random.rand())
    random.seed(1)
    np.random.seed(1)
    inside = []
    for _ in range(2):
        with seeded_generators(5):
            inside.append((random.random(), np.random.rand()))
    assert inside[0] == inside[1] != expected
    assert (random.random(), np.random.rand()) == expected
    with pytest.raises(RuntimeError), seeded_generators(5):
        raise RuntimeError
