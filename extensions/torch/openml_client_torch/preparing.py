"""Columns of any kind to numbers: learned from the training rows, applied to all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from openml_client_torch.dimensions import Sizes

_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})
"""What columns of objects hold, in the words of pandas, that are numbers nevertheless."""
_REFUSED = frozenset(
    {"complex", "date", "datetime", "datetime64", "period", "time", "timedelta", "timedelta64"}
)
"""What is neither numbers nor categories, in the same words."""
LARGEST = 1e150
"""Of numbers that are standardised: their squares are numbers, too."""


class Preparation(Protocol):
    """How columns become numbers."""

    def fit_transform(self, table: Any, y: NDArray[Any]) -> NDArray[np.float64]:
        """Learn from the training rows, and give them, shape ``(n_rows, n_features)``."""
        ...

    def transform(self, table: Any) -> NDArray[np.float64]:
        """Give other rows, by what was learned."""
        ...

    @property
    def sizes(self) -> Sizes:
        """How many columns of each kind it gives."""
        ...


def preparation_of(preprocessing: Any) -> Preparation:
    """How a recipe's parameter ``preprocessing`` prepares.

    Raises
    ------
    ValueError
        If it is none of its words, and no transformer.
    """
    if preprocessing is None:
        return _Numbers()
    if isinstance(preprocessing, str) and preprocessing in ("auto", "ordinal"):
        return _Columns(is_one_hot=preprocessing == "auto")
    if hasattr(preprocessing, "transform") and not isinstance(preprocessing, type):
        return _Transformed(clone(preprocessing))
    raise ValueError(
        f"preprocessing={preprocessing!r}; give 'auto', 'ordinal', None, or a transformer of "
        "scikit-learn"
    )


def table_of(x: Any) -> Any:
    """Rows as a DataFrame, a sparse matrix or an array of two dimensions.

    Raises
    ------
    ValueError
        If it is no table, or an empty one.
    """
    if not isinstance(x, pd.DataFrame):
        x = x.tocsr() if sparse.issparse(x) else np.asarray(x)
    if len(x.shape) != 2:
        raise ValueError(
            f"Expected 2D array, got {len(x.shape)} dimensions. Reshape your data to (n_rows, "
            "n_features)."
        )
    for number, what in zip(x.shape, ("sample", "feature"), strict=True):
        if number == 0:
            raise ValueError(
                f"0 {what}(s) (shape={x.shape}) while a minimum of 1 is required by a recipe."
            )
    return x


def take(table: Any, rows: NDArray[np.bool_]) -> Any:
    """Some rows of a table."""
    return table.iloc[rows] if isinstance(table, pd.DataFrame) else table[rows]


def require_same_columns(table: Any, recipe: Any) -> None:
    """Hold a table to the columns that a recipe was fitted on.

    Raises
    ------
    ValueError
        If there are others, or in another order.
    """
    if table.shape[1] != recipe.n_features_in_:
        raise ValueError(
            f"X has {table.shape[1]} features, but {type(recipe).__name__} is expecting "
            f"{recipe.n_features_in_} features as input"
        )
    names, known = column_names(table), getattr(recipe, "feature_names_in_", None)
    if names is not None and known is not None and list(names) != list(known):
        raise ValueError(f"the columns are {[*names][:9]}, unlike in training: {[*known][:9]}")


def column_names(table: Any) -> NDArray[Any] | None:
    """Names of the columns, if all are texts."""
    if not isinstance(table, pd.DataFrame) or not all(isinstance(n, str) for n in table.columns):
        return None
    return np.asarray(table.columns, dtype=object)


def tensor_of(numbers: NDArray[np.float64], dtype: torch.dtype) -> torch.Tensor:
    """Prepared rows as torch takes them.

    Raises
    ------
    ValueError
        If there are no columns, or numbers that the dtype can't hold.
    """
    if numbers.shape[1] == 0:
        raise ValueError("no column is left: the training rows have no value in any")
    if np.abs(numbers).max() > torch.finfo(dtype).max:
        raise ValueError(f"the data hold numbers beyond {dtype}; scale them")
    return torch.from_numpy(np.ascontiguousarray(numbers)).to(dtype)


def validation_rows(strata: NDArray[np.int64], fraction: float, seed: int) -> NDArray[np.bool_]:
    """Mask of the rows that are kept from training, of each class in proportion.

    At least one row of each class stays for training.

    Parameters
    ----------
    strata
        Number of each row's class; the same for all rows of a regression.

    Raises
    ------
    ValueError
        If no row can be spared.
    """
    mask = np.zeros(len(strata), dtype=np.bool_)
    if fraction == 0:
        return mask
    counts = np.bincount(strata)
    shares, spare = counts * fraction, np.maximum(counts - 1, 0)
    wanted = np.minimum(np.floor(shares).astype(np.int64), spare)
    lacking = max(1, round(len(strata) * fraction)) - int(wanted.sum())
    for stratum in np.argsort(wanted - shares, kind="stable"):  # the largest remainders first
        if lacking > 0 and wanted[stratum] < spare[stratum]:
            wanted[stratum] += 1
            lacking -= 1
    if wanted.sum() == 0:
        raise ValueError(
            f"validation_fraction={fraction} of {len(strata)} rows leaves no row of each class for "
            "training; give validation_fraction=0"
        )
    order = np.random.RandomState(seed).permutation(len(strata))
    for stratum, number in enumerate(wanted):
        mask[order[strata[order] == stratum][:number]] = True
    return mask


class _Numbers:
    """Numbers as they are."""

    def fit_transform(self, table: Any, y: NDArray[Any]) -> NDArray[np.float64]:
        numbers = self.transform(table)
        self.sizes = _plain(numbers)
        return numbers

    def transform(self, table: Any) -> NDArray[np.float64]:
        if isinstance(table, pd.DataFrame):
            columns = [table.iloc[:, n] for n in range(table.shape[1])]
            _refuse_texts([column.name for column in columns if not _is_number(column)])
            table = np.column_stack([_numbers(column) for column in columns])
        return _finite(table)


class _Transformed:
    """What a transformer of scikit-learn gives."""

    def __init__(self, transformer: Any) -> None:
        self.transformer = transformer

    def fit_transform(self, table: Any, y: NDArray[Any]) -> NDArray[np.float64]:
        numbers = _Numbers().transform(_table(self.transformer.fit_transform(table, y)))
        self.sizes = _plain(numbers)
        return numbers

    def transform(self, table: Any) -> NDArray[np.float64]:
        return _Numbers().transform(_table(self.transformer.transform(table)))


class _Columns:
    """Numbers imputed and standardised, and after them categories as 0 and 1, or as codes.

    A category that is missing, or that no training row has, is 0 everywhere.
    """

    def __init__(self, *, is_one_hot: bool) -> None:
        self._is_one_hot = is_one_hot
        self._imputer = SimpleImputer(strategy="median", keep_empty_features=True)
        self._scaler = StandardScaler()

    def fit_transform(self, table: Any, y: NDArray[Any]) -> NDArray[np.float64]:
        frame = _frame(table)
        numeric = [_is_number(frame.iloc[:, n]) for n in range(frame.shape[1])]
        self._numeric = [n for n, is_number in enumerate(numeric) if is_number]
        self._seen = {
            n: _categories(frame.iloc[:, n]) for n, is_number in enumerate(numeric) if not is_number
        }
        if self._numeric:
            numbers = self._imputer.fit_transform(self._numbers(frame))
            self._scaler.fit(numbers)
        n_numeric, counts = len(self._numeric), [len(seen) for seen in self._seen.values()]
        self.sizes: Sizes = (
            {"n_features": n_numeric + sum(counts), "n_numeric": n_numeric + sum(counts)}
            | {"cardinalities": ()}
            if self._is_one_hot
            else {"n_features": n_numeric + len(counts), "n_numeric": n_numeric}
            | {"cardinalities": tuple(count + 1 for count in counts)}
        )
        return self.transform(frame)

    def transform(self, table: Any) -> NDArray[np.float64]:
        frame = _frame(table)
        parts: list[NDArray[np.float64]] = [np.empty((len(frame), 0))]
        if self._numeric:
            parts.append(self._scaler.transform(self._imputer.transform(self._numbers(frame))))
        for n, seen in self._seen.items():
            codes = seen.get_indexer(pd.Index(frame.iloc[:, n], dtype=object)) + 1
            if self._is_one_hot:
                parts.append(np.eye(len(seen) + 1)[codes][:, 1:])
            else:
                parts.append(codes[:, None].astype(np.float64))
        return np.column_stack(parts)

    def _numbers(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        columns = [_numbers(frame.iloc[:, n]) for n in self._numeric]
        numbers = np.column_stack(columns)
        if (np.abs(numbers) > LARGEST).any():  # false for those that are missing
            raise ValueError(
                f"the data hold infinite numbers, or some beyond {LARGEST:g}; replace them, or "
                "make them missing"
            )
        return numbers


def _frame(table: Any) -> pd.DataFrame:
    if isinstance(table, pd.DataFrame):
        return table
    return pd.DataFrame(table.toarray() if sparse.issparse(table) else table)


def _table(output: Any) -> Any:
    return output if isinstance(output, pd.DataFrame) else table_of(output)


def _is_number(column: pd.Series[Any]) -> bool:
    """Whether a column is of numbers, by its dtype or, of objects, by what it holds."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return False
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in _REFUSED:
        raise ValueError(
            f"column {column.name!r} holds {kind} values; turn it into numbers or categories first"
        )
    if pd.api.types.is_object_dtype(dtype):
        return kind in _NUMBERS
    return pd.api.types.is_numeric_dtype(dtype)


