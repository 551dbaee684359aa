"""Other people's clients, in an environment of their own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).parent / "scripts"


@pytest.fixture(scope="session")
def foreign_python() -> Path:
    """The Python of the environment that ``make test`` makes; CI fails without it."""
    python = REPOSITORY / ".venv-foreign" / "bin" / "python"
    if not python.exists():
        reason = f"{python} is absent: `make test` makes it of tests/foreign/requirements.txt"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return python


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Runs a script with a Python, and gives the JSON that it prints."""

    def run(python: Path | str, script: str, *arguments: object) -> Any:
        home = tmp_path_factory.mktemp("home")
        result = subprocess.run(
            [python, SCRIPTS / script, *map(str, arguments)],
            cwd=home,
            # openml-python writes its configuration below the home folder.
            env={"PATH": os.defpath, "HOME": str(home), "OPENML_CACHE_DIR": str(home / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return run
