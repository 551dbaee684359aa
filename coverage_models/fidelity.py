"""Does the rebuilt model predict the same, bit by bit, on real tasks?

The original is seeded by the rule of the extension, but in place: where a description holds a
seed, the attribute of the original gets it.  Nothing of it is rebuilt, so that it is a witness.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from openml_client_sklearn import EXTENSION

from coverage_models import sources
from coverage_models.round_trips import Count
from coverage_models.sources import Model
from openml_client import Client
from openml_client.errors import FlowError
from openml_client.extension.protocol import FoldData, FoldResult
from openml_client.extension.seeds import derive, seed_description, seeded_generators
from openml_client.extension.tree import tagged
from openml_client.running.execute import task_data
from openml_client.seed import seed

CLASSIFICATION = ("iris", "wine", "penguins")
REGRESSION = ("diabetes", "linnerud", "cpu")
"""Names of datasets whose tasks the embedded registry is seeded with; of each three, the last has
columns of texts, so its models stand behind a preprocessing."""
SEED = 20
FOLD = (0, 0, 0)


class Found(NamedTuple):
    """What came of one model on one task."""

    can_fit: bool
    fault: str | None


def measure() -> dict[str, Count]:
    """Identical predictions by task."""
    with tempfile.TemporaryDirectory() as folder:
        return {name: of_task(data) for name, data in folds(Path(folder))}


def folds(folder: Path) -> Iterator[tuple[str, FoldData]]:
    """The first folds of the tasks of an embedded registry, by the name of the dataset."""
    with Client(f"local:{folder / 'registry'}", cache_dir=folder / "cache") as client:
        tasks = {of.dataset.name: of.task for of in seed(client)}
        for name in (*CLASSIFICATION, *REGRESSION):
            task = tasks[name]
            data = task_data(task, client.datasets.load(task.dataset_id))
            yield name, data.fold(client.tasks.splits(task)[FOLD], FOLD)


def of_task(data: FoldData) -> Count:
    """How many of the classifiers or regressors that can be fitted predict the same.

    They are taken as their defaults have them, and as scikit-learn's own common tests do, which
    give an estimator to those that need one.
    """
    n, faults = 0, {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as of what did not converge
        for model in (*sources.estimators(), *sources.common_instances()):
            if not _is_for(data.task, model.make()):
                continue
            found = compare(behind_preprocessing(model) if data.categorical else model, data)
            n += found.can_fit
            if found.fault is not None:
                faults[model.name] = found.fault
    return {"n": n, "good": n - len(faults), "faults": faults}


def _is_for(task: str, model: Any) -> bool:
    from sklearn.base import ClassifierMixin, RegressorMixin
    from sklearn.pipeline import Pipeline

    if isinstance(model, Pipeline) or hasattr(model, "refit"):  # which are what is in them
        return task == "classification" and hasattr(model, "predict")
    return isinstance(model, ClassifierMixin if task == "classification" else RegressorMixin)


def behind_preprocessing(model: Model) -> Model:
    """A pipeline that fills and encodes columns of any type before the model sees them."""

    def make() -> Any:
        from sklearn.pipeline import make_pipeline

        columns = sources.by_column_type().set_params(sparse_threshold=0)
        return make_pipeline(columns, model.make())

    return Model(model.name, make)


def compare(model: Model, data: FoldData) -> Found:
    """What the rebuilt model predicts beside the original; and is the caller's untouched?"""
    given = model.make()
    try:
        ours = EXTENSION.run_fold(given, data, seed=SEED)
    except FlowError:  # it is not for this kind of task
        return Found(can_fit=False, fault=None)
    if not sources.same(given, model.make()):
        return Found(can_fit=True, fault="the caller's model was changed")
    witness = _in_place(model.make(), data)
    if ours.failure is not None or isinstance(witness, str):
        ours_said = ours.failure.error if ours.failure is not None else None
        if ours_said == witness:
            return Found(can_fit=False, fault=None)
        return Found(can_fit=True, fault=f"{ours_said!r}; the original: {witness!r}")
    return Found(can_fit=True, fault=_difference(ours, *witness))


def _in_place(model: Any, data: FoldData) -> tuple[Any, Any] | str:
    """Predictions and probabilities of the original; or what it raises."""
    seeds = seed_description(EXTENSION.describe(model), derive(SEED, "fold", *FOLD))
    _seed_in_place(model, seeds.tree)
    y = data.y_train
    # SelfTrainingClassifier takes texts as objects only.
    classes = np.asarray(y, str).astype(object)
    target = np.asarray(y, dtype=np.float64) if data.task == "regression" else classes
    with seeded_generators(derive(SEED, "generators", *FOLD)):
        try:
            model.fit(data.x_train, target)
            predicted = model.predict(data.x_test)
            has_any = data.task == "classification" and hasattr(model, "predict_proba")
            return predicted, model.predict_proba(data.x_test) if has_any else None
        except Exception as error:  # noqa: BLE001  # whatever it raises, the rebuilt one must too
            return f"{type(error).__name__}: {error}"


def _seed_in_place(value: Any, tree: Any) -> None:
    """Give each estimator, splitter and the like in a model the seed that its description has."""
    tag, payload = tagged(tree) or (None, tree)
    if tag in ("$node", "$call"):
        for name, inner in payload["params" if tag == "$node" else "kwargs"].items():
            if name == "random_state":
                setattr(value, name, inner)
            elif hasattr(value, name):
                _seed_in_place(getattr(value, name), inner)
    elif isinstance(payload, list) and isinstance(value, (list, tuple)):
        for item, inner in zip(value, payload, strict=True):
            _seed_in_place(item, inner)
    elif isinstance(payload, dict) and isinstance(value, dict):
        for name, inner in payload.items():
            _seed_in_place(value[name], inner)


def _difference(ours: FoldResult, predicted: Any, probabilities: Any) -> str | None:
    if ours.predictions is None:
        return "no predictions"
    witness = np.asarray(predicted).reshape(len(predicted)).astype(ours.predictions.dtype)
    if ours.predictions.tobytes() != witness.tobytes():
        return "other predictions"
    if probabilities is None:
        return None
    same = ours.probabilities is not None and (
        ours.probabilities.tobytes() == np.asarray(probabilities, dtype=np.float64).tobytes()
    )
    return None if same else "other probabilities"
