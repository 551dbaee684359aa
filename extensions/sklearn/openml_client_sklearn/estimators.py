"""Estimators as nodes: class, parameters, defaults; and what is set after the constructor."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from openml_client.errors import FlowError, NotSerializableError
from openml_client.extension.callables import default_of
from openml_client.extension.codec import Codec, Decoder, Encoder, Leaf, NodeHandler
from openml_client.extension.references import reference_to
from openml_client.extension.tree import NODE, is_wiring
from openml_client_sklearn.requests import apply_requests, requests_of

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

_EXPERIMENTAL = {
    "sklearn.impute:IterativeImputer": "sklearn.experimental.enable_iterative_imputer",
    "sklearn.model_selection:HalvingGridSearchCV": "sklearn.experimental.enable_halving_search_cv",
    "sklearn.model_selection:HalvingRandomSearchCV": (
        "sklearn.experimental.enable_halving_search_cv"
    ),
}
"""Modules to import before a class can be imported, as scikit-learn demands."""

_RENAMED = {
    **{
        (name, old): new
        for name in (
            "AdaBoostClassifier",
            "AdaBoostRegressor",
            "BaggingClassifier",
            "BaggingRegressor",
            "CalibratedClassifierCV",
            "ClassifierChain",
            "RANSACRegressor",
            "RegressorChain",
            "SelfTrainingClassifier",
        )
        for old, new in (("base_estimator", "estimator"), ("estimator", "base_estimator"))
    },
    ("OneHotEncoder", "sparse"): "sparse_output",
}
"""Parameters of scikit-learn's classes that were renamed without a change of meaning; both ways
where the oldest version that is supported has the old name."""


_SET_AFTERWARDS = frozenset({"_sklearn_output_config", "_metadata_request"})
"""Attributes that no constructor sets; see `_extra`."""

_UNSET = "deprecated"
"""Default that scikit-learn gives to a parameter that is about to go: whoever sets it is warned."""


class Signature(NamedTuple):
    """What a constructor takes."""

    defaults: Mapping[str, object]
    """By name; ``inspect.Parameter.empty`` where there is none."""
    takes_any: bool
    """Whether it has ``**kwargs``."""


@lru_cache(maxsize=1024)
def signature(cls: Any) -> Signature:
    """Arguments of a class's constructor by name, with their defaults."""
    if cls.__init__ is object.__init__:
        return Signature({}, takes_any=False)
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return Signature(
        {p.name: default_of(p) for p in parameters if p.kind in named},
        takes_any=any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters),
    )


class EstimatorHandler(NodeHandler):
    """Whatever follows scikit-learn's estimator interface, of any package."""

    tag = NODE
    kind = "estimator"

    def accepts(self, value: object) -> bool:
        """Whether the value is an estimator, not a class of estimators."""
        return not isinstance(value, type) and all(
            hasattr(type(value), method) for method in ("get_params", "set_params", "fit")
        )

    def encode(self, value: Any, encoder: Encoder) -> Json:
        """Node of an unfitted estimator."""
        cls: type = type(value)
        reference = reference_to(cls, encoder.path)
        params = _parameters(value, encoder)
        _refuse_fitted(value, params, encoder)
        _refuse_untold(value, params, encoder)
        marked = _mark_columns(value, params)
        encoded = {name: encoder.child(name, marked[name]) for name in sorted(marked)}
        known = _encoded_defaults(cls, encoder.codec)
        payload = {
            "kind": self.kind,
            "class": reference,
            "params": encoded,
            "defaults": {name: known[name] for name in encoded if name in known},
        }
        extra = _extra(value)
        if extra:
            payload["extra"] = encoder.child("extra", extra)
        return {NODE: payload}

    def decode(self, payload: Json, decoder: Decoder) -> Any:
        """Estimator that a node describes."""
        cls = _load_class(self.kind, payload["class"], decoder)
        params = _accepted(cls, payload, decoder)
        estimator = cls(**{name: decoder.child(name, value) for name, value in params.items()})
        if decoder.compat == "adapt":
            _adapt(estimator, payload, decoder)
        if "extra" in payload:
            _apply_extra(estimator, decoder.child("extra", payload["extra"]))
        return estimator


