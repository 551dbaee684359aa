"""One fold: fit a rebuilt model, predict, and say by which labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

from openml_client.errors import FlowError, TaskError
from openml_client.extension.description import Description
from openml_client.extension.protocol import FoldData, FoldFailure, FoldResult
from openml_client.extension.rebuilding import Rebuilder
from openml_client.extension.references import home_of
from openml_client.extension.seeds import derive, seed_description, seeded_generators
from openml_client.extension.timing import Elapsed, stopwatch
from openml_client.extension.tree import NODE, node_classes, objects
from openml_client.extension.trust import Trust
from openml_client.model.trace import TraceIteration
from openml_client_sklearn.models import REBUILDER, refuse_others
from openml_client_sklearn.policy import SEEDS
from openml_client_sklearn.traces import trace_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from openml_client.extension.identity import Json

_CLASSES_AS_NUMBERS = frozenset({"skorch", "xgboost"})
"""Packages whose classifiers, and those derived from them, take 0, 1, 2, ... for classes, and
refuse texts."""


_CLASSES_AS_OBJECTS = "sklearn.semi_supervised:SelfTrainingClassifier"
"""It takes texts for classes only in arrays of objects."""

_CONFIGURATION: dict[str, bool | int | str] = {
    "array_api_dispatch": False,
    "assume_finite": False,
    "enable_cython_pairwise_dist": True,
    "pairwise_dist_chunk_size": 256,
    "skip_parameter_validation": False,
    "transform_output": "default",
    "working_memory": 1024,
}


class _Confidence(NamedTuple):
    values: NDArray[np.float64]
    labels: tuple[str, ...]
    kind: Literal["probability", "score"]


class Told(TypedDict, total=False):
    """What a fitted model tells besides its predictions; fields of a `FoldResult`."""

    trace: tuple[TraceIteration, ...]
    log: Mapping[str, Json]
    artefacts: Mapping[str, bytes]


Teller = Callable[[Any, FoldData], Told]
Shaper = Callable[[Any, "NDArray[Any]", int], "NDArray[Any]"]
"""Takes a model, a target, and how many classes this has."""


def what_was_searched(estimator: Any, fold: FoldData) -> Told:
    """The trace of a model that searches."""
    return Told(trace=trace_of(estimator, fold))


def as_it_is(estimator: Any, target: NDArray[Any], n_classes: int) -> NDArray[Any]:
    """The target of the training rows, one value per row."""
    return target


def run_fold(
    model: object,
    fold: FoldData,
    *,
    seed: int,
    rebuilder: Rebuilder = REBUILDER,
    teller: Teller = what_was_searched,
    shaper: Shaper = as_it_is,
) -> FoldResult:
    """Fit a rebuilt copy of the model on the training rows and predict the others.

    Seeds that the model leaves open are derived from ``seed`` and the fold.

    Parameters
    ----------
    rebuilder, teller, shaper
        Those of another extension, whose models have the same interface.  The shaper gives the
        target of the training rows in the form that a model takes.

    Raises
    ------
    FlowError
        If the model can't be described, or is not for this kind of task.
    """
    with rebuilt(model, fold, seed=seed, rebuilder=rebuilder) as (estimator, description):
        _refuse_wrong_task(estimator, fold)
        packages = _CLASSES_AS_NUMBERS & _packages(estimator)
        if fold.task == "classification" and packages:
            return _by_number(estimator, fold, teller, shaper, is_dense="xgboost" in packages)
        target = None
        if fold.task != "clustering":
            target = shaper(estimator, target_of(fold), len(fold.labels))
        if target is not None and _CLASSES_AS_OBJECTS in node_classes(description.tree):
            target = target.astype(object)
        return _fit_and_predict(estimator, fold, teller, target)


@contextmanager
def rebuilt(
    model: object, fold: FoldData, *, seed: int, rebuilder: Rebuilder
) -> Iterator[tuple[Any, Description]]:
    """A copy of a model with the seeds of a fold; inside, the global generators are seeded.

    So they are while it is made, for constructors may draw from them.  Inside, scikit-learn is
    configured as in a fresh process, for no flow holds what the caller has set.
    """
    where = (fold.repeat, fold.fold, fold.sample)
    refuse_others(model)
    described = rebuilder.describe_unverified(model)
    own = seed_description(described, derive(seed, "fold", *where), SEEDS)
    with seeded_generators(derive(seed, "making", *where)):
        estimator = rebuilder.build(own, trust=Trust.of_own(rebuilder.policy, own))
    with seeded_generators(derive(seed, "generators", *where)), _configured_for(own):
        yield estimator, own


@contextmanager
def _configured_for(description: Description) -> Iterator[None]:
    """Let scikit-learn be configured as it is without ``set_config``, where that tells on results.

    Metadata is routed for models that scikit-learn refuses to fit otherwise.
    Source: scikit-learn 1.9, ``set_config``; the settings that older versions lack are left out.
    """
    import sklearn

    routes = any(
        tag == NODE and payload["params"].get("transform_input") is not None
        for _, tag, payload in objects(description.tree)
    )
    wanted = {**_CONFIGURATION, "enable_metadata_routing": routes}
    known = sklearn.get_config().keys()
    with sklearn.config_context(**{k: v for k, v in wanted.items() if k in known}):
        yield


def _packages(estimator: Any) -> set[str]:
    """Packages of the classes of a model and what is inside it, and of their bases."""
    parts = (estimator, *estimator.get_params(deep=True).values())
    bases = {base for part in parts for base in type(part).__mro__}
    return {home_of(base).partition(".")[0] for base in bases}


def _by_number(
    estimator: Any, fold: FoldData, teller: Teller, shaper: Shaper, *, is_dense: bool
) -> FoldResult:
    """The result of a fold whose classes are numbered in the order of the alphabet.

    All of the task are: nets have an output for each, whichever the training rows have.  Where
    numbers are to be dense, only those of the training rows.
    """
    import numpy as np

    target = target_of(fold)
    labels = np.unique(target if is_dense else [*fold.labels, *target])
    numbers = np.searchsorted(labels, target)
    result = _fit_and_predict(estimator, fold, teller, shaper(estimator, numbers, len(labels)))
    if result.predictions is None:
        return result
    return replace(
        result,
        predictions=labels[result.predictions.astype(np.int64)],
        probability_labels=tuple(str(labels[int(n)]) for n in result.probability_labels),
    )


def _refuse_wrong_task(estimator: Any, fold: FoldData) -> None:
    from sklearn.base import is_classifier, is_regressor

    name = type(estimator).__qualname__
    kinds = {
        "classification": ("classifier", (is_classifier,), (is_regressor,)),
        "regression": ("regressor", (is_regressor,), (is_classifier,)),
        "clustering": ("clusterer", (), (is_classifier, is_regressor)),
    }
    wanted, right, wrong = kinds[fold.task]
    # A stack with no final estimator of its own predicts only once it is fitted.
    predicts = (
        hasattr(estimator, "predict")
        or any(_is_known(is_of, estimator) for is_of in right)
        or (fold.task == "clustering" and hasattr(estimator, "fit_predict"))
    )
    if not predicts or any(_is_known(is_of, estimator) for is_of in wrong):
        raise FlowError(
            f"{name} can't run a {fold.task} task", hint=f"Give a model that ends in a {wanted}."
        )
    if _only_fits(estimator, fold) and not _tests_training_rows(fold):
        raise FlowError(
            f"{name} can't say the clusters of rows that it was not fitted on",
            hint="Give a clusterer with a method predict, as KMeans.",
        )


def _only_fits(estimator: Any, fold: FoldData) -> bool:
    """Whether the model gives the clusters of the rows that it is fitted on, and of no others."""
    return fold.task == "clustering" and not hasattr(estimator, "predict")


def _tests_training_rows(fold: FoldData) -> bool:
    """Whether the rows to predict are those to fit, in the same order."""
    import numpy as np
    import pandas as pd

    train, test = fold.x_train, fold.x_test
    if isinstance(train, pd.DataFrame) and isinstance(test, pd.DataFrame):
        return train.equals(test)
    return train.shape == test.shape and np.array_equal((train != test).data, [])


def _is_known(kind: Callable[[Any], bool], estimator: Any) -> bool:
    """Whether the estimator says that it is of a kind.

    One that lacks its inner estimator, or that only looks like an estimator, can't say; what is
    wrong with it shows when it is fitted.
    """
    try:
        return kind(estimator)
    except AttributeError:
        return False


def _fit_and_predict(
    estimator: Any, fold: FoldData, teller: Teller, y_train: NDArray[Any] | None
) -> FoldResult:
    if _only_fits(estimator, fold):
        return _fit_at_once(estimator, fold, teller)
    with stopwatch() as fitting:
        failure = _attempt("fit", lambda: estimator.fit(fold.x_train, y_train))[1]
    if failure is not None:
        return FoldResult(failure=failure, fit_time=fitting)

    def predict() -> tuple[Any, _Confidence | None]:
        return _predictions(estimator, fold), _confidence(estimator, fold)

    with stopwatch() as predicting:
        predicted, failure = _attempt("predict", predict)
    if failure is not None:
        return FoldResult(failure=failure, fit_time=fitting, predict_time=predicting)
    predictions, confidence = predicted
    return FoldResult(
        predictions=predictions,
        probabilities=confidence.values if confidence else None,
        probability_labels=confidence.labels if confidence else (),
        confidence_kind=confidence.kind if confidence else None,
        fit_time=fitting,
        predict_time=predicting,
        **teller(estimator, fold),
    )


def _fit_at_once(estimator: Any, fold: FoldData, teller: Teller) -> FoldResult:
    """Clusters of the rows that a model such as DBSCAN is fitted on; it can't tell others'."""
    import numpy as np

    with stopwatch() as fitting:
        clusters, failure = _attempt("fit", lambda: estimator.fit_predict(fold.x_train))
    if failure is not None:
        return FoldResult(failure=failure, fit_time=fitting)
    return FoldResult(
        predictions=np.asarray(clusters, dtype=np.float64),
        fit_time=fitting,
        predict_time=Elapsed(),
        **teller(estimator, fold),
    )


def _attempt(
    stage: Literal["fit", "predict"], work: Callable[[], Any]
) -> tuple[Any, FoldFailure | None]:
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001  # whatever a model raises is the fold's result
        return None, FoldFailure.of(stage, error)


def target_of(fold: FoldData) -> NDArray[Any]:
    """Target of the training rows: texts for classes, doubles for numbers."""
    import numpy as np
    import pandas as pd

    if fold.task == "regression":
        return np.asarray(fold.y_train, dtype=np.float64)
    if fold.y_train is None:
        raise TaskError("a classification task needs the labels of its training rows")
    target = pd.Categorical(fold.y_train)
    if (target.codes < 0).any():
        raise TaskError("the target is missing in some training rows")
    labels = np.asarray(target.categories.astype(str), dtype=str)
    return np.take(labels, target.codes)


def _predictions(estimator: Any, fold: FoldData) -> NDArray[Any]:
    import numpy as np

    predicted = np.asarray(estimator.predict(fold.x_test))
    if predicted.ndim > 1:
        predicted = predicted.reshape(len(predicted))
    return predicted.astype(str if fold.task == "classification" else np.float64)


def _confidence(estimator: Any, fold: FoldData) -> _Confidence | None:
    """Probabilities, or decision values where the model has none, with the label of each column."""
    import numpy as np

    if fold.task != "classification" or not hasattr(estimator, "classes_"):
        return None
    labels = tuple(map(str, estimator.classes_))
    probabilities = _answer(estimator, "predict_proba", fold)
    if probabilities is not None:
        values = np.asarray(probabilities, dtype=np.float64)
        if values.shape != (fold.x_test.shape[0], len(labels)):
            raise ValueError(f"predict_proba gave {values.shape} for {len(labels)} classes")
        return _Confidence(values, labels, "probability")
    decision = _answer(estimator, "decision_function", fold)
    if decision is None:
        return None
    scores = np.asarray(decision, dtype=np.float64)
    if scores.ndim == 1:  # of two classes: how much it is the second
        scores = scores - _threshold(estimator)
        scores = np.column_stack((-scores, scores))
    if scores.shape[1] != len(labels) or _decides_by_pairs(estimator):
        return None
    return _Confidence(scores, labels, "score")


def _answer(estimator: Any, method: str, fold: FoldData) -> Any:
    """What a method gives for the test rows, or None where the model has no such method."""
    if not hasattr(estimator, method):
        return None
    try:
        return getattr(estimator, method)(fold.x_test)
    except AttributeError as error:
        # Some wrappers have all methods, and tell only now that the model inside lacks this one.
        if f"no attribute {method!r}" not in str(error):
            raise
        return None


def _threshold(estimator: Any) -> float:
    """Decision value above which a fitted model predicts the second of two classes.

    It is 0, but for a vote of pairs of models that know probabilities only.
    """
    from sklearn.multiclass import OneVsOneClassifier

    inner = estimator
    while inner is not None:
        estimator = inner
        steps = getattr(estimator, "steps", None)
        inner = steps[-1][1] if steps else getattr(estimator, "best_estimator_", None)
    if not isinstance(estimator, OneVsOneClassifier):
        return 0.0
    return 0.0 if hasattr(estimator.estimators_[0], "decision_function") else 0.5


def _decides_by_pairs(estimator: Any) -> bool:
    """Whether decision values are of pairs of classes; three classes have three pairs."""
    shapes = {
        value
        for name, value in estimator.get_params(deep=True).items()
        if name.rpartition("__")[2] == "decision_function_shape"
    }
    return "ovo" in shapes
