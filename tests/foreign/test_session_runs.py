"""The runs of a session of openml-python, and what belongs to them: see `test_session`."""

from __future__ import annotations

from typing import Any

import pytest

from .refusals import not_authorized, refused

pytestmark = [pytest.mark.foreign, pytest.mark.conformance]

PIPELINE = (
    "sklearn.pipeline.Pipeline("
    "columntransformer=sklearn.compose._column_transformer.ColumnTransformer("
    "cat=sklearn.preprocessing._encoders.OneHotEncoder,num=sklearn.impute._base.SimpleImputer),"
    "decisiontreeclassifier=sklearn.tree._classes.DecisionTreeClassifier)"
)
MEASURES = [
    "area_under_roc_curve",
    "average_cost",
    "f_measure",
    "kappa",
    "kb_relative_information_score",
    "mean_absolute_error",
    "mean_prior_absolute_error",
    "number_of_instances",
    "precision",
    "predictive_accuracy",
    "prior_entropy",
    "relative_absolute_error",
    "root_mean_prior_squared_error",
    "root_mean_squared_error",
    "root_relative_squared_error",
    "total_cost",
    "unweighted_recall",
    "weighted_recall",
]
TIMES = [
    f"{clock}_time_millis{part}"
    for clock in ("usercpu", "wall_clock")
    for part in ("", "_testing", "_training")
]

FOLDS = [
    *[1, 0.6666666666666667, 0.6666666666666667, 0.33333333333333337, 0.5],
    *[0.5, 0.6666666666666667, 0.6666666666666667, 0.8333333333333333, 0.5],
]
"""Accuracy of the tree in each fold."""

SCORES = [
    (3, 0.940737489025461, 0.948200175592625),
    (3, 0.9480904302019315, 0.9555531167690957),
    (3, 0.9480904302019315, 0.9555531167690957),
    (3, 0.9480904302019315, 0.9630158033362599),
    (3, 0.940737489025461, 0.948200175592625),
    (3, 0.9480904302019315, 0.9554433713784021),
    (2, 0.9406277436347674, 0.9406277436347674),
    (3, 0.9555531167690957, 0.9629060579455663),
    (2, 0.9629060579455663, 0.9629060579455663),
    (2, 0.9406277436347674, 0.9406277436347674),
]
"""Of the search in each fold: the best depth, and the scores of the depths 2 and 3."""


def test_a_run_is_described(session: dict[str, Any], ids: dict[str, int]) -> None:
    found = session["runs"]
    assert found["described"] == [
        "Supervised Classification",
        "area_under_roc_curve",
        f"{PIPELINE}(1)",
        None,
    ]
    assert found["tags"] == ["openml-python", "Sklearn_1.5.2."]
    assert found["dataset"] == ids["pydf"]
    assert found["model"] == "DecisionTreeClassifier(max_depth=2, random_state=0)"
    assert found["predictions"] == {
        "columns": [
            "repeat",
            "fold",
            "sample",
            "row_id",
            "prediction",
            "correct",
            "confidence.no",
            "confidence.yes",
        ],
        "first": [0, 0, 0, 7, "yes", "yes", 0.3, 0.7],
        "n_rows": 60,
    }
    assert found["first of ridge"] == pytest.approx(
        [0, 0, 25, 1.4399054392957529, 1.4406286372584733]
    )


def test_runs_are_evaluated(session: dict[str, Any]) -> None:
    assert session["runs"]["evaluations"] == pytest.approx(
        {
            "area_under_roc_curve": 0.6157461809635723,
            "average_cost": 0,
            "f_measure": 0.6042328042328042,
            "kappa": 0.15492957746478864,
            "kb_relative_information_score": 0.11074933203936604,
            "mean_absolute_error": 0.4151049150797602,
            "mean_prior_absolute_error": 0.47365591397849455,
            "weighted_recall": 0.6333333333333333,
            "number_of_instances": 60,
            "precision": 0.6131478450627387,
            "predictive_accuracy": 0.6333333333333333,
            "prior_entropy": 0.9604053851535557,
            "relative_absolute_error": 0.8763849512467129,
            "root_mean_prior_squared_error": 0.486212970184874,
            "root_mean_squared_error": 0.5085826791439118,
            "root_relative_squared_error": 1.0460080465367512,
            "total_cost": 0,
            "unweighted_recall": 0.5710928319623971,
        },
        rel=1e-12,
    )
    assert session["runs"]["folds"] == FOLDS
    assert session["runs"]["measures per fold"] == sorted([*MEASURES, *TIMES])
    assert sorted(session["runs"]["curve"]["evaluations"]) == MEASURES
    # Values of samples are computed, but not served.
    assert session["runs"]["curve"]["samples"] is None


