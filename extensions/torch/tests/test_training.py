"""The loop does what the recipe says, and nothing else."""

from __future__ import annotations

import logging
import math
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from openml_client_torch import N_CLASSES, N_FEATURES, N_STEPS, TorchClassifier, TorchRegressor
from openml_client_torch.preparing import validation_rows
from openml_client_torch.training import Epoch, watching
from recipe_nets import Counting, LearnedLoss, labels_of, mlp, table
from torch import nn
from torch.optim import lr_scheduler

from openml_client.extension.seeds import derive

SGD = partial(torch.optim.SGD, lr=0.1)
FAST = partial(torch.optim.AdamW, lr=0.03)


def numbers(n_rows: int = 40) -> Any:
    return np.random.RandomState(0).randn(n_rows, 3).astype(np.float32)


def recipe(module: nn.Module | None = None, **changes: Any) -> TorchClassifier:
    settings = {"max_epochs": 4, "batch_size": 16, "random_state": 0, "device": "cpu"}
    return TorchClassifier(module or mlp(), **{**settings, **changes})


def regressor(module: nn.Module, **changes: Any) -> TorchRegressor:
    settings = {"max_epochs": 4, "batch_size": 16, "random_state": 0, "device": "cpu"}
    return TorchRegressor(module, **{**settings, **changes})


def fitted(**changes: Any) -> TorchClassifier:
    frame = table()
    return recipe(**changes).fit(frame, labels_of(frame))


def column(model: Any, name: str) -> list[Any]:
    return [row[name] for row in model.history_]


def test_steps_are_those_of_a_plain_loop() -> None:
    x, y = numbers(), np.arange(40) % 2
    model = recipe(nn.Linear(N_FEATURES, N_CLASSES), optimizer=SGD, preprocessing=None).fit(x, y)
    again = recipe(nn.Linear(N_FEATURES, N_CLASSES), preprocessing=None, max_epochs=1)
    untrained = again.set_params(optimizer=partial(torch.optim.SGD, lr=0.0)).fit(x, y)

    module = nn.Linear(3, 2)
    module.load_state_dict(untrained.module_.state_dict())
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    order = torch.Generator().manual_seed(derive(0, "batches"))
    for _ in range(4):
        for rows in torch.randperm(40, generator=order).split(16):
            optimizer.zero_grad()
            targets = torch.from_numpy(y)[rows]
            nn.functional.cross_entropy(module(torch.from_numpy(x)[rows]), targets).backward()
            optimizer.step()
    for name, tensor in module.state_dict().items():
        assert torch.allclose(tensor, model.module_.state_dict()[name])


def test_each_epoch_takes_each_row_once_in_another_order() -> None:
    model = recipe(Counting(N_FEATURES, N_CLASSES), preprocessing=None, max_epochs=2)
    model.fit(numbers(35), np.arange(35) % 2)
    assert model.module_.sizes.tolist() == [16, 16, 3] * 2
    assert model.sizes_["steps_per_epoch"] == 3
    assert model.sizes_["n_steps"] == 6


def test_a_last_batch_of_one_row_is_left_out_only_for_batch_norm() -> None:
    x, y = numbers(33), np.arange(33) % 2
    plain = recipe(Counting(N_FEATURES, N_CLASSES), preprocessing=None, max_epochs=1).fit(x, y)
    assert plain.module_.sizes.tolist() == [16, 16, 1]
    normed = nn.Sequential(nn.BatchNorm1d(N_FEATURES), Counting(N_FEATURES, N_CLASSES))
    model = recipe(normed, preprocessing=None, max_epochs=1).fit(x, y)
    assert model.module_[1].sizes.tolist() == [16, 16]


