"""A registry to which the recorded uploads of the real server were sent again.

The real server held other things before the recording began, so ids are moved to where they were:
what is uploaded here gets the id that it got there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from openml_client.registry import Registry
from openml_client.registry.store import users
from openml_client.wire import json, xml
from openml_client.wire.route import Route

from .earlier import USERS, move_ids
from .scenario import send
from .test_wire import route_of
from .transcripts import Exchange, load, names

TABLES = {
    "data.upload": "datasets",
    "task.upload": "tasks",
    "flow.upload": "flows",
    "run.upload": "runs",
}
"""The tables in which uploads get their ids, in the order in which they need each other."""


@dataclass(frozen=True)
class Replayed:
    """The registry, and what became of the uploads."""

    registry: Registry
    uploads: dict[str, TestResponse]
    """Answers by the name of the transcript."""

    def send(self, exchange: Exchange) -> TestResponse:
        """Send a recorded request again."""
        return send(self.registry, exchange)


def replay(folder: Path, transcripts: Path) -> Replayed:
    """Make a registry in ``folder`` and send it all uploads that the real server took."""
    replayed = Replayed(Registry.open(folder, fetch="none"), {})
    _add_users(replayed.registry)
    # These two are shown, but not told by the answers to uploads.
    move_ids(replayed.registry, "flow_parameters", 177)
    move_ids(replayed.registry, "files", 132)
    for name, exchange, route, id_ in uploads(transcripts):
        move_ids(replayed.registry, TABLES[route.name], id_)
        replayed.uploads[name] = replayed.send(exchange)
    return replayed


def uploads(transcripts: Path) -> Iterator[tuple[str, Exchange, Route, int]]:
    """The uploads that the real server took, in an order that makes sense, with their ids."""
    found = []
    for name, exchange, route in exchanges(transcripts):
        if route.name in TABLES and exchange.response.status == 200:
            id_ = document(route, exchange.response.body).id
            found.append((list(TABLES).index(route.name), id_, name, exchange, route))
    for _, id_, name, exchange, route in sorted(found, key=lambda row: row[:2]):
        yield name, exchange, route, id_


def exchanges(transcripts: Path) -> Iterator[tuple[str, Exchange, Route]]:
    """The transcripts of the routes that there are."""
    for name in names(transcripts):
        exchange = load(transcripts, name)
        route = route_of(exchange)
        if route is not None:
            yield name, exchange, route


def document(route: Route, body: bytes) -> Any:
    """The model of an answer in XML or JSON."""
    module = json if body.lstrip()[:1] == b"{" else xml
    return module.read(route.response, body, source=route.name)


def _add_users(registry: Registry) -> None:
    for id_, (name, group, key) in USERS.items():
        with registry.store.write() as connection:
            if id_ == 1:
                users.set_key(connection, id_, key)
                continue
        move_ids(registry, "users", id_)
        with registry.store.write() as connection:
            users.add(connection, name, group=group, key=key)
