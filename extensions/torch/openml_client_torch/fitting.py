"""From a recipe and its rows to a trained module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from openml_client.extension.seeds import derive
from openml_client_torch.outputs import refuse_loss_of_classes, require_meaning
from openml_client_torch.parts import (
    make_loss,
    make_module,
    make_optimizer,
    make_scheduler,
    require_module,
    require_scheduler,
    steps_per_epoch,
)
from openml_client_torch.preparing import (
    Preparation,
    preparation_of,
    take,
    tensor_of,
    validation_rows,
)
from openml_client_torch.settings import check_settings
from openml_client_torch.training import Rows, Trainer
from openml_client_torch.trials import try_loss, try_module, try_outputs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from openml_client_torch.dimensions import Sizes
    from openml_client_torch.targets import Classes, Numbers

_ROWS_TO_TRY = 2
"""As few as can tell the dimension of the rows."""


class Fitted(NamedTuple):
    """A module that fits the rows, and the way from the rows to it and back."""

    module: nn.Module
    preparation: Preparation
    outputs: Any
    """`ClassOutputs` or `NumberOutputs`."""
    sizes: Sizes
    trainer: Trainer | None
    """None where nothing was trained."""


def check_recipe(recipe: Any) -> None:
    """Check all that can be told without rows.

    Raises
    ------
    ValueError, TypeError
        Naming the parameter, its value and what it may be.
    """
    check_settings(recipe)
    require_module(recipe.module)
    preparation_of(recipe.preprocessing)
    if hasattr(recipe, "output"):
        require_meaning(recipe.loss, recipe.output)
    else:
        refuse_loss_of_classes(recipe.loss)
    make_loss(recipe.loss, {}, None, 1)
    # Nothing is drawn for these weights; patterns and schedulers need those of the module.
    make_optimizer(recipe.optimizer, nn.ParameterList([torch.zeros(2, 2)]), None, {})
    if recipe.scheduler is not None:
        require_scheduler(recipe.scheduler)


def fitted(
    recipe: Any,
    table: Any,
    targets: Classes | Numbers,
    *,
    seed: int,
    device: torch.device,
    state: Mapping[str, Any] | None,
) -> Fitted:
    """Prepare the rows, make the module, and train it or give it the weights of a state."""
    dtype: torch.dtype = getattr(torch, recipe.dtype)
    held = validation_rows(targets.strata, recipe.validation_fraction, derive(seed, "split"))
    preparation = preparation_of(recipe.preprocessing)
    prepared = preparation.fit_transform(take(table, ~held), targets.labels[~held])
    x = tensor_of(prepared, dtype)
    sizes = {**preparation.sizes, "n_classes": targets.n_classes}

    torch.manual_seed(derive(seed, "init"))
    module = make_module(recipe.module, sizes, dtype)
    tried = try_module(module, x[:_ROWS_TO_TRY])
    outputs: Any = targets.outputs(tried, ~held)
    steps = steps_per_epoch(module, len(x), int(recipe.batch_size))
    sizes |= {"n_steps": steps * int(recipe.max_epochs), "steps_per_epoch": steps}
    module.to(device)
    if state is not None:
        module.load_state_dict(state)
        return Fitted(module, preparation, outputs, sizes, None)

    def rows(x: Tensor, mask: NDArray[np.bool_]) -> Rows:
        return Rows(x.to(device), outputs.targets(targets.values[mask], dtype).to(device))

    train, valid = rows(x, ~held), None
    batch = try_module(module, train.x[: recipe.batch_size])
    try_outputs(batch, outputs.meaning, adds_up=outputs.adds_up)
    if held.any():
        valid = rows(tensor_of(preparation.transform(take(table, held)), dtype), held)
    loss = make_loss(recipe.loss, sizes, targets.weights(~held), outputs.n_outputs)
    loss = loss.to(device, dtype) if isinstance(loss, nn.Module) else loss
    try_loss(loss, batch, train.y[: recipe.batch_size])
    score = partial(outputs.score, targets.values[held])
    order = derive(seed, "batches")
    trainer = _trainer(recipe, module, loss, score, sizes, steps, order, device)
    torch.manual_seed(derive(seed, "train"))
    trainer.run(train, valid)
    return Fitted(module, preparation, outputs, sizes, trainer)


def _trainer(
    recipe: Any,
    module: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    score: Callable[[Tensor], float],
    sizes: Sizes,
    steps: int,
    seed: int,
    device: torch.device,
) -> Trainer:
    optimizer = make_optimizer(recipe.optimizer, module, recipe.param_groups, sizes)
    return Trainer(
        plan=recipe,
        module=module,
        forward=_forward(module, device, amp=recipe.amp, is_compiled=recipe.compile),
        loss=loss,
        score=score,
        optimizer=optimizer,
        scheduler=make_scheduler(
            recipe.scheduler,
            optimizer,
            sizes,
            step=recipe.scheduler_step,
            monitor=recipe.monitor,
        ),
        scaler=torch.amp.GradScaler(device.type, enabled=recipe.amp == "float16"),
        order=torch.Generator().manual_seed(seed),
        steps_per_epoch=steps,
    )


def _forward(
    module: nn.Module, device: torch.device, *, amp: str | None, is_compiled: bool
) -> Callable[[Tensor], Tensor]:
    """What calculates a module's outputs while it trains."""
    forward: Callable[[Tensor], Tensor] = module
    if is_compiled:
        torch.compiler.reset()  # after some modules of a class, it would compile no more of them
        forward = torch.compile(module)
    if amp is None:
        return forward
    if amp == "float16" and device.type == "cpu":
        raise ValueError("amp='float16' needs a CUDA device; 'bfloat16' works on the CPU, too")

    def mixed(x: Tensor) -> Tensor:
        with torch.autocast(device.type, dtype=getattr(torch, amp)):
            outputs = forward(x)
        return outputs.to(x.dtype)  # losses and their sums need the digits

    return mixed
