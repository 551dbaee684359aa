"""The codec of this extension: its own handlers and the core's."""

from __future__ import annotations

from openml_client.extension.values import codec
from openml_client_sklearn.estimators import EstimatorHandler
from openml_client_sklearn.objects import OBJECT_HANDLERS

HANDLERS = (*OBJECT_HANDLERS, EstimatorHandler())
"""What other extensions, whose models hold estimators, add to their own."""

CODEC = codec(HANDLERS)
