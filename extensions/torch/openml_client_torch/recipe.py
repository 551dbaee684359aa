"""Recipes: a module with all that its training needs, as estimators of scikit-learn."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted
from torch import Tensor, nn

import openml_client_torch.recording  # noqa: F401  # modules are recorded from now on
from openml_client_torch.determinism import device_of, reproducible, state_hash
from openml_client_torch.fitting import fitted
from openml_client_torch.outputs import meaning_of, refuse_loss_of_classes, require_meaning
from openml_client_torch.preparing import (
    Preparation,
    column_names,
    require_same_columns,
    table_of,
    tensor_of,
)
from openml_client_torch.settings import check_settings
from openml_client_torch.targets import Classes, Numbers
from openml_client_torch.training import predict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from openml_client_torch.dimensions import Sizes

Factory: TypeAlias = Callable[..., Any]
"""A class, or a partial of one."""


class _Recipe(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What both recipes do alike."""

    module: Any
    module_: nn.Module
    """The trained copy."""
    history_: list[dict[str, Any]]
    """A row per epoch: epoch (from 1), lr, train_loss, valid_loss, valid_score, seconds, and
    selected: whether its weights were kept."""
    best_epoch_: int | None
    """The epoch whose weights were kept; None after `restore`."""
    state_hash_: str
    """SHA-256 of the weights and buffers."""
    device_: str
    """Where it was trained."""
    seed_: int
    """``random_state``, or what was drawn in its place."""
    sizes_: Sizes
    """What the symbols stood for."""
    _preparation: Preparation
    _outputs: Any

    def fit(self, X: Any, y: Any, **others: Any) -> Self:  # noqa: N803
        """Train a new copy of the module.

        No other arguments are taken: rows have no weights of their own.

        Raises
        ------
        ValueError, TypeError
            Before training, naming the parameter or the columns and the remedy.
        FloatingPointError
            If the loss is no longer a number.
        RuntimeError
            If a layer fails while it trains, naming it, the epoch and the batch.
        """
        if others:
            raise TypeError(
                f"fit of a {type(self).__name__} takes no {', '.join(others)}: all rows weigh the "
                "same, but for their class with class_weight"
            )
        return self._fit(X, y, None)

    def restore(self, X: Any, y: Any, state: Mapping[str, Any]) -> Self:  # noqa: N803
        """Do all that `fit` does but the training: the weights are those of a state dict.

        With the rows of the training, its weights and the same ``random_state``, the predictions
        are the same, too.
        """
        return self._fit(X, y, state)

    def set_params(self, **params: Any) -> Self:
        """Change parameters, and those of a transformer in ``preprocessing__...``.

        Raises
        ------
        ValueError
            If there is no such parameter, as ``optimizer__lr``: a search varies the optimizer.
        """
        for name in params.keys() - self.get_params().keys():
            owner, _, inner = name.partition("__")
            value = params.get(owner, getattr(self, owner, None))
            if inner and value is not None and not hasattr(value, "set_params"):
                raise ValueError(
                    f"{type(self).__name__} has no parameter {name!r}; give another {owner} with "
                    f"its own {inner}, as a functools.partial or an instance, and a search a list "
                    "of them"
                )
        changed: Self = super().set_params(**params)
        return changed

    def _fit(self, given: Any, y: Any, state: Mapping[str, Any] | None) -> Self:
        check_settings(self)
        table, targets = table_of(given), self._targets(y)
        check_consistent_length(table, targets.values)
        seed = self.random_state
        if seed is None:  # each fit is another one, as in all of scikit-learn
            seed = np.random.randint(2**31)
        device = device_of(self.device)
        with reproducible(int(seed), threads=self.threads, device=device):
            found = fitted(self, table, targets, seed=int(seed), device=device, state=state)
        self._keep_columns(table)
        self.seed_, self.device_, self.sizes_ = int(seed), str(device), found.sizes
        self.module_, self._preparation, self._outputs = found[:3]
        self.history_ = found.trainer.history if found.trainer else []
        self.best_epoch_ = found.trainer.selected if found.trainer else None
        self.state_hash_ = state_hash(self.module_.state_dict())
        return self

    def _targets(self, y: Any) -> Any:
        raise NotImplementedError

    def _keep_columns(self, table: Any) -> None:
        self.n_features_in_ = table.shape[1]
        names = column_names(table)
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _predict(self, given: Any) -> Tensor:
        """Outputs of the module for some rows, on the CPU."""
        check_is_fitted(self, "module_")
        table = table_of(given)
        require_same_columns(table, self)
        device = torch.device(self.device_)
        with reproducible(self.seed_, threads=self.threads, device=device):
            rows = tensor_of(self._preparation.transform(table), getattr(torch, self.dtype))
            return predict(self.module_, rows.to(device), self.batch_size).cpu()

    def __sklearn_clone__(self) -> Self:
        """Copy without what was learned; a module that torch can't copy is shared.

        Training changes a new one only.  torch copies no lazy BatchNorm, nor weights that a hook
        has calculated.
        """
        shell = copy.copy(self)
        shell.module = None
        made: Self = super(_Recipe, shell).__sklearn_clone__()
        try:
            made.module = copy.deepcopy(self.module)
        except (RuntimeError, ValueError, TypeError):
            made.module = self.module
        return made

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        takes_all = isinstance(self.preprocessing, str)
        tags.input_tags.string = tags.input_tags.categorical = takes_all
        tags.input_tags.allow_nan = takes_all
        return tags


