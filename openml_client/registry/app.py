"""The registry as a WSGI application: the table of routes, and the files beside the API."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from openml_client.errors import IntegrityError, RegistryError
from openml_client.registry import pages, schemas
from openml_client.registry.answers import answer, refuse
from openml_client.registry.auth import authenticate
from openml_client.registry.calls import Addresses, Call, Refusal, Services
from openml_client.registry.files import add_rules
from openml_client.registry.handlers import HANDLERS
from openml_client.registry.paths import TidyPaths
from openml_client.registry.store.base import StoreBusyError, StoreFullError
from openml_client.registry.store.rows import MAX_ID
from openml_client.wire.codes import NO_KEY, NO_SUCH_FUNCTION, OVERLOADED
from openml_client.wire.filters import FilterRefused, decode_filters
from openml_client.wire.route import NOT_ADMIN, Auth, Route
from openml_client.wire.routes.every import ROUTES
from openml_client.wire.xml import MAX_BYTES

MAX_UPLOAD_BYTES = 1024**3
"""Of one request.  The real server's limits are smaller, and its own affair."""

_ROOTS = {"/api/v1": False, "/api/v1/xml": False, "/api/v1/json": True}
"""Below which addresses the API is, and whether it answers JSON there."""

_CHECK = "run `openml-client registry check FOLDER`"
_MAX_WHY = 40
"""Characters of the database's own words."""

_NUMBER = "int(signed=True)"
"""Ids in paths.  Nothing has a negative one, which each function says in its own words."""

_UNKNOWN_METHODS = frozenset({"PUT", "PATCH"})
_METHODS = ["GET", "POST", "DELETE", "HEAD", "OPTIONS", *_UNKNOWN_METHODS]


def make_app(services: Services) -> Flask:
    """Make the application of a registry."""
    app = Flask("openml_client.registry", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BYTES
    app.url_map.merge_slashes = False
    patterns = _by_pattern(ROUTES)
    for root, as_json in _ROOTS.items():
        for pattern, routes in patterns.items():
            _add(app, f"{root}/{pattern}", _api_view(services, routes, as_json=as_json))
        unknown = _api_view(services, {}, as_json=as_json)
        _add(app, f"{root}/<path:rest>", unknown)
    _add(app, "/api/v1", _api_view(services, {}, as_json=False))
    add_rules(app, services)
    schemas.add_rules(app)
    app.register_error_handler(404, lambda _: pages.not_found())
    app.register_error_handler(405, lambda _: pages.not_found())
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(RegistryError, _registry_error)
    app.register_error_handler(IntegrityError, _registry_error)
    app.register_error_handler(OSError, _os_error)
    app.after_request(_secured)
    app.wsgi_app = TidyPaths(app.wsgi_app)  # type: ignore[assignment]  # Flask's own way
    return app


def _by_pattern(routes: tuple[Route, ...]) -> Mapping[str, Mapping[str, Route]]:
    """The routes that have a handler, by Flask's pattern of their path and by method."""
    patterns: dict[str, dict[str, Route]] = {}
    for route in routes:
        if route.name not in HANDLERS:
            continue
        path = route.path
        for place in ("id", "engine_id"):
            path = path.replace(f"{{{place}}}", f"<{_NUMBER}:{place}>")
        path = path.replace("{order}", "<any(normal,random,reverse):order>")
        path = path.replace("{", "<").replace("}", ">")
        patterns.setdefault(path, {})[route.method] = route
        if route.filters:
            patterns.setdefault(f"{path}/<path:filters>", {})[route.method] = route
    for path, by_method in patterns.items():
        # Flask takes a number for an id before it takes it for an id or alias.
        either = path.replace(f"<{_NUMBER}:id>", "<id_or_alias>")
        for method, route in patterns.get(either, {}).items():
            by_method.setdefault(method, route)
    return patterns


def _add(app: Flask, rule: str, view: Callable[..., Response]) -> None:
    app.add_url_rule(
        rule, endpoint=rule, view_func=view, methods=_METHODS, provide_automatic_options=False
    )


def _api_view(
    services: Services, routes: Mapping[str, Route], *, as_json: bool
) -> Callable[..., Response]:
    """Make the function that answers one pattern of paths."""

    def view(**places: Any) -> Response:
        try:
            call = _call(services, routes, places)
            value = HANDLERS[call.route.name](call)
        except (Refusal, FilterRefused) as refusal:
            return refuse(refusal.code, refusal.information, as_json=as_json)
        return answer(call.route.response, value, as_json=as_json)

    return view


def _call(services: Services, routes: Mapping[str, Route], places: dict[str, Any]) -> Call:
    """What the request asks of which route, and who asks."""
    if request.method in _UNKNOWN_METHODS:
        raise Refusal(NO_SUCH_FUNCTION)
    user = authenticate(services.store, request)
    route = routes.get(request.method)
    if route is None and request.method == "POST":
        route = routes.get("GET")  # what can be asked for by GET can be asked for by POST as well
    if route is None:
        raise Refusal(NO_SUCH_FUNCTION)
    if route.auth is Auth.KEY and user is None:
        raise Refusal(NO_KEY)
    if route.auth is Auth.ADMIN and (user is None or not user.is_admin):
        raise Refusal(route.codes.get("admin", NOT_ADMIN))
    if "{id_or_alias}" in route.path and "id" in places:
        places["id_or_alias"] = str(places.pop("id"))
    return Call(
        services=services,
        route=route,
        user=user,
        addresses=Addresses(request.url_root),
        filters=_filters(route, places.pop("filters", "")),
        places=_bounded(places),
        form=request.args if request.method == "GET" else request.form,
        files=request.files,
    )


def _filters(route: Route, path: str) -> Mapping[str, Any]:
    if route.list_codes is None:
        return {}
    segments = [segment for segment in path.split("/") if segment]
    return decode_filters(route.filters, segments, route.list_codes)


def _bounded(places: Mapping[str, Any]) -> Mapping[str, Any]:
    return {k: max(-1, min(v, MAX_ID)) if isinstance(v, int) else v for k, v in places.items()}


def _registry_error(error: Exception) -> Response:
    if isinstance(error, StoreBusyError):
        return refuse(OVERLOADED, as_json=False)  # in XML whatever was asked for, as the server
    if isinstance(error, StoreFullError):
        return _full(os.strerror(errno.ENOSPC))
    # One line of at most 120 characters, for clients show no more; no path, for it goes to anybody.
    what = str(error).partition("\n")[0]
    if isinstance(error, RegistryError):
        cause = error.__cause__
        why = f": {cause.orig}" if isinstance(cause, DBAPIError) else ""
        what = f"this registry can't use its database{why[:_MAX_WHY]}"
    return Response(f"{what}; {_CHECK}", status=500, content_type="text/plain; charset=utf-8")


def _os_error(error: Exception) -> Response:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _full(error.strerror or "")
    raise error


def _full(why: str) -> Response:
    text = f"The registry's disk is full: {why}. Nothing was stored."
    return Response(text, status=507, content_type="text/plain; charset=utf-8")


def _http_error(error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  (it is registered for these only)
    return pages.page(error.name, "", status=error.code or 500)


def _secured(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
