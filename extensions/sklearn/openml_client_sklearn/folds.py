"""One fold: fit a rebuilt model, predict, and say by which labels."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from openml_client.errors import FlowError, TaskError
from openml_client.extension.protocol import FoldData, FoldFailure, FoldResult
from openml_client.extension.seeds import derive, seed_description, seeded_generators
from openml_client.extension.timing import stopwatch
from openml_client.extension.trust import Trust
from openml_client_sklearn.models import build, describe_unverified
from openml_client_sklearn.policy import POLICY, SEEDS
from openml_client_sklearn.traces import trace_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class _Confidence(NamedTuple):
    values: NDArray[np.float64]
    labels: tuple[str, ...]
    kind: Literal["probability", "score"]


def run_fold(model: object, fold: FoldData, *, seed: int) -> FoldResult:
    """Fit a rebuilt copy of the model on the training rows and predict the others.

    Seeds that the model leaves open are derived from ``seed`` and the fold.

    Raises
    ------
    FlowError
        If the model can't be described, or is not for this kind of task.
    """
    where = (fold.repeat, fold.fold, fold.sample)
    own = seed_description(describe_unverified(model), derive(seed, "fold", *where), SEEDS)
    trust = Trust.of_own(POLICY, own)
    estimator = build(own, trust=trust, compat="semantic", notes=None)
    _refuse_wrong_task(estimator, fold)
    with seeded_generators(derive(seed, "generators", *where)):
        return _fit_and_predict(estimator, fold)


def _refuse_wrong_task(estimator: Any, fold: FoldData) -> None:
    from sklearn.base import is_classifier, is_regressor

    name = type(estimator).__qualname__
    if fold.task not in ("classification", "regression"):
        raise FlowError(f"{name} can't run a {fold.task} task: only classification and regression")
    wrong = is_regressor if fold.task == "classification" else is_classifier
    if _is_known(wrong, estimator) or not hasattr(estimator, "predict"):
        wanted = "classifier" if fold.task == "classification" else "regressor"
        raise FlowError(
            f"{name} can't run a {fold.task} task", hint=f"Give a model that ends in a {wanted}."
        )


def _is_known(kind: Callable[[Any], bool], estimator: Any) -> bool:
    """Whether the estimator says that it is of a kind.

    One that lacks its inner estimator, or that only looks like an estimator, can't say; what is
    wrong with it shows when it is fitted.
    """
    try:
        return kind(estimator)
    except AttributeError:
        return False


def _fit_and_predict(estimator: Any, fold: FoldData) -> FoldResult:
    y_train = _target(fold)
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
        trace=trace_of(estimator, fold),
    )


def _attempt(
    stage: Literal["fit", "predict"], work: Callable[[], Any]
) -> tuple[Any, FoldFailure | None]:
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001  # whatever a model raises is the fold's result
        text = f"{type(error).__name__}: {error}"
        trail = "".join(traceback.format_exception(error))
        return None, FoldFailure(stage=stage, error=text, traceback=trail)


def _target(fold: FoldData) -> NDArray[Any]:
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
    if hasattr(estimator, "predict_proba"):
        values = np.asarray(estimator.predict_proba(fold.x_test), dtype=np.float64)
        if values.shape != (fold.x_test.shape[0], len(labels)):
            raise ValueError(f"predict_proba gave {values.shape} for {len(labels)} classes")
        return _Confidence(values, labels, "probability")
    if not hasattr(estimator, "decision_function"):
        return None
    scores = np.asarray(estimator.decision_function(fold.x_test), dtype=np.float64)
    if scores.ndim == 1:  # of two classes: how much it is the second
        scores = np.column_stack((-scores, scores))
    if scores.shape[1] != len(labels) or _decides_by_pairs(estimator):
        return None
    return _Confidence(scores, labels, "score")


def _decides_by_pairs(estimator: Any) -> bool:
    """Whether decision values are of pairs of classes; three classes have three pairs."""
    shapes = {
        value
        for name, value in estimator.get_params(deep=True).items()
        if name.rpartition("__")[2] == "decision_function_shape"
    }
    return "ovo" in shapes
