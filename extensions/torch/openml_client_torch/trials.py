"""What is tried on a few rows, so that a training that can't succeed does not begin."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from openml_client_torch.outputs import Meaning, count_unusable

_ROUNDING = 1e-2
"""How far probabilities may be off, which were calculated in as few digits as bfloat16's."""
_KNOWN = {
    "log_probabilities": (
        "log-probabilities, whose exponentials add up to 1",
        "nn.LogSoftmax(1)",
        "nn.CrossEntropyLoss",
    ),
    "probabilities": ("probabilities, from 0 to 1", "nn.Sigmoid()", "nn.BCEWithLogitsLoss"),
}
"""What can be seen in outputs: its name, the last layer that gives it, a loss that needs none."""


def try_module(module: nn.Module, x: Tensor) -> Tensor:
    """Outputs for a few rows, which also gives lazy layers their sizes.

    Raises
    ------
    ValueError
        If the module can't take such rows.
    """
    module.eval()  # no statistics move, and nothing is drawn but the weights of lazy layers
    try:
        with torch.no_grad():
            outputs = module(x)
    except Exception as error:  # whatever a module raises
        what = str(error) if isinstance(error, RuntimeError) else repr(error)
        place = place_of(module, error)
        raise ValueError(
            f"the module can't take rows of {x.shape[1]} features{place}: {what}\n"
            "Let its first layer have N_FEATURES inputs, and each other as many as it is given; "
            "embed only codes, as EmbedCategories does."
        ) from error
    if not isinstance(outputs, Tensor) or outputs.ndim == 0 or len(outputs) != len(x):
        shape = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise ValueError(
            f"the module gives {shape} for {len(x)} rows; it must give one tensor with a row for "
            "each"
        )
    return outputs


def place_of(module: nn.Module, error: BaseException) -> str:
    """Where in a module an error came up: the innermost layer that was at work, or nothing."""
    names = {id(layer): name for name, layer in module.named_modules()}
    place, step = "", error.__traceback__
    while step is not None:
        layer = step.tb_frame.f_locals.get("self")
        if names.get(id(layer)):
            place = f", in its layer {names[id(layer)]!r} ({type(layer).__name__})"
        step = step.tb_next
    return place


def try_loss(loss: Callable[[Tensor, Tensor], Tensor], outputs: Tensor, targets: Tensor) -> None:
    """Calculate the loss of a few rows.

    Raises
    ------
    ValueError
        If it does not take such outputs and targets, or gives more than one number.
    """
    try:
        with torch.no_grad():
            value = loss(outputs, targets)
    except Exception as error:  # whatever a loss raises
        what = str(error) if isinstance(error, RuntimeError) else repr(error)
        raise ValueError(
            f"the loss can't take outputs {tuple(outputs.shape)} of {outputs.dtype} with targets "
            f"{tuple(targets.shape)} of {targets.dtype}: {what}"
        ) from error
    if not isinstance(value, Tensor) or value.ndim != 0:
        raise ValueError("the loss must give one number; set reduction='mean'")


def try_outputs(outputs: Tensor, meaning: Meaning | None, *, adds_up: bool) -> None:
    """Look at the outputs of a batch, by the weights that training starts with.

    Parameters
    ----------
    meaning
        What the outputs are to be; None for numbers of a regression.
    adds_up
        Whether the probabilities of a row add up to 1.

    Raises
    ------
    ValueError
        If some are no numbers, or not what they are to be.
    """
    lacking = count_unusable(outputs, meaning)
    if lacking:
        raise ValueError(
            f"the module gives no numbers for {lacking} of {len(outputs)} rows before its first "
            "step, so it is not the learning rate; look for logarithms, roots and divisions in "
            "its layers, and for large numbers in the data, which preprocessing='auto' scales"
        )
    if meaning not in _KNOWN:
        return
    values = outputs.reshape(len(outputs), -1).double()
    shares = values.exp() if meaning == "log_probabilities" else values
    is_right = bool((shares > -_ROUNDING).all() and (shares < 1 + _ROUNDING).all())
    if adds_up:
        is_right &= bool(((shares.sum(1) - 1).abs() < _ROUNDING).all())
    if not is_right:
        what, layer, loss = _KNOWN[meaning]
        raise ValueError(
            f"the recipe's loss or output asks for {what}, and the module's outputs are from "
            f"{float(values.min()):.3g} to {float(values.max()):.3g}; let it end with {layer}, or "
            f"give loss={loss}, which takes any outputs"
        )
