"""scikit-learn's fetch_openml gets from our registry what it gets from its recorded files.

With the scikit-learn of the environment of strangers, and with our own, which is newer.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sklearn

from openml_client import Client, DatasetDraft
from openml_client.registry import Registry

pytestmark = pytest.mark.foreign

SPARSE = (
    Path(sklearn.__file__).parent / "datasets/tests/data/openml/id_292/data-v1-dl-49822.arff.gz"
)

SHORT_IRIS = b"""@RELATION iris
@ATTRIBUTE petallength REAL
@ATTRIBUTE class {setosa,virginica}
@DATA
1.4,setosa
1.3,setosa
6.0,virginica
"""


@pytest.fixture
def address(loopback: str, seeded_registry: Registry) -> str:
    """Address of a seeded registry that has a sparse dataset, too, and a second iris."""
    again = DatasetDraft(name="iris", description="Cut.", default_target_attribute="class")
    draft = DatasetDraft(name="Australian", description="Cut.", default_target_attribute="Y")
    with Client(f"local:{seeded_registry.folder}") as client:
        dataset = client.datasets.publish(draft, gzip.decompress(SPARSE.read_bytes()))
        cut = client.datasets.publish(again, SHORT_IRIS)
    assert dataset.format == "Sparse_ARFF"
    assert cut.version == 2
    return loopback


def check(found: dict[str, Any]) -> None:
    """What holds of every version."""
    assert found["differences"] == {}
    assert len(found["outcomes"]) == 8 * 2 * 2
    # Titanic has columns of texts, which become no array.
    failed = {call for call, outcome in found["outcomes"].items() if outcome == "error"}
    assert "Titanic, as_frame=False, liac-arff" in failed
    # Sparse data becomes a matrix, by the parser that knows it.
    assert sorted(call for call in failed if call.startswith("Australian")) == [
        "Australian, as_frame=False, pandas",
        "Australian, as_frame=True, liac-arff",
        "Australian, as_frame=True, pandas",
    ]
    for name in ("iris", "kr-vs-kp", "cpu", "penguins"):
        assert not any(call.startswith(name) for call in failed)
    # The second version is not the first one that the server lists under this name.
    assert found["versions"] == {"1": ["1", [150, 4]], "2": ["2", [3, 1]]}
    assert found["unknown"] == "OpenMLError: Dataset irises with version 1 not found."


def test_an_older_scikit_learn_fetches_the_same_as_from_openml(
    foreign_python: Path, address: str, answers: Callable[..., Any]
) -> None:
    found = answers(foreign_python, "fetch_openml.py", address)
    assert found["version"] == "1.5.2"
    check(found)
    assert list(found["outcomes"].values()).count("error") == 5


def test_our_own_scikit_learn_fetches_the_same_as_from_openml(
    address: str, answers: Callable[..., Any]
) -> None:
    check(answers(sys.executable, "fetch_openml.py", address))
