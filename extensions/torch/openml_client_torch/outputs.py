"""What a module's outputs mean: targets for the loss, and predictions from the outputs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from numpy.typing import NDArray

Meaning = Literal["logits", "log_probabilities", "probabilities", "scores"]

_MEANINGS: Mapping[type[nn.Module], Meaning] = {
    nn.CrossEntropyLoss: "logits",
    nn.BCEWithLogitsLoss: "logits",
    nn.NLLLoss: "log_probabilities",
    nn.BCELoss: "probabilities",
    nn.MultiMarginLoss: "scores",
}
"""What the losses of torch take."""
_OF_NUMBERS = (nn.CrossEntropyLoss, nn.NLLLoss, nn.MultiMarginLoss)
"""Losses whose targets are numbers of classes."""
_OF_SHARES = (nn.BCEWithLogitsLoss, nn.BCELoss)
"""Losses whose targets are 0 or 1 for each output."""
_FUNCTIONS_OF_CLASSES = (
    nn.functional.cross_entropy,
    nn.functional.nll_loss,
    nn.functional.multi_margin_loss,
    nn.functional.binary_cross_entropy,
    nn.functional.binary_cross_entropy_with_logits,
)
"""The same as functions, which don't tell a classifier what they take."""


def loss_class(loss: Any) -> type | None:
    """Class of a loss that is given as a class, an instance or a partial; None for functions."""
    if isinstance(loss, partial):
        return loss_class(loss.func)
    if isinstance(loss, type):
        return loss
    return type(loss) if isinstance(loss, nn.Module) else None


def meaning_of(loss: Any, output: str) -> Meaning | None:
    """What the outputs are: as the recipe says, or as its loss takes them; None if unknown."""
    if output != "auto":
        return output  # type: ignore[return-value]  # the recipe has checked it
    kind = loss_class(loss) or object
    return next((m for known, m in _MEANINGS.items() if issubclass(kind, known)), None)


def require_meaning(loss: Any, output: str) -> Meaning:
    """What the outputs are.

    Raises
    ------
    ValueError
        If neither the recipe nor its loss tells.
    """
    meaning = meaning_of(loss, output)
    if meaning is None:
        kind: Any = loss_class(loss) or loss
        raise ValueError(
            f"loss: it is not known what {getattr(kind, '__name__', repr(kind))} takes; give "
            "output='logits', or 'log_probabilities', 'probabilities' or 'scores', or a loss of "
            "classes, as nn.CrossEntropyLoss"
        )
    return meaning


def refuse_loss_of_classes(loss: Any) -> None:
    """Refuse a loss that can't learn the number of each row.

    Raises
    ------
    TypeError
        If it is a loss of classes.
    """
    function = loss.func if isinstance(loss, partial) else loss
    kind = loss_class(loss) or object
    if issubclass(kind, tuple(_MEANINGS)) or function in _FUNCTIONS_OF_CLASSES:
        name = kind.__name__ if kind is not object else function.__name__
        raise TypeError(
            f"loss: {name} is for classes, and a TorchRegressor learns a number; give nn.MSELoss, "
            "nn.L1Loss or nn.HuberLoss, or take a TorchClassifier"
        )


