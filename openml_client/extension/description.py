"""The description of a model: what it is, as data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from openml_client.errors import FlowError
from openml_client.extension.identity import Json, canonical, digest
from openml_client.extension.tree import MAX_CHARACTERS, NODE, Named, check, references, tagged


@dataclass(frozen=True)
class Description:
    """A model by its constructor calls: structure, values and the constructors' defaults.

    A description that exists is well-formed and within the limits of ``tree``; whether the
    code that it names is trusted is another question, which ``trust`` answers.
    """

    extension: str
    """Name of the extension that wrote it and can build it."""
    api: int
    """Version of the extension's form of description."""
    frameworks: Mapping[str, str]
    """Requirement by top-level module of the classes in the tree, as ``sklearn``:
    ``scikit-learn==1.9.1``.  Modules that belong to no distribution are missing."""
    tree: Json = field(repr=False)
    """Typed JSON; grammar in ``tree``."""

    def __post_init__(self) -> None:
        check(self.tree)
        frameworks = self.frameworks
        if not all(isinstance(x, str) for pair in frameworks.items() for x in pair):
            raise FlowError("description: the frameworks are no texts")

    @classmethod
    def from_bytes(cls, source: bytes) -> Description:
        """Description that `to_bytes` wrote.

        Raises
        ------
        FlowError
            If the bytes hold anything else.
        """
        document = read_json(source, extension=str, api=int, frameworks=dict, tree=dict)
        return cls(**document)

    def to_bytes(self) -> bytes:
        """Canonical JSON: the same bytes for equal descriptions, in every process."""
        return canonical(
            {
                "extension": self.extension,
                "api": self.api,
                "frameworks": dict(self.frameworks),
                "tree": self.tree,
            }
        ).encode("ascii")

    @property
    def digest(self) -> str:
        """SHA-256 over structure and values; versions of frameworks do not count."""
        return digest([self.extension, self.api, self.tree])

    @property
    def class_name(self) -> str:
        """Reference of the model's class, as ``sklearn.svm:SVC``."""
        match tagged(self.tree):
            case (tag, {"class": str(name)}) if tag == NODE:
                return name
        return ""

    @property
    def parameters(self) -> Mapping[str, Json]:
        """Typed JSON of the model's own parameters, by name."""
        match tagged(self.tree):
            case (tag, payload) if tag == NODE:
                return dict(payload["params"])
        return {}

    def references(self) -> Iterator[Named]:
        """Iterate over the names of code in the description; nothing is imported."""
        return references(self.tree)

    def with_tree(self, tree: Json) -> Description:
        """Description of the same origin with another tree."""
        return replace(self, tree=tree)


def read_json(source: bytes, **keys: type) -> dict[str, Any]:
    """Object with exactly these keys of these types, out of bytes that others wrote.

    Raises
    ------
    FlowError
        If the bytes are no JSON, too large or nested too deep, or hold other keys.
    """
    # Escapes make a character six bytes long at most.
    if len(source) > 6 * MAX_CHARACTERS:
        raise FlowError(f"the description has {len(source):,} bytes, more than any that we write")
    try:
        document = json.loads(source, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise FlowError("the description is nested too deep to be read") from error
    except ValueError as error:
        raise FlowError(f"the description is no JSON: {error}") from error
    if not isinstance(document, dict) or document.keys() != keys.keys():
        raise FlowError(
            f"the description must hold {', '.join(sorted(keys))}",
            hint="Flows that openml-python wrote have no such description.",
        )
    for key, kind in keys.items():
        if not isinstance(document[key], kind):
            raise FlowError(f"the description's {key} is no {kind.__name__}")
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
