"""Models of other versions of scikit-learn are rebuilt, and the user is told what changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openml_client_sklearn import EXTENSION, objects
from openml_client_sklearn.estimators import Signature
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.svm import SVC

from openml_client.errors import FlowError
from openml_client.extension.codec import Compat, Note
from openml_client.extension.description import Description
from openml_client.extension.identity import Json
from openml_client.extension.trust import Trust


def old(cls: str, params: dict[str, Json], defaults: dict[str, Json]) -> Description:
    payload = {"kind": "estimator", "class": cls, "params": params, "defaults": defaults}
    frameworks = {"sklearn": "scikit-learn==0.24.0"}
    return Description(extension="sklearn", api=1, frameworks=frameworks, tree={"$node": payload})


def build(description: Description, compat: Compat = "semantic") -> tuple[Any, list[str]]:
    notes: list[Note] = []
    trust = Trust.of_strangers(EXTENSION.policy)
    model = EXTENSION.build(description, trust=trust, compat=compat, notes=notes)
    return model, [str(note) for note in notes]


def test_a_parameter_that_is_gone_is_dropped_if_it_was_at_its_default() -> None:
    model, notes = build(old("sklearn.svm:SVC", {"C": 2.0, "gone": 1}, {"C": 1.0, "gone": 1}))
    assert model.C == 2.0
    assert notes == ["SVC: gone no longer exists; it was at its default, 1"]


@pytest.mark.parametrize("defaults", [{}, {"gone": 2}])
def test_a_parameter_that_is_gone_and_was_set_is_refused(defaults: dict[str, Json]) -> None:
    with pytest.raises(FlowError, match="SVC has no parameter 'gone'"):
        build(old("sklearn.svm:SVC", {"gone": 1}, defaults))


def test_a_class_that_has_moved_is_found_by_its_name() -> None:
    model, notes = build(old("sklearn.svm.classes:SVC", {}, {}))
    assert type(model) is SVC
    assert notes == ["SVC: sklearn.svm.classes:SVC is now sklearn.svm:SVC"]


def test_a_class_that_is_gone_is_refused() -> None:
    with pytest.raises(FlowError, match="does not exist in the installed version"):
        build(old("sklearn.svm:GoneClassifier", {}, {}))


def test_a_renamed_parameter_is_carried_over() -> None:
    svc = EXTENSION.describe(SVC()).tree
    name = "sklearn.multioutput:ClassifierChain"
    model, notes = build(old(name, {"base_estimator": svc}, {}))
    assert type(model.estimator) is SVC
    assert notes == ["ClassifierChain: base_estimator is now called estimator"]


def test_a_renamed_parameter_of_another_class_is_carried_over() -> None:
    name = "sklearn.semi_supervised:SelfTrainingClassifier"
    params = {"base_estimator": EXTENSION.describe(SVC()).tree, "criterion": "k_best"}
    model, notes = build(old(name, params, {}))
    assert (type(model.estimator), model.criterion) == (SVC, "k_best")
    assert notes == ["SelfTrainingClassifier: base_estimator is now called estimator"]


def test_a_parameter_that_was_not_set_where_it_is_deprecated_gets_its_default() -> None:
    unset = {"C": "deprecated"}
    model, notes = build(old("sklearn.svm:SVC", unset, unset))
    assert model.C == 1.0
    assert notes == [
        "SVC: C is deprecated here or was where it was described; it was at its default, "
        "'deprecated', and is left at that of the installed version"
    ]


def test_a_parameter_that_somebody_set_to_that_text_stays() -> None:
    model, notes = build(old("sklearn.svm:SVC", {"C": "deprecated"}, {"C": 1.0}))
    assert (model.C, notes) == ("deprecated", [])


def test_an_old_default_that_is_refused_now_becomes_the_new_one_where_asked() -> None:
    stale = old("sklearn.svm:SVC", {"gamma": "auto_deprecated"}, {"gamma": "auto_deprecated"})
    assert build(stale)[0].gamma == "auto_deprecated"
    model, notes = build(stale, "adapt")
    assert model.gamma == "scale"
    assert notes == [
        "SVC: gamma: the old default 'auto_deprecated' is refused; took the new one, 'scale'"
    ]


def test_a_default_that_is_refused_and_no_older_than_the_class_stays() -> None:
    stale = old("sklearn.feature_selection:RFE", {"estimator": None}, {"estimator": None})
    model, notes = build(stale, "adapt")
    assert (model.estimator, notes) == (None, [])


def grouped(**kwargs: Json) -> Description:
    """A search whose groups are split by a GroupKFold with these arguments."""
    description = EXTENSION.describe(GridSearchCV(SVC(), {}, cv=GroupKFold(3)))
    tree = json.loads(json.dumps(description.tree))
    tree["$node"]["params"]["cv"]["$call"]["kwargs"].update(kwargs)
    return description.with_tree(tree)


@pytest.fixture
def _of_1_5(monkeypatch: pytest.MonkeyPatch) -> None:
    """GroupKFold as it was before it could shuffle."""
    former = Signature({"n_splits": 5}, takes_any=False)
    monkeypatch.setattr(objects, "signature", lambda _: former)
    monkeypatch.setattr(
        GroupKFold, "__init__", lambda self, n_splits=5: setattr(self, "n_splits", n_splits)
    )


@pytest.mark.usefixtures("_of_1_5")
def test_an_argument_that_a_splitter_lacks_yet_is_left_out_where_it_changes_nothing() -> None:
    model, notes = build(grouped(shuffle=False, random_state=None))
    assert vars(model.cv) == {"n_splits": 3}
    assert notes == [
        f"GridSearchCV.cv: {text} changes nothing"
        for text in (
            "shuffle does not exist here yet; at False it",
            "random_state does not exist here yet; at None it",
        )
    ]


@pytest.mark.usefixtures("_of_1_5")
def test_an_argument_that_a_splitter_lacks_yet_and_needs_is_refused() -> None:
    with pytest.raises(FlowError, match=r"GridSearchCV\.cv: .* unexpected keyword argument"):
        build(grouped(shuffle=True, random_state=1))


def test_a_value_that_was_set_is_never_adapted() -> None:
    model, notes = build(old("sklearn.svm:SVC", {"gamma": "odd"}, {"gamma": "x"}), "adapt")
    assert (model.gamma, notes) == ("odd", [])


def test_exact_takes_the_same_version_only() -> None:
    with pytest.raises(FlowError, match=r"made with scikit-learn==0\.24\.0; installed is"):
        build(old("sklearn.svm:SVC", {}, {}), "exact")
    description = EXTENSION.describe(SVC(C=3.0))
    assert build(description, "exact")[0].C == 3.0
