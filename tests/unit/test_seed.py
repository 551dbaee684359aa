"""The datasets that a new registry is filled with, by one process or by several."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from filelock import FileLock

from openml_client import seed
from openml_client.client import Client
from openml_client.registry import Registry

HERE = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from openml_client.client import Client
from openml_client.seed import seed
with Client(f"local:{sys.argv[1]}") as client:
    print("ready", flush=True)
    sys.stdin.readline()
    print(sum(row.is_new for row in seed(client)))
"""


def test_two_processes_at_once_publish_each_dataset_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    processes = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:  # both begin now
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    n_new = [int(process.communicate()[0]) for process in processes]
    names = [source.name for source in seed.sources()]
    assert sum(n_new) == len(names)
    with Client(f"local:{tmp_path}") as client:
        found = Counter(dataset.name for dataset in client.datasets.list())
        assert found == Counter(names)
        assert len(list(client.tasks.list())) == len(names)


def test_a_folder_is_locked_while_it_is_seeded_and_no_longer(registry_folder: Path) -> None:
    lock = FileLock(registry_folder / seed.LOCK)
    with Client(f"local:{registry_folder}") as client:
        rows = seed.seed(client)
        assert not next(rows).is_new
        with pytest.raises(TimeoutError):
            lock.acquire(timeout=0)
        assert not any(row.is_new for row in rows)
        with lock.acquire(timeout=0):
            pass


def test_a_wait_for_another_process_is_announced(
    registry_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(seed, "SILENT_S", 0)
    lock = FileLock(registry_folder / seed.LOCK)
    lock.acquire()
    handler = _Releasing(lock)
    logging.getLogger("openml_client").addHandler(handler)
    try:
        with Client(f"local:{registry_folder}") as client:
            assert not any(row.is_new for row in seed.seed(client))
    finally:
        logging.getLogger("openml_client").removeHandler(handler)
    assert f"waiting for another process that seeds {registry_folder}" in caplog.text


class _Releasing(logging.Handler):
    """Frees a lock when a wait for it is announced."""

    def __init__(self, lock: FileLock) -> None:
        super().__init__()
        self._lock = lock

    def emit(self, record: logging.LogRecord) -> None:
        self._lock.release()


def test_a_lock_that_was_left_does_not_stop_a_new_registry(tmp_path: Path) -> None:
    (tmp_path / seed.LOCK).touch()
    Registry.open(tmp_path).close()
