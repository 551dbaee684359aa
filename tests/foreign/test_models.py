"""Runs that openml-python published are rebuilt and reproduced by our own client."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from openml_client import Client
from openml_client.model.run import ParameterSetting
from openml_client.registry import Registry
from tests.doors import World, served, task_on

pytestmark = pytest.mark.foreign


class Published(NamedTuple):
    client: Client
    runs: dict[str, int]


@pytest.fixture(scope="module")
def published(
    world: World,
    foreign_python: Path,
    answers: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Published]:
    """Our client of a registry to which openml-python has published runs, by name."""
    folder = shutil.copytree(world.folder, tmp_path_factory.mktemp("models") / "registry")
    with Client(f"local:{folder}") as client:
        tasks = {name: task_on(client, name) for name in ("iris", "penguins", "diabetes")}
        tasks["curve"] = world.curve.task_id
        with Registry.open(folder) as registry, served(registry) as address:
            runs = answers(
                foreign_python,
                "openml_python_models.py",
                address,
                registry.local_key,
                json.dumps(tasks),
            )
        yield Published(client, runs)


MODELS = (
    *("columns", "grid", "unshuffled", "random", "vote", "union", "function", "bag", "vector"),
    *("gone", "layers", "regression", "curve"),
)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:'l1_ratio=None'")  # the default of openml-python's version
@pytest.mark.parametrize("name", MODELS)
def test_a_run_is_reproduced(published: Published, name: str) -> None:
    result = published.client.runs.reproduce(published.runs[name])
    assert result.verdict == "identical", str(result)
    assert result.n_rows > 0
    assert result.environment["scikit-learn"][0] == "1.5.2"


@pytest.mark.filterwarnings("ignore:The SAMME.R")
def test_a_model_that_another_version_fits_otherwise_is_told_from_it(published: Published) -> None:
    result = published.client.runs.reproduce(published.runs["changed"])
    there, here = result.environment["scikit-learn"]
    if here == there:
        assert result.verdict == "identical"
        return
    # The algorithm that was the default in 1.5 is gone since 1.8.
    assert result.verdict == "different"
    assert result.environment_differences == {"scikit-learn": ("1.5.2", here)}
    assert any("algorithm" in note and "SAMME.R" in note for note in result.notes)


def test_what_was_bent_for_another_version_is_noted(published: Published) -> None:
    result = published.client.runs.reproduce(published.runs["function"])
    notes = [note for note in result.notes if "feature_range" in note]
    assert notes == [
        "minmaxscaler__feature_range: feature_range was a tuple, which openml-python wrote as a "
        "list; it is a tuple again"
    ]


@pytest.mark.parametrize("name", ["columns", "grid", "unshuffled", "random", "vote", "bag"])
def test_open_seeds_are_drawn_as_openml_python_draws_them(published: Published, name: str) -> None:
    client = published.client
    run = client.runs.get(published.runs[name])
    opened = tuple(replace(item, value=without_seed(item)) for item in run.settings)
    assert opened != run.settings
    seed = ParameterSetting(name="openml_seed", value="7", component_id=run.flow_id)
    again = client.runs.to_model(replace(run, settings=(*opened, seed)))
    assert settings_of(client, again) == settings_of(client, client.runs.to_model(run))
    other = client.runs.to_model(replace(run, settings=(*opened, replace(seed, value="8"))))
    assert settings_of(client, other) != settings_of(client, again)


def without_seed(item: ParameterSetting) -> str | None:
    """The value of a setting with the seed left open that openml-python had drawn."""
    if item.name == "random_state":
        return "null"
    if item.name == "cv" and item.value:
        return re.sub(r'("random_state": )"\d+"', r'\1"null"', item.value)
    return item.value


def settings_of(client: Client, model: Any) -> Any:
    return client.flows.from_model(model).settings


def test_a_setup_has_the_values_of_its_run(published: Published) -> None:
    client = published.client
    for id_ in published.runs.values():
        run = client.runs.get(id_)
        model = client.setups.to_model(run.setup_id)
        assert settings_of(client, model) == settings_of(client, client.runs.to_model(run))


def test_a_flow_of_openml_python_holds_nothing_untrusted(published: Published) -> None:
    client = published.client
    flows = {client.runs.get(run).flow_id for run in published.runs.values()}
    assert {client.flows.untrusted(flow) for flow in flows} == {()}


def test_a_run_of_such_a_flow_is_of_our_own_flow(published: Published) -> None:
    client = published.client
    run = client.runs.get(published.runs["regression"])
    draft = client.runs.execute(client.flows.get(run.flow_id), run.task_id, seed=1, progress=False)
    again = client.runs.publish(draft)
    assert again.flow_id != run.flow_id
    assert client.runs.reproduce(again).verdict == "identical"
