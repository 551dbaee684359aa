"""Refusals as scripts of openml-python say them."""

from __future__ import annotations

from typing import Any


def refused(code: int | None, message: str, error: str = "OpenMLServerException") -> dict[str, Any]:
    """An error with the server's code."""
    return {"error": error, "code": code, "message": message}


def not_authorized(code: int, message: str) -> dict[str, Any]:
    """An error that openml-python puts in place of the server's."""
    return refused(code, message, "OpenMLNotAuthorizedError")
