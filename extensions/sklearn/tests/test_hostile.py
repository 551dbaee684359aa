"""Flows of strangers are audited before anything is imported (RELIABILITY row 17)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special
from models import MODELS
from openml_client_sklearn import EXTENSION
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from openml_client.errors import FlowError, UntrustedError
from openml_client.extension.description import Description
from openml_client.extension.flows import description_from_flow
from openml_client.extension.identity import Json
from openml_client.extension.trust import Trust, untrusted


def described(tree: Json) -> Description:
    return Description(extension="sklearn", api=1, frameworks={}, tree=tree)


def node(cls: str, **params: Json) -> Json:
    return {"$node": {"kind": "estimator", "class": cls, "params": params, "defaults": {}}}


def transformer(func: Json) -> Json:
    return node("sklearn.preprocessing:FunctionTransformer", func=func)


def partial(name: str) -> Json:
    return {"$partial": {"func": {"$function": name}, "args": ["true"], "kwargs": {}}}


def call(kind: str, name: str, **kwargs: Json) -> Json:
    return {"$call": {"kind": kind, "name": name, "args": [], "kwargs": kwargs}}


def build_of_strangers(tree: Json) -> None:
    EXTENSION.build(described(tree), trust=strangers())


def strangers(*trusted: str) -> Trust:
    return Trust.of_strangers(EXTENSION.policy, trusted)


def search(grid: Json, **params: Json) -> Json:
    return node("sklearn.model_selection:GridSearchCV", param_grid=grid, **params)


ENDLESS = {name: {"$range": [0, 10**6, 1]} for name in "ab"}

HOSTILE = {
    "os.mkdir as a class": node("os:mkdir", path="x"),
    "os.mkdir as a function": transformer({"$function": "os:mkdir"}),
    "a partial of os.system": transformer(partial("os:system")),
    "builtins.eval": transformer({"$function": "builtins:eval"}),
    "builtins.open": transformer({"$function": "builtins:open"}),
    "numpy.load": transformer({"$function": "numpy:load"}),
    "numpy.fromfile": transformer({"$function": "numpy:fromfile"}),
    "joblib.load": transformer({"$function": "joblib:load"}),
    "pickle.loads": transformer({"$function": "pickle:loads"}),
    "fetching": transformer({"$function": "sklearn.datasets:fetch_openml"}),
    "torch.hub.load": transformer({"$function": "torch.hub:load"}),
    "a walk by dunders": transformer({"$function": "sklearn.svm:SVC.__init__.__globals__"}),
    "the builtins of a class": transformer({"$function": "sklearn.svm:SVC.__subclasses__"}),
    "an unknown package": node("evil_package:Model"),
    "a package with a similar name": node("sklearn_evil:Model"),
    "tests of scikit-learn": node("sklearn.tests.test_base:MyEstimator"),
    "a private module": node("sklearn.externals._arff:ArffDecoder"),
    "an import with effects": node("antigravity:fly"),
    "a splitter elsewhere": node("sklearn.svm:SVC", cv=call("splitter", "os:mkdir", path="x")),
    "a scorer elsewhere": node("sklearn.svm:SVC", cv=call("scorer", "os:system", command="x")),
    "a factory": node("sklearn.svm:SVC", C=call("factory", "os:getcwd")),
    "a kind that nobody knows": node("sklearn.svm:SVC", C=call("anything", "os:getcwd")),
    "a class as a value": node("sklearn.svm:SVC", C={"$class": "subprocess:Popen"}),
    "a cache on disk": node("sklearn.pipeline:Pipeline", steps=[], memory="/tmp/x"),
    "a cache on disk, by a search": node(
        "sklearn.model_selection:GridSearchCV", param_grid={"clf__memory": ["/tmp/x"]}
    ),
    "files by name": node("sklearn.feature_extraction.text:CountVectorizer", input="filename"),
    "files by name, by a search": node(
        "sklearn.model_selection:GridSearchCV",
        param_grid={"$dict": [["vect__input", ["content", "file"]], ["a", [1]]]},
    ),
    "a cache on disk, by numpy's text": node(
        "sklearn.model_selection:GridSearchCV",
        param_grid={"$dict": [[{"$scalar": ["<U11", "clf__memory"]}, ["/tmp/x"]]]},
    ),
    "10^12 units": node(
        "sklearn.neural_network:MLPClassifier", hidden_layer_sizes={"$tuple": [10**12]}
    ),
    "10^12 units in an array": node(
        "sklearn.neural_network:MLPClassifier",
        hidden_layer_sizes={"$array": {"dtype": "<i8", "shape": [1], "items": [10**12]}},
    ),
    "an endless grid": node(
        "sklearn.model_selection:GridSearchCV", param_grid={"C": {"$range": [0, 10**12, 1]}}
    ),
    "an endless product of ranges": node(
        "sklearn.model_selection:GridSearchCV",
        param_grid=[{"C": {"$range": [0, 10**6, 1]}, "gamma": {"$tuple": [1, 2]}}],
    ),
    "a grid that no integer of the machine counts": node(
        "sklearn.model_selection:GridSearchCV",
        param_grid={f"p{n}": {"$range": [10**30, 0, -1]} for n in range(300)},
    ),
    "an endless product of lists": node(
        "sklearn.model_selection:GridSearchCV",
        param_grid={"$dict": [[name, list(range(40))] for name in "dcba"]},
    ),
    "endless grids in a tuple": search({"$tuple": [ENDLESS]}),
    "endless grids in an array": search(
        {"$array": {"dtype": "|O", "shape": [1], "items": [ENDLESS]}}
    ),
    "endless grids among the candidates of a search": search(
        {"estimator__param_grid": [[ENDLESS]]}
    ),
    "very many grids": search([{"C": {"$range": [0, 10**6, 1]}}] * 9),
    "an endless product of bytes": search({key: {"$bytes": "AAAA" * 999} for key in "ab"}),
    "a forest of millions": node("sklearn.ensemble:ExtraTreesRegressor", n_estimators=9_000_000),
    "a forest of millions, by a search": search({"forest__n_estimators": [10, 9_000_000]}),
    "a forest of millions, by a distribution": node(
        "sklearn.model_selection:RandomizedSearchCV",
        param_distributions={
            "n_estimators": call("distribution", "scipy.stats:randint", low=1, high=9_000_000)
        },
    ),
    "millions of folds": search(
        {}, cv=call("splitter", "sklearn.model_selection:ShuffleSplit", n_splits=9_000_000)
    ),
    "millions of candidates": node(
        "sklearn.model_selection:RandomizedSearchCV", param_distributions={}, n_iter=9_000_000
    ),
    "wide layers": node(
        "sklearn.neural_network:MLPRegressor", hidden_layer_sizes={"$tuple": [20_000, 20_000]}
    ),
    "very many layers": node(
        "sklearn.neural_network:MLPRegressor", hidden_layer_sizes={"$range": [1, 9_999, 1]}
    ),
    "a calculation without end": search({}, pre_dispatch="9**9**9"),
    "a pattern without end": node(
        "sklearn.feature_extraction.text:TfidfVectorizer", token_pattern=r"((?:\w|\s)+)+\!$"
    ),
    "a pattern of alternatives without end": node(
        "sklearn.feature_extraction.text:TfidfVectorizer", token_pattern=r"(\w|\d)*\)"
    ),
    "a pattern of options without end": node(
        "sklearn.feature_extraction.text:TfidfVectorizer", token_pattern="(a?){40}a{40}"
    ),
    "a pattern of many repeats": node(
        "sklearn.feature_extraction.text:TfidfVectorizer", token_pattern=r"\w*" * 9 + "!"
    ),
    "a pattern without end for columns": node(
        "sklearn.compose:ColumnTransformer",
        transformers=[
            {
                "$tuple": [
                    "a",
                    "drop",
                    call("selector", "sklearn.compose:make_column_selector", pattern="([a-z]+)*_"),
                ]
            }
        ],
    ),
    "names of a gigabyte": node(
        "sklearn.compose:ColumnTransformer",
        transformers=[],
        verbose_feature_names_out="{feature_name:>1000000000}",
    ),
    "a million jobs": node("sklearn.ensemble:RandomForestClassifier", n_jobs=10**6),
    "a million jobs, as a float": node("sklearn.ensemble:RandomForestClassifier", n_jobs=1e6),
    "the checks of estimators": node("sklearn.utils.estimator_checks:check_estimator"),
}


@pytest.mark.parametrize("tree", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_flow_is_refused_with_nothing_imported(tree: Json) -> None:
    before = set(sys.modules)
    with pytest.raises(UntrustedError) as caught:
        EXTENSION.build(described(tree), trust=strangers(), compat="semantic", notes=[])
    assert set(sys.modules) == before
    assert caught.value.names
    assert "trusted=" in str(caught.value)


@pytest.mark.parametrize("tree", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_flow_is_listed_by_the_audit(tree: Json) -> None:
    assert untrusted(described(tree), EXTENSION.policy) != ()


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.metrics.pairwise:partial",
        "sklearn.metrics.pairwise:Parallel",
        "sklearn.metrics.pairwise:config_context",
        "sklearn.metrics.pairwise:validate_params",
        "sklearn.preprocessing:StandardScaler.set_params",
        "scipy.stats:rv_continuous.fit",
        "sklearn.metrics.pairwise:np",
        "sklearn.metrics.pairwise:np.load",
        "scipy.stats:test",
        "scipy.special:test",
    ],
)
def test_what_a_trusted_module_imports_from_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(FlowError):
        EXTENSION.build(described(transformer({"$function": name})), trust=strangers())


@pytest.mark.parametrize("name", ["Popen", "run", "system"])
@pytest.mark.parametrize("kind", sorted(EXTENSION.policy.rules))
def test_what_a_package_of_the_caller_imports_from_elsewhere_is_refused(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, made = tmp_path / "package_of_ours.py", tmp_path / "made"
    package.write_text("from os import system\nfrom subprocess import Popen, run\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    reference = f"package_of_ours:{name}"
    tree = {f"${kind}": reference} if kind in ("function", "class") else call(kind, reference)
    if "$call" in tree:
        tree["$call"]["args"] = [f"touch {made}" if name == "system" else ["touch", str(made)]]
    with pytest.raises(FlowError):
        EXTENSION.build(described(transformer(tree)), trust=strangers("package_of_ours"))
    assert not made.exists()


@pytest.mark.parametrize(
    "name", ["sklearn.pipeline:islice", "sklearn.svm:l1_min_c", "sklearn.utils:Bunch"]
)
def test_what_is_no_estimator_is_refused_as_one(name: str) -> None:
    with pytest.raises(FlowError):
        EXTENSION.build(described(node(name)), trust=strangers())


@pytest.mark.parametrize("kind", ["splitter", "kernel", "distribution"])
def test_a_call_must_make_what_its_kind_says(kind: str) -> None:
    names = {
        "splitter": "sklearn.model_selection:cross_val_score",
        "kernel": "sklearn.gaussian_process.kernels:clone",
        "distribution": "scipy.stats:gaussian_kde",
    }
    with pytest.raises(UntrustedError, match=f"as a {kind}"):
        EXTENSION.build(
            described(node("sklearn.svm:SVC", C=call(kind, names[kind]))), trust=strangers()
        )


@pytest.mark.parametrize("kind", ["function", "class", "data", "estimator"])
def test_nothing_else_is_called(kind: str) -> None:
    """A trusted function could make what the audit would have refused, or never end."""
    names = {"function": "builtins:str.lower", "class": "builtins:bytes"}
    name = names.get(kind, "sklearn.feature_extraction.text:CountVectorizer")
    made = {"$call": {"kind": kind, "name": name, "args": ["FILENAME"], "kwargs": {}}}
    with pytest.raises(FlowError, match=r"\$call"):
        build_of_strangers(node("sklearn.svm:SVC", C=made))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("splitter", "sklearn.model_selection:ShuffleSplit"),
        ("selector", "sklearn.compose:make_column_selector"),
    ],
)
def test_arguments_that_may_harm_are_given_by_name(kind: str, name: str) -> None:
    made = {"$call": {"kind": kind, "name": name, "args": [9_000_000], "kwargs": {}}}
    with pytest.raises(FlowError, match="by name"):
        build_of_strangers(node("sklearn.svm:SVC", C=made))


def test_deep_nesting_is_refused() -> None:
    head = b'{"api":1,"extension":"sklearn","frameworks":{},"structure":'
    source = head + b"[" * 10_000 + b"]" * 10_000 + b"}"
    with pytest.raises(FlowError):
        description_from_flow(source)
    tree = node("sklearn.svm:SVC")
    for _ in range(1000):
        tree = node("sklearn.pipeline:Pipeline", steps=[tree])
    with pytest.raises(FlowError, match="nested deeper"):
        described(tree)


def test_an_audit_imports_neither_scikit_learn_nor_numpy() -> None:
    script = (
        "import sys\n"
        "from openml_client_sklearn import EXTENSION\n"
        "from openml_client.extension.description import Description\n"
        "from openml_client.extension.trust import untrusted\n"
        "node = {'kind': 'estimator', 'class': 'evil:X', 'params': {}, 'defaults': {}}\n"
        "d = Description(extension='sklearn', api=1, frameworks={}, tree={'$node': node})\n"
        "assert untrusted(d, EXTENSION.policy) == ('evil:X',)\n"
        "print([m for m in ('sklearn', 'numpy', 'scipy', 'pandas', 'evil') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "model",
    [
        Pipeline([("svc", SVC())], memory="/tmp/x"),
        MLPClassifier(hidden_layer_sizes=(10**12,)),
        CountVectorizer(input="filename"),
        GridSearchCV(SVC(), {"C": [1]}, n_jobs=10**6),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_harmful_parameter_of_the_callers_own_model_is_fine(model: Any) -> None:
    description = EXTENSION.describe(model)
    names = untrusted(description, EXTENSION.policy)
    assert len(names) == 1
    EXTENSION.build(description, trust=strangers(*names))


MINE = ("metric of the user", "estimator of the user", "factory of the user", "duck")


@pytest.mark.parametrize("name", [name for name in MODELS if "of the user" not in name])
def test_ordinary_models_need_no_trust(name: str) -> None:
    names = untrusted(EXTENSION.describe(MODELS[name]()), EXTENSION.policy)
    assert all(name.startswith("user_models:") for name in names)


@pytest.mark.parametrize(
    "model",
    [
        CountVectorizer(token_pattern=r"(?u)\b[a-z(]{2,}(?:\-\w+)?\b"),
        ColumnTransformer([("a", "drop", make_column_selector(r"^(n|c)_\d+\(x\)$"))]),
        GridSearchCV(SVC(), {}, pre_dispatch="2 * n_jobs"),
        GridSearchCV(MLPClassifier(), {"hidden_layer_sizes": [(100,), (500, 500), (50, 50, 50)]}),
    ],
    ids=lambda model: type(model).__name__,
)
def test_ordinary_texts_and_sizes_need_no_trust(model: Any) -> None:
    assert untrusted(EXTENSION.describe(model), EXTENSION.policy) == ()


@pytest.mark.parametrize("name", MINE)
def test_models_of_a_users_package_need_trust_in_it(name: str) -> None:
    description = EXTENSION.describe(MODELS[name]())
    with pytest.raises(UntrustedError, match="user_models"):
        EXTENSION.build(description, trust=strangers())
    EXTENSION.build(description, trust=strangers("user_models"))


def ufuncs(module: Any) -> Mapping[str, Any]:
    return {n: f for n, f in vars(module).items() if isinstance(f, np.ufunc) and n[0] != "_"}


@pytest.mark.parametrize("module", [np, scipy.special], ids=["numpy", "scipy.special"])
def test_all_ufuncs_are_trusted(module: Any) -> None:
    for name, function in ufuncs(module).items():
        description = EXTENSION.describe(FunctionTransformer(function))
        assert untrusted(description, EXTENSION.policy) == (), name
