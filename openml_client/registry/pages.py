"""The few pages for people: what is here, and what is not."""

from __future__ import annotations

from html import escape

from flask import Response

_CSP = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


def page(title: str, body: str, *, status: int = 200) -> Response:
    """Make a page; ``body`` is HTML whose variable parts are escaped already."""
    text = (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )
    response = Response(text, status=status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _CSP
    return response


def not_found(*, status: int = 200) -> Response:
    """Say that there is no such page; the real server does so with status 200."""
    return page("Page Not Found", "<p>There is nothing at this address.</p>", status=status)


def forbidden() -> Response:
    """Say that the caller may not see this."""
    text = "<p>You don't have the right access rights to view this page.</p>"
    return page("403 Forbidden", text, status=403)


def bad_path() -> Response:
    """Refuse a path with characters that no address of OpenML has."""
    text = "<p>The URI you submitted has disallowed characters.</p>"
    return page("An Error Was Encountered", text, status=400)


def front(counts: dict[str, int]) -> Response:
    """Say how much the registry holds."""
    rows = "".join(f"<li>{number} {escape(name)}</li>" for name, number in counts.items())
    return page(
        "OpenML registry",
        f"<p>This registry speaks the API of OpenML, version 1.</p><ul>{rows}</ul>",
    )
