"""Models to descriptions and back."""

from __future__ import annotations

from openml_client.errors import FlowError, NotSerializableError
from openml_client.extension.codec import Compat, Note
from openml_client.extension.description import Description
from openml_client.extension.environment import frameworks_of
from openml_client.extension.identity import Json
from openml_client.extension.protocol import API
from openml_client.extension.tree import walk
from openml_client.extension.trust import Trust
from openml_client_sklearn.codec import CODEC
from openml_client_sklearn.estimators import EstimatorHandler
from openml_client_sklearn.policy import POLICY

NAME = "sklearn"


def describe(model: object) -> Description:
    """Describe an unfitted estimator, and make sure that it can be rebuilt."""
    description = describe_unverified(model)
    kind = type(model).__name__
    trust = Trust.of_own(POLICY, description)
    again = CODEC.encode(CODEC.decode(description.tree, trust, path=kind), kind)
    place = _difference(description.tree, again)
    if place is not None:
        raise NotSerializableError(
            ".".join((kind, *place)),
            "the constructor does not keep this as it was given",
            "Set each argument of the constructor to an attribute of its name, unchanged.",
        )
    return description


def describe_unverified(model: object) -> Description:
    """Describe an unfitted estimator; whether it can be rebuilt shows when it is."""
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
    tree = CODEC.encode(model, kind)
    return Description(extension=NAME, api=API, frameworks=frameworks_of(tree), tree=tree)


def build(
    description: Description, *, trust: Trust, compat: Compat, notes: list[Note] | None
) -> object:
    """Rebuild an estimator from its description, once it has passed the audit."""
    if (description.extension, description.api) != (NAME, API):
        raise FlowError(
            f"the description is for the extension {description.extension!r}, version "
            f"{description.api}; this is {NAME!r}, version {API}",
            hint="pip install --upgrade openml-client-sklearn",
        )
    trust.require(description)
    if compat == "exact":
        _require_versions(description)
    root = description.class_name.rpartition(":")[2]
    return CODEC.decode(description.tree, trust, compat=compat, notes=notes, path=root)


def _require_versions(description: Description) -> None:
    installed = frameworks_of(description.tree)
    for module, wanted in description.frameworks.items():
        if installed.get(module) != wanted:
            raise FlowError(
                f"the flow was made with {wanted}; installed is {installed.get(module, 'none')}",
                hint=f"pip install '{wanted}', or allow other versions with compat='semantic'.",
            )


def _difference(one: Json, other: Json) -> tuple[str, ...] | None:
    """Path to the first difference of two trees, or None."""
    for (path, mine), (_, theirs) in zip(walk(one), walk(other), strict=False):
        if type(mine) is not type(theirs) or _outline(mine) != _outline(theirs):
            return tuple(s for s in path if s != "params" and not s.startswith("$"))
    return None


def _outline(value: Json) -> Json:
    """What distinguishes a value from another, its parts aside."""
    if isinstance(value, list):
        return len(value)
    return sorted(value) if isinstance(value, dict) else value
