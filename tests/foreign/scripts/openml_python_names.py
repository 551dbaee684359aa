"""Print the public functions of openml-python, module by module."""

import inspect
import json
from importlib import import_module

MODULES = (
    "config", "datasets", "evaluations", "extensions", "flows", "runs", "setups", "study",
    "tasks", "utils",
)  # fmt: skip

print(
    json.dumps(
        sorted(
            f"{module}.{name}"
            for module in MODULES
            for name, value in vars(import_module(f"openml.{module}")).items()
            if not name.startswith("_")
            and inspect.isroutine(value)
            and (getattr(value, "__module__", None) or "").startswith("openml")
        )
    )
)
