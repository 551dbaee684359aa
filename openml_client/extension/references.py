"""Names of classes and functions: ``module:qualname``, found for an object and followed back."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types

from openml_client.errors import MissingDependencyError, NotSerializableError

OWN_PREFIX = "openml_client_"
"""What the packages of extensions begin with, before the name of the framework."""

_HOMELESS = ("numpy", "scipy.special", "builtins", "math", "operator")
"""Where functions are looked for that do not tell a public module, as those of ``_operator``."""


def is_reference(text: str) -> bool:
    """Whether a text has the form ``package.module:Outer.Inner``, without dunders."""
    module, colon, qualname = text.partition(":")
    parts = [*module.split("."), *qualname.split(".")]
    return colon == ":" and all(p.isidentifier() and not p.startswith("__") for p in parts)


def top_level(reference: str) -> str:
    """Name of the package that a reference leads into."""
    return reference.partition(":")[0].partition(".")[0]


def framework_of(reference: str) -> str:
    """Top-level module of the framework that a class belongs to.

    Classes that an extension adds to a framework, as ``openml_client_torch:TorchClassifier``,
    belong to that framework: the version of an extension is no part of what a flow is.
    """
    return top_level(reference).removeprefix(OWN_PREFIX)


def reference_to(value: object, path: str) -> str:
    """Shortest public spelling that leads back to a class or function.

    ``sklearn.svm._classes:SVC`` becomes ``sklearn.svm:SVC``, because the private module may
    move in the next release.

    Raises
    ------
    NotSerializableError
        If no import leads to the object; ``path`` is its place in the model.
    """
    qualname = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if not isinstance(qualname, str):
        raise NotSerializableError(
            path, f"{_shown(value)} has no name to import it by", _MOVE_TO_MODULE
        )
    _refuse_unreachable(value, qualname, path)
    for module in _modules_of(value):
        if module in sys.modules and follow(sys.modules[module], qualname) is value:
            return f"{module}:{qualname}"
    raise NotSerializableError(
        path,
        f"importing {getattr(value, '__module__', None)}.{qualname} does not lead to this object",
        "It was replaced or renamed after its definition, for example by a decorator. Give it "
        "the name by which it can be imported.",
    )


_MOVE_TO_MODULE = (
    "Define it with def or class at the top level of a module that can be imported, for example "
    "my_models.py, and import it from there."
)


def _refuse_unreachable(value: object, qualname: str, path: str) -> None:
    where = f" (line {code.co_firstlineno})" if (code := getattr(value, "__code__", None)) else ""
    if getattr(value, "__module__", None) == "__main__":
        why = f"{qualname} is defined in __main__, a script or notebook, which nobody can import"
    elif "<lambda>" in qualname:
        why = f"a lambda{where} cannot be found again by name"
    elif "<locals>" in qualname:
        why = f"{qualname}{where} is defined inside a function, where no import reaches it"
    else:
        return
    raise NotSerializableError(path, why, _MOVE_TO_MODULE)


def home_of(value: object) -> str:
    """Module in which a class or function was defined, or the empty text if it does not tell."""
    owner = getattr(value, "__objclass__", None)  # of methods, as str.lower
    module = getattr(value, "__module__", None) or getattr(owner, "__module__", None)
    return module if isinstance(module, str) else ""


def _modules_of(value: object) -> list[str]:
    """Modules in which to look for an object, the shortest public one first."""
    module = home_of(value)
    parts = module.split(".") if module else []
    public = []
    for n in range(1, len(parts) + 1):
        if parts[n - 1].startswith("_"):
            break
        public.append(".".join(parts[:n]))
    return [*dict.fromkeys([*(public or _HOMELESS), module])]


def follow(module: types.ModuleType, qualname: str) -> object | None:
    """The object that a dotted name leads to inside a module, or None.

    The way leads through classes only: not through another module, which would reach whatever
    that one imports, and not through dunders, which reach the interpreter.
    """
    value: object = module
    for part in qualname.split("."):
        if part.startswith("__") or not (value is module or isinstance(value, type)):
            return None
        value = getattr(value, part, None)
        if value is None or isinstance(value, types.ModuleType):
            return None
    return value


def resolve(reference: str) -> object | None:
    """Import what a reference names; None if the module or the name does not exist there.

    Only ``trust.Trust`` may call this with a name out of a description.

    Raises
    ------
    MissingDependencyError
        If the package itself is not installed.
    """
    module_name, _, qualname = reference.partition(":")
    package = top_level(reference)
    if package not in sys.modules and importlib.util.find_spec(package) is None:
        raise MissingDependencyError(
            f"the flow needs {reference}, but the package {package!r} is not installed",
            hint=f"pip install {package}",
        )
    try:
        return follow(importlib.import_module(module_name), qualname)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            return None
        raise MissingDependencyError(
            f"importing {module_name} failed: {error}", hint=f"pip install {error.name}"
        ) from error
    except ImportError as error:
        raise MissingDependencyError(f"importing {module_name} failed: {error}") from error


def _shown(value: object) -> str:
    return f"an object of type {type(value).__module__}.{type(value).__qualname__}"