def _has_probabilities(recipe: Any) -> bool:
    return meaning_of(recipe.loss, recipe.output) not in (None, "scores")


def _has_scores(recipe: Any) -> bool:
    return not _has_probabilities(recipe)


class TorchClassifier(ClassifierMixin, _Recipe):  # type: ignore[misc]
    """A torch module that learns classes.

    The module is data for its architecture: each fit makes a new one, with the sizes of the task
    in place of the symbols `N_FEATURES`, `N_CLASSES` and their like.

    Parameters
    ----------
    module
        Takes rows ``(n_rows, n_features)`` and gives one output per class, or a single one of
        two classes with `BCEWithLogitsLoss`.
    loss
        Class, partial or instance.
    optimizer
        Class or partial, as ``partial(torch.optim.SGD, lr=0.1)``.
    scheduler
        The same, of `torch.optim.lr_scheduler`; `N_STEPS` and `STEPS_PER_EPOCH` are known.
    scheduler_step
        Whether it steps after each ``epoch`` or each ``step`` of the optimizer.
    param_groups
        Options of the optimizer by patterns of weights' names, as ``{"head.*": {"lr": 1e-2}}``;
        the first that matches counts.
    preprocessing
        ``auto`` fills and standardises numbers, and makes 0 and 1 of categories; ``ordinal``
        makes codes of them, for `EmbedCategories`; None takes numbers as they are.  A transformer
        of scikit-learn is fitted on the training rows only.
    max_epochs
        Passes through the training rows.
    batch_size
        Rows of a step.
    validation_fraction
        Share of the rows given to `fit` that is kept from training, of each class alike.
    patience
        Epochs without a better validation before training ends; the best epoch's weights return.
    monitor
        What is to get better: the validation's ``loss`` or ``score``, which is the accuracy.
    class_weight
        Weights of the classes in the loss: a dict by label, or ``balanced``.
    output
        What the module gives; ``auto`` goes by the loss.
    device
        ``auto`` is CUDA where there is some, else the CPU.
    dtype
        Of rows and weights.
    amp
        Calculate outputs in this dtype while training.
    grad_clip
        Largest norm of the gradients.
    threads
        Of the CPU; each number of them gives other bits.
    compile
        Whether `torch.compile` makes the training faster.
    random_state
        Seed of all that is drawn; None draws one from numpy's generator.
    """

    classes_: NDArray[Any]
    """Labels, sorted, as the columns of the probabilities are."""

    def __init__(
        self,
        module: Any,
        *,
        loss: Any = nn.CrossEntropyLoss,
        optimizer: Factory = torch.optim.AdamW,
        scheduler: Factory | None = None,
        scheduler_step: Literal["epoch", "step"] = "epoch",
        param_groups: Mapping[str, Mapping[str, Any]] | None = None,
        preprocessing: Any = "auto",
        max_epochs: int = 20,
        batch_size: int = 128,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        monitor: Literal["loss", "score"] = "loss",
        class_weight: Any = None,
        output: str = "auto",
        device: str = "auto",
        dtype: Literal["float32", "float64"] = "float32",
        amp: Literal["bfloat16", "float16"] | None = None,
        grad_clip: float | None = None,
        threads: int = 1,
        compile: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.module = module
        self.loss = loss
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.scheduler_step = scheduler_step
        self.param_groups = param_groups
        self.preprocessing = preprocessing
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.monitor = monitor
        self.class_weight = class_weight
        self.output = output
        self.device = device
        self.dtype = dtype
        self.amp = amp
        self.grad_clip = grad_clip
        self.threads = threads
        self.compile = compile
        self.random_state = random_state

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Labels of the most probable classes, shape ``(n_rows,)``."""
        outputs = self._predict(X)
        labels: NDArray[Any] = self.classes_[self._outputs.codes(outputs)]
        return labels

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Probabilities by class, shape ``(n_rows, n_classes)``."""
        outputs = self._predict(X)
        found: NDArray[np.float64] = self._outputs.probabilities(outputs)
        return found

    @available_if(_has_scores)  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Scores by class, ``(n_rows, n_classes)``, or of the second of two, ``(n_rows,)``."""
        outputs = self._predict(X)
        found: NDArray[np.float64] = self._outputs.decisions(outputs)
        return found

    def _fit(self, given: Any, y: Any, state: Mapping[str, Any] | None) -> Self:
        super()._fit(given, y, state)
        self.classes_ = self._outputs.classes
        return self

    def _targets(self, y: Any) -> Classes:
        meaning = require_meaning(self.loss, self.output)
        return Classes(y, loss=self.loss, meaning=meaning, class_weight=self.class_weight)


class TorchRegressor(RegressorMixin, _Recipe):  # type: ignore[misc]
    """A torch module that learns a number, with one output per row.

    Parameters are those of `TorchClassifier`, but for those of classes, and

    Parameters
    ----------
    scale_target
        Whether the module learns the target with mean 0 and deviation 1; predictions are of the
        target's own size.
    """

    def __init__(
        self,
        module: Any,
        *,
        loss: Any = nn.MSELoss,
        optimizer: Factory = torch.optim.AdamW,
        scheduler: Factory | None = None,
        scheduler_step: Literal["epoch", "step"] = "epoch",
        param_groups: Mapping[str, Mapping[str, Any]] | None = None,
        preprocessing: Any = "auto",
        scale_target: bool = True,
        max_epochs: int = 20,
        batch_size: int = 128,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        monitor: Literal["loss", "score"] = "loss",
        device: str = "auto",
        dtype: Literal["float32", "float64"] = "float32",
        amp: Literal["bfloat16", "float16"] | None = None,
        grad_clip: float | None = None,
        threads: int = 1,
        compile: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.module = module
        self.loss = loss
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.scheduler_step = scheduler_step
        self.param_groups = param_groups
        self.preprocessing = preprocessing
        self.scale_target = scale_target
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.monitor = monitor
        self.device = device
        self.dtype = dtype
        self.amp = amp
        self.grad_clip = grad_clip
        self.threads = threads
        self.compile = compile
        self.random_state = random_state

    def predict(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Numbers, shape ``(n_rows,)``."""
        outputs = self._predict(X)
        found: NDArray[np.float64] = self._outputs.values(outputs)
        return found

    def _targets(self, y: Any) -> Numbers:
        refuse_loss_of_classes(self.loss)
        return Numbers(y, is_scaled=self.scale_target)
