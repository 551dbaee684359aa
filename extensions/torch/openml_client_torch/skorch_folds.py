"""What skorch's nets want of a fold, and what their training tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from openml_client.errors import FlowError
from openml_client_torch.nets import only_net

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLUMNS: Final = {
    "train_loss": "train_loss",
    "valid_loss": "valid_loss",
    "valid_acc": "valid_score",
}
"""Scores that skorch gives by itself, with their names in our rows."""
_COUNTS: Final = frozenset({"epoch", "dur", "train_batch_count", "valid_batch_count"})


def shaped(estimator: Any, target: NDArray[Any], n_classes: int) -> NDArray[Any]:
    """The target as the losses of nets take it: float32, and for regressors a column.

    Raises
    ------
    FlowError
        If a net for two classes gets others.
    """
    import numpy as np
    import skorch

    net = only_net(estimator)
    if isinstance(net, skorch.NeuralNetRegressor):
        return target.astype(np.float32).reshape(-1, 1)
    if isinstance(net, skorch.NeuralNetBinaryClassifier):
        if n_classes != 2:
            raise FlowError(
                f"a {type(net).__name__} is for two classes; the task has {n_classes}",
                hint="Use skorch.NeuralNetClassifier.",
            )
        return target.astype(np.float32)
    if isinstance(net, skorch.NeuralNetClassifier) and net.classes is None:
        net.classes = np.arange(n_classes)  # also those that the training rows lack
    return target


def rows_of(net: Any) -> Iterator[dict[str, Any]]:
    """A row per epoch, as those of recipes, with the scores of the net's own callbacks."""
    rows = list(net.history_)
    rates = [cb.event_name for cb in _callbacks(net, "LRScheduler")]
    constant = net.optimizer_.param_groups[0]["lr"]
    selected = _selected(net)
    for row in rows:
        known = {"lr", "epoch", "seconds", "selected", *rates, *_COLUMNS.values()}
        yield {
            "epoch": row["epoch"],
            "lr": _plain(next((row[name] for name in rates if name in row), constant)),
            "seconds": row.get("dur"),
            "selected": row["epoch"] == selected,
            **{ours: _plain(row.get(theirs)) for theirs, ours in _COLUMNS.items()},
            **{
                name: _plain(value)
                for name, value in row.items()
                if name not in known | _COUNTS | _COLUMNS.keys() and _is_number(value)
            },
        }


def _selected(net: Any) -> int:
    """The epoch whose weights the net has: the last one, unless a callback went back."""
    rows = net.history_
    for stopping in _callbacks(net, "EarlyStopping"):
        if stopping.load_best and stopping.monitor:
            return int(stopping.best_epoch_)
    for checkpoint in _callbacks(net, "Checkpoint"):
        if checkpoint.load_best and checkpoint.event_name:
            kept = [row["epoch"] for row in rows if row.get(checkpoint.event_name)]
            return int(kept[-1]) if kept else 0
    return int(rows[-1]["epoch"]) if rows else 0


def _callbacks(net: Any, name: str) -> list[Any]:
    import skorch.callbacks

    kind = getattr(skorch.callbacks, name)
    return [callback for _, callback in net.callbacks_ if isinstance(callback, kind)]


def _is_number(value: Any) -> bool:
    import numpy as np

    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    """A number of Python in place of numpy's."""
    import numpy as np

    return value.item() if isinstance(value, np.generic) else value
