"""What an extension is: the seam between the client and the frameworks that models come from."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, runtime_checkable

from openml_client.extension.codec import Codec, Compat, Note
from openml_client.extension.description import Description
from openml_client.extension.identity import Json
from openml_client.extension.structure import Address
from openml_client.extension.timing import Elapsed
from openml_client.extension.trust import Policy, Trust
from openml_client.model.flow import Flow
from openml_client.model.trace import TraceIteration

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

__all__ = [
    "API",
    "AUTO",
    "Capabilities",
    "Compat",
    "Description",
    "Elapsed",
    "Extension",
    "FoldData",
    "FoldFailure",
    "FoldResult",
    "Note",
    "Restorer",
    "TaskKind",
    "Translator",
]

API: Final = 1
"""Version of this protocol."""
AUTO: Final = "auto"
"""In place of an extension's name: found by the model's class."""

TaskKind = Literal["classification", "regression", "clustering"]


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an extension can do."""

    tasks: frozenset[TaskKind]
    probabilities: bool = False
    """Whether it gives class probabilities, where the model has them."""
    trace: bool = False
    """Whether it gives what a search tried."""
    artefacts: tuple[str, ...] = ()
    """Kinds of files that a fold gives where they are asked for, as ``weights``."""
    seed_parameters: frozenset[str] = frozenset()
    """Names of the parameters that are seeds, which `seed_description` fills."""
    exact: Literal["none", "machine", "platform"] = "none"
    """Where the same seed gives the same bits: nowhere, on one type of machine with the same
    versions, or on one platform."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldData:
    """The rows of one fold."""

    task: TaskKind
    x_train: pd.DataFrame | csr_matrix
    """Shape ``(n_train, n_features)``."""
    y_train: pd.Series[Any] | NDArray[Any] | None
    """Texts of the labels for classification, as a categorical or as objects; numbers for
    regression; None for clustering."""
    x_test: pd.DataFrame | csr_matrix
    labels: tuple[str, ...] = ()
    """The task's classes in its own order; a training fold may lack some."""
    categorical: tuple[str, ...] = ()
    """Names of the nominal columns."""
    repeat: int = 0
    fold: int = 0
    sample: int = 0
    artefacts: frozenset[str] = frozenset()
    """Kinds of files that the caller asks for, of those that the extension claims."""
    progress: bool = False
    """Whether somebody watches, who may be shown how far a long training is."""


@dataclass(frozen=True, kw_only=True)
class FoldFailure:
    """What a model raised."""

    stage: Literal["fit", "predict"]
    error: str
    """Class and message, as ``ValueError: Input X contains NaN.``."""
    traceback: str = field(repr=False)

    @classmethod
    def of(cls, stage: Literal["fit", "predict"], error: Exception) -> FoldFailure:
        """What to report of an exception that a model raised."""
        return cls(
            stage=stage,
            error=f"{type(error).__name__}: {error}",
            traceback="".join(traceback.format_exception(error)),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldResult:
    """What a model gave for one fold, by class label: the core aligns it to the task's order."""

    predictions: NDArray[Any] | None = None
    """Shape ``(n_test,)``: texts of labels, or float64; None after a failure."""
    probabilities: NDArray[np.float64] | None = None
    """Shape ``(n_test, len(probability_labels))``; None where the model has none."""
    probability_labels: tuple[str, ...] = ()
    """The label of each column; classes that the training rows lack are missing."""
    confidence_kind: Literal["probability", "score"] | None = None
    """``score``: decision values, which are ordered but no probabilities."""
    fit_time: Elapsed | None = None
    predict_time: Elapsed | None = None
    """None if fitting failed."""
    trace: tuple[TraceIteration, ...] = ()
    """One row per candidate, if the model searches."""
    artefacts: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The files that were asked for, named by their kind, as ``weights.safetensors``."""
    log: Mapping[str, Json] | None = field(default=None, repr=False)
    """How the training went, as plain JSON, for the run's ``training_log.json``.

    Where it tells the ``device`` and the number of ``threads``, a reproduction on others says so;
    a hash of the fitted ``state`` is compared."""
    failure: FoldFailure | None = None


@runtime_checkable
class Extension(Protocol):
    """Models of one framework: described, rebuilt and run.

    An instance is registered in the entry-point group ``openml_client.extensions`` under the
    name of the top-level module whose classes it handles.  Importing it should not import the
    framework: nothing is imported before the audit.
    """

    name: str
    api: int
    """`API` of the protocol that it was written for."""
    capabilities: Capabilities
    policy: Policy
    """What it vouches for, so that an audit needs no framework."""
    codec: Codec
    """How it writes values, such as those that a caller sets instead of a flow's own."""

    def can_describe(self, model: object) -> bool:
        """Whether the model is of a kind that this extension knows."""
        ...

    def describe(self, model: object) -> Description:
        """Describe an unfitted model; it is left as it is.

        Raises
        ------
        NotSerializableError
            With place, reason and remedy, if a value of it has no description.
        """
        ...

    def build(
        self, description: Description, *, trust: Trust, compat: Compat, notes: list[Note]
    ) -> object:
        """Rebuild a model from its description, and from nothing else.

        Raises
        ------
        UntrustedError
            Before anything is imported, if ``trust`` does not cover all that it names.
        FlowError
            If the installed versions can't rebuild it.
        """
        ...

    def run_fold(self, model: object, fold: FoldData, *, seed: int) -> FoldResult:
        """Fit a copy of the model, rebuilt from its description, and predict.

        The model, the data and the global generators are left as they are.  What the model
        raises becomes the result's ``failure``.
        """
        ...


@runtime_checkable
class Translator(Protocol):
    """What an extension has besides, if it reads flows that another program wrote.

    It is asked about flows whose external version names a version of its framework, as
    ``sklearn==1.5.2``.  What it gives is loaded as any stranger's description: audited, then
    built.  So it imports nothing that a flow names, and need not judge what is trusted.
    """

    def translate(
        self,
        flow: Flow,
        settings: Mapping[Address, str | None],
        *,
        given: Mapping[Address, Json],
        is_complete: bool,
        notes: list[Note],
    ) -> Description:
        """Describe the model of a flow, with the values of a run or setup.

        Parameters
        ----------
        settings
            Texts of values as the other program wrote them, by the identifiers of the
            components and the parameter's name.
        given
            Typed JSON of values that the caller sets instead.
        is_complete
            Refuse parameters that have no value; else they are None, which is good for an audit.
        notes
            Takes what could not be read as it was written.

        Raises
        ------
        FlowError
            With place, reason and remedy, if the flow can't be read.
        """
        ...


@runtime_checkable
class Restorer(Protocol):
    """What an extension has besides, if its artefacts hold all that training gave a model."""

    def restore(
        self,
        model: object,
        fold: FoldData,
        files: Mapping[str, bytes],
        *,
        seed: int,
        log: Mapping[str, Json] | None,
    ) -> object:
        """Give a copy of the model that predicts as the one that was trained on the fold.

        Parameters
        ----------
        files
            Artefacts of the fold, by their kinds, as ``weights``.
        seed
            That of the training.
        log
            What the training logged, to compare with; None if it is not there.

        Raises
        ------
        IntegrityError
            If the files are damaged, or not those that the training logged.
        FlowError
            If they do not fit the model.
        """
        ...
