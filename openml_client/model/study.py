"""Studies and suites: collections of runs, and of tasks to run on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from openml_client.model.ids import id_of
from openml_client.model.several import several
from openml_client.model.text import html_table, shorten

EntityType = Literal["task", "run"]
"""What a collection holds: ``task`` makes it a suite, ``run`` a study."""


@dataclass(frozen=True, kw_only=True)
class StudySummary:
    """One row of a list of studies or suites."""

    kinds: ClassVar[tuple[str, ...]] = ("suite", "study")
    """What its ``id`` is an id of."""
    id: int
    alias: str | None = None
    """A short name that can be asked for in place of the id."""
    main_entity_type: str | None = None
    """``task`` for a suite, ``run`` for a study; None in collections of the first years."""
    benchmark_suite_id: int | None = None
    """The suite whose tasks the runs of a study are on."""
    name: str
    status: str | None = None
    """``active``, ``in_preparation`` or ``deactivated``."""
    created_at: datetime | None = None
    uploader_id: int | None = None

    def __repr__(self) -> str:
        kind = "Suite" if self.main_entity_type == "task" else "Study"
        return f"<{kind} {_label(self.id, self.alias, self.name)}, {self.status}>"


@dataclass(frozen=True, kw_only=True)
class Study:
    """A collection of tasks (a suite) or of runs (a study), and what belongs to them."""

    kinds: ClassVar[tuple[str, ...]] = ("suite", "study")
    """What its ``id`` is an id of."""
    id: int
    alias: str | None = None
    """A short name that can be asked for in place of the id."""
    main_entity_type: str | None = None
    """``task`` for a suite, ``run`` for a study; None in collections of the first years."""
    benchmark_suite_id: int | None = None
    """The suite whose tasks the runs of a study are on."""
    name: str
    description: str | None = None
    visibility: str | None = None
    status: str | None = None
    """``active``, ``in_preparation`` or ``deactivated``."""
    created_at: datetime | None = None
    uploader_id: int | None = None
    tags: tuple[str, ...] = ()
    """Only collections of the first years have them: they are made by tags."""
    dataset_ids: tuple[int, ...] = ()
    """Of the tasks."""
    task_ids: tuple[int, ...] = ()
    """The suite's own, or those of a study's runs."""
    flow_ids: tuple[int, ...] = ()
    """Of the runs; empty for suites, as all that follows."""
    setup_ids: tuple[int, ...] = ()
    run_ids: tuple[int, ...] = ()

    @property
    def is_suite(self) -> bool:
        """Whether it is a collection of tasks."""
        return self.main_entity_type == "task"

    def __repr__(self) -> str:
        kind, entities = ("Suite", "tasks") if self.is_suite else ("Study", "runs")
        count = len(self.task_ids if self.is_suite else self.run_ids)
        status = f", {self.status}" if self.status not in {None, "active"} else ""
        return f"<{kind} {_label(self.id, self.alias, self.name)}, {count} {entities}{status}>"

    def _repr_html_(self) -> str:
        kind = "Suite" if self.is_suite else "Study"
        return html_table(
            {
                kind: f"{self.id}: {self.name}",
                "Alias": self.alias,
                "Status": self.status,
                "Datasets": len(self.dataset_ids),
                "Tasks": len(self.task_ids),
                "Flows": len(self.flow_ids) or None,
                "Runs": len(self.run_ids) or None,
                "Description": shorten(self.description or "", 300),
            }
        )


def _label(id_: int, alias: str | None, name: str) -> str:
    return f"{id_} ({alias}): {name}" if alias else f"{id_}: {name}"


@dataclass(frozen=True, kw_only=True)
class StudyDraft:
    """What a caller says of a suite or a study that is to be published; it has no id yet."""

    name: str
    """At most 256 characters."""
    description: str | None = None
    """Basic Latin only, at most 4,096 characters."""
    alias: str | None = None
    """At most 32 of ``A-Z a-z 0-9 _ - .``; no other collection may have it."""
    main_entity_type: EntityType | None = None
    """Taken from what is given below where it is None."""
    benchmark_suite_id: int | None = None
    """The suite whose tasks a study's runs are on."""
    task_ids: tuple[int, ...] = ()
    """Of a suite; others can be attached later."""
    run_ids: tuple[int, ...] = ()
    """Of a study; others can be attached later."""

    def __post_init__(self) -> None:
        # Tasks and runs may be given themselves, as everywhere, and one without a tuple.
        tasks = tuple(id_of(given, "task") for given in several(self.task_ids))
        runs = tuple(id_of(given, "run") for given in several(self.run_ids))
        object.__setattr__(self, "task_ids", tasks)
        object.__setattr__(self, "run_ids", runs)


@dataclass(frozen=True, kw_only=True)
class StudyLinks:
    """How much a collection holds after something was attached or detached."""

    id: int
    main_entity_type: str
    n_linked: int
