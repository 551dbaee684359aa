"""A registry with the small requests that ask it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from openml_client.registry import Registry

from .registry_client import Api


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an empty registry, to be copied: making one takes longer."""
    folder = tmp_path_factory.mktemp("empty") / "registry"
    Registry.open(folder).close()
    return folder


@pytest.fixture
def registry(empty_registry: Path, tmp_path: Path) -> Iterator[Registry]:
    shutil.copytree(empty_registry, tmp_path / "registry")
    with Registry.open(tmp_path / "registry", create=False) as registry:
        yield registry


@pytest.fixture
def api(registry: Registry) -> Api:
    return Api(registry)


@pytest.fixture
def api_alone(empty_registry: Path, tmp_path: Path) -> Iterator[Api]:
    """An empty registry that fetches nothing from elsewhere."""
    shutil.copytree(empty_registry, tmp_path / "alone")
    with Registry.open(tmp_path / "alone", create=False, fetch="none") as registry:
        yield Api(registry)
