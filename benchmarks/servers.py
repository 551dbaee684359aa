"""Registries that the rows need, filled once, and servers on loopback in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.data import Scratch
from benchmarks.measuring import REPOSITORY, SideError

SERVE = """
import sys
from openml_client.registry import Registry
with Registry.open(sys.argv[1]) as registry:
    registry.serve(port=0, on_ready=lambda address: print(address, flush=True))
"""


@contextmanager
def _started(*command: str) -> Iterator[str]:
    """Address of a server, which is the first line that it prints."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        address = process.stdout.readline().strip() if process.stdout else ""
        if not address:
            raise SideError("a server on loopback did not start")
        yield address
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Address of a registry in a folder."""
    with _started("-c", SERVE, str(folder)) as address:
        yield address


@contextmanager
def served_slowly(folder: Path) -> Iterator[str]:
    """Address of a server that answers as a registry does, from memory; see `delay`."""
    with (
        served(folder) as registry,
        _started("-m", "benchmarks.loopback", "slow", registry) as address,
    ):
        yield address


@contextmanager
def served_lists(n_datasets: int, n_evaluations: int) -> Iterator[str]:
    """Address of a server of lists of these lengths."""
    command = ("-m", "benchmarks.loopback", "lists", str(n_datasets), str(n_evaluations))
    with _started(*command) as address:
        yield address


def delay(address: str, request_ms: int, connection_ms: int) -> None:
    """Let each request, and each new connection, to a server of `served_slowly` take longer."""
    urllib.request.urlopen(f"{address}/_delay/{request_ms}/{connection_ms}").close()


def filled(
    scratch: Scratch, name: str, files: Mapping[str, Path], target: str = "label1"
) -> tuple[Path, dict[str, int]]:
    """The folder of a registry that holds these ARFF files, and their ids by file name."""
    from openml_client import Client, DatasetDraft

    folder, known = scratch.folder / name, scratch.folder / f"{name}.json"
    ids: dict[str, int] = json.loads(known.read_text("utf-8")) if known.exists() else {}
    missing = [path for path in files.values() if path.name not in ids]
    if missing:
        with Client(f"local:{folder}") as client:
            for path in missing:
                draft = DatasetDraft(
                    name=path.stem,
                    description="For a benchmark.",
                    default_target_attribute="x0" if path.name.startswith("dense") else target,
                )
                ids[path.name] = client.datasets.publish(draft, path).id
        known.write_text(json.dumps(ids), "utf-8")
    return folder, {key: ids[path.name] for key, path in files.items()}


def task_of(scratch: Scratch, folder: Path, dataset: int, *, target: str, procedure: int) -> int:
    """A task of classification on a dataset of a registry, made once."""
    from openml_client import Client, TaskDraft

    known = scratch.folder / f"task-{folder.name}-{dataset}-{procedure}.json"
    if not known.exists():
        inputs: dict[str, Any] = {
            "source_data": str(dataset),
            "target_feature": target,
            "estimation_procedure": str(procedure),
        }
        with Client(f"local:{folder}") as client:
            task = client.tasks.publish(TaskDraft(type_id=1, inputs=inputs))
        known.write_text(str(task.id), "utf-8")
    return int(known.read_text("utf-8"))


def download_splits(address: str, task: int, path: Path) -> None:
    """Write the splits file of a task."""
    from openml_client import Client

    with Client(address) as client:
        procedure = client.tasks.get(task).procedure
    if procedure is None or procedure.data_splits_url is None:
        raise SideError(f"task {task} has no splits")
    urllib.request.urlretrieve(procedure.data_splits_url, path)
