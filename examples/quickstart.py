"""The main job in plain Python: fetch, run, publish, compare, reproduce.

    python examples/quickstart.py [FOLDER]

Everything happens on an embedded registry in FOLDER: no key, no network.
"""

import subprocess
import sys

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from openml_client import Client
from openml_client.seed import seed

folder = sys.argv[1] if len(sys.argv) > 1 else "openml-quickstart"

with Client(f"local:{folder}") as client:
    # 1. Real datasets, which scikit-learn ships, each with a 10-fold task.
    tasks = {row.dataset.name: row.task for row in seed(client)}
    print(client.datasets.list(number_classes=3))

    # 2. A table, and X and y of it.
    X, y = client.datasets.load("penguins").xy()
    print(X.dtypes.to_string())

    # 3. Two models; columns are chosen by their type.
    numbers = make_column_selector(dtype_include="number")
    categories = make_column_selector(dtype_exclude="number")
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (
            make_pipeline(
                SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
            ),
            categories,
        ),
    )
    order = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), categories),
        remainder="passthrough",
    )
    models = [
        make_pipeline(encode, LogisticRegression(max_iter=500)),
        make_pipeline(order, RandomForestClassifier(n_estimators=50)),
    ]
    task = tasks["penguins"]
    drafts = [client.runs.execute(model, task, seed=42) for model in models]

    # 4. Checked, published with their flows, evaluated by the registry, and compared.
    print([client.runs.check(draft) for draft in drafts])
    runs = [client.runs.publish(draft) for draft in drafts]
    board = client.evaluations.list("area_under_roc_curve", tasks=task.id, sort_order="desc")
    print(board.to_pandas()[["value", "run_id", "flow_id"]].to_string(index=False))

# 5. Another process fetches a run and executes it again: flow, values and seeds come from the
#    registry.
program = """
import sys
from openml_client import Client
with Client(sys.argv[1]) as client:
    print(client.runs.reproduce(sys.argv[2]))
"""
command = [sys.executable, "-c", program, f"local:{folder}", str(runs[0].id)]
subprocess.run(command, check=True)
