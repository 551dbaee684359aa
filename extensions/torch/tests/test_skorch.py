"""Nets of skorch: their descriptions, their folds, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skorch
import small_skorch
import torch
from openml_client_torch import EXTENSION, N_FEATURES
from openml_client_torch.policy import POLICY
from skorch import callbacks
from small_skorch import CLASSIFIERS, binary, by_class, filled, instance, net, regression
from torch import nn

from openml_client import Client, DatasetDraft, TaskDraft
from openml_client.errors import FlowError, NotSerializableError, UntrustedError
from openml_client.extension.description import Description
from openml_client.extension.discovery import find_extension
from openml_client.extension.identity import Json
from openml_client.extension.protocol import FoldData, FoldResult
from openml_client.extension.tree import NODE, PART, objects
from openml_client.extension.trust import Trust, untrusted

LABELS = ("zebra", "ant", "mole")
"""Not in alphabetical order."""
TRUSTED = ("small_skorch",)

ELSEWHERE = """
import json, sys
from openml_client.extension.description import Description
from openml_client.extension.trust import Trust
from openml_client_torch import EXTENSION
from test_skorch import TRUSTED, fold

trust = Trust.of_strangers(EXTENSION.policy, TRUSTED)
results = {}
for name, (written, target, method) in json.load(sys.stdin).items():
    description = Description.from_bytes(written.encode())
    model = EXTENSION.build(description, trust=trust)
    assert EXTENSION.describe(model).to_bytes() == description.to_bytes()
    found = EXTENSION.run_fold(model, fold(target), seed=5)
    results[name] = getattr(found, method).tobytes().hex()
print(json.dumps(results))
"""

REPRODUCE = """
import json, sys
from openml_client import Client

with Client(f"local:{sys.argv[1]}") as client:
    for run in sys.argv[2:]:
        report = client.runs.reproduce(int(run), trusted=["small_skorch"])
        print(json.dumps(json.loads(report.to_json())))
"""

MODELS = {
    **{name: (make, "class", "probabilities") for name, make in CLASSIFIERS.items()},
    "regression": (regression, "number", "predictions"),
    "binary": (binary, "one", "probabilities"),
}


def table(n_rows: int = 90) -> pd.DataFrame:
    """Two columns of numbers, some of them missing, and three targets."""
    random = np.random.default_rng(3)
    codes = np.arange(n_rows) % 3
    frame = pd.DataFrame(random.normal(codes[:, None] * [1.5, -1.0], 1.0), columns=["a", "b"])
    frame.loc[::9, "a"] = np.nan
    frame["class"] = pd.Categorical.from_codes(codes, pd.Index(LABELS))
    frame["one"] = pd.Categorical.from_codes(codes % 2, pd.Index(["yes", "no"]))
    frame["number"] = codes * 2.0 + random.normal(size=n_rows)
    return frame


def fold(target: str) -> FoldData:
    frame = table()
    x, y = frame[["a", "b"]], frame[target]
    return FoldData(
        task="regression" if target == "number" else "classification",
        x_train=x[:60],
        y_train=y[:60],
        x_test=x[60:],
        labels=tuple(y.cat.categories) if target != "number" else (),
    )


def run(model: Any, target: str = "class") -> FoldResult:
    found = EXTENSION.run_fold(model, fold(target), seed=5)
    assert found.failure is None, found.failure.traceback
    return found


def elsewhere(script: str, *arguments: str, given: str = "") -> str:
    """What a fresh process with another hash seed prints."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_probabilities_of_a_net_stand_under_their_labels(name: str) -> None:
    model = CLASSIFIERS[name]()
    assert find_extension(model) is EXTENSION
    found = run(model)
    assert found.probability_labels == ("ant", "mole", "zebra")
    best = np.array(found.probability_labels)[np.asarray(found.probabilities).argmax(axis=1)]
    assert (best == found.predictions).all()
    assert (found.predictions == table()["class"][60:]).mean() > 0.4


def test_nets_are_rebuilt_elsewhere_and_give_the_same_bits() -> None:
    torch.rand(3)  # what was drawn before does not count
    given, found = {}, {}
    for name, (make, target, method) in MODELS.items():
        written = EXTENSION.describe(make()).to_bytes().decode()
        given[name] = (written, target, method)
        found[name] = np.asarray(getattr(run(make(), target), method)).tobytes().hex()
    assert json.loads(elsewhere(ELSEWHERE, given=json.dumps(given))) == found