@pytest.mark.parametrize(("n_rows", "batch_size"), [(1, 16), (8, 1)])
def test_batch_norm_is_refused_where_all_batches_are_single_rows(
    n_rows: int, batch_size: int
) -> None:
    normed = nn.Sequential(nn.BatchNorm1d(N_FEATURES), nn.Linear(N_FEATURES, N_CLASSES))
    with pytest.raises(ValueError, match="BatchNorm can't train on batches of one row"):
        recipe(normed, batch_size=batch_size).fit(numbers(n_rows), np.arange(n_rows) % 2)


def test_history_says_what_each_epoch_did() -> None:
    model = fitted(validation_fraction=0.2)
    assert column(model, "epoch") == [1, 2, 3, 4]
    assert column(model, "selected") == [False, False, False, True]
    assert model.best_epoch_ == 4
    for row in model.history_:
        assert row["lr"] == 0.001
        assert all(math.isfinite(row[name]) for name in ("train_loss", "valid_loss", "seconds"))
        assert 0 <= row["valid_score"] <= 1


def test_without_validation_there_is_no_measure_of_it() -> None:
    assert column(fitted(), "valid_loss") == [None] * 4
    assert column(fitted(), "valid_score") == [None] * 4


@pytest.mark.parametrize("monitor", ["loss", "score"])
def test_early_stopping_returns_to_the_best_epoch(monitor: str) -> None:
    options = {"validation_fraction": 0.3, "patience": 3, "monitor": monitor, "optimizer": FAST}
    model = fitted(max_epochs=60, **options)
    measure = column(model, f"valid_{monitor}")
    best = measure.index(min(measure) if monitor == "loss" else max(measure)) + 1
    assert model.best_epoch_ == best
    assert len(measure) == best + 3
    assert column(model, "selected").index(True) == best - 1
    shorter = fitted(max_epochs=best, **options)
    assert shorter.state_hash_ == model.state_hash_


def test_validation_rows_teach_nothing() -> None:
    frame = table()
    y = labels_of(frame)
    model = recipe(validation_fraction=0.3).fit(frame, y)

    held = validation_rows(np.unique(y, return_inverse=True)[1], 0.3, derive(0, "split"))
    changed = frame.copy()
    changed.loc[held, ["a", "b", "c"]] *= 7
    assert recipe(validation_fraction=0.3).fit(changed, y).state_hash_ == model.state_hash_


def test_patience_needs_rows_for_validation() -> None:
    with pytest.raises(ValueError, match=r"patience=3 needs rows .* validation_fraction=0.1"):
        fitted(patience=3)
    with pytest.raises(ValueError, match="monitor='score' needs rows for validation"):
        fitted(monitor="score")


def test_a_loss_that_is_no_number_ends_training_with_a_remedy() -> None:
    exploding = regressor(mlp(n_outputs=1), optimizer=partial(torch.optim.SGD, lr=1e30))
    with pytest.raises(FloatingPointError, match=r"epoch 1, at a learning rate of 1e\+30; take a"):
        exploding.fit(numbers(), np.arange(40.0))


def test_schedulers_step_after_each_epoch_or_each_step() -> None:
    halving = partial(lr_scheduler.StepLR, step_size=1, gamma=0.5)
    assert column(fitted(scheduler=halving, optimizer=SGD), "lr") == [0.1, 0.05, 0.025, 0.0125]
    per_step = partial(lr_scheduler.LinearLR, start_factor=1.0, end_factor=0.1, total_iters=N_STEPS)
    model = fitted(scheduler=per_step, scheduler_step="step", optimizer=SGD)
    assert column(model, "lr") == pytest.approx([0.1, 0.0775, 0.055, 0.0325])


def test_one_cycle_takes_as_many_steps_as_the_task_has() -> None:
    cycle = partial(lr_scheduler.OneCycleLR, max_lr=0.1, total_steps=N_STEPS)
    model = fitted(scheduler=cycle, scheduler_step="step")
    assert max(column(model, "lr")) > 0.05


