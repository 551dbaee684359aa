"""The conformance kit, run on this extension."""

from __future__ import annotations

import numpy as np
from nearby import Centroids, Line, Scaler
from openml_client_nearby import EXTENSION

from openml_client.testing import Case, ExtensionConformance, Refusal

CASES = {
    "centroids": Case(make=Centroids, other=lambda: Centroids(sharpness=2.0)),
    "scaled": Case(
        make=lambda: Centroids(distance=np.absolute, scaler=Scaler(quantiles=(0.1, 0.9))),
        other=lambda: Centroids(distance=np.square, scaler=Scaler(quantiles=(0.2, 0.8))),
    ),
    "line": Case(make=lambda: Line(scaler=Scaler()), task="regression"),
}
REFUSED = {
    "a lambda": Refusal(make=lambda: Centroids(distance=lambda gaps: gaps**2), place="distance"),
    "a method inside": Refusal(
        make=lambda: Line(scaler=Scaler(center=[].append)), place="scaler.center"
    ),
    "fitted": Refusal(make=lambda: Line(ridge=1.0).fit(np.eye(3), np.ones(3)), place="Line"),
}


class TestNearby(ExtensionConformance):
    extension = EXTENSION
    cases = CASES
    refused = REFUSED
    failing = Case(make=lambda: Centroids(sharpness=-1.0))
