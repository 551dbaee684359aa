"""The extension object: describes, rebuilds, runs and restores recipes of torch."""

from __future__ import annotations

from collections.abc import Mapping

from openml_client.extension.codec import Compat, Note
from openml_client.extension.description import Description
from openml_client.extension.identity import Json
from openml_client.extension.protocol import API, Capabilities, FoldData, FoldResult
from openml_client.extension.trust import Trust
from openml_client_torch.codec import CODEC
from openml_client_torch.models import NAME, REBUILDER, describe
from openml_client_torch.nets import holds_net
from openml_client_torch.policy import POLICY, SEEDS
from openml_client_torch.weights import WEIGHTS


class TorchExtension:
    """Recipes of torch, nets of skorch, and estimators of scikit-learn that hold some."""

    name = NAME
    api = API
    policy = POLICY
    codec = CODEC
    capabilities = Capabilities(
        tasks=frozenset({"classification", "regression"}),
        probabilities=True,
        trace=True,
        artefacts=(WEIGHTS,),
        seed_parameters=SEEDS,
        exact="machine",
    )

    def can_describe(self, model: object) -> bool:
        """Whether the model is a net, or holds one."""
        return holds_net(model)

    def describe(self, model: object) -> Description:
        """Describe an unfitted recipe, and make sure that it can be rebuilt."""
        return describe(model)

    def build(
        self,
        description: Description,
        *,
        trust: Trust,
        compat: Compat = "semantic",
        notes: list[Note] | None = None,
    ) -> object:
        """Rebuild a recipe from its description, once it has passed the audit."""
        return REBUILDER.build(description, trust=trust, compat=compat, notes=notes)

    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        """Train a rebuilt copy of the model on the training rows and predict the others."""
        from openml_client_torch.folds import run_fold

        return run_fold(model, fold, seed=seed)

    def restore(
        self,
        model: object,
        fold: FoldData,
        files: Mapping[str, bytes],
        *,
        seed: int,
        log: Mapping[str, Json] | None,
    ) -> object:
        """Give a copy of the model with the weights that a fold gave it."""
        from openml_client_torch.folds import restore

        return restore(model, fold, files, seed=seed, log=log)
