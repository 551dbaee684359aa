"""Tags of datasets, tasks, flows, runs and setups: added, removed and listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from openml_client.registry.calls import NOTHING, Call
from openml_client.registry.store import datasets, flows, runs, setups, tags, tasks
from openml_client.wire.route import Route
from openml_client.wire.scalars import TAG
from openml_client.wire.vocabulary import Names, TagsOfThing


def _sees_dataset(connection: Connection, dataset_id: int, call: Call) -> bool:
    stored = datasets.find(connection, dataset_id)
    return stored is not None and stored.may_be_seen_by(call.user)


_EXISTS: Mapping[str, Callable[[Connection, int, Call], bool]] = {
    "data": _sees_dataset,
    "task": lambda connection, id_, _: tasks.find(connection, id_) is not None,
    "flow": lambda connection, id_, _: flows.exists(connection, id_),
    "run": lambda connection, id_, _: runs.exists(connection, id_),
    "setup": lambda connection, id_, _: setups.find(connection, id_) is not None,
}


def add(call: Call) -> TagsOfThing:
    """Tag a thing; anybody may tag anything."""
    thing, thing_id, tag = _given(call)
    information = f"id={thing_id}; tag={tag}"
    with call.services.store.write() as connection:
        if not _EXISTS[thing](connection, thing_id, call):
            raise call.refusal("unknown")
        if TAG.complaint(tag) is not None:
            raise call.refusal("characters", information)
        if tags.find(connection, thing, thing_id, tag) is not None:
            raise call.refusal("twice", information)
        tags.add(connection, thing, thing_id, tag, uploader_id=call.writer.id)
        return TagsOfThing(id=thing_id, tags=tags.of(connection, thing, thing_id))


def remove(call: Call) -> TagsOfThing:
    """Take away a tag, which only who added it may, and administrators."""
    thing, thing_id, tag = _given(call)
    with call.services.store.write() as connection:
        if not _EXISTS[thing](connection, thing_id, call):
            raise call.refusal("unknown")
        found = tags.find(connection, thing, thing_id, tag)
        if found is None:
            raise call.refusal("no_tag")
        if not call.owns(found.uploader_id):
            raise call.refusal("owner")
        tags.remove(connection, thing, thing_id, tag)
        return TagsOfThing(id=thing_id, tags=tags.of(connection, thing, thing_id))


def _given(call: Call) -> tuple[str, int, str]:
    """The kind of thing, its id, and the tag."""
    thing = _thing(call.route)
    tag = call.form.get("tag", "")
    if tag in NOTHING:
        raise call.refusal("missing")
    return thing, call.thing_id(f"{thing}_id", missing="missing"), tag


def list_all(call: Call) -> Names:
    """All tags of the things of a kind that the caller may see."""
    with call.services.store.read() as connection:
        found = tags.in_use(connection, _thing(call.route), call.user)
    if not found:
        raise call.refusal("none")
    return Names(names=found)


def _thing(route: Route) -> str:
    return route.name.partition(".")[0]


HANDLERS: Mapping[str, Callable[[Call], Any]] = {
    f"{thing}.{verb}": handler
    for thing in tags.TABLES
    for verb, handler in (("tag", add), ("untag", remove), ("tag_list", list_all))
}
