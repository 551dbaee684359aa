"""Documents of task types, estimation procedures and measures, and the short answers.

Source: protocol note, sections 3.1, 3.2 and 10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from openml_client.model.task_type import EstimationProcedure, TaskType, TaskTypeInput
from openml_client.model.user import User
from openml_client.wire.codec import Field, Record, Rows
from openml_client.wire.scalars import BOOL, INT, NAMES, TEXT, TIMESTAMP

TASK_TYPE = Record(
    TaskType,
    "task_type",
    (
        Field("id", "id", INT, required=True),
        Field("name", "name", TEXT, required=True),
        Field("description", "description", TEXT, always=True),
        Field("creators", "creator", TEXT, many=True),
        Field("contributors", "contributor", TEXT, many=True),
        Field("created_at", "creation_date", TIMESTAMP),
        Field(
            "inputs",
            "input",
            Record(
                TaskTypeInput,
                "input",
                (
                    Field("name", "name", TEXT, required=True, is_attribute=True),
                    Field("requirement", "requirement", TEXT),
                    Field("data_type", "data_type", TEXT),
                ),
            ),
            many=True,
        ),
    ),
)
TASK_TYPES = Rows(
    "task_types",
    "task_type",
    Record(
        TaskType,
        "task_type",
        (
            Field("id", "id", INT, required=True),
            Field("name", "name", TEXT, required=True),
            Field("description", "description", TEXT, always=True),
            Field("creators", "creator", NAMES),
        ),
    ),
)

_PROCEDURE_FIELDS = (
    Field("id", "id", INT, required=True),
    Field("task_type_id", "ttid", INT, required=True),
    Field("name", "name", TEXT, required=True),
    Field("type", "type", TEXT, required=True),
    Field("repeats", "repeats", INT),
    Field("folds", "folds", INT),
    Field("samples", "samples", INT),
    Field("percentage", "percentage", INT),
    Field("stratified_sampling", "stratified_sampling", BOOL),
    Field("custom_testset", "custom_testset", BOOL),
    Field("date", "date", TIMESTAMP),
)
ESTIMATION_PROCEDURE = Record(EstimationProcedure, "estimationprocedure", _PROCEDURE_FIELDS)
ESTIMATION_PROCEDURES = Rows("estimationprocedures", "estimationprocedure", ESTIMATION_PROCEDURE)


@dataclass(frozen=True, kw_only=True)
class ErrorAnswer:
    """What a server answers when it refuses."""

    code: int
    message: str = ""
    additional_information: str | None = None


ERROR = Record(
    ErrorAnswer,
    "error",
    (
        Field("code", "code", INT, required=True),
        Field("message", "message", TEXT),
        Field("additional_information", "additional_information", TEXT),
    ),
)


@dataclass(frozen=True, kw_only=True)
class GivenId:
    """The id of the thing that was made, changed or deleted."""

    id: int


def given_id(root: str, key: str = "id") -> Record:
    """Make the document of an answer that is just an id."""
    return Record(GivenId, root, (Field("id", key, INT, required=True),))


STATUSES = ("active", "deactivated")
"""What things can be made; ``in_preparation`` is how they begin, and nothing gets back there."""


@dataclass(frozen=True, kw_only=True)
class NewStatus:
    """The status that a thing has now."""

    id: int
    status: str


def new_status(root: str) -> Record:
    """Make the document of an answer to a change of status."""
    return Record(
        NewStatus,
        root,
        (Field("id", "id", INT, required=True), Field("status", "status", TEXT, required=True)),
    )


@dataclass(frozen=True, kw_only=True)
class TagsOfThing:
    """All tags that a thing has now, sorted."""

    id: int
    tags: tuple[str, ...] = ()


def tags_of_thing(root: str) -> Record:
    """Make the document of an answer to a tag that was added or removed."""
    return Record(
        TagsOfThing,
        root,
        (Field("id", "id", INT, required=True), Field("tags", "tag", TEXT, many=True)),
    )


@dataclass(frozen=True, kw_only=True)
class Names:
    """Names without more: all tags in use, or all measures."""

    names: tuple[str, ...] = ()


def names(root: str, key: str, *, hand_made_json: bool = False) -> Record:
    """Make the document of a list of names."""
    return Record(
        Names, root, (Field("names", key, TEXT, many=True),), hand_made_json=hand_made_json
    )


EVALUATION_MEASURES = names("evaluation_measures", "measures/measure")
QUALITY_NAMES = names("data_qualities_list", "quality")


MAX_ONTOLOGY = 256
"""Characters of an address.  Source: protocol note, section 2."""


@dataclass(frozen=True, kw_only=True)
class Ontologies:
    """The addresses of terms that describe a column."""

    id: int
    """Of the dataset."""
    ontologies: tuple[str, ...] = ()


_ILL_FORMED = re.compile(rb"<oml:ontology></oml:>(.*?)</oml:ontology>")


_BARE_AMPERSAND = re.compile(rb"&(?!(?:[a-zA-Z]+|#[0-9]+|#x[0-9a-fA-F]+);)")


def _well_formed(body: bytes) -> bytes:
    # The server closes the element before its text, which it writes as it came.
    # Source: protocol note, section 2.
    return _ILL_FORMED.sub(_element, body)


def _element(match: re.Match[bytes]) -> bytes:
    text = _BARE_AMPERSAND.sub(b"&amp;", match[1]).replace(b"<", b"&lt;")
    return b"<oml:ontology>" + text + b"</oml:ontology>"


def _ontologies(root: str) -> Record:
    return Record(
        Ontologies,
        root,
        (Field("id", "id", INT, required=True), Field("ontologies", "ontology", TEXT, many=True)),
        mend=_well_formed,
    )


ONTOLOGY_ADDED = _ontologies("feature_description_add")
ONTOLOGY_REMOVED = _ontologies("feature_description_remove")


@dataclass(frozen=True, kw_only=True)
class UploadedFile:
    """A file that an administrator uploaded."""

    id: int
    url: str


UPLOADED_FILE = Record(
    UploadedFile,
    "file_upload",
    (Field("id", "id", INT, required=True), Field("url", "url", TEXT, required=True)),
)

USERS = Rows(
    "users",
    "user",
    Record(
        User,
        "user",
        (Field("id", "id", INT, required=True), Field("name", "username", TEXT)),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Existence:
    """Whether a thing exists, and its id."""

    exists: bool
    id: int
    """-1 where it does not exist."""


def _exists(root: str) -> Record:
    fields = (
        Field("exists", "exists", BOOL, required=True),
        Field("id", "id", INT, required=True),
    )
    return Record(Existence, root, fields)


FLOW_EXISTS = _exists("flow_exists")
SETUP_EXISTS = _exists("setup_exists")
