"""What a search tried: one row per candidate, the selected one marked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from openml_client.errors import NotSerializableError
from openml_client.extension.identity import canonical, digest
from openml_client.extension.protocol import FoldData
from openml_client.model.trace import TraceIteration
from openml_client_sklearn.codec import CODEC

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

_MAX_TEXT = 1024
"""Source: XSD openml.run.trace, ``setup_string``; protocol note, section 1.3."""
_MAX_VALUE = 100
"""In a text that is too long, longer values are named by their hash."""

_Place = tuple[str, ...]


def trace_of(estimator: Any, fold: FoldData) -> tuple[TraceIteration, ...]:
    """Rows for all searches in a fitted model, in the order of their places.

    With more than one search, parameters are named with the search's place.
    """
    searches = list(_searches(estimator, (), set()))
    rows: list[TraceIteration] = []
    for place, search in searches:
        prefix = "".join(f"{step}." for step in place) if len(searches) > 1 else ""
        rows.extend(_rows(search, prefix, fold, first=len(rows)))
    return tuple(rows)


def _searches(value: Any, place: _Place, seen: set[int]) -> Iterator[tuple[_Place, Any]]:
    """Fitted searches in a model, each with its place; searches inside a search are left out."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, (list, tuple)):
        named = len(value) > 1 and isinstance(value[0], str)
        for number, item in enumerate(value):
            inner = (*place, value[0]) if named else (*place, str(number))
            yield from _searches(item, inner, seen)
    elif _is_fitted_search(value) or _is_study(value):
        yield place, value
    elif hasattr(value, "get_params") and hasattr(value, "fit"):
        for name, item in vars(value).items():
            yield from _searches(item, (*place, name), seen)


def _is_fitted_search(value: Any) -> bool:
    results = getattr(value, "cv_results_", None)
    return isinstance(results, Mapping) and "params" in results


def _is_study(value: Any) -> bool:
    """Whether a fitted search is one of Optuna, which keeps trials instead of a table."""
    trials = getattr(value, "trials_", None)
    return isinstance(trials, list) and all(hasattr(trial, "params") for trial in trials)


def _candidates(search: Any) -> Iterator[tuple[Mapping[str, Any], float]]:
    """Parameters and score of each candidate, in the order in which they were tried."""
    if _is_study(search):
        for trial in search.trials_:
            yield trial.params, math.nan if trial.value is None else float(trial.value)
        return
    results = search.cv_results_
    scores = results[_score_column(search)]
    for number, params in enumerate(results["params"]):
        yield params, float(scores[number])


def _rows(search: Any, prefix: str, fold: FoldData, *, first: int) -> Iterator[TraceIteration]:
    selected = getattr(search, "best_index_", None)
    for number, (params, score) in enumerate(_candidates(search)):
        yield TraceIteration(
            repeat=fold.repeat,
            fold=fold.fold,
            iteration=first + number,
            setup_string=_setup_text({f"parameter_{prefix}{k}": v for k, v in params.items()}),
            evaluation=score if math.isfinite(score) else None,
            selected=selected is not None and number == int(selected),
        )


def _score_column(search: Any) -> str:
    """The measure that the search selects by; of several without a choice, the first."""
    columns = [name for name in search.cv_results_ if name.startswith("mean_test_")]
    chosen = f"mean_test_{getattr(search, 'refit', None)}"
    return chosen if chosen in columns else columns[0]


def _setup_text(params: Mapping[str, object]) -> str:
    values = {name: _described(value) for name, value in params.items()}
    text = canonical(values)
    if len(text) > _MAX_TEXT:
        text = canonical({name: _short(value) for name, value in values.items()})
    return text if len(text) <= _MAX_TEXT else canonical({"$sha256": digest(values)})


def _described(value: object) -> Json:
    try:
        return CODEC.encode(value)
    except NotSerializableError:  # a trace tells what it can; nothing is rebuilt from it
        return f"<{type(value).__qualname__}>"


def _short(value: Json) -> Json:
    return value if len(canonical(value)) <= _MAX_VALUE else {"$sha256": digest(value)}
