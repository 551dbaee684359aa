"""A residual network and boosted trees on the same tasks: run, published, compared, reproduced.

    pip install '.[registry,plots]' extensions/sklearn extensions/torch
    python examples/torch_vs_sklearn.py [FOLDER]

Everything happens on an embedded registry in FOLDER: no key, no network, no GPU.
"""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # for tables this small, more threads only wait

import torch
from openml_client_torch import N_CLASSES, N_FEATURES, TorchClassifier
from residual_mlp import ResidualMLP  # a file beside this one: it says why
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from openml_client import Client
from openml_client.plots import training_curves
from openml_client.seed import seed

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "openml-torch")
names = ["penguins", "breast-cancer", "kr-vs-kp"]

# 1. A recipe: a module, and all that its training needs. Its sizes are symbols, which each task
#    fills in: one flow for all tasks.
network = TorchClassifier(
    ResidualMLP(N_FEATURES, N_CLASSES, width=32),
    optimizer=partial(torch.optim.AdamW, lr=5e-3),
    max_epochs=15,
    batch_size=64,
    validation_fraction=0.15,
    patience=5,
    device="cpu",
)

# 2. Boosted trees, which take numbers as they are, and codes of categories.
codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
columns = make_column_transformer(
    (codes, make_column_selector(dtype_exclude="number")), remainder="passthrough"
)
trees = make_pipeline(columns, HistGradientBoostingClassifier(max_iter=50))

with Client(f"local:{folder}") as client:
    tasks = {row.dataset.name: row.task for row in seed(client)}

    # 3. Both on ten folds of each task, and published. The network's weights are kept, and the text
    #    of residual_mlp.py goes along for people to read.
    runs = []
    for name in names:
        for model, kept in ((network, ["weights"]), (trees, [])):
            draft = client.runs.execute(
                model, tasks[name], seed=42, artefacts=kept, attach_source=True
            )
            runs.append(client.runs.publish(draft))
    run = runs[0]

    # 4. The leaderboard.
    board = client.evaluations.list(
        "area_under_roc_curve", tasks=[tasks[name].id for name in names]
    ).to_pandas()
    board["flow"] = board["flow_name"].str.slice(0, 41)  # a model, and what is inside it
    table = board.pivot(index=["flow_id", "flow"], columns="dataset_name", values="value")
    print(table[names].round(3).to_string())

    # 5. What was trained on a fold is here again, and predicts what was published. residual_mlp is
    #    code that flows may import only if they are told to.
    fitted = client.runs.weights(run, fold=3, trusted=["residual_mlp"])
    X, _ = client.datasets.load(tasks["penguins"].dataset_id).xy()
    published = client.runs.predictions(run).query("fold == 3")
    is_same = fitted.predict(X.iloc[published["row_id"]]) == published["prediction"]
    print(f"{is_same.sum()} of {len(is_same)} predictions of the loaded weights are the published")

    # 6. The learning curves of all folds.
    curves = folder / "learning_curves.html"
    training_curves(client.runs.training_log(run)).write_html(curves)
    print("learning curves:", curves)

# 7. Another process executes the run again.
program = """
import sys
from openml_client import Client
with Client(sys.argv[1]) as client:
    print(client.runs.reproduce(sys.argv[2], trusted=["residual_mlp"]))
"""
command = [sys.executable, "-c", program, f"local:{folder.resolve()}", str(run.id)]
subprocess.run(command, check=True, cwd=Path(__file__).parent)  # where it finds residual_mlp
