"""Which models are torch's, what is imported for others, and what a fold of a net gives."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from joblib import parallel_config
from openml_client_sklearn import EXTENSION as SKLEARN
from openml_client_torch import EXTENSION, N_CLASSES, N_FEATURES
from openml_client_torch.weights import read_weights, write_weights
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small_recipes import Tied, classifier, pipeline, regressor, skorch_net
from torch import nn

from openml_client.errors import FlowError, NotSerializableError
from openml_client.extension.discovery import find_extension, get_extension
from openml_client.extension.flows import flow_from_description
from openml_client.extension.protocol import FoldData, FoldResult, Restorer
from openml_client.extension.trust import Trust
from openml_client.testing import data

WITHOUT_TORCH = """
import sys
from openml_client.extension.discovery import find_extension, get_extension
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

import openml_client_torch

model = make_pipeline(SVC())
extension = find_extension(model)
description = extension.describe(model)
extension.build(description, trust=__import__("openml_client").extension.Trust.of_own(
    extension.policy, description))
assert get_extension("torch").capabilities.artefacts == ("weights",)
print(extension.name, "torch" in sys.modules, "openml_client_torch" in sys.modules)
"""

BEFORE_TORCH = """
import openml_client_torch
from torch import nn

net = nn.Linear(2, 2)
print(openml_client_torch.EXTENSION.describe(openml_client_torch.TorchClassifier(net)).class_name)
"""


def fold(task: Any = "classification", **changes: Any) -> FoldData:
    return replace(data.plain(task), **changes)


def run(model: Any, **changes: Any) -> FoldResult:
    task = "regression" if type(model).__name__ == "TorchRegressor" else "classification"
    result = EXTENSION.run_fold(model, fold(task, **changes), seed=3)
    assert result.failure is None, result.failure.traceback
    return result


@pytest.mark.parametrize(
    "make",
    [
        classifier,
        regressor,
        pipeline,
        skorch_net,
        lambda: GridSearchCV(pipeline(), {}),
        lambda: VotingClassifier([("one", LogisticRegression()), ("other", classifier())]),
        lambda: OneVsRestClassifier(classifier()),
    ],
)
def test_models_that_hold_a_net_are_torchs(make: Any) -> None:
    assert find_extension(make()) is EXTENSION


def test_other_models_are_scikit_learns() -> None:
    assert find_extension(make_pipeline(StandardScaler(), LogisticRegression())) is SKLEARN


def test_all_names_lead_to_one_extension() -> None:
    assert all(get_extension(n) is EXTENSION for n in ("torch", "skorch", "openml_client_torch"))
    assert isinstance(EXTENSION, Restorer)


def test_torch_is_not_imported_for_a_model_of_scikit_learn() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["sklearn", "False", "True"], done.stderr


def test_modules_are_recorded_where_torch_is_imported_later() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BEFORE_TORCH], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "openml_client_torch:TorchClassifier", done.stderr


def test_a_module_alone_says_what_to_wrap_it_in() -> None:
    with pytest.raises(NotSerializableError, match="does not say how it is trained") as caught:
        find_extension(nn.Linear(2, 3)).describe(nn.Linear(2, 3))
    assert "TorchClassifier(Linear(...))" in str(caught.value)


def test_versions_name_torch_and_neither_extension() -> None:
    flow = flow_from_description(EXTENSION.describe(classifier()), EXTENSION)
    version = torch.__version__.partition("+")[0]
    assert flow.external_version == f"openml_client_torch==1,torch=={version}"
    assert flow.dependencies == f"torch=={version}"


def test_names_say_what_is_trained() -> None:
    flow = flow_from_description(EXTENSION.describe(classifier(loss=nn.NLLLoss())), EXTENSION)
    assert flow.name.startswith("torch.TorchClassifier(loss=NLLLoss,module=Sequential).")
    flow = flow_from_description(EXTENSION.describe(make_pipeline(classifier())), EXTENSION)
    assert "torchclassifier=TorchClassifier(module=Sequential)" in flow.name


def test_a_net_for_another_kind_of_task_is_refused() -> None:
    with pytest.raises(FlowError, match="can't run a regression task"):
        EXTENSION.run_fold(classifier(), fold("regression"), seed=1)


def test_epochs_are_shown_to_those_who_watch(capsys: pytest.CaptureFixture[str]) -> None:
    run(classifier(max_epochs=3), progress=True)
    shown = capsys.readouterr().err
    assert "epochs:" in shown
    assert "/3 [" in shown
    run(classifier(max_epochs=3))
    assert capsys.readouterr().err == ""


def test_an_epoch_without_validation_has_no_evaluation() -> None:
    result = run(regressor(max_epochs=3))
    assert [row.evaluation for row in result.trace] == [None] * 3
    assert [row.selected for row in result.trace] == [False, False, True]


def test_a_model_of_several_nets_logs_each() -> None:
    model = VotingClassifier([("one", classifier(max_epochs=2)), ("other", classifier())])
    result = run(model)
    assert result.trace == ()
    assert result.log is not None
    assert [len(log["history"]) for log in result.log["nets"]] == [2, 12]
    assert (result.log["device"], result.log["threads"]) == ("cpu", "1")


def test_a_search_may_train_in_threads_of_its_own() -> None:
    search = GridSearchCV(classifier(max_epochs=2), {"batch_size": [8, 16]}, cv=2, n_jobs=2)
    alone = run(search)
    with parallel_config("threading"):
        together = run(search)
    assert alone.log is not None
    assert together.log is not None
    assert alone.log["state"] == together.log["state"]


def test_nets_of_skorch_have_a_trace_a_log_and_the_same_bits() -> None:
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        results.append(run(skorch_net()))
    assert results[0].log is not None
    assert results[0].log["state"] == results[1].log["state"]  # type: ignore[index]
    np.testing.assert_array_equal(results[0].probabilities, results[1].probabilities)
    history = results[0].log["history"]
    assert len(history) == len(results[0].trace)
    assert history[0]["valid_score"] is not None
    assert results[0].trace[-1].selected


def test_callbacks_of_skorch_come_back_as_data() -> None:
    description = EXTENSION.describe(skorch_net())
    flow = flow_from_description(description, EXTENSION)
    other = flow_from_description(EXTENSION.describe(skorch_net(lr=0.1)), EXTENSION)
    assert flow.name == other.name
    built: Any = EXTENSION.build(description, trust=Trust.of_own(EXTENSION.policy, description))
    stopping, lr, frozen, scoring = built[-1].callbacks
    assert stopping[1].patience == 4
    assert lr[1].kwargs == {"step_size": 5}
    assert frozen[1].patterns == "0.bias"
    assert scoring.name == "f1"


def test_weights_of_skorch_are_refused() -> None:
    with pytest.raises(FlowError, match="gives no weights"):
        run(skorch_net(), artefacts=frozenset({"weights"}))


class _Trained:
    """As a trained net has it."""

    def __init__(self, module: nn.Module) -> None:
        self.module_ = module


@pytest.mark.parametrize(
    "make",
    [
        lambda: Tied(3, 2),
        lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)),
        lambda: nn.Linear(2, 3, dtype=torch.float64),
        lambda: nn.Linear(2, 3, dtype=torch.bfloat16),
        lambda: nn.Linear(2, 3, dtype=torch.complex64),
        lambda: nn.Linear(2, 3, dtype=torch.complex128),
        lambda: nn.Embedding(0, 3),
        lambda: nn.LSTM(2, 3, num_layers=2),
    ],
)
def test_weights_come_back_as_they_were(make: Any) -> None:
    module = make()
    state = module.state_dict()
    again = read_weights(write_weights(_Trained(module)))
    assert again.keys() == state.keys()
    assert all(torch.equal(again[name], state[name]) for name in state)
    assert all(again[name].dtype == state[name].dtype for name in state)


class Extra(nn.Linear):
    """Keeps more than tensors in its state."""

    def get_extra_state(self) -> object:
        return {"calls": 3}

    def set_extra_state(self, state: object) -> None:
        pass


def test_a_state_that_is_not_of_tensors_is_refused() -> None:
    with pytest.raises(FlowError, match="'_extra_state', a dict, which is no tensor"):
        write_weights(_Trained(Extra(2, 3)))


def test_the_sizes_of_the_task_are_logged() -> None:
    result = run(classifier(Tied(N_FEATURES, N_CLASSES)))
    assert result.log is not None
    assert result.log["sizes"]["n_features"] == 3
