"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded files of the real server, which lies beside the checkout.

    A user's clone does not have it: there the tests are skipped.  CI has it, and fails
    without it.
    """
    folder = Path(os.environ.get("OPENML_SHARED", REPOSITORY.parent / "shared"))
    if not folder.is_dir():
        reason = f"{folder} is absent: the recorded transcripts of the real server lie there"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
