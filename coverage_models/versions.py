"""Are models that one version of scikit-learn described rebuilt by another?

Each environment describes all its models into a file; then each rebuilds what the others have
described.  ``python -m coverage_models.versions`` is what runs in an environment.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any, TypedDict, get_args

from coverage_models import sources
from openml_client.errors import OpenMLError
from openml_client.extension.codec import Compat, Note
from openml_client.extension.description import Description
from openml_client.extension.trust import Trust

COMPATS: tuple[Compat, ...] = get_args(Compat)
LONGEST_S = 300


class Described(TypedDict):
    """A model as one version describes it."""

    description: str
    is_valid: bool
    """Whether the version that described it takes its parameters; some are left at what no
    version takes."""


class Rebuilt(TypedDict):
    """What another version made of them, in one mode."""

    n: int
    rebuilt: int
    n_valid: int
    """How many the version that described them takes."""
    valid: int
    """How many of these are taken again."""
    noted: int
    """Of how many the user is told that something was changed."""
    refused: dict[str, str]
    invalid: dict[str, str]


class Pair(TypedDict):
    """Two versions, by kind of model and mode."""

    written: str
    read: str
    kinds: dict[str, dict[str, Rebuilt]]


def measure(pythons: Sequence[Path]) -> list[Pair]:
    """All pairs of the environments of these Pythons, in both directions."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{number}.json") for number in range(len(pythons))]
        versions = [
            _run(python, "describe", file) for python, file in zip(pythons, files, strict=True)
        ]
        return [
            {
                "written": versions[one],
                "read": versions[other],
                "kinds": json.loads(_run(pythons[other], "rebuild", files[one])),
            }
            for one, other in permutations(range(len(pythons)), 2)
        ]


def _run(python: Path, what: str, file: Path) -> str:
    command = [str(python), "-m", "coverage_models.versions", what, str(file)]
    place = Path(__file__).parents[1]
    done = subprocess.run(
        command, cwd=place, capture_output=True, text=True, check=False, timeout=LONGEST_S
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout.strip()


def describe() -> dict[str, dict[str, Described]]:
    """Descriptions of the models of the installed version, by kind and name."""
    from openml_client_sklearn import EXTENSION

    return {
        kind: {
            model.name: {
                "description": EXTENSION.describe(made := model.make()).to_bytes().decode("ascii"),
                "is_valid": complaint(made) is None,
            }
            for model in models()
        }
        for kind, models in (
            ("estimators", sources.estimators),
            ("compositions", sources.compositions),
        )
    }


def rebuild(
    described: Mapping[str, Mapping[str, Described]],
) -> dict[str, dict[str, Rebuilt]]:
    """What the installed version makes of the descriptions of another, by kind and mode."""
    return {
        kind: {compat: rebuild_all(models, compat) for compat in COMPATS}
        for kind, models in described.items()
    }


def rebuild_all(models: Mapping[str, Described], compat: Compat) -> Rebuilt:
    """What one mode makes of descriptions."""
    refused: dict[str, str] = {}
    invalid: dict[str, str] = {}
    n_noted = 0
    for name, model in models.items():
        notes: list[Note] = []
        try:
            again = _build(model["description"], compat, notes)
        except OpenMLError as error:
            refused[name] = str(error).splitlines()[0]
            continue
        n_noted += bool(notes)
        wrong = complaint(again)
        if wrong is not None and model["is_valid"]:
            invalid[name] = wrong
    n_valid = sum(model["is_valid"] for model in models.values())
    refused_valid = sum(models[name]["is_valid"] for name in refused)
    return {
        "n": len(models),
        "rebuilt": len(models) - len(refused),
        "n_valid": n_valid,
        "valid": n_valid - len(invalid) - refused_valid,
        "noted": n_noted,
        "refused": refused,
        "invalid": invalid,
    }


def _build(text: str, compat: Compat, notes: list[Note]) -> Any:
    from openml_client_sklearn import EXTENSION

    description = Description.from_bytes(text.encode("ascii"))
    trust = Trust.of_own(EXTENSION.policy, description)
    return EXTENSION.build(description, trust=trust, compat=compat, notes=notes)


def complaint(model: Any) -> str | None:
    """What the installed scikit-learn says against a parameter of a model or of one inside it."""
    from sklearn.utils._param_validation import InvalidParameterError

    for estimator in _estimators(model):
        try:
            estimator._validate_params()  # there is no public way to ask
        except InvalidParameterError as error:
            return str(error).splitlines()[0]
    return None


def _estimators(model: Any) -> Iterator[Any]:
    inner = model.get_params(deep=True).values() if hasattr(model, "get_params") else ()
    for value in (model, *inner):
        if hasattr(value, "_parameter_constraints") and not isinstance(value, type):
            yield value


def main(what: str, file: str) -> None:
    """Describe into a file, and print the version; or print what is made of such a file."""
    import sklearn

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes and values that are deprecated
        if what == "describe":
            Path(file).write_text(json.dumps(describe()), "utf-8")
            said = sklearn.__version__
        else:
            sources.load()
            said = json.dumps(rebuild(json.loads(Path(file).read_text("utf-8"))))
    print(said)


if __name__ == "__main__":
    main(*sys.argv[1:])
