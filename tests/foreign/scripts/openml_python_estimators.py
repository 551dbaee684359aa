"""Flows of all estimators of scikit-learn that need no arguments, as openml-python makes them.

It knows nothing of openml_client; it runs in the environment of ``tests/foreign``.
"""

from __future__ import annotations

import inspect
import json
import sys
import warnings
from typing import Any

import openml
from sklearn.experimental import (  # noqa: F401  # without them some estimators are hidden
    enable_halving_search_cv,
    enable_iterative_imputer,
)
from sklearn.utils import all_estimators


def as_data(flow: Any) -> dict[str, Any]:
    return {
        "name": flow.name,
        "class_name": flow.class_name,
        "external_version": flow.external_version,
        "parameters": flow.parameters,
        "components": {key: as_data(part) for key, part in flow.components.items()},
    }


def needs_nothing(cls: type) -> bool:
    parameters = list(inspect.signature(cls).parameters.values())
    return all(p.default is not p.empty or p.kind is p.VAR_KEYWORD for p in parameters)


def main() -> dict[str, Any]:
    warnings.simplefilter("ignore")
    extension = openml.extensions.sklearn.SklearnExtension()
    flows = {}
    for name, cls in all_estimators():
        if needs_nothing(cls):
            try:
                flows[name] = as_data(extension.model_to_flow(cls()))
            except TypeError:  # a value that it refuses to write
                flows[name] = None
    return flows


if __name__ == "__main__":
    json.dump(main(), sys.stdout)
