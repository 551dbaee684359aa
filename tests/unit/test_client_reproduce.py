"""Reproducing runs that were tampered with, that need trust, or that fail here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.tree import DecisionTreeClassifier

from openml_client import Client, Run, RunDraft
from openml_client.errors import UntrustedError
from openml_client.model.run import Predictions
from openml_client.resources.runs import Runs

Tamper = Callable[[Predictions], Predictions]

HERE = __name__.partition(".")[0]
"""The package of the models of this module, which nobody vouches for."""


class Moody(DummyClassifier):
    """Fails in the folds in which its mood is bad, which is no part of its description."""

    mood = "good"

    def __init__(self, constant: str = "Iris-setosa") -> None:
        super().__init__(strategy="constant", constant=constant)

    def predict(self, x: Any) -> Any:
        if self.mood == "bad" and 0 in x.index:
            raise ValueError("row 0 is ugly")
        return super().predict(x)


@pytest.fixture
def unchecked(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client that publishes what it is given, as other people's clients may."""
    monkeypatch.setattr(Runs, "check", lambda self, draft: ())
    return client


def draft_of(client: Client, model: Any = None) -> RunDraft:
    model = model if model is not None else DecisionTreeClassifier(max_depth=2)
    return client.runs.execute(model, 1, seed=7, progress=False)


def only(predictions: Predictions, rows: Any) -> Predictions:
    """The predictions in some rows."""
    assert predictions.truth is not None
    assert predictions.confidence is not None
    return replace(
        predictions,
        repeat=predictions.repeat[rows],
        fold=predictions.fold[rows],
        row_id=predictions.row_id[rows],
        prediction=predictions.prediction[rows],
        truth=predictions.truth[rows],
        confidence=predictions.confidence[rows],
    )


def published(client: Client, tamper: Tamper) -> Run:
    """A run whose predictions were changed before they were published."""
    draft = draft_of(client)
    return client.runs.publish(replace(draft, predictions=tamper(draft.predictions)))


def test_one_changed_prediction_is_found_and_named(unchecked: Client) -> None:
    def tamper(predictions: Predictions) -> Predictions:
        changed = predictions.prediction.copy()
        changed[3] = (changed[3] + 1) % 3
        return replace(predictions, prediction=changed)

    run = published(unchecked, tamper)
    result = unchecked.runs.reproduce(run)
    assert (result.verdict, result.reason) == ("different", "1 of 150 predictions differ")
    (row,) = result.rows
    frame = unchecked.runs.predictions(run)
    assert (row.fold, row.row_id) == (frame["fold"][3], frame["row_id"][3])
    assert row.published == frame["prediction"][3]
    assert row.again != row.published


def test_a_small_change_of_a_probability_is_judged_by_the_tolerance(unchecked: Client) -> None:
    def tamper(predictions: Predictions) -> Predictions:
        assert predictions.confidence is not None
        confidence = predictions.confidence.copy()
        confidence[0] = np.abs(confidence[0] - 1e-6)
        return replace(predictions, confidence=confidence)

    run = published(unchecked, tamper)
    assert unchecked.runs.reproduce(run).verdict == "different"
    result = unchecked.runs.reproduce(run, tolerance=1e-5)
    assert result.verdict == "within_tolerance"
    assert "1 of 150 predictions differ by at most 1e-06" in result.reason


def test_predictions_for_rows_that_do_not_exist_are_different(unchecked: Client) -> None:
    run = published(unchecked, lambda p: replace(p, row_id=p.row_id + 100))
    assert run.error is not None
    assert "while dataset has only 150 instances" in run.error
    result = unchecked.runs.reproduce(run)
    assert result.verdict == "different"
    assert "other rows or folds than the task's splits" in result.reason
    assert {row.recomputed for row in result.measures} == {None}


def test_missing_predictions_are_different(unchecked: Client) -> None:
    result = unchecked.runs.reproduce(published(unchecked, lambda p: only(p, slice(10))))
    assert result.verdict == "different"
    assert result.reason == "10 predictions were published, 150 came out"


def test_labels_that_the_target_does_not_have_can_not_be_compared(unchecked: Client) -> None:
    run = published(unchecked, lambda p: replace(p, labels=("a", "b", "c")))
    result = unchecked.runs.reproduce(run)
    assert result.verdict == "not_runnable"
    assert "is no class of the target" in result.reason


def test_the_environment_of_the_run_is_compared_with_this_one(client: Client) -> None:
    draft = draft_of(client)
    environment = json.loads(draft.files["environment.json"])
    here = environment["distributions"]["scikit-learn"]
    environment["distributions"] |= {"scikit-learn": "0.18.1", "abandonware": "1.0"}
    files = {**draft.files, "environment.json": json.dumps(environment).encode()}
    result = client.runs.reproduce(client.runs.publish(replace(draft, files=files)))
    assert result.verdict == "identical"
    assert result.environment_differences == {
        "scikit-learn": ("0.18.1", here),
        "abandonware": ("1.0", None),
    }
    assert f"scikit-learn: the run had 0.18.1, here is {here}" in str(result)


def test_a_run_without_an_environment_is_reproduced_all_the_same(client: Client) -> None:
    run = client.runs.publish(replace(draft_of(client), files={}))
    result = client.runs.reproduce(run)
    assert (result.verdict, dict(result.environment)) == ("identical", {})


def test_code_that_nobody_vouches_for_is_not_run_before_it_is_trusted(client: Client) -> None:
    run = client.runs.publish(draft_of(client, Moody()))
    name = f"{__name__}:Moody"
    assert client.flows.untrusted(run.flow_id) == (name,)
    (asked,) = client.flows.audit(run.flow_id)
    assert (asked.name, asked.kind, asked.is_trusted) == (name, "estimator", False)
    result = client.runs.reproduce(run)
    assert result.verdict == "not_runnable"
    assert result.reason.startswith("the flow asks for what is not trusted; nothing was imported")
    assert f"trusted=['{name}']" in str(result)
    for call in (client.runs.to_model, lambda r: client.setups.to_model(r.setup_id)):
        with pytest.raises(UntrustedError) as caught:
            call(run)
        assert caught.value.names == (name,)
    assert client.runs.reproduce(run, trusted=[HERE]).verdict == "identical"
    assert isinstance(client.runs.to_model(run, trusted=[name]), Moody)


def test_a_fold_that_fails_this_time_is_told(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = client.runs.publish(draft_of(client, Moody()))
    monkeypatch.setattr(Moody, "mood", "bad")
    result = client.runs.reproduce(run, trusted=[HERE])
    assert (result.verdict, result.reason) == (
        "different",
        "150 predictions were published, 135 came out",
    )
    (note,) = result.notes
    assert note.startswith("repeat 0, fold ")
    assert note.endswith(", predict: ValueError: row 0 is ugly")
    assert note in str(result)
