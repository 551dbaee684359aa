"""The main job from end to end, on an embedded registry: the first thing a new user runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openml_client.errors import OpenMLError

if TYPE_CHECKING:
    from openml_client.client import Client
    from openml_client.model.run import Run
    from openml_client.model.task import Task

DATASET = "penguins"
SEED = 42
MEASURES = ("predictive_accuracy", "area_under_roc_curve")


def quickstart(
    folder: Annotated[
        Path, typer.Option(help="Folder of the registry; made if it is missing.")
    ] = Path("openml-quickstart"),
) -> None:
    """Run the whole job once, on an embedded registry.

    Fetch data, run two models, publish, compare and reproduce: no key, no network.
    """
    from openml_client.client import Client

    server = f"local:{folder}"
    with Client(server) as client:
        task = _fill(client, folder)
        _look(client, task)
        runs = _run_models(client, task)
        _compare(client, task, runs)
    first = next(iter(runs.values()))
    _reproduce(server, first)
    _say_next(server, first)


def _heading(number: int, text: str) -> None:
    typer.secho(f"\n{number}. {text}", bold=True)


def _named(task: Task) -> str:
    folds = task.procedure.n_folds if task.procedure else None
    return f"task {task.id:>2}: {task.type}, target {task.target}, {folds} folds"


def _fill(client: Client, folder: Path) -> Task:
    """Seed the registry, and give the task on the dataset of this tour."""
    from openml_client.seed import seed

    _heading(1, f"An embedded registry in {folder}/, with real data")
    tasks = {}
    for row in seed(client):
        state = "published" if row.is_new else "is there"
        typer.echo(
            f"   {state}  dataset {row.dataset.id:>2} {row.dataset.name:<14} {_named(row.task)}"
        )
        tasks[row.dataset.name] = row.task
    if DATASET not in tasks:
        raise OpenMLError(
            f"the dataset {DATASET!r} is missing: this scikit-learn came without its tests",
            hint="Install scikit-learn from PyPI.",
        )
    return tasks[DATASET]


def _look(client: Client, task: Task) -> None:
    _heading(2, "Datasets are listed, and one is loaded as a table")
    table = client.datasets.list(number_missing_values=(1, 10_000)).to_pandas()
    columns = ["id", "name", "NumberOfInstances", "NumberOfFeatures", "NumberOfMissingValues"]
    typer.echo("   datasets with missing values:")
    typer.echo(_indent(table[columns].to_string(index=False)))
    x, y = client.datasets.load(task.dataset_id).xy(task.target)
    typer.echo(f"\n   X, y of {DATASET}: {x.shape[0]} rows, {x.shape[1]} columns, target {y.name}")
    typer.echo(_indent(x.head(3).to_string()))


def _models() -> dict[str, Any]:
    """Two ordinary models; the columns are chosen by their type, so they fit many datasets."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

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
        (
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            categories,
        ),
        remainder="passthrough",
    )
    return {
        "logistic regression": make_pipeline(encode, LogisticRegression(max_iter=500)),
        "random forest": make_pipeline(order, RandomForestClassifier(n_estimators=50)),
    }


def _run_models(client: Client, task: Task) -> dict[str, Run]:
    _heading(3, f"Two models run on task {task.id}, 10 folds each, and are published")
    runs = {}
    for name, model in _models().items():
        draft = client.runs.execute(model, task, seed=SEED, progress=sys.stderr.isatty())
        findings = "; ".join(map(str, client.runs.check(draft))) or "nothing is wrong"
        run = client.runs.publish(draft)
        typer.echo(f"   {name}: checked ({findings}), published as run {run.id}")
        runs[name] = run
    return runs


def _compare(client: Client, task: Task, runs: dict[str, Run]) -> None:
    import pandas as pd

    _heading(4, f"The leaderboard of task {task.id}, as the registry evaluated the runs")
    columns = {}
    for measure in MEASURES:
        rows = client.evaluations.list(measure, tasks=task.id).to_pandas().set_index("run_id")
        columns[measure] = rows["value"]
    table = pd.DataFrame(columns).sort_values(list(MEASURES), ascending=False)
    names = {run.id: name for name, run in runs.items()}
    table["model"] = [names.get(run_id, "of another time") for run_id in table.index]
    typer.echo(_indent(table.reset_index().to_string(index=False)))


def _reproduce(server: str, run: Run) -> None:
    _heading(5, f"Run {run.id} is fetched in a new process and executed again")
    sys.stdout.flush()
    command = [sys.executable, "-m", "openml_client", "--server", server]
    result = subprocess.run(  # noqa: S603  (our own module, our own arguments)
        [*command, "run", "reproduce", str(run.id)], check=False
    )
    if result.returncode != 0:
        raise OpenMLError(f"run {run.id} was not reproduced; see above")


def _say_next(server: str, run: Run) -> None:
    typer.secho("\nWhat to try next", bold=True)
    program = _program()
    for command in (
        f"{program} -s {server} dataset list",
        f"{program} -s {server} run show {run.id}",
        f"{program} registry serve {server.removeprefix('local:')}",
        f"{program} --help",
    ):
        typer.echo(f"   {command}")
    typer.echo("   and the same in Python: examples/quickstart.py, README.md, docs/guide.md")


def _program() -> str:
    """Name the program as this user can call it: by its path where it is not on PATH."""
    return "openml-client" if shutil.which("openml-client") else sys.argv[0]


def _indent(text: str) -> str:
    return "\n".join(f"   {line}" for line in text.splitlines())
