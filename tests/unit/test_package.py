"""The package from outside: what an import costs, the public names, and the client's options."""

from __future__ import annotations

import copy
import inspect
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import openml_client
from openml_client import Client
from openml_client.errors import AuthenticationError, ConfigError, OfflineError
from openml_client.registry import Registry
from openml_client.shortcuts import default_client
from tests.doors import served

HEAVY = (
    "numpy",
    "pandas",
    "pyarrow",
    "requests",
    "scipy",
    "sklearn",
    "flask",
    "sqlalchemy",
    "lxml",
    "pytest",
)

KEY = "0123456789abcdef0123456789abcdef"


def python(code: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, with an empty home as its working folder."""
    home.mkdir(exist_ok=True)
    # TMPDIR is in the home as well: what is made anywhere is seen there.
    kept = {**os.environ, "HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=home,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def heavy_after(code: str, home: Path) -> str:
    """The heavy modules that a program imports."""
    show = f"import sys; print([name for name in {HEAVY} if name in sys.modules])"
    result = python(f"{code}\n{show}", home)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "import openml_client",
        "from openml_client import Client",
        "from openml_client import Client; Client('http://127.0.0.1:9')",
        "from openml_client import get_task, load_dataset, reproduce, run_model",
        "from openml_client import Dataset, Flow, OpenMLError, Run, RunDraft, Task, TaskDraft",
        "import openml_client.extension",
    ],
)
def test_importing_loads_nothing_heavy_and_makes_no_file(code: str, tmp_path: Path) -> None:
    assert heavy_after(code, tmp_path / "home") == "[]"
    assert list((tmp_path / "home").iterdir()) == []


def test_heavy_modules_are_seen_where_they_are_loaded(tmp_path: Path) -> None:
    assert "'numpy'" in heavy_after("import numpy", tmp_path / "home")


def test_the_public_names_are_all_there() -> None:
    for name in openml_client.__all__:
        assert getattr(openml_client, name) is not None
    assert set(openml_client.__all__) <= set(dir(openml_client))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'openml_client' has no attribute 'get_data'"):
        _ = openml_client.get_data  # type: ignore[attr-defined]


SIGNATURES = {
    "Client": "server=None, *, api_key=None, cache_dir=None, offline=None, timeout_s=None, "
    "retries=None",
    "datasets.get": "id_or_name, *, version=None",
    "datasets.find": "name, version=None",
    "datasets.list": "**filters",
    "datasets.features": "dataset",
    "datasets.qualities": "dataset",
    "datasets.load": "dataset, *, format='auto'",
    "datasets.publish": "draft, data",
    "tasks.get": "id",
    "tasks.list": "**filters",
    "tasks.splits": "task",
    "tasks.publish": "draft",
    "tasks.types": "",
    "tasks.estimation_procedures": "",
    "flows.get": "id",
    "flows.find": "name, external_version",
    "flows.list": "**filters",
    "flows.publish": "draft",
    "flows.from_model": "model",
    "flows.to_model": "flow, *, parameters=None, trusted=(), compat='semantic'",
    "flows.untrusted": "flow",
    "runs.execute": "model_or_flow, task, *, seed=None, executor=None, progress=True",
    "runs.check": "draft",
    "runs.publish": "draft, *, avoid_duplicates=True",
    "runs.get": "id",
    "runs.list": "**filters",
    "runs.predictions": "run",
    "runs.trace": "run",
    "runs.to_model": "run, *, trusted=()",
    "runs.reproduce": "run, *, tolerance=1e-09",
    "setups.get": "id",
    "setups.list": "**filters",
    "setups.to_model": "setup, *, trusted=(), compat='semantic'",
    "evaluations.list": "measure, *, tasks=None, flows=None, runs=None, setups=None, "
    "per_fold=False, with_setups=False",
    "evaluations.measures": "",
}
"""Calls that users' scripts rely on; more keyword-only arguments may come."""


def plain(parameters: list[inspect.Parameter]) -> str:
    """Parameters without annotations, as the design writes them."""
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    return str(inspect.Signature(bare))[1:-1]


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_public_call_has_the_signature_of_the_design(name: str) -> None:
    target: Any = Client
    if name != "Client":
        namespace, _, verb = name.partition(".")
        target = getattr(getattr(Client("http://127.0.0.1:9"), namespace), verb)
    found = list(inspect.signature(target).parameters.values())
    wanted = SIGNATURES[name]
    optional = [p for p in found if p.kind is p.KEYWORD_ONLY and f"{p.name}=" not in wanted]
    assert all(p.default is not p.empty for p in optional)
    assert plain([p for p in found if p not in optional]) == wanted


def test_a_client_shows_its_server_and_never_its_key() -> None:
    with Client("http://127.0.0.1:9/api/v1/xml/", api_key=KEY, offline=True) as client:
        assert repr(client) == "<Client of http://127.0.0.1:9, offline>"
        assert KEY not in repr(client.settings)


def test_settings_do_not_change() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(AttributeError, match="assign"):
        client.settings.offline = True  # type: ignore[misc]


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_client_is_not_copied_and_says_what_to_do(copied: Any, client: Client) -> None:
    for one in (client, Client("http://127.0.0.1:9")):
        with pytest.raises(TypeError, match=r"make one in each process, of Client\('"):
            copied(one)


def test_with_options_changes_what_is_given_and_nothing_else(client: Client) -> None:
    sibling = client.with_options(timeout_s=3, retries=1)
    assert sibling.settings.read_timeout_s == 3
    assert sibling.settings.deadline_s == 30
    assert sibling.settings.retries == 1
    for name in ("server", "api_key", "cache_dir", "offline"):
        assert getattr(sibling.settings, name) == getattr(client.settings, name)
    assert sibling.datasets.get("iris") == client.datasets.get("iris")


def test_with_options_does_not_look_at_the_environment_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENML_OFFLINE", "1")
    monkeypatch.setenv("OPENML_TIMEOUT", "1")
    sibling = client.with_options(retries=0)
    assert not sibling.settings.offline
    assert sibling.settings.read_timeout_s == client.settings.read_timeout_s


def test_with_options_of_a_sibling_keeps_what_the_sibling_has(client: Client) -> None:
    second = client.with_options(retries=0).with_options(timeout_s=3)
    assert (second.settings.retries, second.settings.read_timeout_s) == (0, 3)


def test_with_options_refuses_what_is_malformed(client: Client) -> None:
    with pytest.raises(ConfigError, match="argument timeout_s: timeout_s -1"):
        client.with_options(timeout_s=-1)


def test_an_offline_sibling_shares_the_cache(client: Client) -> None:
    iris = client.datasets.get(1)
    offline = client.with_options(offline=True)
    assert offline.datasets.get(1) == iris
    with pytest.raises(OfflineError, match="not in the cache"):
        offline.datasets.get(2)


def test_an_embedded_registry_needs_no_network(
    seeded_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENML_OFFLINE", "1")
    with Client(f"local:{seeded_registry.folder}") as client:
        assert [row.id for row in client.datasets.list(limit=2)] == [1, 2]
        assert client.with_options(retries=0).datasets.get(2).id == 2
        assert "offline" not in repr(client)
        with pytest.raises(OfflineError, match=r"data\.example\.org was not asked"):
            client.download("https://data.example.org/d.arff", io.BytesIO())


def test_a_sibling_with_another_key_is_another_user(
    client: Client, seeded_registry: Registry
) -> None:
    from openml_client import DatasetDraft

    draft = DatasetDraft(name="t", description="For a test.", default_target_attribute="a")
    data = b"@relation t\n@attribute a {x,y}\n@data\nx\ny\n"
    guest = client.with_options(api_key=seeded_registry.add_user("guest"))
    guest.datasets.publish(draft, data)
    client.datasets.publish(draft, data)
    uploaders = {row.version: row.uploader_id for row in client.datasets.list(name="t")}
    assert len(set(uploaders.values())) == 2
    with pytest.raises(AuthenticationError, match="The key came from argument api_key"):
        client.with_options(api_key=KEY).datasets.publish(draft, data)


def test_closing_a_sibling_leaves_the_first_client_open(loopback: str, tmp_path: Path) -> None:
    with Client(loopback, cache_dir=tmp_path / "cache") as client:
        with client.with_options(timeout_s=5) as sibling:
            assert sibling.datasets.get(1).name == "iris"
        assert client.datasets.get(1).name == "iris"


def test_a_client_of_a_running_server_needs_no_environment(
    seeded_registry: Registry, tmp_path: Path
) -> None:
    with served(seeded_registry) as address:
        result = python(
            "import openml_client as o; print(o.load_dataset('iris').shape, o.get_task(1).target)",
            tmp_path / "home",
            OPENML_SERVER=address,
        )
    assert (result.returncode, result.stdout) == (0, "(150, 5) class\n"), result.stderr


def test_the_shortcuts_run_and_reproduce(
    registry_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.dummy import DummyClassifier

    monkeypatch.setenv("OPENML_SERVER", f"local:{registry_folder}")
    default_client.cache_clear()
    try:
        draft = openml_client.run_model(DummyClassifier(), 1, publish=False)
        assert isinstance(draft, openml_client.RunDraft)
        run = openml_client.run_model(DummyClassifier(), 1, seed=0)
        assert openml_client.reproduce(run).verdict == "identical"
    finally:
        default_client().close()
        default_client.cache_clear()
