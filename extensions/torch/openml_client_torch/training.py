"""The training loop: all that happens between the first weights and the last ones."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from openml_client_torch.trials import place_of

_LOG = logging.getLogger("openml_client_torch")
_ROWS_AT_ONCE = 1024
"""Rows of a batch that is only predicted, at least: nothing is kept for gradients."""


class Rows(NamedTuple):
    """Prepared rows, on the device that trains."""

    x: Tensor
    """Shape ``(n_rows, n_features)``."""
    y: Tensor
    """As the loss takes it."""


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One pass through the training rows."""

    epoch: int
    """From 1."""
    lr: float
    """Learning rate of the first group of parameters, at the beginning."""
    train_loss: float
    """Mean over the rows, each at the time of its step."""
    valid_loss: float | None
    valid_score: float | None
    """Accuracy or R², of the validation rows; None where there are none."""
    seconds: float


Watcher = Callable[[Epoch], object]
_WATCHERS: ContextVar[tuple[Watcher, ...]] = ContextVar("watchers", default=())


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Call back after each epoch of whatever is trained inside the block."""
    token = _WATCHERS.set((*_WATCHERS.get(), watcher))
    try:
        yield
    finally:
        _WATCHERS.reset(token)


class Plan(Protocol):
    """What a recipe says of the loop."""

    max_epochs: int
    batch_size: int
    patience: int | None
    monitor: Literal["loss", "score"]
    scheduler_step: Literal["epoch", "step"]
    grad_clip: float | None


@dataclass(kw_only=True)
class Trainer:
    """What the loop needs; all of it is new, and belongs to this training alone."""

    plan: Plan
    module: nn.Module
    forward: Callable[[Tensor], Tensor]
    """The module, or what calculates the same faster."""
    loss: Callable[[Tensor, Tensor], Tensor]
    score: Callable[[Tensor], float]
    """Of the outputs for the validation rows; larger is better."""
    optimizer: torch.optim.Optimizer
    scheduler: Any
    """None for a constant learning rate."""
    scaler: torch.amp.GradScaler
    """Scales losses where gradients are float16, which has no very small numbers; else idle."""
    order: torch.Generator
    """Gives the order of the rows."""
    steps_per_epoch: int
    epochs: list[Epoch] = field(default_factory=list)
    selected: int = 0
    """The epoch whose weights the module has in the end."""

    def run(self, train: Rows, valid: Rows | None) -> None:
        """Train to the last epoch, or until the patience is over; then back to the best one.

        Raises
        ------
        FloatingPointError
            If the loss is no longer a number.
        RuntimeError
            If a step fails, naming the layer, the epoch and the batch.
        """
        least, best_state = math.inf, None
        for number in range(1, self.plan.max_epochs + 1):
            epoch = self._epoch(number, train, valid)
            self.epochs.append(epoch)
            _tell(epoch)
            if self.scheduler is not None and self.plan.scheduler_step == "epoch":
                self._step_scheduler(epoch)
            if self.plan.patience is None:
                self.selected = number
            elif self._monitored(epoch) < least:
                self.selected, least = number, self._monitored(epoch)
                state = self.module.state_dict()
                best_state = {name: _copy(item) for name, item in state.items()}
            elif number - self.selected >= self.plan.patience:
                break
        if best_state is not None:
            self.module.load_state_dict(best_state)
        self.module.eval()

    @property
    def history(self) -> list[dict[str, Any]]:
        """Epochs as plain rows; one is selected."""
        selected = self.selected
        return [{**asdict(epoch), "selected": epoch.epoch == selected} for epoch in self.epochs]

    def _epoch(self, number: int, train: Rows, valid: Rows | None) -> Epoch:
        started, lr = time.perf_counter(), float(self.optimizer.param_groups[0]["lr"])
        self.module.train()
        losses, sizes = self._train(train, number)
        if number == 1 and not losses[0].isfinite():
            raise FloatingPointError(
                f"the loss of the first batch is {float(losses[0])}, before any step, so it is not "
                "the learning rate; look at the loss, and at what the module does in training only"
            )
        train_loss = float(losses @ sizes / sizes.sum())
        self._refuse_nan("training", train_loss, number, lr)
        valid_loss = valid_score = None
        if valid is not None:
            outputs = predict(self.module, valid.x, self.plan.batch_size)
            valid_loss = float(self.loss(outputs, valid.y))
            self._refuse_nan("validation", valid_loss, number, lr)
            valid_score = self.score(outputs)
        return Epoch(
            epoch=number,
            lr=lr,
            train_loss=train_loss,
            valid_loss=valid_loss,
            valid_score=valid_score,
            seconds=time.perf_counter() - started,
        )

    def _train(self, train: Rows, number: int) -> tuple[Tensor, Tensor]:
        """One step per batch; gives the loss and the number of rows of each."""
        order = torch.randperm(len(train.x), generator=self.order).to(train.x.device)
        xs = torch.split(train.x[order], self.plan.batch_size)[: self.steps_per_epoch]
        ys = torch.split(train.y[order], self.plan.batch_size)[: self.steps_per_epoch]
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        losses: list[Tensor] = []
        try:
            for x, y in zip(xs, ys, strict=True):
                losses.append(self._step(x, y, parameters))
        except Exception as error:  # whatever a module, a loss or a scheduler raises
            what = str(error) if isinstance(error, RuntimeError) else repr(error)
            raise RuntimeError(
                f"the training fails in epoch {number}, batch {len(losses) + 1} of {len(xs)} "
                f"({len(xs[len(losses)])} rows){place_of(self.module, error)}: {what}\n"
                "A trial with some rows went well, but without gradients and after eval(): look "
                "at what is done in training only."
            ) from error
        sizes = torch.tensor([len(x) for x in xs], dtype=torch.float64)
        return torch.stack(losses).double().cpu(), sizes

    def _step(self, x: Tensor, y: Tensor, parameters: Iterable[Tensor]) -> Tensor:
        """Loss of a batch, before its step.  What one costs counts: small networks take 0.2 ms."""
        self.optimizer.zero_grad()
        loss = self.loss(self.forward(x), y)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        if self.plan.grad_clip is not None:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(parameters, self.plan.grad_clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.scheduler is not None and self.plan.scheduler_step == "step":
            self.scheduler.step()
        return loss.detach()  # read at the end of the epoch: reading waits for the device

    def _monitored(self, epoch: Epoch) -> float:
        """What is to become small."""
        if self.plan.monitor == "score" and epoch.valid_score is not None:
            return -epoch.valid_score
        return epoch.train_loss if epoch.valid_loss is None else epoch.valid_loss

    def _step_scheduler(self, epoch: Epoch) -> None:
        if isinstance(self.scheduler, ReduceLROnPlateau):
            value = self._monitored(epoch)
            self.scheduler.step(-value if self.scheduler.mode == "max" else value)
            return
        try:
            self.scheduler.step()
        except ValueError as error:  # a cycle of too few steps, inside another scheduler
            raise ValueError(
                f"scheduler: {type(self.scheduler).__name__} makes no step after epoch "
                f"{epoch.epoch} of {self.plan.max_epochs}: {error}"
            ) from error

    def _refuse_nan(self, what: str, loss: float, number: int, lr: float) -> None:
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"the {what} loss is {loss} in epoch {number}, at a learning rate of {lr:g}; "
                "take a smaller one, or set grad_clip=1.0"
            )


def predict(module: nn.Module, x: Tensor, batch_size: int) -> Tensor:
    """Outputs for all rows, by a module that does not train meanwhile."""
    module.eval()
    with torch.no_grad():
        batches = torch.split(x, max(batch_size, _ROWS_AT_ONCE))
        return torch.cat([module(rows) for rows in batches])


def _copy(item: Any) -> Any:
    return item.detach().clone() if isinstance(item, Tensor) else item


def _tell(epoch: Epoch) -> None:
    _LOG.debug(
        "epoch %d: lr %g, loss %.6g, validation loss %s, score %s, %.3f s",
        *(epoch.epoch, epoch.lr, epoch.train_loss),
        *(epoch.valid_loss, epoch.valid_score, epoch.seconds),
    )
    for watcher in _WATCHERS.get():
        watcher(epoch)