def _parameters(estimator: Any, encoder: Encoder) -> dict[str, object]:
    """Parameters by name; those that ``get_params`` leaves out are at their defaults."""
    try:
        params = estimator.get_params(deep=False)
    except (RuntimeError, AttributeError) as error:
        raise encoder.refusal(
            f"get_params of {type(estimator).__qualname__} fails: {error}",
            "Write its constructor as scikit-learn's developer guide says: named arguments, each "
            "kept in an attribute of its name.",
        ) from error
    cls: type = type(estimator)
    defaults = signature(cls).defaults
    given = {n: d for n, d in defaults.items() if d is not inspect.Parameter.empty}
    return {**given, **params}


def _refuse_fitted(estimator: Any, params: Mapping[str, object], encoder: Encoder) -> None:
    kind = type(estimator).__qualname__
    learned = sorted(
        name
        for name in getattr(estimator, "__dict__", {})
        if name.endswith("_") and not name.startswith("_") and name not in params
    )
    # Some packages have such attributes from the start, and say so.
    says = getattr(estimator, "__sklearn_is_fitted__", None)
    if learned and (says is None or says()):
        raise encoder.refusal(
            f"this {kind} is fitted (it has {', '.join(learned[:3])}); "
            "a flow describes a model before it is fitted",
            "Use sklearn.base.clone(model).",
        )
    if kind == "FrozenEstimator":
        raise encoder.refusal(
            "a FrozenEstimator holds a fitted model, which a flow can't", "Use the bare estimator."
        )


def _refuse_untold(estimator: Any, params: Mapping[str, object], encoder: Encoder) -> None:
    """Refuse ``**kwargs`` that were given and that scikit-learn's own ``get_params`` leaves out."""
    base: Any = sys.modules.get("sklearn.base")
    cls: Any = type(estimator)
    if base is None or not signature(cls).takes_any:
        return
    asks = base.BaseEstimator
    if cls.get_params is not asks.get_params or "_get_param_names" in vars(cls):
        return
    try:
        again = cls(**params)
    except (TypeError, ValueError, LookupError, AttributeError):
        return  # so rebuilding it fails, too, and says why
    mine, theirs = vars(estimator), vars(again)
    names = (mine.keys() | theirs.keys()) - _SET_AFTERWARDS
    lost = sorted(name for name in names if _differs(name, mine, theirs, encoder.codec))
    if lost:
        raise encoder.refusal(
            f"get_params of {cls.__qualname__} does not tell the **kwargs that make up "
            f"{', '.join(lost[:3])}",
            "Name all arguments of the constructor, or write get_params so that it gives these.",
        )


def _differs(name: str, mine: Mapping[str, Any], theirs: Mapping[str, Any], codec: Codec) -> bool:
    if (name in mine) != (name in theirs):
        return True
    one, other = mine[name], theirs[name]
    with contextlib.suppress(NotSerializableError):
        return one is not other and codec.encode(one) != codec.encode(other)
    return False


def _mark_columns(estimator: Any, params: dict[str, object]) -> dict[str, object]:
    """Mark the columns of a ColumnTransformer: they depend on the dataset, so they are values.

    A selector is a rule that holds for any dataset, and stays part of the structure.
    """
    module = sys.modules.get("sklearn.compose")
    transformers = params.get("transformers")
    if module is None or not isinstance(estimator, module.ColumnTransformer):
        return params
    if not isinstance(transformers, (list, tuple)):
        return params
    marked = [
        type(item)((*item[:2], Leaf("columns", item[2])))
        if type(item) in (list, tuple) and len(item) == 3 and not callable(item[2])
        else item
        for item in transformers
    ]
    return {**params, "transformers": type(transformers)(marked)}


@lru_cache(maxsize=1024)
def _encoded_defaults(cls: type, codec: Codec) -> Mapping[str, Json]:
    """Defaults of a constructor as typed JSON; one that has no description counts as none."""
    found = {}
    for name, default in signature(cls).defaults.items():
        if default is inspect.Parameter.empty:
            continue
        with contextlib.suppress(NotSerializableError):
            encoded = codec.encode(default, name)
            if not is_wiring(encoded):
                found[name] = encoded
    return found


def _extra(estimator: Any) -> dict[str, object]:
    """What was set after the constructor, which ``get_params`` does not tell."""
    extra: dict[str, object] = {}
    output = getattr(estimator, "__dict__", {}).get("_sklearn_output_config")
    if output:
        extra["output"] = dict(sorted(output.items()))
    requests = requests_of(estimator)
    if requests:
        extra["requests"] = requests
    return extra


