"""The extension object: describes, rebuilds and runs models of scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping

from openml_client.extension.codec import Compat, Note
from openml_client.extension.description import Description
from openml_client.extension.identity import Json
from openml_client.extension.protocol import API, Capabilities, FoldData, FoldResult
from openml_client.extension.structure import Address
from openml_client.extension.trust import Trust
from openml_client.model.flow import Flow
from openml_client_sklearn.codec import CODEC
from openml_client_sklearn.estimators import EstimatorHandler
from openml_client_sklearn.folds import run_fold
from openml_client_sklearn.models import NAME, REBUILDER, describe
from openml_client_sklearn.policy import POLICY, SEEDS


class SklearnExtension:
    """Models that follow scikit-learn's estimator interface, whichever package they are from."""

    name = NAME
    api = API
    policy = POLICY
    codec = CODEC
    capabilities = Capabilities(
        tasks=frozenset({"classification", "regression", "clustering"}),
        probabilities=True,
        trace=True,
        seed_parameters=SEEDS,
        exact="machine",
    )

    def can_describe(self, model: object) -> bool:
        """Whether the model is an estimator."""
        return EstimatorHandler().accepts(model)

    def describe(self, model: object) -> Description:
        """Describe an unfitted estimator, and make sure that it can be rebuilt."""
        return describe(model)

    def build(
        self,
        description: Description,
        *,
        trust: Trust,
        compat: Compat = "semantic",
        notes: list[Note] | None = None,
    ) -> object:
        """Rebuild an estimator from its description, once it has passed the audit."""
        return REBUILDER.build(description, trust=trust, compat=compat, notes=notes)

    def translate(
        self,
        flow: Flow,
        settings: Mapping[Address, str | None],
        *,
        given: Mapping[Address, Json],
        is_complete: bool,
        notes: list[Note],
    ) -> Description:
        """Describe the model of a flow that openml-python wrote; nothing is imported."""
        from openml_client_sklearn.openml_python import translate

        return translate(flow, settings, given=given, is_complete=is_complete, notes=notes)

    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        """Fit a rebuilt copy of the model on the training rows and predict the others."""
        return run_fold(model, fold, seed=seed)
