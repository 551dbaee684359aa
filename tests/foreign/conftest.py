"""Other people's clients, in an environment of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import request

from openml_client.registry import Registry
from tests.doors import served

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
            # openml-python writes its configuration below the home folder.  Threads that wait for
            # one another on few cores cost more than they save.
            env={
                "PATH": os.defpath,
                "HOME": str(home),
                "OPENML_CACHE_DIR": str(home / "cache"),
                "OMP_NUM_THREADS": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return run


@pytest.fixture(scope="session")
def session(
    seeded: Path,
    tmp_path_factory: pytest.TempPathFactory,
    foreign_python: Path,
    answers: Callable[..., Any],
) -> dict[str, Any]:
    """What each step of a whole session of openml-python gave, and the requests that it made."""
    folder = shutil.copytree(seeded, tmp_path_factory.mktemp("session") / "registry")
    requests: list[tuple[str, str]] = []
    with Registry.open(folder) as registry, served(registry) as address:
        registry.app.before_request(lambda: requests.append((request.method, request.path)))
        key = registry.add_user("User Two")
        found: dict[str, Any] = answers(
            foreign_python, "session.py", address, key, registry.local_key
        )
    return found | {"requests": requests}


@pytest.fixture(scope="session")
def ids(session: dict[str, Any]) -> dict[str, int]:
    """Ids that the registry gave in that session."""
    found: dict[str, int] = session["ids"]
    return found