def _apply_extra(estimator: Any, extra: Mapping[str, Any]) -> None:
    if "output" in extra:
        # set_output would reach into the steps, which have their own; only the attribute keeps
        # each as it was.
        estimator._sklearn_output_config = dict(extra["output"])
    if "requests" in extra:
        apply_requests(estimator, extra["requests"])


def _load_class(kind: str, name: str, decoder: Decoder) -> Callable[..., Any]:
    """Class of a node; one that scikit-learn has moved is found by its name."""
    if name in _EXPERIMENTAL:
        importlib.import_module(_EXPERIMENTAL[name])
    cls: Callable[..., Any] | None = decoder.trust.find(kind, name)
    if cls is None and decoder.compat != "exact":
        cls = _moved_class(name, decoder)
    return decoder.load(kind, name) if cls is None else cls


def _moved_class(name: str, decoder: Decoder) -> Callable[..., Any] | None:
    from sklearn.utils import all_estimators

    module, _, qualname = name.partition(":")
    if not module.startswith("sklearn."):
        return None
    found: list[type] = [cls for known, cls in all_estimators() if known == qualname]
    if len(found) != 1:
        return None
    new = reference_to(found[0], decoder.path)
    decoder.note(f"{name} is now {new}")
    return found[0]


def _accepted(cls: Any, payload: Json, decoder: Decoder) -> dict[str, Json]:
    """Typed JSON of the parameters that the installed class takes, under their present names."""
    taken = signature(cls)
    is_theirs = cls.__module__.startswith("sklearn.")
    is_lax = decoder.compat != "exact"
    params = {}
    for name, value in payload["params"].items():
        renamed = _RENAMED.get((cls.__qualname__, name)) if is_theirs else None
        if is_lax and is_theirs and _is_unset(payload, name, taken):
            decoder.note(
                f"{name} is deprecated here or was where it was described; it was at its "
                f"default, {value!r}, and is left at that of the installed version"
            )
        elif name in taken.defaults or taken.takes_any:
            params[name] = value
        elif is_lax and _is_free(payload, renamed, taken):
            decoder.note(f"{name} is now called {renamed}")
            params[renamed] = value
        elif is_lax and _is_default(payload, name):
            decoder.note(f"{name} no longer exists; it was at its default, {value!r}")
        else:
            raise FlowError(
                f"{decoder.path}: the installed {payload['class']} has no parameter {name!r}, "
                f"which the flow sets to {value!r}",
                hint="Install the version that the flow's dependencies name.",
            )
    return params


def _is_unset(payload: Json, name: str, taken: Signature) -> bool:
    """Whether a parameter is at its default, which is the mark of a deprecation there or here."""
    if name not in taken.defaults or not _is_default(payload, name):
        return False
    pair = (payload["params"][name], taken.defaults[name])
    marks = [value for value in pair if isinstance(value, str) and value == _UNSET]
    return len(marks) == 1


def _is_free(payload: Json, name: str | None, taken: Signature) -> bool:
    """Whether a parameter is there to take a renamed one's value, and nothing else is given."""
    if name is None or name not in taken.defaults:
        return False
    return name not in payload["params"] or _is_unset(payload, name, taken)


def _is_default(payload: Json, name: str) -> bool:
    params, defaults = payload["params"], payload["defaults"]
    return name in params and name in defaults and defaults[name] == params[name]


def _adapt(estimator: Any, payload: Json, decoder: Decoder) -> None:
    """Replace old defaults that are refused now by the new defaults."""
    cls: type = type(estimator)
    defaults = signature(cls).defaults
    for _ in payload["params"]:
        name = _refused_parameter(estimator)
        new = defaults.get(name, inspect.Parameter.empty)
        if new is inspect.Parameter.empty or not _is_default(payload, name):
            return
        if decoder.codec.encode(new) == payload["params"][name]:
            return  # refused, but no older than the class
        decoder.note(
            f"{name}: the old default {payload['params'][name]!r} is refused; "
            f"took the new one, {new!r}"
        )
        estimator.set_params(**{name: new})


def _refused_parameter(estimator: Any) -> str:
    """Name of a parameter whose value scikit-learn refuses, or the empty text."""
    from sklearn.utils._param_validation import InvalidParameterError

    if not hasattr(estimator, "_parameter_constraints"):
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator._validate_params()  # there is no public way to ask
    except InvalidParameterError as error:  # the only form in which it tells the name
        return str(error).partition("The '")[2].partition("'")[0]
    return ""
