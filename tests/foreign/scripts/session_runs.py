"""The steps of the session that are about flows, runs, setups and evaluations."""

from __future__ import annotations

from typing import Any

import openml
from outcomes import plain, refusal, rows
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

DEPTHS = [1, 2, 3]


def tree(depth: int | None, seed: int = 0) -> DecisionTreeClassifier:
    return DecisionTreeClassifier(max_depth=depth, random_state=seed)


def prepared(model: Any) -> Any:
    """A model of the columns of the mixture."""
    columns = [
        ("cat", OneHotEncoder(handle_unknown="ignore"), ["cat"]),
        ("num", SimpleImputer(), ["num", "int"]),
    ]
    return make_pipeline(ColumnTransformer(columns), model)


def publish(ids: dict[str, int]) -> dict[str, int]:
    """Ids of runs on tasks of each type, and of the flow of the first."""
    models = {
        "tree": (prepared(tree(2)), "classification"),
        "search": (
            prepared(GridSearchCV(tree(None), {"max_depth": DEPTHS}, cv=2)),
            "classification",
        ),
        "ridge": (make_pipeline(StandardScaler(), Ridge()), "regression"),
        "curve run": (prepared(tree(3)), "curve"),
        "unwanted": (prepared(tree(1, seed=5)), "classification"),
    }
    published = {}
    for name, (model, task) in models.items():
        run = openml.runs.run_model_on_task(
            model, openml.tasks.get_task(ids[task]), avoid_duplicate_runs=False
        )
        published[name] = run.publish().run_id
    published["flow"] = openml.flows.get_flow_id(model=prepared(tree(2)))
    return published


def read(ids: dict[str, int]) -> dict[str, Any]:
    """What the runs are, and lists of them."""
    run = openml.runs.get_run(ids["tree"])
    task = openml.tasks.get_task(ids["classification"])
    found = {
        "again": refusal(
            openml.runs.run_model_on_task, prepared(tree(2)), task, avoid_duplicate_runs=True
        )["error"],
        "described": [run.task_type, run.task_evaluation_measure, run.flow_name, run.error_message],
        "tags": run.tags,
        "dataset": run.dataset_id,
        "evaluations": dict(run.evaluations),
        "folds": folds(run, "predictive_accuracy"),
        "measures per fold": sorted(run.fold_evaluations),
        "predictions": predictions(run),
        "first of ridge": plain(openml.runs.get_run(ids["ridge"]).predictions.iloc[0]),
        "curve": curve(openml.runs.get_run(ids["curve run"])),
        "trace": refusal(openml.runs.get_run_trace, ids["search"]),
        "listed": listed(task=[ids["classification"]]),
        "model": repr(openml.runs.initialize_model_from_run(ids["tree"])[-1]),
        "model of no trace": refusal(
            openml.runs.initialize_model_from_trace, ids["search"], repeat=0, fold=0
        ),
    }
    run.push_tag("x2")
    found["tagged"] = listed(tag="x2")
    run.remove_tag("x2")
    found["untagged"] = listed(tag="x2")
    found["deleted"] = openml.runs.delete_run(ids["unwanted"])
    found["gone"] = refusal(openml.runs.get_run, ids["unwanted"], ignore_cache=True)
    found["left"] = listed(task=[ids["classification"]])
    return found


def folds(run: Any, measure: str) -> list[float]:
    (by_fold,) = run.fold_evaluations[measure].values()
    return [by_fold[fold] for fold in sorted(by_fold)]


def curve(run: Any) -> dict[str, Any]:
    return {
        "evaluations": dict(run.evaluations),
        "samples": run.sample_evaluations,
        "n_rows": len(run.predictions),
    }


def predictions(run: Any) -> dict[str, Any]:
    frame = run.predictions
    return {"columns": list(frame.columns), "first": plain(frame.iloc[0]), "n_rows": len(frame)}


def listed(**filters: Any) -> list[int]:
    frame = openml.runs.list_runs(**filters, output_format="dataframe")
    return [] if frame.empty else plain(frame["run_id"])


def flows(ids: dict[str, int]) -> dict[str, Any]:
    """Flows by name and by model, and what may be deleted."""
    flow = openml.flows.get_flow(ids["flow"])
    name, version = flow.name, flow.external_version
    extension = openml.extensions.get_extension_by_model(tree(1))
    forest = extension.model_to_flow(RandomForestClassifier()).publish()
    stored = openml.flows.get_flow(forest.flow_id)
    return {
        "described": [name, version, flow.custom_name, flow.class_name, flow.language, flow.tags],
        "components": list(flow.components),
        "exists": openml.flows.flow_exists(name, version) == ids["flow"],
        "unknown": openml.flows.flow_exists("nope", "1"),
        "by name": openml.flows.get_flow_id(name=name, exact_version=False) == [ids["flow"]],
        "five": len(openml.flows.list_flows(size=5, output_format="dataframe")),
        "model": repr(openml.flows.get_flow(ids["flow"], reinstantiate=True).model[-1]),
        "in use": refusal(openml.flows.delete_flow, ids["flow"]),
        "forest": [stored.name, len(stored.parameters), stored.parameters["n_estimators"]],
        "again": forest.publish().flow_id == forest.flow_id,
        "deleted": openml.flows.delete_flow(forest.flow_id),
        "after": openml.flows.flow_exists(forest.name, forest.external_version),
    }


