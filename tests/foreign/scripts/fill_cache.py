"""Lets openml-python fill a cache: ``fill_cache.py ADDRESS FOLDER RUN``.

It knows nothing of openml_client; it runs in the environment of ``tests/foreign``.  It prints where
openml-python keeps what it has of the server.
"""

from __future__ import annotations

import json
import os
import sys

import openml


def main(address: str, folder: str, run_id: int) -> str:
    openml.config.server = f"{address}/api/v1/xml"
    openml.config.apikey = ""
    openml.config.set_root_cache_directory(folder)
    load("penguins")
    os.environ["OPENML_SKIP_PARQUET"] = "true"
    load("iris")
    run = openml.runs.get_run(run_id)
    openml.tasks.get_task(run.task_id).get_split_dimensions()
    openml.flows.get_flow(run.flow_id)
    openml.setups.get_setup(run.setup_id)
    return openml.config.get_cache_directory()


def load(name: str) -> None:
    dataset = openml.datasets.get_dataset(
        name, download_data=True, download_qualities=True, download_features_meta_data=True
    )
    dataset.get_data()


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
