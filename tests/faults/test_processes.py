"""Rows 9, 10 and 26 of the reliability battery: many processes, killed ones, and long ones."""

from __future__ import annotations

import gc
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from openml_client import Client, DatasetDraft, TaskDraft
from openml_client.registry import Registry
from openml_client.registry.check import check_folder
from tests.doors import served

N_PROCESSES, N_ROUNDS, N_ROWS = 8, 10, 40_000


class Door:
    """A registry's application that counts what is asked, and may do something at an answer."""

    def __init__(self, app: Any, at_answer: Callable[[str], None] = lambda path: None) -> None:
        self._app = app
        self._at_answer = at_answer
        self._lock = threading.Lock()
        self.asked: list[str] = []

    def __call__(self, environ: Any, start: Any) -> Any:
        path = environ["PATH_INFO"]
        with self._lock:
            self.asked.append(path)
        self._at_answer(path)
        return self._app(environ, start)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with one dataset of 40,000 rows, and a task on it."""
    folder = tmp_path_factory.mktemp("large") / "registry"
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((N_ROWS, 10)), columns=[f"x{n}" for n in range(10)])
    frame["class"] = pd.Categorical(rng.choice(["a", "b"], N_ROWS))
    with Client(f"local:{folder}") as client:
        draft = DatasetDraft(name="large", description="x", default_target_attribute="class")
        dataset = client.datasets.publish(draft, frame)
        client.tasks.publish(TaskDraft.classification(dataset, "class"))
    with Registry.open(folder) as registry:
        yield registry


def script(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


RACER = """
import hashlib, sys
from openml_client import Client
from pandas.util import hash_pandas_object

address, folder, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Client(address, cache_dir=folder + "/warm-up") as client:
    client.tasks.types()  # what is imported late is imported now
print("ready", flush=True)
for number in range(rounds):
    sys.stdin.readline()
    with Client(address, cache_dir=f"{folder}/{number}") as client:
        task = client.tasks.get(1)
        splits = client.tasks.splits(task)
        frame = client.datasets.load(task.dataset_id).to_pandas()
    digest = hashlib.sha256(hash_pandas_object(frame).to_numpy().tobytes())
    for key in splits:
        digest.update(splits[key].train.tobytes() + splits[key].test.tobytes())
    print(digest.hexdigest(), flush=True)
"""


@pytest.mark.fault(9)
def test_eight_processes_race_on_a_cold_cache(large: Registry, tmp_path: Path) -> None:
    door = Door(large.wsgi_app)
    with served(SimpleNamespace(wsgi_app=door)) as address:
        racers = [script(RACER, address, tmp_path, N_ROUNDS) for _ in range(N_PROCESSES)]
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        answers = []
        for _ in range(N_ROUNDS):
            door.asked.clear()
            for racer in racers:  # all at once
                assert racer.stdin is not None
                racer.stdin.write("go\n")
                racer.stdin.flush()
            answers += [racer.stdout.readline() for racer in racers if racer.stdout is not None]
            files = [p for p in door.asked if p.startswith(("/datasets", "/data/", "/api_splits"))]
            assert len(files) == len(set(files)) == 2, files  # the data and the splits, once each
        for racer in racers:
            racer.communicate()
            assert racer.returncode == 0
    assert len(answers) == N_PROCESSES * N_ROUNDS
    assert len(set(answers)) == 1


LOADER = """
import sys
from openml_client import Client

with Client(sys.argv[1], cache_dir=sys.argv[2]) as client:
    print(len(client.datasets.load(1, format=sys.argv[3])))
"""


@contextmanager
def killing(registry: Registry, at: str) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """A served registry that kills the one process when it answers at a path."""
    killed: list[subprocess.Popen[str]] = []

    def kill(path: str) -> None:
        if at in path and killed:
            killed.pop().kill()

    with served(SimpleNamespace(wsgi_app=Door(registry.wsgi_app, kill))) as address:
        yield address, killed


@pytest.mark.fault(10)
@pytest.mark.parametrize("format", ["arff", "parquet"])
@pytest.mark.parametrize("at", ["/api/v1/xml/data/1", "/api/v1/xml/data/features", "/data"])
def test_a_download_that_is_killed_leaves_nothing_half(
    large: Registry, tmp_path: Path, format: str, at: str
) -> None:
    with killing(large, at) as (address, killed):
        process = script(LOADER, address, tmp_path / "cache", format)
        killed.append(process)
        assert process.wait(60) == -signal.SIGKILL
        process.communicate()
        again = script(LOADER, address, tmp_path / "cache", format)
        assert again.communicate(timeout=60)[0] == f"{N_ROWS}\n"


PUBLISHER = """
import sys
from openml_client import Client
from sklearn.tree import DecisionTreeClassifier

with Client(sys.argv[1], cache_dir=sys.argv[2], api_key=sys.argv[3]) as client:
    draft = client.runs.execute(DecisionTreeClassifier(max_depth=1), 1, progress=False)
    print(client.runs.publish(draft).id)
"""


@pytest.mark.fault(10)
@pytest.mark.parametrize("at", ["/flow", "/run", "/setup/exists"])
def test_a_publish_that_is_killed_is_there_once_after_the_next(
    seeded_registry: Registry, tmp_path: Path, at: str
) -> None:
    registry = seeded_registry
    with killing(registry, f"/api/v1/xml{at}") as (address, killed):
        process = script(PUBLISHER, address, tmp_path / "cache", registry.local_key)
        killed.append(process)
        assert process.wait(60) == -signal.SIGKILL
        process.communicate()
        again = script(PUBLISHER, address, tmp_path / "cache", registry.local_key)
        assert again.communicate(timeout=60)[0] == "1\n"
    with Client(f"local:{registry.folder}", cache_dir=tmp_path / "other") as client:
        assert len(list(client.runs.list())) == len(list(client.flows.list())) == 1
    assert list(check_folder(registry.folder)) == []


def footprint() -> tuple[int, int]:
    """Open files and the largest memory so far, in kilobytes."""
    gc.collect()
    n_files = len(os.listdir("/proc/self/fd"))
    return n_files, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def grows(work: Callable[[], object], times: int) -> tuple[int, int]:
    """By how many files and kilobytes this process grows, after a tenth of the work as warm-up."""
    for _ in range(times // 10):
        work()
    files, kilobytes = footprint()
    for _ in range(times):
        work()
    files_after, kilobytes_after = footprint()
    return files_after - files, kilobytes_after - kilobytes


@pytest.mark.fault(26)
@pytest.mark.endurance
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")
@pytest.mark.parametrize(
    ("what", "times"), [("round trips", 10_000), ("sessions", 1_000), ("loads", 10_000)]
)
def test_a_long_process_does_not_grow(registry_folder: Path, what: str, times: int) -> None:
    server = f"local:{registry_folder}"
    with Client(server) as client:
        client.datasets.load(1)

        def session() -> None:
            with Client(server) as another:
                another.datasets.get(1)

        work = {
            "round trips": lambda: client.datasets.get(1),
            "sessions": session,
            "loads": lambda: client.datasets.load(1).to_pandas(),
        }
        n_files, kilobytes = grows(work[what], times)
    assert n_files <= 0
    assert kilobytes < 20_000
