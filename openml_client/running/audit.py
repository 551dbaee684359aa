"""What is wrong with a run beside its predictions: its truth, data, seeds and environment.

Each check gives findings and raises nothing, whatever the content: runs come from anybody.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openml_client.extension.seeds import takes_seeds
from openml_client.formats.splits import Splits
from openml_client.model.run import Predictions
from openml_client.running.check import Finding, error, some, warning
from openml_client.running.execute import TaskData

if TYPE_CHECKING:
    import pandas as pd

TRUTH_TOLERANCE = 1e-5
"""Relative; some clients write numbers with six digits."""

FEWEST_ROWS = 20
"""Below, a column may rise from row to row by chance."""

MOST_CELLS = 5_000_000
"""Of data that is searched for equal rows: half a second of hashing."""

COPIED_SHARE = 0.1
"""Of the tested rows: a few copies are in many datasets, and change no measure."""

SEEDS = frozenset({"random_state"})
"""Names of the parameters that scikit-learn and its kin take seeds by."""

Setting = tuple[object, str, str | None]
"""The place of a component, the name of its parameter, and the value as text."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What predictions are checked against, of a task's data; small beside the rows."""

    labels: tuple[str, ...] | None
    """As in `TaskData`, and ``truth``, too."""
    truth: NDArray[np.int32] | NDArray[np.float64]
    columns: tuple[str, ...]
    """Names of the inputs."""
    telling: Mapping[str, str]
    """How an input tells the rows apart, of those that look like their number or name."""


def facts_of(data: TaskData) -> Facts:
    """The facts of some rows, which they don't keep in memory."""
    return Facts(data.labels, data.truth.copy(), tuple(data.x.columns), telling_columns(data.x))


def check_labels(found: Collection[str] | None, data: TaskData | Facts) -> Iterator[Finding]:
    """Whether the classes that a run declares are the target's, in the order of the data file."""
    if found is None or data.labels is None or tuple(found) == data.labels:
        return
    strange = [label for label in found if label not in data.labels]
    missing = [label for label in data.labels if label not in found]
    if strange or missing:
        parts = [f"declare the classes {some(strange)}, which the target lacks"] if strange else []
        parts += [f"do not declare the classes {some(missing)}"] if missing else []
        yield warning("label_set", "the predictions " + " and ".join(parts))
    else:
        yield warning(
            "label_order",
            f"the predictions declare the classes in the order {some(found)}, and the data file "
            f"in the order {some(data.labels)}: who pairs them by position mixes them up",
        )


def check_truth(predictions: Predictions, data: TaskData | Facts) -> Iterator[Finding]:
    """Whether the true values that a run tells are those of the dataset."""
    rows, told = predictions.row_id, predictions.truth
    if told is None or len(told) != len(rows):
        return
    inside = (rows >= 0) & (rows < len(data.truth))
    rows, told = rows[inside], told[inside]
    truth = data.truth[rows]
    if data.labels is None or predictions.labels is None:
        if data.labels is not None or predictions.labels is not None:
            return  # one has numbers and the other classes, which is found elsewhere
        differs = ~np.isclose(told, truth, rtol=TRUTH_TOLERANCE, atol=0, equal_nan=True)
    else:
        places = [data.labels.index(x) if x in data.labels else -1 for x in predictions.labels]
        told = np.array([*places, -1])[told]
        differs = (told != truth) & (told >= 0) & (truth >= 0)
    if differs.any():
        yield error(
            "truth",
            f"the true values that the run tells for rows {some(np.unique(rows[differs]))} are "
            "not those of the dataset",
        )


def check_features(facts: Facts, declared: Collection[str] = ()) -> Iterator[Finding]:
    """Whether an input tells the place of a row, by which a model may know the target.

    Parameters
    ----------
    declared
        Columns that the dataset's description names as identifiers or as to be ignored.
    """
    kept = [name for name in facts.columns if name in declared]
    if kept:
        yield warning(
            "row_id_declared",
            f"the dataset's description names {some(kept)} as identifier or as to be ignored, and "
            "the model was given it",
        )
    for name, how in facts.telling.items():
        if name not in kept:
            yield warning(
                "row_id_column",
                f"the input {name!r} {how}: a model may know rows by it instead of learning",
            )


def telling_columns(x: pd.DataFrame) -> dict[str, str]:
    """How columns tell the rows apart, of those that look like their number or name."""
    found = ((x.columns[place], _identifies(x.iloc[:, place])) for place in _suspects(x))
    return {name: how for name, how in found if how is not None}


def _suspects(x: pd.DataFrame) -> list[int]:
    """The columns whose first rows look like numbers or names of rows; quick for wide data."""
    import pandas as pd

    if len(x) < FEWEST_ROWS:
        return []
    dtypes = list(x.dtypes)
    names = [n for n, dtype in enumerate(dtypes) if dtype == "category"]
    dense = [
        n
        for n, dtype in enumerate(dtypes)
        if dtype.kind in "iuf" and not isinstance(dtype, pd.SparseDtype)
    ]
    steps = np.diff(x.iloc[:FEWEST_ROWS, dense].to_numpy(np.float64), axis=0)
    rises = (steps > 0).all(axis=0) | (steps < 0).all(axis=0)
    return sorted([*names, *np.array(dense, dtype=np.int64)[rises].tolist()])