@pytest.mark.parametrize(
    ("step", "total_steps", "complaint"),
    [
        ("step", 5, r"a cycle of 5 steps, and with scheduler_step='step' .* makes 32; .*=N_STEPS"),
        ("step", 99, r"a cycle of 99 steps"),
        ("epoch", N_STEPS, r"makes 4; give total_steps=4, or N_STEPS and scheduler_step='step'"),
    ],
)
def test_a_cycle_of_other_steps_than_the_training_makes_is_refused(
    step: str, total_steps: Any, complaint: str
) -> None:
    cycle = partial(lr_scheduler.OneCycleLR, max_lr=0.1, total_steps=total_steps)
    with pytest.raises(ValueError, match=f"scheduler: OneCycleLR has .*{complaint}"):
        fitted(scheduler=cycle, scheduler_step=step)


WARM_UP = partial(lr_scheduler.LinearLR, start_factor=0.5, total_iters=2)
HALVING = partial(lr_scheduler.ExponentialLR, gamma=0.5)


@pytest.mark.parametrize(
    ("scheduler", "lrs"),
    [
        (
            partial(lr_scheduler.SequentialLR, schedulers=[WARM_UP, HALVING], milestones=[2]),
            [0.05, 0.075, 0.1, 0.05],
        ),
        (partial(lr_scheduler.ChainedScheduler, [WARM_UP, HALVING]), [0.05, 0.0375, 0.025, 0.0125]),
    ],
)
def test_schedulers_inside_another_get_the_optimizer_too(scheduler: Any, lrs: list[float]) -> None:
    assert column(fitted(scheduler=scheduler, optimizer=SGD), "lr") == pytest.approx(lrs)


def test_a_cycle_inside_another_scheduler_that_ends_too_early_is_named() -> None:
    cycle = partial(lr_scheduler.OneCycleLR, max_lr=1.0, total_steps=2)
    chained = partial(lr_scheduler.ChainedScheduler, [cycle])
    with pytest.raises(
        ValueError, match=r"ChainedScheduler makes no step after epoch 3 of 4: Trie"
    ):
        fitted(scheduler=chained)


def test_a_plateau_is_seen_in_what_is_monitored() -> None:
    plateau = partial(lr_scheduler.ReduceLROnPlateau, factor=0.1, patience=0, threshold=10.0)
    model = fitted(scheduler=plateau, validation_fraction=0.2)
    assert column(model, "lr") == pytest.approx([1e-3, 1e-4, 1e-5, 1e-6])
    by_score = partial(lr_scheduler.ReduceLROnPlateau, mode="max", factor=0.1, patience=0)
    options: dict[str, Any] = {"validation_fraction": 0.2, "monitor": "score"}
    assert len(fitted(scheduler=by_score, **options).history_) == 4
    with pytest.raises(ValueError, match="follows the score of each epoch; give it mode='max'"):
        fitted(scheduler=plateau, **options)
    with pytest.raises(ValueError, match="scheduler_step='epoch'"):
        fitted(scheduler=plateau, scheduler_step="step")


def test_param_groups_give_options_to_the_first_pattern_that_matches() -> None:
    groups = {"0.weight": {"lr": 0.0}, "0.*": {"lr": 0.5}}
    start = fitted(optimizer=partial(torch.optim.SGD, lr=0.0)).module_.state_dict()
    end = fitted(optimizer=SGD, param_groups=groups).module_.state_dict()
    moved = {name: not torch.equal(start[name], end[name]) for name in start}
    assert moved == {"0.weight": False, "0.bias": True, "3.weight": True, "3.bias": True}


