"""The codec of this extension: its own handlers, those of scikit-learn's and the core's."""

from __future__ import annotations

from openml_client_sklearn.codec import HANDLERS

from openml_client.extension.values import codec
from openml_client_torch.modules import MODULE_HANDLERS
from openml_client_torch.skorch import NET_HANDLERS
from openml_client_torch.values import VALUE_HANDLERS

CODEC = codec((*MODULE_HANDLERS, *NET_HANDLERS, *VALUE_HANDLERS, *HANDLERS))
