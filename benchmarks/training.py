"""A small network trained by a recipe, by skorch, and by a loop that does nothing else.

All with one thread, in batches of 128 rows in a new order each epoch.  What is timed is the whole
fit, from arrays to a trained module; each side has trained a few rows before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Work = Callable[[], Any]

BATCH = 128
WARM = 300
"""Rows of the training before."""
ENOUGH = 0.6
"""Accuracy of what has learnt something; with all rows it is 0.99."""


def _rows(n_rows: int) -> tuple[Any, Any]:
    """Twenty numbers, and which of two classes."""
    draws = np.random.RandomState(0)
    x = draws.randn(n_rows, 20).astype(np.float32)
    return x, (x[:, :10].sum(axis=1) > 0).astype(np.int64)


def _net() -> Any:
    from torch import nn

    inner = (nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    return nn.Sequential(*inner)


def _of(train: Callable[[Any, Any], Callable[[Any], Any]], n_rows: int) -> Work:
    """The work of a training that gives what predicts; it must have learnt."""
    import torch

    torch.set_num_threads(1)
    x, y = _rows(n_rows)
    train(x[:WARM], y[:WARM])

    def has_learnt(predict: Any) -> list[Any]:
        return [n_rows, "learnt" if (predict(x) == y).mean() > ENOUGH else "not learnt"]

    def work() -> Any:
        return train(x, y)

    setattr(work, "comparable", has_learnt)  # noqa: B010  # functions have no such attribute
    return work


def recipe(n_rows: int, epochs: int) -> Work:
    _require("torch", "openml_client_torch")
    from openml_client_torch import TorchClassifier

    def train(x: Any, y: Any) -> Any:
        found = TorchClassifier(
            _net(), preprocessing=None, max_epochs=epochs, batch_size=BATCH, device="cpu"
        )
        return found.fit(x, y).predict

    return _of(train, n_rows)


def skorch(n_rows: int, epochs: int) -> Work:
    """With nothing but what it always does: losses per epoch, no validation, no lines."""
    _require("torch", "skorch")
    import torch
    from skorch import NeuralNetClassifier

    def train(x: Any, y: Any) -> Any:
        found = NeuralNetClassifier(
            _net(),
            criterion=torch.nn.CrossEntropyLoss,
            optimizer=torch.optim.AdamW,
            lr=1e-3,
            max_epochs=epochs,
            batch_size=BATCH,
            iterator_train__shuffle=True,
            train_split=None,
            verbose=0,
        )
        return found.fit(x, y).predict

    return _of(train, n_rows)


def bare(n_rows: int, epochs: int) -> Work:
    """Slices of a tensor that was put in order once an epoch."""
    _require("torch")
    import torch

    def train(x: Any, y: Any) -> Any:
        net = _net()
        loss_of = torch.nn.CrossEntropyLoss()
        optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
        xs, ys = torch.from_numpy(x), torch.from_numpy(y)
        for _ in range(epochs):
            order = torch.randperm(len(xs))
            mixed, target = xs[order], ys[order]
            for start in range(0, len(xs), BATCH):
                optimizer.zero_grad()
                loss = loss_of(net(mixed[start : start + BATCH]), target[start : start + BATCH])
                loss.backward()
                optimizer.step()

        def predict(rows: Any) -> Any:
            with torch.no_grad():
                return net(torch.from_numpy(rows)).argmax(dim=1).numpy()

        return predict

    return _of(train, n_rows)


def _require(*names: str) -> None:
    from importlib.util import find_spec

    if absent := [name for name in names if find_spec(name) is None]:
        raise NotImplementedError(f"{absent[0]} is not installed")
