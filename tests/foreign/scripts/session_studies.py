"""The steps of the session that are about suites and studies."""

from __future__ import annotations

from typing import Any

import openml
from outcomes import refusal, rows


def studies(ids: dict[str, int]) -> dict[str, Any]:
    """Collections of tasks and of runs: made, read, listed, changed and deleted."""
    study = openml.study
    tasks, runs = [ids["classification"], ids["regression"]], [ids["tree"], ids["search"]]
    suite = study.create_benchmark_suite(
        name="py suite", description="d", task_ids=tasks, alias="py-suite"
    ).publish()
    first = study.create_study(
        name="py study", description="d", run_ids=runs, alias="py-study"
    ).publish()
    second = study.create_study(
        name="py study b", description="d", run_ids=runs[:1], alias=None
    ).publish()
    found: dict[str, Any] = {
        "suite": described(study.get_suite(suite.study_id)),
        "study": described(study.get_study(first.study_id)),
        "by alias": study.get_suite("py-suite").study_id == suite.study_id,
        "suites": listed(study.list_suites(status="all", output_format="dataframe")),
        "studies": listed(study.list_studies(status="all", output_format="dataframe")),
        "alias again": refusal(
            study.create_study(name="x", description="d", run_ids=runs, alias="py-study").publish
        ),
        "attached": study.attach_to_suite(suite.study_id, [ids["curve"]]),
        "detached": study.detach_from_suite(suite.study_id, [ids["curve"]]),
        "runs attached": study.attach_to_study(second.study_id, runs[1:]),
        "runs detached": study.detach_from_study(second.study_id, runs[1:]),
    }
    study.update_suite_status(suite.study_id, "active")
    found["active"] = listed(study.list_suites(output_format="dataframe"))
    found["deleted"] = study.delete_study(first.study_id)
    found["left"] = listed(study.list_studies(status="all", output_format="dataframe"))
    found["gone"] = refusal(study.get_study, first.study_id)
    return found


def described(study: Any) -> dict[str, Any]:
    names = ("alias", "main_entity_type", "name", "description", "status")
    members = ("data", "tasks", "flows", "setups", "runs")
    return {name: getattr(study, name) for name in (*names, *members)}


def listed(frame: Any) -> list[list[Any]]:
    if "alias" not in frame:  # where no study of a list has one
        frame = frame.assign(alias=None)
    return rows(frame, "alias", "main_entity_type", "name", "status")
