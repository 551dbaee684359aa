"""What all lists have in common: no result is a refusal, and so are too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection

from openml_client.registry.calls import Call, Refusal
from openml_client.registry.store import studies
from openml_client.wire.filters import ListCodes

T = TypeVar("T")


def bounded(call: Call) -> Mapping[str, Any]:
    """The filters of a call, with a limit of one row more than the list may have."""
    codes = _codes(call)
    if codes.too_many is None or codes.max_limit is None or "limit" in call.filters:
        return call.filters
    return {**call.filters, "limit": codes.max_limit + 1}


def some(call: Call, rows: Sequence[T]) -> Sequence[T]:
    """The rows, of which there must be one at least.

    Raises
    ------
    Refusal
        If there is none, or more than the list may have.
    """
    codes = _codes(call)
    if not rows:
        raise Refusal(codes.no_result)
    if codes.too_many is not None and codes.max_limit is not None and len(rows) > codes.max_limit:
        raise Refusal(codes.too_many, f"Ask for pages of up to {codes.max_limit} by limit/offset.")
    return rows


def _codes(call: Call) -> ListCodes:
    codes = call.route.list_codes
    if codes is None:
        raise TypeError(f"{call.route.name} is no list")
    return codes


def check_study(call: Call, connection: Connection) -> None:
    """Refuse to list the runs of a study that is none.

    Raises
    ------
    Refusal
        ``study`` if it is not there, or holds tasks.
    """
    if not call.filters.get("study"):
        return  # the server finds nothing in a study 0, and does not say that there is none
    study = studies.find_summary(connection, call.filters["study"])
    if study is None or study.main_entity_type != "run":
        raise call.refusal("study")