class ClassOutputs:
    """Outputs of a classifier.

    There may be more outputs than classes, as in a fold that lacks some; one output alone says
    how much it is the second of two classes.
    """

    def __init__(self, loss: Any, meaning: Meaning, classes: NDArray[Any], outputs: Tensor) -> None:
        self.classes = classes
        self.n_classes = n_classes = len(classes)
        self.meaning = meaning
        kind = loss_class(loss) or object
        self.n_outputs = 1 if outputs.ndim == 1 else outputs.shape[-1]
        self._is_flat = outputs.ndim == 1
        self._is_single = self.n_outputs == 1
        needed = 1 if n_classes <= 2 and not issubclass(kind, _OF_NUMBERS) else n_classes
        if outputs.ndim not in (1, 2) or self.n_outputs < needed:
            raise ValueError(
                f"the module gives outputs of shape {tuple(outputs.shape)} for {len(outputs)} "
                f"rows, and there are {n_classes} classes; let its last layer have N_CLASSES "
                "outputs, or one for two classes with BCEWithLogitsLoss"
            )
        self._takes_shares = issubclass(kind, _OF_SHARES) or (
            self._is_single and not issubclass(kind, _OF_NUMBERS)
        )
        self.adds_up = meaning == "log_probabilities" and not self._takes_shares

    def targets(self, codes: NDArray[np.int64], dtype: torch.dtype) -> Tensor:
        """Numbers of classes as the loss takes them."""
        numbers = torch.from_numpy(codes)
        if not self._takes_shares:
            return numbers
        if self._is_single:
            return numbers.to(dtype) if self._is_flat else numbers.to(dtype)[:, None]
        return nn.functional.one_hot(numbers, self.n_outputs).to(dtype)

    def codes(self, outputs: Tensor) -> NDArray[np.int64]:
        """Number of the class of each row."""
        values = self._of_classes(outputs)
        if self._is_single:
            codes = (values[:, 0] > (0.5 if self.meaning == "probabilities" else 0)).long()
            return (codes * (self.n_classes - 1)).cpu().numpy()
        return values.argmax(1).cpu().numpy()

    def score(self, codes: NDArray[np.int64], outputs: Tensor) -> float:
        """Accuracy."""
        return float((self.codes(outputs) == codes).mean())

    def probabilities(self, outputs: Tensor) -> NDArray[np.float64]:
        """Shape ``(n_rows, n_classes)``."""
        values = self._of_classes(outputs)
        if self.n_classes == 1:
            return np.ones((len(values), 1))
        if self.meaning == "logits":
            shares = values.sigmoid() if self._takes_shares else values.softmax(1)
        else:
            shares = values.exp() if self.meaning == "log_probabilities" else values
        if self._is_single:
            shares = torch.cat([1 - shares, shares], 1)
        total = shares.sum(1, keepdim=True)
        shares = torch.where(total > 0, shares / total, 1 / self.n_classes)
        return shares.cpu().numpy()

    def decisions(self, outputs: Tensor) -> NDArray[np.float64]:
        """Scores by class; of two classes, how much it is the second."""
        values = self._of_classes(outputs).cpu().numpy()
        if self.n_classes <= 2:
            return values[:, 0] if values.shape[1] == 1 else values[:, 1] - values[:, 0]
        return values

    def _of_classes(self, outputs: Tensor) -> Tensor:
        values = outputs.reshape(len(outputs), -1)[:, : self.n_classes].double()
        _require_usable(values, self.meaning)
        return values


class NumberOutputs:
    """Outputs of a regressor, which learns targets of mean 0 and deviation 1 if it is to."""

    meaning = None
    adds_up = False
    """As `ClassOutputs` have them: numbers may be any."""

    def __init__(self, y: NDArray[np.float64], outputs: Tensor, *, is_scaled: bool) -> None:
        if outputs.ndim not in (1, 2) or outputs.shape[1:].numel() != 1:
            raise ValueError(
                f"the module gives outputs of shape {tuple(outputs.shape)} for {len(outputs)} "
                "rows; let its last layer have one output"
            )
        self.n_outputs = 1
        self._is_flat = outputs.ndim == 1
        self._mean = float(y.mean()) if is_scaled else 0.0
        self._deviation = (float(y.std()) or 1.0) if is_scaled else 1.0

    def targets(self, y: NDArray[np.float64], dtype: torch.dtype) -> Tensor:
        """Numbers as the loss takes them."""
        scaled = torch.from_numpy((y - self._mean) / self._deviation).to(dtype)
        return scaled if self._is_flat else scaled[:, None]

    def values(self, outputs: Tensor) -> NDArray[np.float64]:
        """Predictions, shape ``(n_rows,)``."""
        numbers = outputs.reshape(len(outputs), 1).double()
        _require_usable(numbers, self.meaning)
        values: NDArray[np.float64] = numbers[:, 0].cpu().numpy()
        return values * self._deviation + self._mean

    def score(self, y: NDArray[np.float64], outputs: Tensor) -> float:
        """R²; 0 where all targets are equal, as scikit-learn has it."""
        error = float(((y - self.values(outputs)) ** 2).sum())
        spread = float(((y - y.mean()) ** 2).sum())
        return 1 - error / spread if spread else float(error == 0)


def count_unusable(outputs: Tensor, meaning: Meaning | None) -> int:
    """Number of rows whose outputs are no numbers; the logarithm of 0 is one here."""
    usable = ~outputs.isnan() if meaning == "log_probabilities" else outputs.isfinite()
    return int((~usable.reshape(len(outputs), -1)).any(1).sum())


def _require_usable(outputs: Tensor, meaning: Meaning | None) -> None:
    lacking = count_unusable(outputs, meaning)
    if lacking:
        raise FloatingPointError(
            f"the module gives no numbers for {lacking} of {len(outputs)} rows; are these much "
            "larger than those of training?"
        )