def _numbers(column: pd.Series[Any]) -> NDArray[np.float64]:
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"column {column.name!r} holds something that is no number ({error}), unlike in the "
            "training rows"
        ) from error


def _categories(column: pd.Series[Any]) -> pd.Index[Any]:
    """Values of a column that are not missing, sorted, texts apart from numbers."""
    try:
        values = column.dropna().astype(object).unique()
        ordered = sorted(values, key=lambda value: (type(value).__name__, value))
    except TypeError as error:
        raise ValueError(f"column {column.name!r} holds no plain values: {error}") from error
    index: pd.Index[Any] = pd.Index(ordered, dtype=object)
    return index


def _finite(table: Any) -> NDArray[np.float64]:
    dense = table.toarray() if sparse.issparse(table) else table
    if dense.dtype.kind not in "biuf":  # texts, complex numbers, or objects of any kind
        frame = pd.DataFrame(dense)
        _refuse_texts([name for name in frame if not _is_number(frame[name])])
    numbers = np.asarray(dense, dtype=np.float64)
    lacking = ~np.isfinite(numbers)
    if lacking.any():
        raise ValueError(
            f"{lacking.any(axis=1).sum()} rows hold missing or infinite numbers, which a network "
            "can't take; preprocessing='auto' fills them, and so does a SimpleImputer"
        )
    return numbers


def _refuse_texts(columns: Sequence[Any]) -> None:
    if columns:
        named = ", ".join(map(str, columns[:3]))
        raise ValueError(
            f"columns hold something else than numbers: {named}; preprocessing='auto' makes "
            "numbers of categories, 'ordinal' makes codes for EmbedCategories"
        )


def _plain(numbers: NDArray[np.float64]) -> Sizes:
    width = numbers.shape[1]
    return {"n_features": width, "n_numeric": width, "cardinalities": ()}
