"""Writes docs/protocol.md from the table of routes.

``python docs/write_protocol.py`` prints the page; ``make protocol`` keeps it.  CI holds that the
page is what the table says (``tests/house/test_docs.py``).
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from itertools import groupby

from openml_client.registry.handlers import HANDLERS
from openml_client.wire.codes import codes
from openml_client.wire.filters import Filter, Kind
from openml_client.wire.route import NOT_ADMIN, Auth, Route
from openml_client.wire.routes.every import ROUTES

RESOURCES = {
    "data": "Datasets",
    "task": "Tasks",
    "tasktype": "Task types",
    "estimationprocedure": "Estimation procedures",
    "flow": "Flows",
    "run": "Runs",
    "setup": "Setups",
    "evaluation": "Evaluations",
    "evaluationmeasure": "Evaluation measures",
    "study": "Studies and suites",
    "user": "Users",
    "file": "Files",
}
"""Titles by the first segment of a path, in the order of the page."""

HEAD = """\
# The protocol

<!-- Written by `make protocol` from openml_client/wire/routes; changes here are lost. -->

The endpoints of the OpenML v1 protocol that the client calls and the registry answers: {count}
in all, below `/api/v1/xml/` (XML), `/api/v1/json/` (JSON) and `/api/v1/` (XML again). What can be
asked for by GET can be asked for by POST as well.

- **Key**: `api_key` in the query, or, for a POST, in the form. Without one where one is needed the
  answer is code 102, with a wrong one 103, with that of a user who may only read 104.
- **Filters** stand in the path in any order: `data/list/tag/uci/limit/10/offset/20`.
- **Errors** are `<oml:error>` with `code`, `message` and maybe `additional_information`; HTTP says
  412 for most. The codes below are those of the endpoint itself; all codes with their words
  are in [`codes.tsv`](../openml_client/wire/codes.tsv).
- Data files, splits and pages lie beside the API: see [the registry](registry.md).
"""

KINDS = {
    Kind.INT: "number",
    Kind.INTS: "numbers",
    Kind.RANGE: "number or low..high",
    Kind.TEXT: "text",
    Kind.FLAG: "true or false",
    Kind.ORDER: "asc or desc",
}

KEYS = {
    Auth.NONE: "none",
    Auth.OPTIONAL: "for private things",
    Auth.KEY: "of any user",
    Auth.WRITE: "of a user who may write",
    Auth.ADMIN: "of an administrator",
}


def page() -> str:
    """The whole page."""
    parts = [HEAD.format(count=len(ROUTES))]
    order = list(RESOURCES)
    without = sorted({_resource(route) for route in ROUTES}.difference(order))
    if without:
        raise LookupError(
            f"RESOURCES of {__file__} has no title for routes that begin with {', '.join(without)}"
        )
    by_resource = sorted(ROUTES, key=lambda route: order.index(_resource(route)))
    for resource, routes in groupby(by_resource, key=_resource):
        parts.append(f"## {RESOURCES[resource]}\n")
        parts.extend(_section(route) for route in routes)
    return "\n".join(parts)


def _resource(route: Route) -> str:
    return route.path.partition("/")[0]


def _section(route: Route) -> str:
    lines = [f"- {title}: {text}" for title, text in _facts(route)]
    head = f"### `{route.method} {route.path}`\n\n{_says(route)}\n"
    return "\n".join([head, *lines, ""])


def _says(route: Route) -> str:
    """What the endpoint gives, in the words of the function that answers it."""
    text = inspect.getdoc(HANDLERS[route.name]) or ""
    return " ".join(text.partition("\n\n")[0].split())


def _facts(route: Route) -> Iterator[tuple[str, str]]:
    yield "Key", KEYS[route.auth]
    if route.filters:
        yield "Filters", ", ".join(map(_filter, route.filters))
    if route.form:
        yield "Form", ", ".join(f"`{name}`" for name in route.form)
    if route.request is not None:
        yield "Uploads", f"`{route.request_part}`, a document `{route.request.root}`"
    if route.files:
        yield "Files", ", ".join("any others" if n == "*" else f"`{n}`" for n in route.files)
    yield "Answers", f"`{route.response.root}`"
    numbers = sorted(_codes(route))
    if numbers:
        yield "Codes", ", ".join(f"{n} ({codes()[n].message.strip().rstrip('.')})" for n in numbers)


def _filter(item: Filter) -> str:
    return f"`{item.key}` ({KINDS[item.kind]})"


def _codes(route: Route) -> set[int]:
    found = set(route.codes.values())
    if route.auth is Auth.ADMIN and "admin" not in route.codes:
        found.add(NOT_ADMIN)
    if route.list_codes is not None:
        given = vars(route.list_codes)
        found |= {
            number
            for name, number in given.items()
            if type(number) is int and name != "max_limit"  # the others are flags
        }
    return found


if __name__ == "__main__":
    sys.stdout.write(page())
