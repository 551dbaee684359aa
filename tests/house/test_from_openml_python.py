"""The page for users of openml-python names all that it has, and only what exists here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openml_client import Client

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "from-openml-python.md").read_text("utf-8")
NAMES = (HERE / "openml_python_names.txt").read_text("utf-8").split()
"""What openml-python has for its users: functions, as ``datasets.get_dataset``; arguments that need
a word, as ``flows.get_flow_id(name=)``; classes, methods and errors.  A foreign test compares it
with the package."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """A client that asks nobody."""
    folder = tmp_path_factory.mktemp("cache")
    return Client("http://127.0.0.1:9", offline=True, cache_dir=folder)


@pytest.mark.parametrize("name", NAMES)
def test_everything_of_openml_python_has_its_row(name: str) -> None:
    rows = re.findall(rf"^\| `{re.escape(name)}` \| ([^|]*) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 1
    assert rows[0].strip()


def test_no_row_is_of_what_does_not_exist() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == NAMES


def test_every_error_of_ours_on_the_page_exists() -> None:
    from openml_client import errors

    table = PAGE.partition("## openml.exceptions")[2]
    names = set(re.findall(r"`(\w+Error)`", table))
    assert len(names) > 8
    assert not [name for name in names if not hasattr(errors, name)]


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
    assert drafts == {"DatasetDraft", "FlowDraft", "RunDraft", "StudyDraft", "TaskDraft"}
    assert drafts < set(openml_client.__all__)
