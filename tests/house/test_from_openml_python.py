"""The page for users of openml-python names all of its functions, and only what exists here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openml_client import Client

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "from-openml-python.md").read_text("utf-8")
NAMES = (HERE / "openml_python_names.txt").read_text("utf-8").split()
"""The public functions of openml-python, which a foreign test compares with the package."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """A client that asks nobody."""
    folder = tmp_path_factory.mktemp("cache")
    return Client("http://127.0.0.1:9", offline=True, cache_dir=folder)


@pytest.mark.parametrize("name", NAMES)
def test_every_function_of_openml_python_has_its_row(name: str) -> None:
    rows = re.findall(rf"^\| `{re.escape(name)}` \| (.*) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 1
    assert rows[0].strip()


def test_no_row_is_of_a_function_that_does_not_exist() -> None:
    rows = re.findall(r"^\| `([a-z]+\.\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == NAMES


def test_every_name_of_ours_on_the_page_exists(client: Client) -> None:
    names = set(re.findall(r"\bclient((?:\.[a-z_]+)+)", PAGE))
    assert len(names) > 60
    for name in names:
        found: object = client
        for part in name.strip(".").split("."):
            assert hasattr(found, part), f"client{name}"
            found = getattr(found, part)


def test_every_draft_on_the_page_is_exported() -> None:
    import openml_client

    drafts = set(re.findall(r"\b[A-Z][a-z]+Draft\b", PAGE))
    assert drafts == {"DatasetDraft", "StudyDraft", "TaskDraft"}
    assert drafts < set(openml_client.__all__)
