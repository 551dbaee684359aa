"""Recipes to descriptions and back."""

from __future__ import annotations

from openml_client.extension.protocol import API
from openml_client.extension.rebuilding import Rebuilder
from openml_client_torch.codec import CODEC
from openml_client_torch.policy import POLICY

NAME = "torch"
REBUILDER = Rebuilder(extension=NAME, api=API, codec=CODEC, policy=POLICY)
