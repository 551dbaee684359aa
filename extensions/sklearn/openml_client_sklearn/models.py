"""Models to descriptions and back."""

from __future__ import annotations

from openml_client.errors import NotSerializableError
from openml_client.extension.description import Description
from openml_client.extension.protocol import API
from openml_client.extension.rebuilding import Rebuilder
from openml_client_sklearn.codec import CODEC
from openml_client_sklearn.estimators import EstimatorHandler
from openml_client_sklearn.policy import POLICY

NAME = "sklearn"
REBUILDER = Rebuilder(extension=NAME, api=API, codec=CODEC, policy=POLICY)


def describe(model: object) -> Description:
    """Describe an unfitted estimator, and make sure that it can be rebuilt."""
    refuse_others(model)
    return REBUILDER.describe(model)


def refuse_others(model: object) -> None:
    """Refuse what has not the interface of an estimator."""
    kind = type(model).__name__
    if isinstance(model, type):
        raise NotSerializableError(
            model.__name__,
            f"{model.__name__} is a class",
            f"Give an instance, as {model.__name__}().",
        )
    if not EstimatorHandler().accepts(model):
        raise NotSerializableError(
            kind,
            f"a {kind} is no estimator of scikit-learn",
            "Give an object with the methods fit, get_params and set_params.",
        )
