"""Flows that openml-python wrote, as descriptions.

openml-python writes each parameter as a JSON text in the place of its default value: the value
of the model that was published first, not the constructor's default.  What JSON lacks is an
object with the key ``oml-python:serialized_object``, which tells its kind.  An estimator inside
another is a component, and a parameter refers to it by its identifier.  A run or setup holds
texts of the same form, by component and name.

Nothing is imported here: classes become names, which the one loader audits.

Source: openml-python 0.15.1, what it uploads.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from openml_client.errors import FlowError
from openml_client.extension.codec import Note
from openml_client.extension.description import Description
from openml_client.extension.environment import distribution_named
from openml_client.extension.protocol import API
from openml_client.extension.structure import Address
from openml_client.extension.tree import LEAF, MAX_CHARACTERS, NODE, node_classes
from openml_client.model.flow import Flow, FlowParameter
from openml_client_sklearn.models import NAME
from openml_client_sklearn.openml_python_seeds import Place, fill_seeds
from openml_client_sklearn.retired import as_tuples, known_defaults, modern, modern_class

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

MARKS = ("oml-python:serialized_object", "oml:serialized_object")
"""Key of an object that tells its kind; the second until version 0.8."""
CONSTANTS = ("passthrough", "drop")
"""Flows of these names stand for texts in the place of an estimator."""
SEED = "openml_seed"
"""Setting of a run by older versions that is the seed it was run with, and no parameter."""
_NODE = 200
"""What a node counts for among the characters of a description."""

_TYPES = {
    "float": "builtins:float",
    "int": "builtins:int",
    "np.float": "builtins:float",
    "np.int": "builtins:int",
    "np.float32": "numpy:float32",
    "np.float64": "numpy:float64",
    "np.int32": "numpy:int32",
    "np.int64": "numpy:int64",
}


def translate(
    flow: Flow,
    settings: Mapping[Address, str | None],
    *,
    given: Mapping[Address, Json],
    is_complete: bool,
    notes: list[Note],
) -> Description:
    """Describe the model of a flow that openml-python wrote; see `Translator`."""
    values = dict(settings)
    seed = values.pop(((), SEED), None)
    translation = _Translation(values, given, notes)
    try:
        tree = translation.node(flow, ())
    except RecursionError as error:
        raise FlowError(f"flow {flow.id} ({flow.name}) is nested too deep to be read") from error
    translation.refuse_rest(is_complete=is_complete)
    if settings:
        fill_seeds(translation.places, seed, notes)
    versions = dict(re.findall(r"\b(\w+)==([^,\s]+)", flow.external_version or ""))
    modules = {name.partition(":")[0].partition(".")[0] for name in node_classes(tree)}
    frameworks = {
        module: f"{distribution_named(module)}=={versions[module]}"
        for module in sorted(modules & versions.keys())
    }
    return Description(extension=NAME, api=API, frameworks=frameworks, tree=tree)


def public_name(dotted: str) -> str:
    """Reference of what openml-python names by its module of definition.

    Private modules of scikit-learn are left out: ``sklearn.svm._classes.SVC`` is
    ``sklearn.svm:SVC``, which is public in every version.
    """
    module, _, name = dotted.rpartition(".")
    parts = module.split(".")
    if parts[0] == "sklearn":
        private = next((n for n, part in enumerate(parts) if part.startswith("_")), len(parts))
        parts = parts[:private]
    return f"{'.'.join(parts)}:{name}"


class _Translation:
    """One flow on its way to a tree."""

    def __init__(
        self,
        settings: Mapping[Address, str | None],
        given: Mapping[Address, Json],
        notes: list[Note],
    ) -> None:
        self.places: list[Place] = []
        """Arguments that openml-python's seeding looks at, by their names."""
        self._settings = settings
        self._given = given
        self._notes = notes
        self._known: set[Address] = set()
        self._missing: list[str] = []
        self._n_characters = 0

    def node(self, flow: Flow, path: tuple[str, ...]) -> Json:
        """Node of a flow, or the text that it stands for."""
        if flow.class_name is None and flow.name in CONSTANTS:
            return flow.name
        self.spend(_NODE)
        reference = public_name(_class_of(flow))
        reader = _Reader(self, flow, path)
        params: dict[str, Json] = {}
        for parameter in flow.parameters:
            if not parameter.name.isidentifier():
                raise reader.refusal(f"has a parameter {parameter.name!r}, which is no name")
            self._known.add((path, parameter.name))
            value = self._value(parameter, reader)
            kept, note = modern(reference, parameter.name, value)
            if note is not None:
                self.note((*path, parameter.name), note)
            if kept is not None:
                (params[parameter.name],) = kept
        for identifier in reader.left():
            if identifier not in params:  # older versions name some arguments only here
                params[identifier] = reader.component(identifier)
        present, params = modern_class(reference, params)
        if present != reference:
            self.note(path, f"{reference} is now {present}")
        for name in params:
            self.places.append(Place("__".join((*path, name)), params, name))
        payload = {
            "kind": "estimator",
            "class": present,
            "params": params,
            "defaults": known_defaults(present, params),
        }
        return {NODE: payload}

    def spend(self, n_characters: int) -> None:
        """Count what is read: a component that is referred to twice is read twice."""
        self._n_characters += n_characters
        if self._n_characters > MAX_CHARACTERS:
            raise FlowError(
                f"the flow comes to more than {MAX_CHARACTERS:,} characters, as its components "
                "are referred to again and again",
                hint="It was not written by openml-python, which refers to each once.",
            )

    def note(self, path: tuple[str, ...], text: str) -> None:
        """Tell the user what could not be read as it was written."""
        self._notes.append(Note("__".join(path) or "flow", text))

    def refuse_rest(self, *, is_complete: bool) -> None:
        """Refuse parameters without a value, and values without a parameter."""
        unknown = sorted(
            "__".join((*path, name))
            for path, name in {*self._settings, *self._given} - self._known
            if self._settings.get((path, name)) is not None or (path, name) in self._given
        )
        if unknown:
            raise FlowError(
                f"the flow has no parameter {', '.join(unknown[:20])}, which is set",
                hint="The run or setup belongs to another flow.",
            )
        if self._missing and is_complete:
            raise FlowError(
                f"the flow does not tell its parameters {', '.join(self._missing[:20])}: "
                "openml-python leaves out empty texts and lists",
                hint="Rebuild the model from a run or a setup, or give them as parameters.",
            )

    def _value(self, parameter: FlowParameter, reader: _Reader) -> Json:
        address = (reader.path, parameter.name)
        if address in self._given:
            return self._given[address]
        text = self._settings.get(address)
        text = parameter.default_value if text is None else text
        if text is not None and text != "":
            return reader.parameter(parameter.name, text)
        if parameter.name in reader.components:
            return reader.component(parameter.name)
        self._missing.append("__".join((*reader.path, parameter.name)))
        return None


