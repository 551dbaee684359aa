"""Publishes a run with the versions of the Python that runs it: ``publish_run.py SERVER TASK``.

It is run in an environment with another scikit-learn than that of the tests.
"""

from __future__ import annotations

import json
import sys

import sklearn
from sklearn.ensemble import RandomForestClassifier

from openml_client import Client


def main(server: str, task_id: int) -> dict[str, object]:
    with Client(server) as client:
        model = RandomForestClassifier(n_estimators=5)
        run = client.runs.publish(client.runs.execute(model, task_id, seed=3, progress=False))
    return {"run": run.id, "sklearn": sklearn.__version__}


if __name__ == "__main__":
    json.dump(main(sys.argv[1], int(sys.argv[2])), sys.stdout)
