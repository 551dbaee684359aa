"""Documents of setups.  Source: protocol note, section 6."""

from __future__ import annotations

from dataclasses import dataclass, replace

from openml_client.model.setup import Setup, SetupParameter
from openml_client.wire.codec import Field, Record, Rows
from openml_client.wire.scalars import INT, TEXT

PARAMETER = Record(
    SetupParameter,
    "parameter",
    (
        Field("id", "id", INT, required=True),
        Field("flow_id", "flow_id", INT, required=True),
        Field("flow_name", "flow_name", TEXT, required=True),
        Field("full_name", "full_name", TEXT, required=True),
        Field("name", "parameter_name", TEXT, required=True),
        Field("data_type", "data_type", TEXT, always=True),
        Field("default_value", "default_value", TEXT, keep_empty=True, always=True),
        Field("value", "value", TEXT, keep_empty=True, always=True),
    ),
)


def _fields(parameter: Record) -> tuple[Field, ...]:
    return (
        Field("id", "setup_id", INT, required=True),
        Field("flow_id", "flow_id", INT, required=True),
        Field("parameters", "parameter", parameter, many=True),
    )


# A single setup gives the names of parameters twice; lists do so in the older spelling only.
_BEFORE = next(n for n, field in enumerate(PARAMETER.fields) if field.key == "parameter_name")
_NAMED_TWICE = replace(
    PARAMETER,
    content=(
        *PARAMETER.fields[:_BEFORE],
        Field("name", "name", TEXT),
        *PARAMETER.fields[_BEFORE:],
    ),
)

SETUP = Record(Setup, "setup_parameters", _fields(_NAMED_TWICE))
SETUPS = Rows("setups", "setup", Record(Setup, "setup", _fields(PARAMETER)))


@dataclass(frozen=True, kw_only=True)
class SetupDifference:
    """In how many predictions two setups differ on a task."""

    setup_a: int
    setup_b: int
    task_id: int
    task_size: int
    """Rows that both predict."""
    differences: int


SETUP_DIFFERENCES = Rows(
    "setup_differences",
    "task",
    Record(
        SetupDifference,
        "task",
        (
            Field("setup_a", "setupA", INT, required=True),
            Field("setup_b", "setupB", INT, required=True),
            Field("task_id", "task_id", INT, required=True),
            Field("task_size", "task_size", INT, required=True),
            Field("differences", "differences", INT, required=True),
        ),
    ),
)
