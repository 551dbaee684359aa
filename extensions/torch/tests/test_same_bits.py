"""The same recipe and seed give the same bits, and leave all else as it was."""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import nets
import numpy as np
import pandas as pd
import pytest
import torch
from openml_client_torch import (
    CARDINALITIES,
    N_CLASSES,
    N_FEATURES,
    N_NUMERIC,
    N_STEPS,
    EmbedCategories,
    TorchClassifier,
)
from openml_client_torch.models import REBUILDER
from recipe_nets import Spectrum, labels_of, mlp, numbers, recipe, table
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler
from sklearn.random_projection import GaussianRandomProjection
from torch import nn
from torch.optim import lr_scheduler

from openml_client.extension.identity import canonical

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")


PROGRAM = """
import hashlib, json, sys
import recipe_nets
from openml_client.extension.description import Description
from openml_client.extension.trust import Trust
from openml_client_torch.models import REBUILDER
from openml_client_torch.policy import POLICY

frame = recipe_nets.table()
for tree in json.loads(sys.stdin.read()):
    description = Description(extension="torch", api=REBUILDER.api, frameworks={}, tree=tree)
    model = REBUILDER.build(description, trust=Trust(POLICY, trusted=("recipe_nets",)))
    probabilities = model.fit(frame, recipe_nets.labels_of(frame)).predict_proba(frame)
    print(model.state_hash_, hashlib.sha256(probabilities.tobytes()).hexdigest())
"""