def setups(ids: dict[str, int]) -> dict[str, Any]:
    """The parameters of the runs."""
    run = openml.runs.get_run(ids["tree"])
    setup = openml.setups.get_setup(run.setup_id)
    of_flow = openml.setups.list_setups(flow=ids["flow"], output_format="dataframe")
    values = {p.full_name.rpartition(".")[2]: p.value for p in setup.parameters.values()}
    flow = openml.flows.get_flow(ids["flow"], reinstantiate=True)
    flow.model = openml.setups.initialize_model(run.setup_id)
    return {
        "of the run": setup.setup_id == run.setup_id and setup.flow_id == ids["flow"],
        "n_parameters": len(setup.parameters),
        "depth": values["DecisionTreeClassifier(1)_max_depth"],
        "of the flow": [len(parameters) for parameters in of_flow["parameters"]],
        "exists": openml.setups.setup_exists(flow) == run.setup_id,
        "model": repr(flow.model[-1]),
    }


def evaluations(ids: dict[str, int]) -> dict[str, Any]:
    """Evaluations of the task: of whole runs, by fold, in order, and with setups."""
    lists, tasks = openml.evaluations, [ids["classification"]]
    whole = lists.list_evaluations("predictive_accuracy", tasks=tasks, output_format="dataframe")
    by_fold = lists.list_evaluations(
        "predictive_accuracy", tasks=tasks, per_fold=True, output_format="dataframe"
    )
    best_first = lists.list_evaluations(
        "kappa", tasks=tasks, sort_order="desc", output_format="dataframe"
    )
    with_setups = lists.list_evaluations_setups("predictive_accuracy", tasks=tasks)
    separate = lists.list_evaluations_setups(
        "predictive_accuracy",
        tasks=tasks,
        flows=[ids["flow"]],
        parameters_in_separate_columns=True,
    )
    return {
        "columns": list(whole.columns),
        "whole": rows(whole, "run_id", "data_name", "function", "value"),
        "by fold": rows(by_fold, "run_id", "values"),
        "best first": rows(best_first, "run_id", "value"),
        "with setups": [len(parameters) for parameters in with_setups["parameters"]],
        "separate": {
            name.rpartition(".")[2]: plain(separate[name])
            for name in separate.columns
            if name.endswith(("_max_depth", "_random_state"))
        },
        "measures": lists.list_evaluation_measures(),
        "procedures": len(lists.functions.list_estimation_procedures()),
        "none": lists.list_evaluations("kappa", tasks=[999999], output_format="dataframe").empty,
    }


def search(ids: dict[str, int]) -> dict[str, Any]:
    """A search over a pipeline, whose run has a trace."""
    task = openml.tasks.get_task(ids["iris task"])
    model = GridSearchCV(
        make_pipeline(StandardScaler(), tree(None)),
        {"decisiontreeclassifier__max_depth": DEPTHS},
        cv=2,
    )
    run = openml.runs.run_model_on_task(model, task, avoid_duplicate_runs=False).publish()
    trace = openml.runs.get_run_trace(run.run_id)
    stored = openml.runs.get_run(run.run_id)
    best = openml.runs.initialize_model_from_trace(run.run_id, repeat=0, fold=0)
    return {
        "evaluations": dict(stored.evaluations),
        "trace": [
            [i.repeat, i.fold, i.iteration, i.evaluation, i.selected, i.get_parameters()]
            for i in trace
        ],
        "selected": [trace.get_selected_iteration(fold, 0) for fold in range(10)],
        "best": repr(best[-1]),
        "in order": openml.runs.initialize_model_from_trace(
            run.run_id, repeat=0, fold=0, iteration=0
        )[-1].max_depth,
        "flow listed": run.flow_id
        in plain(openml.flows.list_flows(output_format="dataframe")["id"]),
        "regression": regression(ids["diabetes task"]),
    }


def regression(task_id: int) -> dict[str, Any]:
    task = openml.tasks.get_task(task_id, download_qualities=True)
    qualities = task.get_dataset(download_qualities=True).qualities
    return {
        "class": type(task).__name__,
        "dimensions": list(task.get_split_dimensions()),
        "NumberOfInstances": qualities["NumberOfInstances"],
        "no classes": qualities["ClassEntropy"] != qualities["ClassEntropy"],
    }
