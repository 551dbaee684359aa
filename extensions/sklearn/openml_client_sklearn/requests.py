"""Metadata requests: what an estimator, a splitter or a scorer asks to be handed on to it.

Source: scikit-learn's user guide, "Metadata routing"; they live in an attribute of their own,
which ``get_params`` does not tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openml_client.extension.codec import Decoder, Encoder, Handler

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

_METHODS = (
    "decision_function",
    "fit",
    "inverse_transform",
    "partial_fit",
    "predict",
    "predict_log_proba",
    "predict_proba",
    "score",
    "split",
    "transform",
)

Requests = dict[str, dict[str, bool | str | None]]


def requests_of(value: Any) -> Requests:
    """Requests by method and metadata, as they were set; empty if none was."""
    request = getattr(value, "__dict__", {}).get("_metadata_request")
    if request is None:
        return {}
    by_method = {method: getattr(request, method, None) for method in _METHODS}
    return {
        method: dict(sorted(asked.requests.items()))
        for method, asked in by_method.items()
        if asked is not None and asked.requests
    }


def apply_requests(value: Any, requests: Mapping[str, Mapping[str, Any]]) -> None:
    """Set the requests that `requests_of` read."""
    import sklearn

    with sklearn.config_context(enable_metadata_routing=True):
        for method, asked in requests.items():
            if method not in _METHODS:
                raise ValueError(f"no method takes requests for {method!r}")
            getattr(value, f"set_{method}_request")(**asked)


class RequestsHandler(Handler):
    """``{"of", "requests"}``: a splitter or scorer with requests of its own."""

    tag = "$requests"

    def decode(self, payload: Json, decoder: Decoder) -> Any:
        """Splitter or scorer with its requests."""
        value = decoder.decode(payload["of"])
        apply_requests(value, decoder.decode(payload["requests"]))
        return value


def with_requests(value: object, tree: Json, encoder: Encoder) -> Json:
    """Add the requests of a splitter or scorer to its description."""
    requests = requests_of(value)
    if not requests:
        return tree
    return {RequestsHandler.tag: {"of": tree, "requests": encoder.encode(requests)}}