def test_a_net_for_two_classes_refuses_three() -> None:
    with pytest.raises(FlowError, match="is for two classes; the task has 3"):
        run(binary())


def test_the_generator_and_the_weights_of_the_caller_are_left_as_they_were() -> None:
    module = instance(3)
    before = [weight.clone() for weight in module.parameters()]
    state = torch.get_rng_state()
    run(filled(net(module)))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(map(torch.equal, before, module.parameters()))


def test_callbacks_are_structure_and_their_arguments_are_settings() -> None:
    one, other = by_class(), by_class()
    other[-1].callbacks[0].patience = 7
    one, other = EXTENSION.describe(one), EXTENSION.describe(other)
    parts = [payload for _, tag, payload in objects(one.tree) if tag == PART]
    assert [part["class"] for part in parts] == [
        "skorch.callbacks:EarlyStopping",
        "skorch.callbacks:LRScheduler",
        "skorch.callbacks:GradientNormClipping",
        "small_skorch:Rounding",
    ]
    assert parts[1]["params"]["step_size"] == 2
    assert {*untrusted(one, POLICY)} == {
        f"small_skorch:{name}" for name in ("Rounding", "silent", "Small")
    }
    with pytest.raises(UntrustedError):
        EXTENSION.build(one, trust=Trust.of_strangers(POLICY))


CALLBACKS: dict[str, Callable[[], Any]] = {
    "a scheduler by class": lambda: callbacks.LRScheduler(
        torch.optim.lr_scheduler.ExponentialLR, gamma=0.9
    ),
    "a scheduler of skorch": lambda: callbacks.LRScheduler(callbacks.WarmRestartLR),
    "scoring": lambda: callbacks.EpochScoring("accuracy", name="acc", on_train=True),
    "scoring of batches": lambda: callbacks.BatchScoring("accuracy"),
    "passing through": lambda: callbacks.PassthroughScoring("aux"),
    "freezing": lambda: callbacks.Freezer("inner.*"),
    "thawing": lambda: callbacks.Unfreezer(["inner.*"], at=3),
    "mapping": lambda: callbacks.ParamMapper("head.*", fn=nn.init.ones_, at=2),
    "a name": lambda: ("stop", callbacks.EarlyStopping()),
    "a class": lambda: callbacks.EarlyStopping,
    "a shape": callbacks.InputShapeSetter,
    "a log": callbacks.PrintLog,
    "a bar": callbacks.ProgressBar,
    "a timer": callbacks.EpochTimer,
}


def own_net(**changes: Any) -> Any:
    return net(instance(3), **changes)


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_needs_no_word_and_comes_back(name: str) -> None:
    made = own_net(callbacks=[CALLBACKS[name]()])
    description = EXTENSION.describe(made)
    again: Any = EXTENSION.build(description, trust=Trust.of_strangers(POLICY))
    assert EXTENSION.describe(again).to_bytes() == description.to_bytes()
    one, other = made.callbacks[0], again.callbacks[0]
    assert type(one) is type(other)
    if hasattr(one, "get_params") and not isinstance(one, type):
        assert one.get_params() == other.get_params()


@pytest.mark.parametrize(
    "make", [lambda: callbacks.Checkpoint(dirname="x"), callbacks.TrainEndCheckpoint]
)
def test_callbacks_that_write_files_need_a_word_for_each_file(make: Callable[[], Any]) -> None:
    description = EXTENSION.describe(own_net(callbacks=[make()]))
    found = untrusted(description, POLICY)
    assert f"skorch.callbacks:{type(make()).__name__}" in found
    with pytest.raises(UntrustedError, match="it writes or reads the file"):
        EXTENSION.build(description, trust=Trust.of_strangers(POLICY, ["skorch"]))
    EXTENSION.build(description, trust=Trust.of_strangers(POLICY, found))


def used() -> Any:
    freezer = callbacks.Freezer("0.*")
    freezer.initialize()
    return own_net(callbacks=[freezer])


