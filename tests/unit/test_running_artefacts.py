"""Logs of trainings and files of folds: asked for, named, published and read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from openml_client_sklearn import SklearnExtension
from sklearn.dummy import DummyClassifier
from sklearn.tree import DecisionTreeClassifier

from openml_client import Client, RunDraft
from openml_client.errors import FormatError, NoResultError, ValidationError
from openml_client.extension.description import Description
from openml_client.extension.protocol import Capabilities, Compat, FoldData, FoldResult, Note
from openml_client.extension.seeds import derive
from openml_client.extension.trust import Trust
from openml_client.running.reproduce import Reproduction
from tests.unit import toy_extension
from tests.unit.test_extension_discovery import install

ASKED: list[bool] = []
"""Whether somebody watched, by fold."""


class Keeping(SklearnExtension):
    """Tells of each fold, and keeps a note of it if asked."""

    name = "keeping"
    capabilities: ClassVar[Capabilities] = replace(
        SklearnExtension.capabilities, artefacts=("note", "picture")
    )
    loss: Any = 0.5
    device = "cpu"
    state = "1a"
    shift = 0.0

    def describe(self, model: object) -> Description:
        return replace(super().describe(model), extension=self.name)

    def build(
        self,
        description: Description,
        *,
        trust: Trust,
        compat: Compat = "semantic",
        notes: list[Note] | None = None,
    ) -> object:
        own = replace(description, extension="sklearn")
        return super().build(own, trust=trust, compat=compat, notes=notes)

    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        ASKED.append(fold.progress)
        files = {"note.txt": f"{fold.repeat}, {fold.fold}".encode()}
        result = super().run_fold(model, fold, seed=seed)
        assert result.probabilities is not None
        return replace(
            result,
            probabilities=result.probabilities + np.array([self.shift, -self.shift, 0.0]),
            log={"fold": fold.fold, "loss": self.loss, "device": self.device, "state": self.state},
            artefacts=files if "note" in fold.artefacts else {},
        )


class Restoring(Keeping):
    """Reads its notes again."""

    def restore(
        self,
        model: object,
        fold: FoldData,
        files: Mapping[str, bytes],
        *,
        seed: int,
        log: Mapping[str, Any] | None,
    ) -> object:
        return {"model": model, "rows": len(fold.x_train), "files": files, "seed": seed, "log": log}


@pytest.fixture
def keeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keeping:
    extension = Keeping()
    monkeypatch.setattr(toy_extension, "KEEPING", extension, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    install(tmp_path, "keeping", "keeping", "tests.unit.toy_extension:KEEPING")
    ASKED.clear()
    return extension


def execute(client: Client, **options: Any) -> RunDraft:
    flow = client.flows.from_model(DummyClassifier(), extension="keeping")
    return client.runs.execute(flow, 1, **{"progress": False, **options})


def test_logs_of_the_folds_are_published_and_read(client: Client, keeping: Keeping) -> None:
    draft = execute(client)
    run = client.runs.publish(draft)
    logs = client.runs.training_log(run)
    assert list(logs) == [(0, fold, 0) for fold in range(10)]
    assert logs[0, 3, 0] == {"fold": 3, "loss": 0.5, "device": "cpu", "state": "1a"}
    assert client.runs.training_log(draft) == logs


def test_a_run_without_logs_says_so(client: Client) -> None:
    draft = client.runs.execute(DecisionTreeClassifier(), 1, progress=False)
    assert "training_log.json" not in draft.files
    for run in (draft, client.runs.publish(draft)):
        with pytest.raises(NoResultError, match="no log of its training"):
            client.runs.training_log(run)


def test_a_damaged_log_is_told(client: Client, keeping: Keeping) -> None:
    draft = execute(client)
    for content in (b"[]", b"{", json.dumps({"folds": [{"repeat": 0}]}).encode()):
        damaged = replace(draft, files={"training_log.json": content})
        with pytest.raises(FormatError, match="no log of a training"):
            client.runs.training_log(damaged)


def test_a_log_that_is_no_json_is_a_failure_of_the_fold(client: Client, keeping: Keeping) -> None:
    keeping.loss = float("nan")
    with pytest.raises(Exception, match="the log of the training is no JSON"):
        execute(client)


def test_files_are_named_by_repeat_and_fold(client: Client, keeping: Keeping) -> None:
    draft = execute(client, artefacts=["note"])
    run = client.runs.publish(draft)
    assert client.runs.download(run, "note_r0_f7.txt") == b"0, 7"
    assert {f"note_r0_f{fold}" for fold in range(10)} < {file.name for file in run.files}


def test_files_are_named_by_sample_where_there_are_samples(
    client: Client, keeping: Keeping
) -> None:
    from openml_client.running.execute import file_of_fold

    assert file_of_fold("note.tar.gz", (1, 2, 3), has_samples=True) == "note_r1_f2_s3.tar.gz"


def test_files_that_nobody_asks_for_are_not_made(client: Client, keeping: Keeping) -> None:
    assert not [name for name in execute(client).files if name.startswith("note")]


def test_files_that_the_extension_does_not_give_are_refused(
    client: Client, keeping: Keeping
) -> None:
    with pytest.raises(ValidationError, match="gives no artefacts weights") as caught:
        execute(client, artefacts=["note", "weights"])
    assert "note, picture" in str(caught.value.hint)
    with pytest.raises(ValidationError) as caught:
        client.runs.execute(DummyClassifier(), 1, progress=False, artefacts="weights")
    assert "It gives none" in str(caught.value.hint)


def test_an_extension_knows_whether_somebody_watches(client: Client, keeping: Keeping) -> None:
    execute(client, progress=True)
    assert set(ASKED) == {True}
    ASKED.clear()
    execute(client)
    assert set(ASKED) == {False}


def test_a_trained_model_is_restored_from_the_files_of_its_fold(
    client: Client, keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy_extension, "KEEPING", Restoring())
    run = client.runs.publish(execute(client, artefacts=["note"], seed=5))
    told = client.runs.weights(run, 0, 2)
    assert isinstance(told["model"], DummyClassifier)
    assert told["files"] == {"note": b"0, 2"}
    assert told["log"]["fold"] == 2
    assert told["rows"] == 135
    assert told["seed"] == derive(5, "fold", 0, 2, 0)
    with pytest.raises(NoResultError, match="task 1 has no repeat 0, fold 10"):
        client.runs.weights(run, fold=10)


def test_a_run_without_weights_says_how_to_keep_them(
    client: Client, keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    for extension, artefacts in ((Restoring(), []), (keeping, ["note"])):
        monkeypatch.setattr(toy_extension, "KEEPING", extension)
        options = {"artefacts": artefacts, "seed": len(artefacts)}
        run = client.runs.publish(execute(client, **options))
        with pytest.raises(NoResultError, match="no weights of repeat 0, fold 0") as caught:
            client.runs.weights(run)
        assert "artefacts=['weights']" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["model.pth", "model.PT2", "model.tar.pkl", "model.joblib"])
def test_pickles_are_not_published(client: Client, name: str) -> None:
    draft = client.runs.execute(DummyClassifier(), 1, progress=False)
    with pytest.raises(ValidationError, match="is a pickle by its name") as caught:
        client.runs.publish(replace(draft, files={**draft.files, name: b"\x80"}))
    assert "safetensors" in str(caught.value.hint)


def test_a_reproduction_compares_the_fitted_states(client: Client, keeping: Keeping) -> None:
    run = client.runs.publish(execute(client))
    result = client.runs.reproduce(run)
    assert (result.verdict, result.states) == ("identical", (10, 10))
    assert "10 of 10 fitted states are the same" in result.to_text()
    assert "10 of 10 fitted states are the same" in result.to_html()
    assert Reproduction.from_json(result.to_json()) == result
    keeping.state = "2b"
    assert client.runs.reproduce(run).states == (0, 10)


def test_a_reproduction_on_another_device_says_so(client: Client, keeping: Keeping) -> None:
    run = client.runs.publish(execute(client))
    keeping.device = "cuda"
    result = client.runs.reproduce(run)
    assert result.verdict == "identical"
    assert result.reason.endswith("agree; the run was trained on cpu, here on cuda")
    keeping.shift = 0.125
    result = client.runs.reproduce(run)
    assert result.verdict == "different"
    assert "here on cuda; 100.00% of the labels agree, the largest" in result.reason
    assert "difference is 0.125" in result.reason


def test_a_damaged_log_is_a_note_of_the_reproduction(client: Client, keeping: Keeping) -> None:
    draft = execute(client)
    run = client.runs.publish(replace(draft, files={"training_log.json": b"{}"}))
    result = client.runs.reproduce(run)
    assert (result.verdict, result.states) == ("identical", None)
    assert "no log of a training" in result.notes[0]