@pytest.mark.parametrize(
    ("groups", "complaint"),
    [
        (
            {"head.*": {"lr": 0.1}},
            r"'head\.\*' matches no weight that is left; there are \['0.weight'",
        ),
        ({"*": {"lr": 0.1}, "0.*": {"lr": 1.0}}, r"'0\.\*' matches no weight that is left"),
        ({"0.*": {"learning_rate": 0.1}}, "SGD has no option .'learning_rate'"),
        ([("0.*", 1)], "param_groups=.* must be a dict of options by pattern"),
    ],
)
def test_param_groups_that_do_nothing_are_refused(groups: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        fitted(optimizer=SGD, param_groups=groups)


def test_gradients_are_clipped_by_their_norm() -> None:
    def length(grad_clip: float | None) -> float:
        changes: dict[str, Any] = {"max_epochs": 1, "batch_size": 999, "grad_clip": grad_clip}
        still, moved = (
            nn.utils.parameters_to_vector(
                fitted(**changes, optimizer=partial(torch.optim.SGD, lr=lr)).module_.parameters()
            )
            for lr in (0.0, 1.0)
        )
        return float((still - moved).detach().norm())

    assert length(None) > 0.02
    assert length(0.01) == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"optimizer": torch.optim.LBFGS}, "makes its steps from gradients"),
        ({"optimizer": "adam"}, "optimizer='adam'; give a class of torch.optim"),
        ({"loss": 3}, "loss=3; it must be a class such as"),
        ({"module": mlp}, "is no torch.nn.Module; give an instance"),
        ({"scheduler": "cosine"}, "scheduler='cosine'; give a class of torch.optim.lr_scheduler"),
        (
            {"optimizer": torch.optim.Adam([torch.zeros(1)])},
            "optimizer: this Adam was made for other weights; give a class",
        ),
        ({"optimizer": nn.Linear}, "Linear is no Optimizer; give a class of torch.optim"),
        ({"scheduler": torch.optim.SGD}, "SGD is no LRScheduler; give a class of torch.optim.lr_s"),
        (
            {"scheduler": partial(lr_scheduler.ChainedScheduler, [partial(nn.Linear, 1)])},
            "scheduler=.*Linear is no LRScheduler",
        ),
        ({"scheduler": lr_scheduler.ChainedScheduler}, "at least one .* out of schedulers$"),
        (
            {"scheduler": partial(lr_scheduler.SequentialLR, schedulers=lr_scheduler.StepLR)},
            "schedulers=.*StepLR.*; give a list of classes or partials",
        ),
        ({"optimizer": partial(torch.optim.SGD, rate=1)}, "optimizer: .*'rate'; .* out of lr, "),
        ({"optimizer": partial(torch.optim.SGD, lr=-1)}, "optimizer: Invalid learning rate: -1"),
        ({"scheduler": lr_scheduler.StepLR}, "scheduler: .* 'step_size'; .*partial.StepLR"),
        (
            {"loss": partial(nn.CrossEntropyLoss, weights=1)},
            "loss: .*'weights'; .* of weight",
        ),
    ],
)
def test_parts_of_another_kind_are_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises((TypeError, ValueError), match=complaint):
        fitted(output="logits", **changes)


@pytest.mark.parametrize("loss", [nn.MSELoss, nn.functional.cross_entropy])
def test_a_loss_that_tells_no_classes_is_named_with_what_to_give(loss: Any) -> None:
    with pytest.raises(ValueError, match=r"what (cross_entropy|MSELoss) takes; give"):
        fitted(loss=loss)


def test_a_loss_with_weights_of_its_own_is_refused() -> None:
    with pytest.raises(TypeError, match="LearnedLoss has weights of its own"):
        regressor(nn.Linear(N_FEATURES, 1), loss=LearnedLoss).fit(numbers(), np.arange(40.0))


def test_a_loss_that_gives_many_numbers_is_refused_before_training() -> None:
    with pytest.raises(ValueError, match="one number; set reduction='mean'"):
        fitted(loss=partial(nn.CrossEntropyLoss, reduction="none"))


def test_watchers_see_each_epoch_and_only_inside_the_block() -> None:
    seen: list[Epoch] = []
    with watching(seen.append):
        model = fitted()
    fitted()
    assert [epoch.epoch for epoch in seen] == [1, 2, 3, 4]
    assert [epoch.train_loss for epoch in seen] == column(model, "train_loss")


