"""Evaluations: measures of runs, for leaderboards."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from openml_client.errors import ValidationError
from openml_client.model.evaluation import Evaluation
from openml_client.model.page import Listing
from openml_client.resources.caller import Caller
from openml_client.wire.route import Route
from openml_client.wire.routes import evaluations as routes


class Evaluations:
    """``client.evaluations``."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(
        self,
        measure: str,
        *,
        tasks: Any = None,
        flows: Any = None,
        runs: Any = None,
        setups: Any = None,
        uploader: Any = None,
        tag: str | None = None,
        study: Any = None,
        per_fold: bool = False,
        with_setups: bool = False,
        sort_order: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Listing[Evaluation]:
        """The values of a measure, lazily.

        ``to_pandas()`` gives one row per value. With setups it has a column per parameter, of
        all flows that occur, named ``flow(version)_parameter`` as in openml-python; the values
        of folds are lists.

        Parameters
        ----------
        measure
            As ``predictive_accuracy`` or ``root_mean_squared_error``; `measures` lists them.
        tasks, flows, runs, setups, uploader
            An id or several, or the things themselves.
        per_fold
            Give the values of all folds in ``per_fold``, instead of one ``value``.
        with_setups
            Give the values of the parameters too.
        sort_order
            ``asc`` or ``desc``, by value; without it, as `Runs.list` has the runs.

        Raises
        ------
        ValidationError
            If a filter takes no such value; for an unknown measure, when the rows are read.
        """
        route = routes.EVALUATION_SETUP_LIST if with_setups else routes.EVALUATION_LIST
        filters = {
            "measure": measure,
            "tasks": tasks,
            "flows": flows,
            "runs": runs,
            "setups": setups,
            "uploader": uploader,
            "tag": tag,
            "study": study,
            "per_fold": True if per_fold else None,
            "sort_order": sort_order,
            "limit": limit,
            "offset": offset,
        }
        return self._caller.listing(
            route,
            filters,
            key=("run_id", "measure", "engine_id"),
            title="evaluations",
            explain_none=lambda: self._check_measure(measure, route),
        )

    def _check_measure(self, measure: str, route: Route) -> None:
        names = self.measures()
        if measure not in names:
            near = get_close_matches(measure, names, n=3, cutoff=0.4)
            raise ValidationError(
                f"{self._caller.host} knows no measure {measure!r}",
                route=route.name,
                hint=(f"Did you mean {', '.join(near)}? " if near else "")
                + "In Python, `client.evaluations.measures()` gives all.",
            )

    def measures(self) -> tuple[str, ...]:
        """Names of all measures that the server knows."""
        names: tuple[str, ...] = self._caller.call(routes.MEASURE_LIST).names
        return names
