"""scikit-learn's fetch_openml gets from our registry what it gets from its recorded files.

With the scikit-learn of the environment of strangers, and with our own, which is newer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.foreign


def check(found: dict[str, Any]) -> None:
    """What holds of every version."""
    assert found["differences"] == {}
    assert len(found["outcomes"]) == 7 * 2 * 2
    # Titanic has columns of texts, which become no array.
    failed = {call for call, outcome in found["outcomes"].items() if outcome == "error"}
    assert "Titanic, as_frame=False, liac-arff" in failed
    for name in ("iris", "kr-vs-kp", "cpu", "penguins"):
        assert not any(call.startswith(name) for call in failed)
    assert found["unknown"] == "OpenMLError: Dataset irises with version 1 not found."


def test_an_older_scikit_learn_fetches_the_same_as_from_openml(
    foreign_python: Path, loopback: str, answers: Callable[..., Any]
) -> None:
    found = answers(foreign_python, "fetch_openml.py", loopback)
    assert found["version"] == "1.5.2"
    check(found)
    assert list(found["outcomes"].values()).count("error") == 2


def test_our_own_scikit_learn_fetches_the_same_as_from_openml(
    loopback: str, answers: Callable[..., Any]
) -> None:
    check(answers(sys.executable, "fetch_openml.py", loopback))