REFUSED: dict[str, tuple[Callable[[], Any], str, str]] = {
    "a connection": (
        lambda: own_net(callbacks=[callbacks.SacredLogger(object())]),
        "callbacks.0",
        "Leave it out",
    ),
    "a connection by name": (
        lambda: own_net(callbacks=[("board", callbacks.TensorBoard(object()))]),
        "callbacks.board",
        "Leave it out",
    ),
    "a used one": (used, "callbacks.0", "Make a new one"),
    "a constructor that hides": (
        lambda: own_net(callbacks=[small_skorch.Hiding()]),
        "callbacks.0",
        "an attribute of its name",
    ),
    "a lambda": (
        lambda: own_net(callbacks=[callbacks.EpochScoring(lambda *_: 0.0)]),
        "callbacks.0.scoring",
        "top level of a module",
    ),
    "a symbol": (lambda: net(nn.Linear(N_FEATURES, 3)), "NeuralNetClassifier", "TorchClassifier"),
    "a symbol of a setting": (
        lambda: net(module__width=N_FEATURES),
        "NeuralNetClassifier",
        "LazyLinear",
    ),
    "a fitted net": (
        lambda: own_net().fit(np.eye(8, 2, dtype=np.float32), np.arange(8) % 2),
        "NeuralNetClassifier",
        "clone",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_place_and_the_remedy(name: str) -> None:
    make, place, remedy = REFUSED[name]
    with pytest.raises(NotSerializableError) as caught:
        EXTENSION.describe(make())
    assert place in str(caught.value)
    assert remedy in str(caught.value)


def test_epochs_become_a_trace_and_a_log_with_the_scores_of_callbacks() -> None:
    found = run(by_class())
    assert [row.iteration for row in found.trace] == [*range(len(found.trace))]
    assert [row.selected for row in found.trace].index(True) == len(found.trace) - 1
    assert found.log is not None
    rows: Any = found.log["history"]
    assert [row["lr"] for row in rows][:4] == pytest.approx([0.02, 0.02, 0.01, 0.01])
    assert rows[0]["rounded"] == round(rows[0]["train_loss"], 4)
    assert found.trace[0].evaluation == rows[0]["valid_loss"]
    assert json.loads(json.dumps(rows)) == rows
    assert found.log["device"] == "cpu"


def test_the_epoch_that_was_restored_is_selected() -> None:
    found = run(regression(), "number")
    losses = [row.evaluation for row in found.trace]
    assert [row.selected for row in found.trace].index(True) < len(losses) - 1
    assert found.log is not None
    assert sum(row["selected"] for row in found.log["history"]) == 1  # type: ignore[union-attr, misc]


def test_weights_of_a_net_are_refused_with_the_way_out() -> None:
    given = FoldData(**{**vars(fold("class")), "artefacts": frozenset({"weights"})})
    with pytest.raises(FlowError, match="gives no weights") as caught:
        EXTENSION.run_fold(by_class(), given, seed=1)
    assert "TorchClassifier" in str(caught.value.hint)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry") / "registry"


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    with Client(f"local:{folder}") as client:
        yield client


def publish(client: Client, make: Callable[[], Any], target: str) -> str:
    """Number of a published run."""
    draft = DatasetDraft(name=target, description="For a test.", default_target_attribute=target)
    dataset = client.datasets.publish(draft, table()[["a", "b", target]])
    type_id, procedure = (2, "7") if target == "number" else (1, "1")
    inputs = {"source_data": str(dataset.id), "target_feature": target}
    inputs |= {"estimation_procedure": procedure}
    task = client.tasks.publish(TaskDraft(type_id=type_id, inputs=inputs))
    return str(client.runs.publish(client.runs.execute(make(), task, progress=False)).id)


def test_published_runs_are_identical_in_a_fresh_process(client: Client, folder: Path) -> None:
    runs = [
        publish(client, make, target)
        for make, target in (
            (by_class, "class"),
            (CLASSIFIERS["by instance"], "class"),
            (regression, "number"),
        )
    ]
    reports = [*map(json.loads, elsewhere(REPRODUCE, str(folder), *runs).splitlines())]
    found = [(report["verdict"], report["states"]) for report in reports]
    assert found == [("identical", [10, 10])] * 3, reports


def node(kind: str = "net", cls: str = "skorch:NeuralNetClassifier", **params: Json) -> Json:
    module = {"$class": "torch.nn:Identity"}
    params = {"module": module, **params}
    return {NODE: {"kind": kind, "class": cls, "params": params, "defaults": {}}}


def part(cls: str, **params: Json) -> Json:
    return {PART: {"kind": "callback", "class": cls, "params": params, "defaults": {}}}


HOSTILE = {
    "a net elsewhere": node(cls="os:mkdir"),
    "a net of another module": node(cls="skorch.hf:AccelerateMixin"),
    "a callback elsewhere": node(callbacks=[part("os:system", command="x")]),
    "a checkpoint": node(callbacks=[part("skorch.callbacks:Checkpoint", dirname="/tmp/x")]),
    "a checkpoint as a class": node(callbacks=[{"$class": "skorch.callbacks:Checkpoint"}]),
    "a checkpoint by name": node(callbacks__cp={"$class": "skorch.callbacks:TrainEndCheckpoint"}),
    "what loads": node(callbacks=[part("skorch.callbacks:LoadInitState", checkpoint=None)]),
    "a logger": node(callbacks=[part("skorch.callbacks:WandbLogger", wandb_run=None)]),
    "files by a setting": node(callbacks__cp__f_pickle="x"),
    "pickles": node(torch_load_kwargs={"weights_only": False}),
    "processes": node(iterator_train__num_workers=100_000),
    "a sampler": node(iterator_train__sampler={"$class": "os:mkdir"}),
    "a split": node(
        train_split={"$call": {"kind": "object", "name": "os:mkdir", "args": ["x"], "kwargs": {}}}
    ),
    "a helper": node(train_split={"$function": "skorch.helper:predefined_split"}),
    "an unpickler": node(module={"$function": "skorch.utils:open_file_like"}),
    "a loader": node(iterator_train={"$class": "torch.utils.data:DataLoader"}),
    "a device": node(device="/dev/sda"),
    "a huge module": node(module__width=10**9),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_net_is_refused(name: str) -> None:
    description = Description(extension="torch", api=1, frameworks={}, tree=HOSTILE[name])
    with pytest.raises(UntrustedError):
        EXTENSION.build(description, trust=Trust.of_strangers(POLICY))


def test_nothing_is_imported_to_find_out() -> None:
    script = """
import json, sys
from openml_client.extension.description import Description
from openml_client.extension.trust import untrusted
from openml_client_torch import EXTENSION
for tree in json.load(sys.stdin):
    description = Description(extension="torch", api=1, frameworks={}, tree=tree)
    assert untrusted(description, EXTENSION.policy)
print([name for name in ("skorch", "torch", "sklearn", "numpy") if name in sys.modules])
"""
    assert elsewhere(script, given=json.dumps([*HOSTILE.values()])).strip() == "[]"


@pytest.mark.parametrize(
    "tree",
    [
        node(fit={"$function": "numpy:sum"}),
        node(initialized_=True),
        node(
            callbacks=[
                part("skorch.callbacks:LRScheduler", on_epoch_end={"$function": "numpy:sum"})
            ]
        ),
        node(callbacks=[part("skorch.callbacks:EarlyStopping", command="x")]),
    ],
)
def test_a_parameter_that_would_hide_a_method_is_refused(tree: Json) -> None:
    description = Description(extension="torch", api=1, frameworks={}, tree=tree)
    with pytest.raises(FlowError, match=r"no parameter|is a method"):
        EXTENSION.build(description, trust=Trust.of_strangers(POLICY))


def test_a_parameter_that_is_gone_is_left_out_if_it_was_at_its_default() -> None:
    tree = node(gone=3)
    tree[NODE]["defaults"]["gone"] = 3
    description = Description(extension="torch", api=1, frameworks={}, tree=tree)
    notes: list[Any] = []
    trust = Trust.of_strangers(POLICY)
    made = EXTENSION.build(description, trust=trust, notes=notes)
    assert isinstance(made, skorch.NeuralNetClassifier)
    assert [str(note) for note in notes] == [
        "NeuralNetClassifier: gone no longer exists; it was at its default, 3"
    ]
