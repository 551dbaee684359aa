"""The extension: lets openml_client describe, rebuild and run models of ``nearby``."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

from openml_client.errors import NotSerializableError
from openml_client.extension import (
    API,
    CORE_HANDLERS,
    NODE,
    Capabilities,
    Codec,
    Compat,
    Decoder,
    Description,
    Encoder,
    FoldData,
    FoldFailure,
    FoldResult,
    Json,
    NodeHandler,
    Note,
    Policy,
    Rebuilder,
    Rule,
    Trust,
    derive,
    reference_to,
    seed_description,
    seeded_generators,
    stopwatch,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME = "nearby"
SEEDS = frozenset({"seed"})


def _is_model(value: object) -> bool:
    """Whether the value is a model; nothing is one before the framework is loaded."""
    nearby = sys.modules.get(NAME)
    return nearby is not None and isinstance(value, nearby.Model)


class ModelHandler(NodeHandler):
    """Models as nodes: by class, arguments and the constructor's defaults."""

    tag = NODE
    kind = "model"

    def accepts(self, value: object) -> bool:
        """Whether the value is a model."""
        return _is_model(value)

    def encode(self, value: Any, encoder: Encoder) -> Json:
        """Node of an unfitted model."""
        if any(name.endswith("_") for name in vars(value)):
            raise encoder.refusal("this model is fitted", "Give a new one.")
        parameters = inspect.signature(type(value)).parameters
        return {
            NODE: {
                "kind": self.kind,
                "class": reference_to(type(value), encoder.path),
                "params": {n: encoder.child(n, getattr(value, n)) for n in parameters},
                "defaults": {n: encoder.codec.encode(p.default) for n, p in parameters.items()},
            }
        }

    def decode(self, payload: Json, decoder: Decoder) -> Any:
        """Model that a node describes; its class is imported if it is trusted."""
        cls = decoder.load(self.kind, payload["class"])
        return cls(**{n: decoder.child(n, value) for n, value in payload["params"].items()})


def _no_model(value: object) -> str | None:
    import nearby

    return None if issubclass(value, nearby.Model) else "not a model"  # type: ignore[arg-type]


class NearbyExtension:
    """Models of ``nearby``."""

    name = NAME
    api = API
    capabilities = Capabilities(
        tasks=frozenset({"classification", "regression"}),
        probabilities=True,
        seed_parameters=SEEDS,
        exact="machine",
    )
    policy = Policy(
        {
            "model": Rule(modules=frozenset({NAME}), complaint=_no_model),
            "function": Rule(names=frozenset({"numpy:square", "numpy:absolute"})),
        }
    )
    codec = Codec((ModelHandler(), *CORE_HANDLERS))
    rebuilder = Rebuilder(extension=NAME, api=API, codec=codec, policy=policy)

    def can_describe(self, model: object) -> bool:
        """Whether the object is a model."""
        return _is_model(model)

    def describe(self, model: object) -> Description:
        """Describe an unfitted model."""
        if not _is_model(model):
            kind = type(model).__name__
            raise NotSerializableError(kind, "this is no model of nearby", "Give a Centroids().")
        return self.rebuilder.describe(model)

    def build(
        self, description: Description, *, trust: Trust, compat: Compat, notes: list[Note]
    ) -> object:
        """Rebuild a model, once its description has passed the audit."""
        model: object = self.rebuilder.build(description, trust=trust, compat=compat, notes=notes)
        return model

    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        """Fit a rebuilt copy of the model, and predict."""
        where = (fold.repeat, fold.fold, fold.sample)
        own = seed_description(self.describe(model), derive(seed, "fold", *where), SEEDS)
        trust = Trust.of_own(self.policy, own)
        rebuilt = self.build(own, trust=trust, compat="semantic", notes=[])
        with seeded_generators(derive(seed, "generators", *where)):
            return fit_and_predict(rebuilt, fold)


def fit_and_predict(model: Any, fold: FoldData) -> FoldResult:
    """Result of a fold, by class label; what the model raises is its failure."""
    import numpy as np

    is_classification = fold.task == "classification"
    y_train = np.asarray(fold.y_train).astype(str if is_classification else float)
    with stopwatch() as fitting:
        try:
            model.fit(_numbers(fold.x_train), y_train)
        except Exception as error:  # noqa: BLE001
            return FoldResult(failure=FoldFailure.of("fit", error), fit_time=fitting)
    with stopwatch() as predicting:
        try:
            predictions = model.predict(_numbers(fold.x_test))
            shares = model.probabilities(_numbers(fold.x_test)) if is_classification else None
        except Exception as error:  # noqa: BLE001
            return FoldResult(failure=FoldFailure.of("predict", error), fit_time=fitting)
    return FoldResult(
        predictions=predictions,
        probabilities=shares,
        probability_labels=tuple(model.classes_) if is_classification else (),
        confidence_kind="probability" if is_classification else None,
        fit_time=fitting,
        predict_time=predicting,
    )


def _numbers(x: Any) -> NDArray[np.float64]:
    dense: NDArray[Any] = x.toarray() if hasattr(x, "toarray") else x.to_numpy()
    return dense.astype(float)


EXTENSION = NearbyExtension()
