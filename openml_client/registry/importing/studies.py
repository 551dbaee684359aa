"""Suites and studies of other registries, with those of their tasks and runs that are here."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from openml_client.model.study import EntityType, Study
from openml_client.registry.importing import users as imported_users
from openml_client.registry.importing.base import conflict, require
from openml_client.registry.store import studies as store
from openml_client.registry.store.clock import now
from openml_client.registry.store.rows import known_ids
from openml_client.registry.store.schema import runs, studies, tasks


def is_here(connection: Connection, study: Study) -> bool:
    """Whether the study is in this registry, with all of its tasks or runs or without some.

    Raises
    ------
    RegistryError
        If its id or its alias is another's.
    """
    here = store.find_summary(connection, study.id)
    if here is None:
        return False
    if (here.name, here.main_entity_type) != (study.name, holds(study)):
        raise conflict(f"study {study.id}", here=repr(here), source=repr(study))
    return True


def holds(study: Study) -> EntityType:
    """What a study is of; those of the first years, which are made by tags, are of runs."""
    return "task" if study.is_suite else "run"


def add(connection: Connection, study: Study) -> None:
    """Store a study, still without tasks or runs; ask `is_here` before, within the same write.

    Raises
    ------
    RegistryError
        If its alias is another's, or the suite that it belongs to is not here.
    """
    if study.benchmark_suite_id is not None:
        why = f"study {study.id} belongs to the suite"
        require(connection, studies, study.benchmark_suite_id, why=why)
    other = None if study.alias is None else store.find_summary(connection, study.alias)
    if other is not None:
        what = f"the alias {study.alias!r}"
        raise conflict(what, here=f"study {other.id}'s", source=f"study {study.id}'s")
    connection.execute(
        insert(studies).values(
            id=study.id,
            alias=study.alias,
            main_entity_type=holds(study),
            benchmark_suite_id=study.benchmark_suite_id,
            name=study.name,
            description=study.description,
            status=study.status or store.IN_PREPARATION,
            uploader_id=imported_users.keep(connection, study.uploader_id),
            created_at=study.created_at or now(),
        )
    )


def attach(connection: Connection, study: Study) -> tuple[int, ...]:
    """Link what a study holds, and give the ids of what is not here."""
    wanted = study.task_ids if study.is_suite else study.run_ids
    table = tasks if study.is_suite else runs
    known = known_ids(connection, table, wanted)
    store.attach(connection, study.id, holds(study), known)
    return tuple(id_ for id_ in wanted if id_ not in known)
