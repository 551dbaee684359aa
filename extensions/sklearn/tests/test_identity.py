"""The same model gives the same flow in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sklearn
from models import MODELS
from openml_client_sklearn import EXTENSION
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from openml_client.extension.discovery import find_extension
from openml_client.extension.flows import flow_from_description

SCRIPT = """
import hashlib, numpy, random
random.seed(); numpy.random.seed()
from models import MODELS
from openml_client_sklearn import EXTENSION
from openml_client.extension.flows import flow_from_description
for name, make in MODELS.items():
    draft = flow_from_description(EXTENSION.describe(make()), EXTENSION)
    print(name, draft.name, hashlib.sha256(repr(draft).encode() + draft.source).hexdigest(),
          [(s.path, s.name, s.value) for s in draft.settings])
"""


def run(hash_seed: str) -> str:
    path = os.pathsep.join((str(Path(__file__).parent), *sys.path))
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=True
    ).stdout


def test_flows_and_settings_are_equal_in_processes_with_other_hash_seeds() -> None:
    first = run("1")
    assert first == run("2")
    assert len(first.splitlines()) == len(MODELS)


def test_the_name_is_readable_and_ends_in_a_hash_of_the_structure() -> None:
    model = Pipeline([("impute", SimpleImputer()), ("svc", SVC())])
    draft = flow_from_description(EXTENSION.describe(model), EXTENSION)
    readable, _, digest = draft.name.rpartition(".")
    assert readable == "sklearn.Pipeline(impute=SimpleImputer,svc=SVC)"
    assert len(digest) == 8


def test_the_version_names_extension_and_framework() -> None:
    draft = flow_from_description(EXTENSION.describe(SVC()), EXTENSION)
    assert draft.external_version == f"openml_client_sklearn==1,sklearn=={sklearn.__version__}"
    assert draft.dependencies == f"scikit-learn=={sklearn.__version__}"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (SVC(C=1.0), SVC(C=2.0), True),
        (SVC(), SVC(random_state=3), True),
        (Pipeline([("a", SVC())]), Pipeline([("a", SVC(C=3.0))]), True),
        (Pipeline([("a", SVC())]), Pipeline([("b", SVC())]), False),
        (StandardScaler(), StandardScaler().set_output(transform="pandas"), False),
    ],
)
def test_values_make_no_new_flow_and_structure_does(
    one: object, other: object, is_same: bool
) -> None:
    names = {flow_from_description(EXTENSION.describe(m), EXTENSION).name for m in (one, other)}
    assert (len(names) == 1) is is_same


def test_the_extension_is_found_by_its_entry_point() -> None:
    assert find_extension(SVC()) is EXTENSION
    assert find_extension(MODELS["estimator of the user"]()) is EXTENSION
