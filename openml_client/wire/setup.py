"""Documents of setups.  Source: protocol note, section 6."""

from __future__ import annotations

from dataclasses import dataclass

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
        # A single setup also gives the name as `name`; lists give this legacy spelling only.
        Field("name", "parameter_name", TEXT, required=True),
        Field("data_type", "data_type", TEXT, always=True),
        Field("default_value", "default_value", TEXT, keep_empty=True, always=True),
        Field("value", "value", TEXT, keep_empty=True, always=True),
    ),
)

_FIELDS = (
    Field("id", "setup_id", INT, required=True),
    Field("flow_id", "flow_id", INT, required=True),
    Field("parameters", "parameter", PARAMETER, many=True),
)

SETUP = Record(Setup, "setup_parameters", _FIELDS)
SETUPS = Rows("setups", "setup", Record(Setup, "setup", _FIELDS))


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