def test_runs_are_listed_tagged_and_deleted(session: dict[str, Any], ids: dict[str, int]) -> None:
    found = session["runs"]
    assert found["again"] == "OpenMLRunsExistError"
    assert found["listed"] == [ids["tree"], ids["search"], ids["unwanted"]]
    assert [found["tagged"], found["untagged"]] == [[ids["tree"]], []]
    assert found["deleted"]
    assert found["left"] == [ids["tree"], ids["search"]]
    assert found["gone"] == refused(236, "Run not found - None")
    for step in ("trace", "model of no trace"):
        assert found[step] == refused(572, "No successful trace associated with this run. - None")


def test_setups_have_the_parameters(session: dict[str, Any]) -> None:
    assert session["setups"] == {
        "of the run": True,
        "n_parameters": 38,
        "depth": "2",
        "of the flow": [38, 38, 38],
        "exists": True,
        "model": "DecisionTreeClassifier(max_depth=2, random_state=0)",
    }


def test_flows_are_found_and_deleted_where_nothing_uses_them(
    session: dict[str, Any], ids: dict[str, int]
) -> None:
    tree = "DecisionTreeClassifier(max_depth=2, random_state=0)"
    runs = f"{ids['tree']}, {ids['curve run']}"
    assert session["flows"] == {
        "described": [
            PIPELINE,
            "openml==0.15.1,sklearn==1.5.2",
            "sklearn.Pipeline(ColumnTransformer,DecisionTreeClassifier)",
            "sklearn.pipeline.Pipeline",
            "English",
            ["openml-python", "python", "scikit-learn", "sklearn", "sklearn_1.5.2"],
        ],
        "components": ["columntransformer", "decisiontreeclassifier"],
        "exists": True,
        "unknown": False,
        "by name": True,
        "five": 5,
        "model": tree,
        "in use": not_authorized(
            324,
            "The flow can not be deleted because it still has associated entities: flow is in use "
            f"by other content (runs). Can not be deleted - {{{runs}}} ()",
        ),
        "forest": ["sklearn.ensemble._forest.RandomForestClassifier", 19, "100"],
        "again": True,
        "deleted": True,
        "after": False,
    }


def test_evaluations_are_listed(session: dict[str, Any], ids: dict[str, int]) -> None:
    found = session["evaluations"]
    tree, search = ids["tree"], ids["search"]
    assert found["whole"] == [
        [run, "pydf", "predictive_accuracy", 0.6333333333333333] for run in (tree, search)
    ]
    assert dict(found["by fold"])[tree] == FOLDS  # ours are in order, the real server's in none
    assert sorted(dict(found["by fold"])[search]) == pytest.approx(
        [2 / 6, *[3 / 6] * 4, *[4 / 6] * 2, *[5 / 6] * 2, 1]
    )
    assert found["best first"] == [[search, 0.2114695340501791], [tree, 0.15492957746478864]]
    assert found["with setups"] == [38, 47]
    assert found["separate"] == {
        "DecisionTreeClassifier(1)_max_depth": ["2"],
        "DecisionTreeClassifier(1)_random_state": ["0"],
    }
    assert found["none"]
    assert len(found["measures"]) == 71
    assert set(MEASURES) < set(found["measures"])
    assert found["procedures"] == 35


def test_a_search_has_a_trace_of_which_models_are_made(session: dict[str, Any]) -> None:
    found = session["search"]
    depths = "decisiontreeclassifier__max_depth"
    assert found["trace"] == [
        [0, fold, depth - 1, score, depth == best, {depths: depth}]
        for fold, (best, *scores) in enumerate(SCORES)
        for depth, score in enumerate((0.6592405618964003, *scores), start=1)
    ]
    assert found["selected"] == [best - 1 for best, *_ in SCORES]
    assert found["best"] == "DecisionTreeClassifier(max_depth=3, random_state=0)"
    assert found["in order"] == 1
    assert found["flow listed"]
    assert found["evaluations"]["predictive_accuracy"] == 0.94
    assert found["evaluations"]["area_under_roc_curve"] == 0.9660666666666666
    assert found["evaluations"]["kb_relative_information_score"] == pytest.approx(
        0.8989720218466891, rel=1e-12
    )
    assert found["regression"] == {
        "class": "OpenMLRegressionTask",
        "dimensions": [1, 10, 1],
        "NumberOfInstances": 442,
        "no classes": True,
    }
