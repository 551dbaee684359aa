"""The parts of a training, each made anew from what a recipe says."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parameter import is_lazy
from torch.optim.lr_scheduler import (
    ChainedScheduler,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
)

from openml_client.errors import FlowError, NotSerializableError
from openml_client_torch.modules import rebuilt
from openml_client_torch.outputs import loss_class

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from openml_client_torch.dimensions import Sizes


def require_module(module: Any) -> None:
    """Hold what a recipe trains to be a module, not a class or a function that makes one.

    Raises
    ------
    TypeError
        If it is none.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(
            f"module={module!r} is no torch.nn.Module; give an instance, as "
            "nn.Linear(N_FEATURES, N_CLASSES)"
        )


def make_module(module: Any, sizes: Sizes, dtype: torch.dtype) -> nn.Module:
    """Module with the task's sizes and new weights, on the CPU.

    Raises
    ------
    TypeError
        If the recipe has no module.
    ValueError
        If it can't be made with these sizes, or its weights are of another dtype than the recipe's.
    """
    require_module(module)
    try:
        made: nn.Module = rebuilt(module, sizes)
    except NotSerializableError as error:
        raise ValueError(f"the module can't be made anew for each training: {error}") from error
    except FlowError as error:
        known = ", ".join(f"{name}={size}" for name, size in sizes.items())
        raise ValueError(
            f"the module can't be made for this task ({known}): {error.message}\n"
            "Make it smaller, or let its constructor take such sizes."
        ) from error
    _give_memory(made)
    dtypes = {p.dtype for p in made.parameters() if p.dtype.is_floating_point}
    if dtypes <= {torch.float32}:
        return _cast(made, dtype)
    if dtypes and dtype not in dtypes:
        name = str(dtypes.pop()).removeprefix("torch.")
        remedy = f"give dtype={name!r}"
        if name != "float64":
            remedy = "leave it float32, and give amp='bfloat16' to calculate in fewer digits"
        raise ValueError(f"the module is {name}, unlike the recipe; {remedy}")
    return made


def _cast(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """Cast real numbers to a dtype, and complex ones to those of such parts."""

    def cast(tensor: Tensor) -> Tensor:
        if tensor.is_complex():
            return tensor.to(dtype.to_complex())
        return tensor.to(dtype) if tensor.is_floating_point() else tensor

    apply: Any = module._apply
    apply(cast)
    return module


def _give_memory(module: nn.Module) -> None:
    """Give the weights memory of their own; those that share some go on to share it.

    Constructors may take tensors from elsewhere, as `nn.Embedding.from_pretrained` does, and
    training would change them for the next fold.
    """
    storages: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}
    for tensor in (*module.parameters(), *module.buffers()):
        if is_lazy(tensor) or tensor.is_meta or tensor.layout is not torch.strided:
            continue
        old = tensor.untyped_storage()
        if old._cdata not in storages:
            storages[old._cdata] = (old, old.clone())  # type: ignore[no-untyped-call]
        _, own = storages[old._cdata]
        place = (tensor.storage_offset(), tensor.shape, tensor.stride())
        tensor.data = torch.empty(0, dtype=tensor.dtype, device=tensor.device).set_(own, *place)