def in_a_fresh_process(models: list[TorchClassifier], hash_seed: int) -> list[str]:
    places = [*sys.path, str(Path(__file__).parent)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([REBUILDER.describe(model).tree for model in models]),
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONHASHSEED": str(hash_seed),
            "PYTHONPATH": os.pathsep.join(places),
        },
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_fresh_processes_give_the_same_bits() -> None:
    frame = table()
    y = labels_of(frame)
    layers = [nn.LazyLinear(16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.GELU()]
    deep = nn.Sequential(
        EmbedCategories(N_NUMERIC, CARDINALITIES), *layers, nn.Linear(16, N_CLASSES)
    )
    warm_up = partial(lr_scheduler.LinearLR, total_iters=N_STEPS // 4)
    schedulers = [warm_up, partial(lr_scheduler.ExponentialLR, gamma=0.9)]
    sequence = partial(lr_scheduler.SequentialLR, schedulers=schedulers, milestones=[N_STEPS // 4])
    models = [
        recipe(scheduler=sequence, scheduler_step="step"),
        recipe(deep, preprocessing="ordinal", validation_fraction=0.2, patience=2, batch_size=16),
        *(recipe(Spectrum(N_FEATURES, N_CLASSES), dtype=kind) for kind in ("float32", "float64")),
    ]
    one, other = (in_a_fresh_process(models, hash_seed) for hash_seed in (1, 2))
    assert one == other
    for model, line in zip(models, one, strict=True):
        assert line.split()[0] == model.fit(frame, y).state_hash_


@pytest.mark.parametrize("kind", [nets.Pretrained, partial(nets.WithDefault, 3)])
def test_a_training_changes_no_weights_that_others_begin_with(kind: Any) -> None:
    y = np.arange(120) % 3
    begin = nets.VECTORS.clone()
    models = [recipe(kind(), max_epochs=2).fit(numbers(), y) for _ in range(2)]
    assert models[0].state_hash_ == models[1].state_hash_
    assert models[0].state_hash_ == clone(models[0]).fit(numbers(), y).state_hash_
    assert torch.equal(nets.VECTORS, begin)


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_complex_weights_have_as_many_digits_as_the_recipe(kind: str) -> None:
    model = recipe(Spectrum(3, N_CLASSES), dtype=kind).fit(numbers(), np.arange(120) % 3)
    assert model.module_.weight.dtype == getattr(torch, kind).to_complex()
    assert model.module_.out.weight.dtype == getattr(torch, kind)


def test_restored_weights_predict_the_same() -> None:
    frame = table()
    y = labels_of(frame)
    model = recipe(validation_fraction=0.2).fit(frame, y)
    again = recipe(validation_fraction=0.2).restore(frame, y, model.module_.state_dict())
    assert np.array_equal(again.predict_proba(frame), model.predict_proba(frame))
    assert again.state_hash_ == model.state_hash_
    assert (again.history_, again.best_epoch_) == ([], None)


def test_seeds_are_drawn_from_numpy_where_none_is_given() -> None:
    frame = table()
    y = labels_of(frame)

    def trained() -> TorchClassifier:
        return recipe(random_state=None, max_epochs=1).fit(frame, y)

    np.random.seed(3)
    one, other = trained(), trained()
    np.random.seed(3)
    assert trained().state_hash_ == one.state_hash_ != other.state_hash_
    assert recipe(random_state=one.seed_, max_epochs=1).fit(frame, y).state_hash_ == one.state_hash_


def test_a_transformer_without_a_seed_is_governed_by_the_recipes() -> None:
    how = GaussianRandomProjection(2)
    hashes = {
        recipe(preprocessing=how, max_epochs=1).fit(numbers(), np.arange(120) % 2).state_hash_
        for _ in range(2)
    }
    assert len(hashes) == 1


def surroundings() -> dict[str, Any]:
    backends: Any = torch.backends
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state()[1].tolist(),
        "torch": torch.get_rng_state().tolist(),
        "threads": torch.get_num_threads(),
        "deterministic": torch.get_deterministic_debug_mode(),
        "benchmark": backends.cudnn.benchmark,
        "tf32": (backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()),
        "dtype": torch.get_default_dtype(),
        "gradients": torch.is_grad_enabled(),
        "environment": dict(os.environ),
    }


@pytest.mark.parametrize("fails", [False, True])
def test_the_callers_things_stay_as_they_were(fails: bool) -> None:
    frame = table()
    y = labels_of(frame)
    module = mlp()
    before = copy.deepcopy((frame, y, module.state_dict(), module.training))
    torch.set_num_threads(2)
    torch.set_float32_matmul_precision("medium")
    try:
        around = surroundings()
        model = recipe(module, max_epochs=1, threads=1)
        if fails:
            exploding = partial(torch.optim.SGD, lr=1e30)
            with pytest.raises(FloatingPointError):
                model.set_params(optimizer=exploding, max_epochs=9).fit(frame, y)
        else:
            model.fit(frame, y).predict(frame)
        assert surroundings() == around
    finally:
        torch.set_num_threads(1)
        torch.set_float32_matmul_precision("highest")
    pd.testing.assert_frame_equal(frame, before[0])
    assert np.array_equal(y, before[1])
    assert all(torch.equal(module.state_dict()[name], before[2][name]) for name in before[2])
    assert module.training == before[3]


def test_surroundings_do_not_change_what_is_learned() -> None:
    frame = table()
    y = labels_of(frame)
    model = recipe(max_epochs=2)
    plain = model.fit(frame, y).state_hash_
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            other = model.fit(frame, y).state_hash_
    finally:
        torch.set_default_dtype(torch.float32)
    assert other == plain


def test_threads_that_train_at_once_do_not_disturb_each_other() -> None:
    frame = table()
    y = labels_of(frame)

    def trained(seed: int) -> str:
        return recipe(random_state=seed, max_epochs=5).fit(frame, y).state_hash_

    alone = [trained(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(trained, range(4))) == alone


def test_recipes_describe_to_plain_json_and_back() -> None:
    model = recipe(param_groups={"0.*": {"lr": 0.1}}, preprocessing=StandardScaler())
    tree = REBUILDER.describe(model).tree
    assert json.loads(canonical(tree)) == tree


# GPU


@pytest.mark.gpu
@gpu
@pytest.mark.parametrize("amp", [None, "bfloat16", "float16"])
def test_cuda_gives_the_same_bits_twice(amp: Any) -> None:
    frame = table()
    y = labels_of(frame)
    one, other = (recipe(device="cuda", amp=amp).fit(frame, y) for _ in range(2))
    assert one.device_.startswith("cuda")
    assert one.state_hash_ == other.state_hash_
    assert np.array_equal(one.predict_proba(frame), other.predict_proba(frame))


@pytest.mark.gpu
@gpu
def test_cuda_begins_with_the_weights_of_the_cpu() -> None:
    frame = table()
    y = labels_of(frame)
    still = partial(torch.optim.SGD, lr=0.0)
    states = [
        recipe(device=device, optimizer=still, max_epochs=1).fit(frame, y).state_hash_
        for device in ("cpu", "auto")
    ]
    assert states[0] == states[1]


@pytest.mark.gpu
@gpu
def test_cuda_leaves_the_callers_generator() -> None:
    before = torch.cuda.get_rng_state()
    frame = table()
    recipe(device="cuda", max_epochs=1).fit(frame, labels_of(frame))
    assert torch.equal(torch.cuda.get_rng_state(), before)
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
