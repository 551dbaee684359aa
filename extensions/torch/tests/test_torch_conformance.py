"""The conformance kit, on recipes of torch."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import numpy as np
import torch
from openml_client_torch import EXTENSION, N_CLASSES, N_FEATURES, TorchClassifier
from openml_client_torch.recording import KEY
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from small_recipes import Broken, Tied, classifier, net, pipeline, regressor
from small_skorch import by_class, filled, instance
from small_skorch import net as skorch_net
from torch import nn

from openml_client.testing import Case, ExtensionConformance, Refusal

ALL = frozenset({"missing", "text"})

CASES = {
    "a network": Case(make=classifier, other=lambda: classifier(net(N_CLASSES, 8)), takes=ALL),
    "early stopping": Case(
        make=lambda: classifier(validation_fraction=0.2, patience=3, max_epochs=30),
        other=lambda: classifier(validation_fraction=0.2, patience=2, max_epochs=30),
        takes=ALL,
    ),
    "tied weights": Case(make=lambda: classifier(Tied(N_FEATURES, N_CLASSES)), takes=ALL),
    "scores": Case(make=lambda: classifier(loss=nn.MultiMarginLoss, output="scores"), takes=ALL),
    "a pipeline": Case(
        make=pipeline, other=lambda: pipeline(max_epochs=3), takes=frozenset({"missing"})
    ),
    "a search": Case(
        make=lambda: GridSearchCV(classifier(max_epochs=4), {"batch_size": [8, 32]}, cv=2),
        takes=ALL,
    ),
    "a net of skorch": Case(
        make=by_class, other=lambda: by_class(patience=3), takes=frozenset({"missing"})
    ),
    "a module of skorch": Case(
        make=lambda: filled(skorch_net(instance(3, n_inputs=3))), takes=frozenset({"missing"})
    ),
    "a regression": Case(make=regressor, task="regression", takes=ALL),
}
REFUSED = {
    "a lambda": Refusal(make=lambda: classifier(loss=lambda one, other: one), place="loss"),
    "a module alone": Refusal(make=lambda: nn.Linear(2, 3), place="Linear"),
    "fitted": Refusal(
        make=lambda: classifier().fit(np.eye(4), [0, 1, 0, 1]), place="TorchClassifier"
    ),
    "an estimator in place of a module": Refusal(
        make=lambda: TorchClassifier(LogisticRegression().fit([[0.0], [1.0]], [0, 1])),
        place="module",
    ),
}


class TestTorch(ExtensionConformance):
    extension = EXTENSION
    cases = CASES
    refused = REFUSED
    failing = Case(make=lambda: classifier(Broken()))

    def state(self, model: Any) -> object:
        """All but the first weights, which are drawn, and the numbers of constructor calls."""
        model = copy.deepcopy(model)
        given = [model, *(model.get_params().values() if hasattr(model, "get_params") else ())]
        modules = [value for value in given if isinstance(value, nn.Module)]
        for module in itertools.chain.from_iterable(value.modules() for value in modules):
            vars(module).pop(KEY, None)
            with torch.no_grad():
                for weight in module.parameters(recurse=False):
                    weight.zero_()
        return super().state(model)

    def generators(self) -> object:
        """Those of the core, and torch's."""
        return super().generators(), torch.random.get_rng_state().tolist()
