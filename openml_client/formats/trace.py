"""The trace of a run as an ARFF file, both ways.

Source: protocol note, section 5: ``repeat, fold, iteration, evaluation, selected`` and either
``setup_string`` or one column ``parameter_NAME`` per parameter.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import FormatError
from openml_client.formats.arff import ArffFile, Attribute, read_arff
from openml_client.formats.arff_writer import write_arff
from openml_client.model.trace import TraceIteration

_NUMBERS = ("repeat", "fold", "iteration")
PARAMETER = "parameter_"


def write_trace(trace: Sequence[TraceIteration], *, task_id: int) -> bytes:
    """The file that a run uploads.

    Raises
    ------
    ArffError
        If a value can't be written.
    """
    evaluations = [np.nan if row.evaluation is None else row.evaluation for row in trace]
    setups = np.empty(len(trace), dtype=object)
    setups[:] = [row.setup_string for row in trace]
    attributes = [
        *(Attribute(name, "integer") for name in _NUMBERS),
        Attribute("evaluation", "real"),
        Attribute("selected", "nominal", ("true", "false")),
        Attribute("setup_string", "string"),
    ]
    columns: list[NDArray[Any]] = [
        *(np.array([getattr(row, name) for row in trace], dtype=np.int64) for name in _NUMBERS),
        np.array(evaluations, dtype=np.float64),
        np.array([0 if row.selected else 1 for row in trace], dtype=np.int32),
        setups,
    ]
    return write_arff(f"openml_task_{task_id}_trace", attributes, columns)


def read_trace(source: bytes) -> tuple[TraceIteration, ...]:
    """The iterations of a file, in its order.

    Raises
    ------
    FormatError
        If a column is missing or holds no numbers.
    """
    file = read_arff(source)
    values = {a.name: _values(file, n) for n, a in enumerate(file.attributes)}
    missing = [name for name in (*_NUMBERS, "evaluation", "selected") if name not in values]
    if missing:
        raise FormatError(f"the trace has no column {missing[0]!r}; it has {', '.join(values)}")
    parameters = [name for name in values if name.startswith(PARAMETER)]
    try:
        return tuple(
            TraceIteration(
                **{name: int(float(values[name][n])) for name in _NUMBERS},
                evaluation=_float(values["evaluation"][n]),
                selected=str(values["selected"][n]).lower() == "true",
                setup_string=_setup(values, parameters, n),
            )
            for n in range(file.n_rows)
        )
    except (TypeError, ValueError) as error:
        raise FormatError(f"the trace holds a value that is no number: {error}") from error


def _setup(values: dict[str, list[Any]], parameters: Sequence[str], row: int) -> str | None:
    if "setup_string" in values:
        text = values["setup_string"][row]
        return None if text is None else str(text)
    if not parameters:
        return None
    given = {name: values[name][row] for name in parameters if values[name][row] is not None}
    plain = {name: _plain(value) for name, value in given.items()}
    return json.dumps(plain, separators=(",", ":"))  # as the evaluation engine writes it


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _plain(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _values(file: ArffFile, position: int) -> list[Any]:
    if file.columns is None:
        raise FormatError("the trace is a sparse file; a dense one is wanted")
    attribute, column = file.attributes[position], file.columns[position]
    if attribute.kind == "nominal":
        return [attribute.labels[code] if code >= 0 else None for code in column]
    return [None if value != value else value for value in column.tolist()]  # noqa: PLR0124
