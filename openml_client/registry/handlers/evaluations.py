"""Evaluations, listed."""

from __future__ import annotations

from collections.abc import Sequence

from openml_client.model.evaluation import Evaluation
from openml_client.registry.calls import Call
from openml_client.registry.handlers import lists
from openml_client.registry.store import evaluations
from openml_client.wire.routes import every as routes


def list_all(call: Call) -> Sequence[Evaluation]:
    """The evaluations that match the filters."""
    return _listed(call, with_parameters=False)


def list_with_setups(call: Call) -> Sequence[Evaluation]:
    """The same, each with the values of its setup."""
    return _listed(call, with_parameters=True)


def _listed(call: Call, *, with_parameters: bool) -> Sequence[Evaluation]:
    with call.services.store.read() as connection:
        lists.check_study(call, connection)
        rows = evaluations.listed(connection, lists.bounded(call), with_parameters=with_parameters)
    return lists.some(call, rows)


HANDLERS = {
    routes.EVALUATION_LIST.name: list_all,
    routes.EVALUATION_SETUP_LIST.name: list_with_setups,
}