class _Reader:
    """Values of one flow's parameters, out of openml-python's JSON."""

    def __init__(self, translation: _Translation, flow: Flow, path: tuple[str, ...]) -> None:
        self.path = path
        self.components = {part.identifier: part.flow for part in flow.components}
        self._translation = translation
        self._used: set[str] = set()
        self._at: tuple[str, ...] = path

    def left(self) -> Iterator[str]:
        """Iterate over the components that no parameter refers to."""
        return iter([key for key in self.components if key not in self._used])

    def component(self, key: Any) -> Json:
        """Node of a component."""
        if not isinstance(key, str) or key not in self.components:
            raise self.refusal(f"refers to the component {key!r}, which the flow lacks")
        self._used.add(key)
        return self._translation.node(self.components[key], (*self.path, key))

    def parameter(self, name: str, text: str) -> Json:
        """Typed JSON of a parameter's text."""
        self._at = (*self.path, name)
        return as_tuples(name, self.text(text), self._note)

    def text(self, text: str) -> Json:
        """Typed JSON of a text, which is taken as it is if it holds no JSON."""
        self._translation.spend(len(text))
        try:
            value = json.loads(text)
        except ValueError:
            return text
        return self.typed(value)

    def typed(self, value: Any) -> Json:
        """Typed JSON of a value out of openml-python's JSON."""
        if isinstance(value, float) and not math.isfinite(value):
            return {"$float": repr(value)}
        if isinstance(value, list):
            return [self.typed(item) for item in value]
        if not isinstance(value, dict):
            return value
        for mark in MARKS:
            if mark in value:
                return self._object(value[mark], value.get("value"))
        items = {key: as_tuples(key, self.typed(v), self._note) for key, v in value.items()}
        if list(items) != sorted(items) or any(key.startswith("$") for key in items):
            return {"$dict": [[key, item] for key, item in items.items()]}
        return items

    def _object(self, kind: Any, content: Any) -> Json:
        match kind, content:
            case "component_reference" | "composition_step_constant", dict():
                return self._step(content)
            case "type", str() if content in _TYPES:
                return {"$class": _TYPES[content]}
            case "function", str():
                return {"$function": public_name(content)}
            case "methoddescriptor", str():
                return {"$function": _method_name(content)}
            case "rv_frozen", {"dist": str(name), "args": list(args), "kwds": dict(kwds)}:
                return self._distribution(name, args, kwds)
            case "cv_object", {"name": str(name), "parameters": dict(parameters)}:
                return self._splitter(name, parameters)
        raise self.refusal(f"holds an object of the kind {kind!r} that can't be read")

    def _step(self, content: dict[str, Any]) -> Json:
        name, inner = content.get("step_name"), self.component(content.get("key"))
        if name is None:
            return inner
        if "argument_1" not in content:
            return {"$tuple": [self.typed(name), inner]}
        # Columns depend on the dataset, so they are values; see ``estimators``.
        columns = {LEAF: ["columns", self.typed(content["argument_1"])]}
        return {"$tuple": [self.typed(name), inner, columns]}

    def _distribution(self, name: str, args: list[Any], kwds: dict[str, Any]) -> Json:
        # Each class of distributions, as ``uniform_gen``, has its one object of the name.
        module, _, cls = name.rpartition(".")
        is_scipy = module == "scipy.stats" or module.startswith("scipy.stats.")
        reference = f"{'scipy.stats' if is_scipy else module}:{cls.removesuffix('_gen')}"
        named = {key: self.typed(kwds[key]) for key in sorted(kwds)}
        return _call("distribution", reference, [self.typed(item) for item in args], named)

    def _splitter(self, name: str, parameters: dict[str, Any]) -> Json:
        kwargs: dict[str, Json] = {}
        for key, text in parameters.items():
            if text is None:
                raise self.refusal(f"does not tell the argument {key!r} of {name}")
            kwargs[key] = self.text(text) if isinstance(text, str) else self.typed(text)
        if kwargs.get("shuffle") is False and kwargs.get("random_state") is not None:
            self._note("the splitter does not shuffle, so its seed is left out")
            kwargs["random_state"] = None
        return _call("splitter", public_name(name), [], kwargs)

    def _note(self, text: str) -> None:
        self._translation.note(self._at, text)

    def refusal(self, complaint: str) -> FlowError:
        """The error that refuses what stands at the place at hand."""
        return FlowError(
            f"{'__'.join(self._at) or 'the flow'} {complaint}",
            hint="It was not written by openml-python 0.15, or was changed afterwards.",
        )


def _method_name(dotted: str) -> str:
    """Reference of a method of a class, as ``builtins.str.lower``; ``str.lower`` is the same."""
    parts = dotted.split(".")
    return f"{'.'.join(parts[:-2]) or 'builtins'}:{'.'.join(parts[-2:])}"


def _call(kind: str, name: str, args: list[Json], kwargs: dict[str, Json]) -> Json:
    return {"$call": {"kind": kind, "name": name, "args": args, "kwargs": kwargs}}


def _class_of(flow: Flow) -> str:
    """Dotted name of a flow's class; old flows tell it in their name only."""
    name = flow.class_name or flow.name.partition("(")[0]
    if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)+", name):
        raise FlowError(
            f"flow {flow.id} ({flow.name}) names no class that could be rebuilt",
            hint="Flows of openml-python name one, as sklearn.svm._classes.SVC.",
        )
    return name
