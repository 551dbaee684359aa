"""A session of openml-python from the first upload to the last refusal.

``session.py ADDRESS KEY ADMIN_KEY`` does with a server, through the public functions of the
package, what was once recorded of it with the real server, in the same order and with the same
data, and prints what each step gave.  The server must hold iris and diabetes, each with a task of
another user.
"""

from __future__ import annotations

import sys
from typing import Any

import openml
import outcomes
import session_datasets
import session_runs
import session_studies
import session_tasks


def main(address: str, key: str, admin_key: str) -> dict[str, Any]:
    outcomes.connect(address, key)
    ids = session_datasets.publish()
    found = {
        "datasets": session_datasets.read(ids),
        "dataset lists": session_datasets.lists(ids),
        "status": session_datasets.status(ids, admin_key),
        "dataset tags": session_datasets.tags(ids),
        "dataset changes": session_datasets.changes(ids, admin_key),
    }
    ids |= session_tasks.publish(ids)
    found["tasks"] = session_tasks.read(ids)
    found["task tags"] = session_tasks.tags(ids["classification"])
    ids |= session_runs.publish(ids)
    found |= {
        "runs": session_runs.read(ids),
        "setups": session_runs.setups(ids),
        "flows": session_runs.flows(ids),
        "evaluations": session_runs.evaluations(ids),
        "studies": session_studies.studies(ids),
        "refused deletes": session_tasks.deletes(ids),
        "search": session_runs.search(ids),
        "unknown": unknown(),
        "anonymous": anonymous(ids, key),
    }
    return found | {"ids": ids}


def unknown() -> dict[str, Any]:
    """What is asked for and is not there."""
    return {
        "dataset": outcomes.refusal(openml.datasets.get_dataset, 99999),
        "task": outcomes.refusal(openml.tasks.get_task, 999999),
        "tag": openml.datasets.list_datasets(tag="nosuchtag", output_format="dataframe").empty,
    }


def anonymous(ids: dict[str, int], key: str) -> dict[str, Any]:
    """An upload without a key."""
    openml.config.apikey = ""
    try:
        task = session_tasks.classification(ids["pydf"], procedure=2, measure=None)
        return outcomes.refusal(task.publish)
    finally:
        openml.config.apikey = key


if __name__ == "__main__":
    outcomes.say(main(*sys.argv[1:]))
