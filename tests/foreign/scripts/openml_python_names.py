"""Print what openml-python has for its users: functions, arguments, classes, methods, errors.

Modules say what they have in ``__all__``; those that say nothing, and their modules ``functions``,
have what they define. A method is told once, of the first class that has it.
"""

import inspect
import json
from importlib import import_module

import openml

MODULES = (
    "config", "datasets", "evaluations", "exceptions", "extensions", "extensions.sklearn", "flows",
    "runs", "setups", "study", "tasks", "utils",
)  # fmt: skip
WITH_ARGUMENTS = (
    "datasets.get_dataset", "flows.get_flow", "flows.get_flow_id", "runs.get_run",
    "runs.run_model_on_task", "tasks.get_task",
)  # fmt: skip
"""Functions whose arguments do not say by themselves what takes their place."""
OBVIOUS = {"dataset_id", "flow_id", "run_id", "task_id"}
"""Arguments that all functions of a kind have."""
PLAIN = {"Extension", "SklearnExtension", "ProgressBar", "ConfigurationForExamples"}
"""Classes whose methods are not for users."""


def public(thing):
    """Names and values that are defined by openml-python and not hidden."""
    for name, value in vars(thing).items():
        is_ours = (getattr(value, "__module__", None) or "").startswith(thing.__name__)
        if not name.startswith("_") and is_ours:
            yield name, value


def functions_and_classes():
    """Names of functions with their modules, and the classes."""
    functions = {name for name, value in public(openml) if inspect.isfunction(value)}
    classes = {getattr(openml, name) for name in openml.__all__}
    for place in MODULES:
        module = import_module(f"openml.{place}")
        told = set(getattr(module, "__all__", ()))
        found = dict(public(module))
        found |= {name: getattr(module, name) for name in told}
        functions |= {f"{place}.{n}" for n, v in found.items() if inspect.isroutine(v)}
        classes |= {v for v in found.values() if inspect.isclass(v)}
        try:
            more = import_module(f"openml.{place}.functions")
        except ImportError:
            continue
        functions |= {
            f"{place}.functions.{name}"
            for name, value in public(more)
            if inspect.isfunction(value)
            and value.__module__ == more.__name__
            and not hasattr(module, name)
        }
    return functions, {cls for cls in classes if inspect.isclass(cls)}


def methods(cls):
    """Names of methods and properties, each with the first class that has it."""
    for name in dir(cls):
        homes = [
            home
            for home in cls.__mro__
            if name in vars(home) and home.__module__.startswith("openml")
        ]
        value = inspect.getattr_static(cls, name)
        is_method = inspect.isroutine(value) or isinstance(
            value, (property, classmethod, staticmethod)
        )
        if homes and is_method and not name.startswith("_"):
            yield f"{homes[-1].__name__}.{name}"


def arguments(name):
    """The arguments of a function."""
    module, function = name.split(".")
    for argument in inspect.signature(getattr(getattr(openml, module), function)).parameters:
        if argument not in OBVIOUS:
            yield f"{name}({argument}=)"


functions, classes = functions_and_classes()
names = functions | {
    f"exceptions.{cls.__name__}" if issubclass(cls, Exception) else cls.__name__ for cls in classes
}
for cls in classes:
    if cls.__name__ not in PLAIN and not issubclass(cls, Exception):
        names |= set(methods(cls))
for name in WITH_ARGUMENTS:
    names |= set(arguments(name))
print(json.dumps(sorted(names)))