def test_each_epoch_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="openml_client_torch"):
        fitted()
    assert [record.getMessage()[:8] for record in caplog.records] == [
        f"epoch {n}:" for n in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_are_of_the_dtype(dtype: str) -> None:
    model = fitted(dtype=dtype)
    assert {p.dtype for p in model.module_.parameters()} == {getattr(torch, dtype)}


def test_mixed_precision_trains_other_weights_of_the_same_dtype() -> None:
    model = fitted(amp="bfloat16")
    assert {p.dtype for p in model.module_.parameters()} == {torch.float32}
    assert model.state_hash_ != fitted().state_hash_
    binary = recipe(
        nn.Sequential(nn.Linear(N_FEATURES, 1), nn.Sigmoid()), loss=nn.BCELoss, amp="bfloat16"
    )
    assert len(binary.fit(numbers(), np.arange(40) % 2).history_) == 4


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"amp": "float16"}, "amp='float16' needs a CUDA device"),
        ({"amp": "bfloat16", "dtype": "float64"}, "amp='bfloat16' needs dtype='float32'"),
        ({"amp": "half"}, "amp='half'; it must be one of None, 'bfloat16', 'float16'"),
        ({"device": "gpu"}, "device='gpu'; it must be 'auto', 'cpu', 'cuda' or 'cuda:1'"),
        ({"device": "cuda:99"}, "torch sees . CUDA devices here; device='auto'"),
        ({"max_epochs": 0}, "max_epochs=0; it must be a whole number from 1"),
        ({"batch_size": 2.0}, "batch_size=2.0; it must be a whole number"),
        ({"threads": True}, "threads=True"),
        ({"threads": 10**6}, "threads=1000000; it must be a whole number from 1 to 1024"),
        ({"loss": "cross_entropy"}, "loss='cross_entropy'; it must be a class such as"),
        ({"validation_fraction": 1.0}, "validation_fraction=1.0"),
        ({"grad_clip": 0}, "grad_clip=0; it must be a number above 0"),
        ({"patience": 0}, "patience=0"),
        ({"monitor": "accuracy"}, "monitor='accuracy'"),
        ({"dtype": torch.float32}, "dtype=torch.float32; it must be one of 'float32'"),
        ({"output": "softmax"}, "output='softmax'"),
        ({"compile": 1.5}, "compile=1.5"),
        ({"class_weight": "equal"}, "class_weight='equal'"),
        ({"class_weight": {"ant": -1.0}}, "class_weight={'ant': -1.0}.* weights above 0"),
        ({"class_weight": {"ant": "2"}}, "class_weight={'ant': '2'}.* weights above 0"),
        ({"param_groups": {"0.*": {"lr": -0.1}}}, "param_groups=.*-0.1.* none of them below 0"),
        ({"param_groups": {"0.*": 0.1}}, "param_groups=.* a dict of options"),
        ({"random_state": np.random.RandomState(0)}, "random_state=.* a whole number, or None"),
    ],
)
def test_settings_are_refused_by_name_with_what_they_may_be(
    changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        fitted(**changes)


@pytest.mark.conformance  # the compiler takes half a minute
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # of its own compiler
def test_compiled_training_is_deterministic_too() -> None:
    one, other = (fitted(compile=True, max_epochs=2) for _ in range(2))
    assert one.state_hash_ == other.state_hash_


def test_a_module_with_nothing_to_train_is_refused() -> None:
    frozen = nn.Sequential(nn.Linear(N_FEATURES, 4), nn.ReLU(), nn.Linear(4, N_CLASSES))
    frozen.requires_grad_(False)
    with pytest.raises(ValueError, match="nothing to train"):
        fitted(module=frozen)
    with pytest.raises(ValueError, match="nothing to train"):
        fitted(module=nn.ReLU())


def test_a_module_of_another_dtype_is_refused() -> None:
    with pytest.raises(ValueError, match="give dtype='float64'"):
        fitted(module=mlp().double())
    with pytest.raises(ValueError, match="leave it float32, and give amp='bfloat16'"):
        fitted(module=mlp().half())