def _identifies(column: pd.Series) -> str | None:
    """How a column tells its rows apart, if it looks like their number or name."""
    n_rows = len(column)
    if column.dtype == "category":
        codes = column.cat.codes.to_numpy()
        is_name = codes.min() >= 0 and len(np.unique(codes)) == n_rows
        return f"has another label in each of the {n_rows} rows" if is_name else None
    values = column.to_numpy().astype(np.float64)
    steps = np.diff(values)
    if not ((steps > 0).all() or (steps < 0).all()):
        return None
    if np.allclose(steps, steps[0], rtol=1e-6, atol=0):
        return f"is the number of the row ({values[0]:g}, {values[1]:g}, ... {values[-1]:g})"
    word = "rises" if steps[0] > 0 else "falls"
    return f"{word} in every row, from {values[0]:g} to {values[-1]:g}"


def check_copies(data: TaskData, splits: Splits) -> Iterator[Finding]:
    """Whether many tested rows stand in the training data, too, inputs and target alike.

    Looks at the first fold only: copies are spread over all of them.
    """
    import pandas as pd

    x = data.x
    is_sparse = any(isinstance(dtype, pd.SparseDtype) for dtype in x.dtypes)
    if is_sparse or not x.shape[1] or x.size > MOST_CELLS or not len(splits):
        return
    hashes = pd.util.hash_pandas_object(x, index=False).to_numpy()
    hashes = hashes * np.uint64(31) + pd.util.hash_array(np.asarray(data.truth))
    fold = splits[next(iter(splits))]
    test = fold.test[fold.test < len(hashes)]
    train = fold.train[fold.train < len(hashes)]
    if np.array_equal(np.unique(test), np.unique(train)):
        return  # the procedure tests on the training data, and says so
    copied = test[np.isin(hashes[test], hashes[train])]
    if len(test) and len(copied) > COPIED_SHARE * len(test):
        yield warning(
            "rows_copied",
            f"{len(copied)} of the {len(test)} rows tested in the first fold stand in its training "
            f"data, too, inputs and target alike; first rows: {some(np.sort(copied))}",
        )


def check_seeds(settings: Iterable[Setting], names: frozenset[str] = SEEDS) -> Iterator[Finding]:
    """Whether seeds were left open, so that the run can't be repeated bit by bit."""
    given = [(place, name, _json(text)) for place, name, text in settings]
    still = {place for place, name, value in given if name == "shuffle" and value is False}
    open_: list[str] = []
    for place, name, value in given:
        if name in names:
            open_ += [name] if value is None and place not in still else []
        elif _has_open_seed(value, names):
            open_.append(f"{name} (inside its value)")
    if open_:
        yield warning(
            "seed_missing",
            f"{len(open_)} seeds were left open, so the run can't be repeated exactly: "
            f"{some(open_)}",
        )


def _json(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None if text == "None" else text


def _has_open_seed(value: Any, names: frozenset[str]) -> bool:
    pending = [(value, None)]
    while pending:
        item, kind = pending.pop()
        if isinstance(item, list):
            pending += [(inner, None) for inner in item]
        elif isinstance(item, dict):
            is_open = any(name in item and item[name] is None for name in names)
            if is_open and takes_seeds(item, kind=kind):
                return True
            kind = item.get("kind")  # of a call, whose arguments stand beside it
            pending += [
                (inner, kind if key == "kwargs" else None)
                for key, inner in item.items()
                if key != "defaults"
            ]
    return False


def check_environment(
    wanted: Mapping[str, str], here: Mapping[str, str], first: Collection[str] = ()
) -> Iterator[Finding]:
    """Whether the versions that a run had are those that are here.

    Parameters
    ----------
    first
        Distributions that matter most, which are named before others.
    """
    drifted = [name for name, version in wanted.items() if here.get(name) != version]
    if drifted:
        drifted.sort(key=lambda name: (name not in first, name != "python", name))
        told = [f"{n} {wanted[n]} (here {here.get(n, 'not installed')})" for n in drifted]
        yield warning(
            "environment_drift", f"the run had other versions than are here: {some(told)}"
        )


def check_measures(
    published: Mapping[str, float | None], recomputed: Mapping[str, float]
) -> Iterator[Finding]:
    """Whether the measures that a registry tells are those of the published predictions."""
    for name in ("predictive_accuracy", "root_mean_squared_error"):
        told, found = published.get(name), recomputed.get(name)
        if told is None or found is None:
            continue
        if not np.isclose(told, found, rtol=TRUTH_TOLERANCE, atol=1e-6):
            yield warning(
                "measure",
                f"the {name} is {told:.6g} on the server, and {found:.6g} by the predictions",
            )
