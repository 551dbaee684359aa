"""One fold: trained as scikit-learn's models are, with what only nets tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from openml_client_sklearn import folds as estimators
from openml_client_sklearn.folds import Told, rebuilt, target_of
from openml_client_sklearn.traces import trace_of

from openml_client.errors import FlowError, IntegrityError
from openml_client_torch.models import ONE_AT_A_TIME, REBUILDER
from openml_client_torch.nets import fitted_nets, is_recipe, is_skorch, last_net, only_net
from openml_client_torch.traces import epochs_of, log_of
from openml_client_torch.training import Epoch, watching
from openml_client_torch.weights import WEIGHTS, read_weights, write_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from openml_client.extension.identity import Json
    from openml_client.extension.protocol import FoldData, FoldResult


def run_fold(model: object, fold: FoldData, *, seed: int) -> FoldResult:
    """Train a rebuilt copy of the model on the training rows and predict the others.

    Raises
    ------
    FlowError
        If the model can't be described, is not for this kind of task, or is to give weights and
        trains more than one net.
    """
    if WEIGHTS in fold.artefacts:
        _require_recipe(model)
    with ONE_AT_A_TIME, _shown(model, is_watched=fold.progress):
        return estimators.run_fold(
            model, fold, seed=seed, rebuilder=REBUILDER, teller=_tell, shaper=_shape
        )


def restore(
    model: object,
    fold: FoldData,
    files: Mapping[str, bytes],
    *,
    seed: int,
    log: Mapping[str, Json] | None,
) -> object:
    """Give a copy of the model with the weights that a fold gave it.

    Raises
    ------
    IntegrityError
        If the weights are damaged, or not those that were logged.
    FlowError
        If the model trains no net, or more than one, or the weights are those of another one.
    """
    state = read_weights(files[WEIGHTS])
    _require_recipe(model)
    again = rebuilt(model, fold, seed=seed, rebuilder=REBUILDER)
    with ONE_AT_A_TIME, again as (estimator, _):
        recipe = last_net(estimator)
        # All steps of a pipeline are fitted as in the training; only the recipe's is not trained.
        recipe.fit = partial(recipe.restore, state=state)
        try:
            estimator.fit(fold.x_train, target_of(fold))
        except RuntimeError as error:  # what torch says of names and shapes
            raise FlowError(f"the weights do not fit the model: {error}") from error
        finally:
            del recipe.fit
    if log is not None and log.get("state") != recipe.state_hash_:
        raise IntegrityError(
            "the weights are not those that the run logged",
            hint="The file was changed or mixed up after the training: don't rely on it.",
        )
    fitted: object = estimator
    return fitted


def _shape(estimator: Any, target: NDArray[Any], n_classes: int) -> NDArray[Any]:
    """The target as skorch's nets take it, as it is for all others."""
    if not is_skorch(only_net(estimator)):
        return target
    from openml_client_torch.skorch_folds import shaped

    return shaped(estimator, target, n_classes)


def _require_recipe(model: object) -> None:
    if not is_recipe(last_net(model)):
        raise FlowError(
            f"a {type(model).__qualname__} gives no weights",
            hint="A TorchClassifier or TorchRegressor does, alone or as the last step of a "
            "pipeline.",
        )


def _tell(estimator: object, fold: FoldData) -> Told:
    """What a fitted model tells: epochs where nothing was searched, log and weights."""
    nets = fitted_nets(estimator)
    trace = trace_of(estimator, fold)
    told: Told = {"trace": trace}
    if len(nets) == 1:
        told["trace"] = trace or epochs_of(nets[0], fold)
    if nets:
        told["log"] = log_of(nets)
    if WEIGHTS in fold.artefacts:
        told["artefacts"] = {f"{WEIGHTS}.safetensors": write_weights(nets[0])}
    return told


@contextmanager
def _shown(model: object, *, is_watched: bool) -> Iterator[None]:
    """Show how far the training is, for somebody who watches."""
    from tqdm.auto import tqdm

    net = last_net(model)
    total = net.max_epochs if is_recipe(net) else None
    with tqdm(total=total, desc="epochs", disable=not is_watched, leave=False) as bar:

        def advance(epoch: Epoch) -> None:
            bar.set_postfix(loss=f"{epoch.train_loss:.4g}", refresh=False)
            bar.update()

        with watching(advance):
            yield
