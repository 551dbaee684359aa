"""The rows of evaluations.  Source: protocol note, section 7."""

from __future__ import annotations

from openml_client.wire import evaluation, vocabulary
from openml_client.wire.filters import Filter, Kind, ListCodes
from openml_client.wire.route import Route
from openml_client.wire.routes.rows import RUN_FILTERS

_EVALUATION_FILTERS = (
    *RUN_FILTERS,
    Filter("function", Kind.TEXT, "measure"),
    Filter("per_fold", Kind.FLAG, is_minor=True),
    Filter("sort_order", Kind.ORDER, is_minor=True),
    Filter("study", Kind.INT),
)
_EVALUATION_CODES = ListCodes(
    544,
    541,
    542,
    545,
    no_filter=540,
    limit_too_high=546,
    max_limit=10_000,
    bad_flag=547,
    bad_order=549,
    too_many=543,
)
EVALUATION_LIST = Route(
    "evaluation.list",
    "GET",
    "evaluation/list",
    evaluation.EVALUATIONS,
    filters=_EVALUATION_FILTERS,
    list_codes=_EVALUATION_CODES,
    codes={"study": 555},
)
EVALUATION_SETUP_LIST = Route(
    "evaluation.setup_list",
    "GET",
    "evaluation/setup/list",
    evaluation.EVALUATIONS,
    filters=_EVALUATION_FILTERS,
    list_codes=_EVALUATION_CODES,
    codes={"study": 555},
)
MEASURE_LIST = Route(
    "evaluationmeasure.list",
    "GET",
    "evaluationmeasure/list",
    vocabulary.EVALUATION_MEASURES,
)
