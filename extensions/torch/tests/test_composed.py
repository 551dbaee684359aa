"""Composed models come back in a fresh process with the same bits, and train to the same."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from coverage_models import torch_modules
from coverage_models.torch_modules import Trial

KIND = "composed models"


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.mark.filterwarnings("ignore")
def test_all_composed_models_come_back_in_a_fresh_process() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng():
            found = torch_modules.of_kind(KIND)
    finally:
        torch.set_num_threads(threads)
    assert found["faults"] == {}
    assert found["n"] >= 40


@pytest.mark.filterwarnings("ignore")
def test_each_composed_model_is_trained_and_predicts() -> None:
    shown = []
    with torch.random.fork_rng():
        for trial in torch_modules.composed():
            _, _, predictions = torch_modules.digests(trial.make(), trial.feed)
            if len(predictions) != 64:
                shown.append((trial.name, predictions))
    assert shown == []


def test_a_model_that_comes_back_as_another_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def trial() -> list[Trial]:
        return [Trial("a layer", lambda: nn.Linear(2, 2), lambda model: model(torch.ones(1, 2)))]

    kinds = {KIND: trial}
    monkeypatch.setattr(torch_modules, "KINDS", kinds)
    found = {"tree": torch_modules.CODEC.encode(nn.Linear(2, 2)), "digests": ["", "", ""]}
    with torch.random.fork_rng():
        faults = dict(torch_modules.compare(KIND, {"a layer": found}))
    assert faults == {"a layer": "other initial bits"}
