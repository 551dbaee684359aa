"""A cache that openml-python filled from our registry serves our own client offline."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openml_client import Client
from openml_client.cache import Cache
from openml_client.config import load_settings
from openml_client.registry import Registry
from openml_client.resources.foreign_cache import find_folder, import_cache
from tests.doors import World, served

pytestmark = pytest.mark.foreign


def test_what_openml_python_fetched_works_offline(
    world: World, foreign_python: Path, answers: Callable[..., Any], tmp_path: Path
) -> None:
    folder = shutil.copytree(world.folder, tmp_path / "registry")
    with Registry.open(folder) as registry, served(registry) as address:
        filled = answers(foreign_python, "fill_cache.py", address, tmp_path / "root", world.tree.id)
        with Client(address, cache_dir=tmp_path / "online") as online:
            iris, penguins = (online.datasets.get(name) for name in ("iris", "penguins"))
            frame = online.datasets.load(iris).to_pandas()
            features = online.datasets.features(penguins)
            qualities = online.datasets.qualities(penguins)
            run = online.runs.get(world.tree.id)
            task, flow = online.tasks.get(run.task_id), online.flows.get(run.flow_id)
            setup = online.setups.get(run.setup_id)
            splits = online.tasks.splits(task)

    settings = load_settings(address, cache_dir=tmp_path / "mine")
    source = find_folder(settings, tmp_path / "root")
    assert str(source) == filled
    result = import_cache(source, Cache(settings.cache_dir, server=settings.server))

    left_out = {file.path.name: file.reason for file in result.left_out}
    assert left_out.pop(f"dataset_{penguins.id}.pq").startswith("the server tells no checksum")
    assert left_out
    assert set(left_out.values()) == {"pickles and what comes with them are never opened"}
    with Client(address, cache_dir=tmp_path / "mine", offline=True) as offline:
        assert offline.datasets.load(iris.id).to_pandas().equals(frame)
        assert offline.datasets.get("iris", version=1) == iris
        assert offline.datasets.get(penguins.id) == penguins
        assert offline.datasets.features(penguins) == features
        assert offline.datasets.qualities(penguins) == qualities
        assert offline.tasks.get(task.id) == task
        found = offline.tasks.splits(task.id)
        assert found.keys() == splits.keys()
        assert all((found[key].test == splits[key].test).all() for key in splits)
        assert offline.flows.get(flow.id) == flow
        assert offline.setups.get(setup.id) == setup
        assert offline.runs.get(run.id) == run
