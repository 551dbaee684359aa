"""A dataset as a table, in the views that people work with.

Types are decided by what the data file declares, the same for every view:

=================  ============================================  =======================
declared           pandas                                        Arrow
=================  ============================================  =======================
nominal            category, in the order of declaration         dictionary<int8 to int32,
                                                                 string>
numeric, real      float64, missing as NaN                       float64, null
integer            int64 if all are whole and none is missing,   int64 or float64
                   else float64
string             str, missing as NaN (object before pandas 3)  large_string, null
date               datetime64[us], missing as NaT                timestamp[us], null
=================  ============================================  =======================

A column of two labels that mean true and false is nominal like any other.  Sparse numbers are
Sparse[float64] in pandas, and dense in Arrow.  Views share memory with the table where that does
not show: with pandas 3, which copies what is written, frames do.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openml_client.errors import FormatError, MissingDependencyError, NotFoundError
from openml_client.formats.arff import NUMBERS, ArffFile, Attribute, codes_dtype
from openml_client.formats.column_views import (
    Columns,
    copies_on_write,
    frame_of,
    to_arrow,
    to_pandas,
    typed,
)
from openml_client.model.dataset import Feature
from openml_client.model.text import html_table

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    import torch
    from scipy.sparse import csc_matrix, csr_matrix

SHOWN_ROWS, SHOWN_COLUMNS = 5, 20
"""What notebooks show."""


class Table:
    """The rows of a dataset with what is known of its columns."""

    def __init__(
        self,
        attributes: Sequence[Attribute],
        *,
        columns: Sequence[Any] | None = None,
        sparse: csr_matrix | None = None,
        arrow: pa.Table | None = None,
        features: Sequence[Feature] = (),
        target: Sequence[str] = (),
    ) -> None:
        if (columns is None) == (sparse is None):
            raise FormatError("a table is either dense or sparse")
        self.attributes = tuple(attributes)
        """The columns as the data file declares them."""
        self.names = tuple(attribute.name for attribute in self.attributes)
        """Names of the columns, in the order of the data file."""
        self.features = tuple(features)
        """The columns as the registry describes them; () where it has not processed them."""
        self.target = tuple(target)
        """Names of the default targets, as the registry has them; `xy` finds out whether the
        data file has such columns."""
        self._columns = None if columns is None else Columns(self.attributes, columns)
        self._sparse = sparse
        self._arrow = arrow

    @classmethod
    def from_arff(
        cls, file: ArffFile, features: Sequence[Feature] = (), *, target: Sequence[str] = ()
    ) -> Table:
        """The table of an ARFF file.

        Raises
        ------
        FormatError
            If the registry describes other columns than the file has.
        """
        table = cls(file.attributes, columns=file.columns, sparse=file.sparse)
        return table.described(features, target=target)

    def described(self, features: Sequence[Feature], *, target: Sequence[str] = ()) -> Table:
        """The same table with what a registry says of it.

        Raises
        ------
        FormatError
            If the registry describes other columns than the table has.
        """
        # Servers drop the blanks around names.
        names = [name.strip() for name in self.names]
        described = [feature.name.strip() for feature in sorted(features, key=lambda f: f.index)]
        if described and described != names:
            differing = sorted(set(described) ^ set(names)) or ["their order"]
            raise FormatError(
                f"the data file and the registry's description differ in the columns "
                f"{', '.join(differing[:5])}",
                hint="The data file may have been replaced; tell the dataset's owner.",
            )
        table = copy(self)  # which shares the columns
        table.features, table.target = tuple(features), tuple(target)
        return table

    @property
    def categorical(self) -> tuple[str, ...]:
        """Names of the nominal columns."""
        return tuple(a.name for a in self.attributes if a.kind == "nominal")

    @property
    def is_sparse(self) -> bool:
        """Whether the data came as a sparse file."""
        return self._sparse is not None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        if self._sparse is not None:
            return (int(self._sparse.shape[0]), len(self.attributes))
        return (0 if self._columns is None else len(self._columns), len(self.attributes))

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def n_bytes(self) -> int:
        """Memory that the columns take."""
        if self._sparse is not None:
            return int(self._sparse.data.nbytes + self._sparse.indices.nbytes)
        return 0 if self._columns is None else sum(c.nbytes for c in self._columns.raw)

    def labels(self, name: str) -> tuple[str, ...]:
        """Values of a nominal column, in the order of declaration; () for other columns.

        Raises
        ------
        NotFoundError
            If there is no such column.
        """
        return self.attributes[self._position(name)].labels

    def to_pandas(self) -> pd.DataFrame:
        """All columns as a frame of its own; sparse numbers stay sparse in it."""
        return self._frame(range(len(self.attributes)))

    def to_arrow(self) -> pa.Table:
        """All columns as an Arrow table; sparse data becomes dense."""
        import pyarrow as pa

        if self._arrow is not None:
            return self._arrow
        return pa.Table.from_arrays(self.arrow_columns(), names=list(self.names))

    def arrow_columns(self) -> list[pa.Array]:
        """All columns as Arrow arrays, which share memory with the table."""
        if self._columns is not None:
            return self._columns.arrow()
        return [to_arrow(a, self._dense(n)) for n, a in enumerate(self.attributes)]

    def to_polars(self) -> pl.DataFrame:
        """All columns as a polars frame.

        Raises
        ------
        MissingDependencyError
            If polars is not installed.
        """
        try:
            import polars as pl
        except ImportError as error:
            raise MissingDependencyError(
                "polars is not installed", hint="Install it with `pip install polars`."
            ) from error
        frame = pl.from_arrow(self.to_arrow())
        assert isinstance(frame, pl.DataFrame)  # noqa: S101  (tables never become series)
        return frame

    def to_torch(self) -> torch.Tensor:
        """All columns as a torch tensor of float64, shape ``(n_rows, n_columns)``; see `to_numpy`.

        Raises
        ------
        MissingDependencyError
            If torch is not installed.
        FormatError
            If a column is a string or a date.
        """
        try:
            import torch
        except ImportError as error:
            raise MissingDependencyError(
                "torch is not installed", hint="Install it with `pip install torch`."
            ) from error
        return torch.from_numpy(self.to_numpy())

    def to_numpy(self) -> NDArray[np.float64]:
        """All columns as float64, shape ``(n_rows, n_columns)``.

        Nominal columns give the positions of their labels, missing values are NaN.

        Raises
        ------
        FormatError
            If a column is a string or a date.
        """
        if self._sparse is not None:
            return np.asarray(self._sparse.toarray())
        out = np.empty(self.shape, dtype=np.float64)
        for n, attribute in enumerate(self.attributes):
            if attribute.kind in {"string", "date"}:
                raise FormatError(
                    f"column {attribute.name!r} is a {attribute.kind}, which is no number",
                    hint="Use to_pandas() and choose columns.",
                )
            column = self._dense(n).astype(np.float64)
            if attribute.kind == "nominal":
                column[column < 0] = np.nan
            out[:, n] = column
        return out

    def sparse(self, *, copy: bool = True) -> csr_matrix:
        """The data as a scipy CSR matrix of float64, shape ``(n_rows, n_columns)``.

        Nominal columns give the positions of their labels.

        Parameters
        ----------
        copy
            Give a matrix of its own; else one that must not be changed.

        Raises
        ------
        FormatError
            If the data is dense.
        """
        if self._sparse is None:
            raise FormatError("the data is dense", hint="Use to_pandas() or to_numpy().")
        return self._sparse.copy() if copy else self._sparse

    def xy(
        self,
        target: str | Sequence[str] | None = None,
        *,
        include_row_id: bool = False,
        include_ignored: bool = False,
    ) -> tuple[pd.DataFrame, Any]:
        """Features and target: a frame, and a series (a frame if there are several targets).

        Of sparse data the features stay sparse, and the target is dense.

        Parameters
        ----------
        target
            Names of the columns to predict; the dataset's default without it.
        include_row_id, include_ignored
            Keep the columns that identify rows, or that the dataset's owner wants ignored.

        Raises
        ------
        NotFoundError
            If there is no such column, or no default target.
        """
        wanted = (target,) if isinstance(target, str) else tuple(target or self.target)
        if not wanted:
            raise NotFoundError(
                "the dataset has no default target",
                hint=f"Give one of its columns: {', '.join(self.names)}.",
            )
        targets = [self._position(name) for name in wanted]
        left_out = {
            feature.index
            for feature in self.features
            if (feature.is_row_identifier and not include_row_id)
            or (feature.is_ignore and not include_ignored)
        }
        kept = [n for n in range(len(self.attributes)) if n not in left_out and n not in targets]
        y = self._dense_frame(targets)
        return self._frame(kept), (y.iloc[:, 0] if len(targets) == 1 else y)

    def x(self) -> pd.DataFrame:
        """Features alone: all columns but targets, those that identify rows, and ignored ones."""
        left_out = {f.index for f in self.features if f.is_row_identifier or f.is_ignore}
        left_out.update(self._position(name) for name in self.target)
        return self._frame([n for n in range(len(self.attributes)) if n not in left_out])

    def _position(self, name: str) -> int:
        try:
            return self.names.index(name)
        except ValueError:
            raise NotFoundError(
                f"the dataset has no column {name!r}",
                hint=f"Its columns are {', '.join(self.names[:50])}.",
            ) from None

    @cached_property
    def _by_column(self) -> csc_matrix:
        assert self._sparse is not None  # noqa: S101  (asked of sparse tables only)
        return self._sparse.tocsc()

    def _dense(self, position: int) -> Any:
        if self._columns is not None:
            return self._columns.typed[position]
        column: NDArray[Any] = self._by_column[:, [position]].toarray().ravel()
        if self.attributes[position].kind == "nominal":
            labels = self.attributes[position].labels
            return np.where(np.isnan(column), -1, column).astype(codes_dtype(labels))
        return typed(self.attributes[position], column)

    def _frame(self, positions: Sequence[int] | range) -> pd.DataFrame:
        import pandas as pd

        if self._sparse is None:
            return self._dense_frame(positions)
        numbers = [n for n in positions if self.attributes[n].kind in NUMBERS]
        others = [n for n in positions if self.attributes[n].kind not in NUMBERS]
        accessor: Any = pd.DataFrame.sparse  # its type stub has no methods
        frame: pd.DataFrame = accessor.from_spmatrix(
            self._by_column[:, numbers], columns=[self.names[n] for n in numbers]
        )
        if others:
            frame = pd.concat([frame, self._dense_frame(others)], axis=1)
            frame = frame[[self.names[n] for n in positions]]
        return frame

    def _dense_frame(self, positions: Sequence[int] | range) -> pd.DataFrame:
        names = [self.names[n] for n in positions]
        if self._columns is not None and copies_on_write():
            frame = self._columns.frame
            return frame.copy(deep=False) if len(names) == len(self.names) else frame[names]
        columns = {self.names[n]: to_pandas(self.attributes[n], self._dense(n)) for n in positions}
        # Copied: who changes a frame must not change the table.
        return frame_of(columns, len(self), copy=True)

    def _head(self, n_rows: int) -> Table:
        columns = None if self._columns is None else [c[:n_rows] for c in self._columns.raw]
        sparse = None if self._sparse is None else self._sparse[:n_rows]
        return Table(self.attributes, columns=columns, sparse=sparse)

    def __repr__(self) -> str:
        kind = "sparse " if self.is_sparse else ""
        target = f", target {', '.join(self.target)}" if self.target else ""
        return f"<{kind}Table: {self.shape[0]} rows, {self.shape[1]} columns{target}>"

    def _repr_html_(self) -> str:
        shape = f"{self.shape[0]} rows, {self.shape[1]} columns"
        head = html_table({"Table": shape, "Target": ", ".join(self.target)})
        frame = self._head(SHOWN_ROWS).to_pandas()
        return head + str(frame.to_html(max_cols=SHOWN_COLUMNS))
