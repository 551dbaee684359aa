"""Logs of trainings and files of folds: asked for, named, published and read again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sklearn.dummy import DummyClassifier

from openml_client import Client
from openml_client.errors import ValidationError


@pytest.mark.parametrize("name", ["model.pth", "model.PT2", "model.tar.pkl", "model.joblib"])
def test_pickles_are_not_published(client: Client, name: str) -> None:
    draft = client.runs.execute(DummyClassifier(), 1, progress=False)
    with pytest.raises(ValidationError, match="is a pickle by its name") as caught:
        client.runs.publish(replace(draft, files={**draft.files, name: b"\x80"}))
    assert "safetensors" in str(caught.value.hint)