def steps_per_epoch(module: nn.Module, n_rows: int, batch_size: int) -> int:
    """Batches of an epoch: a last one of a single row is left out if layers compare rows.

    Raises
    ------
    ValueError
        If all batches are of a single row then.
    """
    steps = -(-n_rows // batch_size)
    if not any(isinstance(layer, _BatchNorm) for layer in module.modules()):
        return steps
    if batch_size == 1 or n_rows == 1:
        raise ValueError(
            f"BatchNorm can't train on batches of one row ({n_rows} rows for training, "
            f"batch_size={batch_size}); take LayerNorm, or more rows"
        )
    return steps - (n_rows % batch_size == 1)


def make_loss(
    loss: Any, sizes: Sizes, weights: NDArray[np.float64] | None, n_outputs: int
) -> Callable[[Tensor, Tensor], Tensor]:
    """Loss, on the CPU, with a weight for each class if there are some.

    Raises
    ------
    TypeError
        If it takes other arguments, or no weights.
    """
    kind = loss_class(loss)
    given = rebuilt(loss, sizes)
    if kind is None:
        if weights is not None:
            raise TypeError(
                f"loss={loss!r} takes no class_weight; give a class such as nn.CrossEntropyLoss"
            )
        return given  # type: ignore[no-any-return]
    made: Any = given if isinstance(given, nn.Module) else _called("loss", given)
    if weights is not None:
        _give_weights(made, torch.from_numpy(weights), n_outputs)
    if any(p.requires_grad for p in getattr(made, "parameters", list)()):
        raise TypeError(
            f"{kind.__name__} has weights of its own, which would not be trained; put them into "
            "the module"
        )
    return made  # type: ignore[no-any-return]


def _give_weights(loss: Any, weights: Tensor, n_outputs: int) -> None:
    name = "pos_weight" if isinstance(loss, nn.BCEWithLogitsLoss) else "weight"
    known = (nn.CrossEntropyLoss, nn.NLLLoss, nn.MultiMarginLoss, nn.BCEWithLogitsLoss)
    if not isinstance(loss, known) or getattr(loss, name) is not None:
        raise TypeError(
            f"{type(loss).__name__} takes no class_weight, or has a {name} already; give one of "
            f"{[one.__name__ for one in known]} without"
        )
    if name == "weight":  # an output without a class in this fold is never right
        others = torch.ones(n_outputs - len(weights), dtype=weights.dtype)
        loss.weight = torch.cat([weights, others])
    elif len(weights) == 2 and n_outputs == 1:
        loss.pos_weight = weights[1] / weights[0]
    elif len(weights) > 1:
        raise TypeError("class_weight with BCEWithLogitsLoss needs two classes and one output")


def make_optimizer(
    optimizer: Any, module: nn.Module, groups: Mapping[str, Any] | None, sizes: Sizes
) -> torch.optim.Optimizer:
    """Optimizer of the weights that are to be trained.

    Raises
    ------
    ValueError
        If there are none, or a pattern or an option of ``param_groups`` fits nothing.
    TypeError
        If it is no optimizer, takes other arguments, or asks for the loss several times in a step.
    """
    named = {name: p for name, p in module.named_parameters() if p.requires_grad}
    if not named:
        raise ValueError("the module has nothing to train: no weight has requires_grad")
    parts = []
    for pattern, options in (groups or {}).items():
        names = [name for name in named if fnmatchcase(name, pattern)]
        if not names:
            raise ValueError(
                f"param_groups: {pattern!r} matches no weight that is left; there are "
                f"{[*named][:10]}"
            )
        parts.append({"params": [named.pop(name) for name in names], **rebuilt(options, sizes)})
    rest = [{"params": [*named.values()]}] if named else []
    advice = (
        "give a class of torch.optim, or a partial of one, that makes its steps from gradients "
        "(LBFGS does not)"
    )
    make = rebuilt(_maker("optimizer", optimizer, torch.optim.Optimizer, advice), sizes)
    made = _called("optimizer", make, rest + parts)
    if not isinstance(made, torch.optim.Optimizer) or isinstance(made, torch.optim.LBFGS):
        raise TypeError(f"optimizer={optimizer!r}; {advice}")
    unknown = {name for part in parts for name in part} - {"params", *made.defaults}
    if unknown:
        raise ValueError(
            f"param_groups: {type(made).__name__} has no option {sorted(unknown)}; it has "
            f"{sorted(made.defaults)}"
        )
    return made


def make_scheduler(
    scheduler: Any,
    optimizer: torch.optim.Optimizer,
    sizes: Sizes,
    *,
    step: Literal["epoch", "step"],
    monitor: Literal["loss", "score"],
) -> Any:
    """Scheduler of the optimizer's learning rate, or None.

    Raises
    ------
    TypeError
        If it is no scheduler, or takes other arguments.
    ValueError
        If it follows a measure that is not the recipe's, or a cycle of other steps.
    """
    if scheduler is None:
        return None
    require_scheduler(scheduler)
    made = _scheduler(rebuilt(scheduler, sizes), optimizer)
    if isinstance(made, ReduceLROnPlateau):
        mode = "max" if monitor == "score" else "min"
        if step == "step" or made.mode != mode:
            raise ValueError(
                f"ReduceLROnPlateau follows the {monitor} of each epoch; give it mode={mode!r}, "
                "and scheduler_step='epoch'"
            )
    if isinstance(made, OneCycleLR):
        _require_whole_cycle(made, sizes, step)
    return made


def require_scheduler(scheduler: Any) -> None:
    """Hold a recipe's parameter ``scheduler`` to what makes one.

    Raises
    ------
    TypeError
        If it is something else, or one of several inside it is.
    """
    advice = "give a class of torch.optim.lr_scheduler, or a partial of one"
    _maker("scheduler", scheduler, LRScheduler, advice)
    for inner in _inner_schedulers(scheduler) or ():
        require_scheduler(inner)


def _inner_schedulers(scheduler: Any) -> Sequence[Any] | None:
    """Those that a SequentialLR or ChainedScheduler is to follow; None for others."""
    given = partial(scheduler)  # which is the same if it is one
    if given.func not in (SequentialLR, ChainedScheduler):
        return None
    found: Any = given.keywords.get("schedulers") or (given.args or ((),))[0]
    if not isinstance(found, list | tuple):
        raise TypeError(f"scheduler: schedulers={found!r}; give a list of classes or partials")
    return found


def _scheduler(make: Any, optimizer: torch.optim.Optimizer) -> Any:
    """Scheduler of an optimizer, those inside it first."""
    given = _inner_schedulers(make)
    if given is None:
        return _called("scheduler", make, optimizer)
    inner = [_scheduler(one, optimizer) for one in given]
    outer = partial(make)
    rest = {**outer.keywords, "schedulers": inner, "optimizer": optimizer}
    return _called("scheduler", partial(outer.func, **rest))


def _require_whole_cycle(cycle: OneCycleLR, sizes: Sizes, step: Literal["epoch", "step"]) -> None:
    n_steps: Any = sizes["n_steps"]
    n_epochs = n_steps // sizes["steps_per_epoch"]
    wanted, remedy = n_steps, "total_steps=N_STEPS"
    if step == "epoch":
        wanted, remedy = n_epochs, f"total_steps={n_epochs}, or N_STEPS and scheduler_step='step'"
    if cycle.total_steps != wanted:
        raise ValueError(
            f"scheduler: OneCycleLR has a cycle of {cycle.total_steps} steps, and with "
            f"scheduler_step={step!r} the training makes {wanted}; give {remedy}"
        )


def _maker(parameter: str, value: Any, kind: type, advice: str) -> Any:
    """A value that may make a thing of the kind: its class, a partial of it, or a function.

    Raises
    ------
    TypeError
        If it is something else, or a class of another kind.
    """
    made: Any = value.func if isinstance(value, partial) else value
    if isinstance(value, kind):
        name = type(value).__name__
        raise TypeError(f"{parameter}: this {name} was made for other weights; {advice}")
    if not callable(value) or (isinstance(made, type) and not issubclass(made, kind)):
        what = f"{made.__name__} is no {kind.__name__}; " if isinstance(made, type) else ""
        raise TypeError(f"{parameter}={value!r}; {what}{advice}")
    return value


def _called(parameter: str, factory: Callable[..., Any], *args: Any) -> Any:
    """What a class or a partial makes, which is the value of a parameter of the recipe.

    Raises
    ------
    TypeError, ValueError
        If it takes other arguments, naming those that it takes.
    """
    try:
        return factory(*args)
    except (TypeError, ValueError) as error:
        made: Any = factory.func if isinstance(factory, partial) else factory
        name = getattr(made, "__name__", repr(made))
        names = [*inspect.signature(made).parameters][len(args) :]
        taken = [name for name in names if name != "optimizer"]
        raise type(error)(
            f"{parameter}: {error}; give functools.partial({name}, ...) with arguments out of "
            f"{', '.join(taken)}"
        ) from error
