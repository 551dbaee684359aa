"""How a training went: a row per epoch, and the log of a fold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from openml_client.extension.identity import canonical, digest
from openml_client.model.trace import TraceIteration
from openml_client_torch.nets import is_recipe

if TYPE_CHECKING:
    from openml_client.extension.identity import Json
    from openml_client.extension.protocol import FoldData

_SHOWN = ("epoch", "lr", "train_loss", "valid_loss", "valid_score")
"""Of an epoch, what a row of the trace tells."""


def epochs_of(net: Any, fold: FoldData) -> tuple[TraceIteration, ...]:
    """A row for each epoch of a trained net, the one whose weights were kept marked.

    The evaluation is the measure of the validation rows that was monitored, if there were some.
    """
    return tuple(
        TraceIteration(
            repeat=fold.repeat,
            fold=fold.fold,
            iteration=number,
            setup_string=canonical({name: row[name] for name in _SHOWN if row[name] is not None}),
            evaluation=row[_monitored(net)],
            selected=row["selected"],
        )
        for number, row in enumerate(_history(net))
    )


def _monitored(net: Any) -> str:
    return "valid_score" if getattr(net, "monitor", None) == "score" else "valid_loss"


def log_of(nets: Sequence[Any]) -> Mapping[str, Json]:
    """The log of a fold: that of its net, or of all nets that a model has."""
    logs = [_log(net) for net in nets]
    if len(logs) == 1:
        return logs[0]
    common = {"state": digest([log["state"] for log in logs])}
    for name in ("device", "threads"):
        common[name] = ", ".join(sorted({str(log[name]) for log in logs}))
    return {**common, "nets": logs}


def _log(net: Any) -> dict[str, Json]:
    import torch

    from openml_client_torch.determinism import state_hash

    log = {
        "history": list(_history(net)),
        "state": state_hash(net.module_.state_dict()),
        "torch": torch.__version__,
    }
    if not is_recipe(net):
        devices = {str(tensor.device) for tensor in net.module_.state_dict().values()}
        device = _device_text(min(devices, default="cpu"))
        return {**log, "device": device, "threads": torch.get_num_threads()}
    return {
        **log,
        "best_epoch": net.best_epoch_,
        "device": _device_text(net.device_),
        "threads": net.threads,
        "deterministic": True,  # recipes know no other way
        "sizes": {
            name: list(size) if isinstance(size, tuple) else size
            for name, size in sorted(net.sizes_.items())
        },
    }


def _history(net: Any) -> Iterator[dict[str, Json]]:
    """Rows of epochs as plain JSON; what is no number is None."""
    if is_recipe(net):
        rows: Iterable[Mapping[str, Any]] = net.history_
    else:
        from openml_client_torch.skorch_folds import rows_of

        rows = rows_of(net)
    for row in rows:
        yield {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Json:
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def _device_text(name: str) -> str:
    """Device with the model of a GPU, which decides what comes out: ``cuda:0 (NVIDIA H100)``."""
    import torch

    device = torch.device(name)
    if device.type != "cuda":
        return name
    return f"{name} ({torch.cuda.get_device_name(device)})"
