"""Fingerprints of results, the same for equal values whatever library holds them.

Runs in every environment; it knows numpy, pandas and pyarrow only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np


def digest(result: Any) -> Any:
    """Of a frame, a sparse matrix, splits (a mapping of keys to pairs of rows) or bytes of ARFF.

    What is JSON already stays as it is.
    """
    if isinstance(result, bytes):
        return _of_arff(result)
    if isinstance(result, dict):
        return _of_splits(result)
    if hasattr(result, "tocsr"):
        return _of_matrix(result.tocsr())
    if hasattr(result, "columns") and hasattr(result, "iloc"):
        return _of_frame(result)
    return result


def _of_frame(frame: Any) -> dict[str, Any]:
    columns = {str(name): _of_series(frame[name]) for name in frame.columns}
    return {"shape": list(frame.shape), "columns": columns}


def _of_series(series: Any) -> str:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_bool_dtype(series.dtype):
        values = np.ascontiguousarray(series.to_numpy(), dtype=np.float64)
        return _hashed([np.where(np.isnan(values), np.nan, values).tobytes()])
    if isinstance(series.dtype, pd.CategoricalDtype):
        labels = [str(label) for label in series.cat.categories]
        texts = np.array([*labels, None], dtype=object)[series.cat.codes.to_numpy()]
    else:
        texts = series.astype(object).to_numpy()
    return _hashed(b"\0" if t is None or t != t else str(t).encode() + b"\1" for t in texts)  # noqa: PLR0124


def _of_matrix(matrix: Any) -> dict[str, Any]:
    matrix.sort_indices()
    parts = (
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int64),
        matrix.data.astype(np.float64),
    )
    return {"shape": list(matrix.shape), "entries": _hashed(part.tobytes() for part in parts)}


def _of_splits(splits: dict[Any, Any]) -> dict[str, Any]:
    keys = sorted(splits)
    parts = (np.asarray(part, dtype=np.int64).tobytes() for key in keys for part in splits[key])
    return {"folds": len(keys), "rows": _hashed(parts)}


def listed_datasets(frame: Any, names: dict[str, str]) -> Any:
    """What is compared of a list of datasets, whose columns have other names."""
    columns = ["did", "name", "version", "status", "format", "NumberOfInstances"]
    return _numbered(frame.rename(columns=names), [*columns, "MajorityClassSize"])


def listed_evaluations(frame: Any, names: dict[str, str]) -> Any:
    """What is compared of a list of evaluations, whose columns have other names."""
    frame = frame.rename(columns=names)
    if not hasattr(frame["upload_time"].dtype, "tz"):
        times = frame["upload_time"]
    else:
        times = frame["upload_time"].dt.strftime("%Y-%m-%d %H:%M:%S")
    frame = frame.assign(upload_time=times)
    columns = ["run_id", "task_id", "setup_id", "flow_id", "flow_name", "data_id", "data_name"]
    return _numbered(frame, [*columns, "function", "uploader", "value", "upload_time"])


def _numbered(frame: Any, columns: list[str]) -> Any:
    """These columns, in the order of the first, with the names of the rows forgotten."""
    return frame[columns].sort_values(columns[0]).reset_index(drop=True)


def predictions(
    labels: Any, *, repeat: Any, fold: Any, row: Any, prediction: Any, confidence: Any
) -> Any:
    """A frame of predictions in the order of their rows, whatever order they were made in.

    ``prediction`` are positions in ``labels``; ``confidence`` has a column for each.
    """
    import pandas as pd

    frame = pd.DataFrame({"repeat": repeat, "fold": fold, "row": row})
    frame["prediction"] = np.asarray(labels, dtype=object)[np.asarray(prediction)]
    for place, label in enumerate(labels):
        frame[f"confidence.{label}"] = np.asarray(confidence)[:, place]
    return frame.sort_values(["repeat", "fold", "row"])


def _of_arff(content: bytes) -> dict[str, Any]:
    """Of the values that a file holds; its header and its way to write numbers are free."""
    import io

    import pandas as pd

    start = content.lower().index(b"@data")
    start = content.index(b"\n", start) + 1
    body = io.BytesIO(content[start:].replace(b"%\n", b""))
    frame = pd.read_csv(body, header=None, quotechar="'", float_precision="round_trip")
    return _of_frame(frame)


def _hashed(parts: Iterable[bytes]) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part)
    return hashed.hexdigest()[:16]
