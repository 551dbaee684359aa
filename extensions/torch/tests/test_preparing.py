"""Columns become numbers by what the training rows say, and by nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from openml_client_torch.preparing import (
    preparation_of,
    table_of,
    tensor_of,
    validation_rows,
)
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.feature_selection import SelectKBest
from sklearn.preprocessing import OneHotEncoder, StandardScaler

Y = np.array([0, 1, 0, 1])


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(columns)


def prepared(how: Any, train: Any, other: Any = None) -> Any:
    preparation = preparation_of(how)
    x = preparation.fit_transform(table_of(train), Y)
    return x if other is None else preparation.transform(table_of(other))


def test_auto_gives_numbers_then_one_column_per_category() -> None:
    mixed = frame(word=["b", "a", "b", "a"], number=[1.0, np.nan, 3.0, 2.0])
    x = prepared("auto", mixed)
    assert x[:, 0].mean() == pytest.approx(0)
    assert x[1, 0] == 0  # the median of 1, 2 and 3 is their mean
    assert x[:, 1:].tolist() == [[0, 1], [1, 0], [0, 1], [1, 0]]


def test_auto_gives_zeros_for_categories_that_are_missing_or_new() -> None:
    train = frame(word=["b", "a", None, "a"])
    assert prepared("auto", train)[2].tolist() == [0, 0]
    assert prepared("auto", train, frame(word=["c", None])).tolist() == [[0, 0], [0, 0]]


def test_ordinal_gives_codes_from_one_and_says_how_many_there_are() -> None:
    mixed = frame(word=["b", "a", None, "a"], number=[1.0, 2.0, 3.0, 2.0])
    preparation = preparation_of("ordinal")
    assert preparation.fit_transform(mixed, Y)[:, 1].tolist() == [2, 1, 0, 1]
    other = frame(word=["new", "b"], number=[1.0, 2.0])
    assert preparation.transform(other)[:, 1].tolist() == [0, 2]
    assert preparation.sizes == {"n_features": 2, "n_numeric": 1, "cardinalities": (3,)}


@pytest.mark.parametrize("how", ["auto", "ordinal"])
@pytest.mark.parametrize(
    "train",
    [
        frame(number=[1.0, 2.0, 3.0, 4.0]),
        frame(word=["a", "b", "a", "b"]),
        frame(constant=[1, 1, 1, 1]),
        frame(number=[np.nan] * 4, other=[1.0, 2.0, 3.0, 4.0]),
        frame(word=pd.Categorical([None] * 4, ["a"]), number=[1, 2, 3, 4]),
        frame(truth=[True, False, True, True]),
        frame(number=pd.array([1, None, 3, 4], dtype="Int64")),
        frame(number=[1, 2.5, None, 4]).astype(object),
        frame(mixed=[1, "1", "a", 2]),
    ],
    ids=lambda train: "+".join(train) + "/" + str(train.iloc[:, 0].dtype),
)
def test_all_kinds_of_columns_become_finite_numbers(how: str, train: pd.DataFrame) -> None:
    x = prepared(how, train)
    assert len(x) == 4
    assert np.isfinite(x).all()


def test_columns_may_have_the_same_name() -> None:
    twins = pd.DataFrame([[1.0, "a"], [2.0, "b"], [3.0, "a"], [4.0, "b"]], columns=["t", "t"])
    assert prepared("auto", twins).shape == (4, 3)


def test_a_column_without_any_value_leaves_none_for_the_module() -> None:
    x = prepared("auto", frame(word=[None] * 4))
    with pytest.raises(ValueError, match="no column is left"):
        tensor_of(x, torch.float32)


def test_sparse_rows_become_what_dense_rows_become() -> None:
    dense = np.array([[0.0, 1.0], [2.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    for how in ("auto", None):
        for kind in (sparse.csr_matrix, sparse.coo_array):
            assert np.array_equal(prepared(how, kind(dense)), prepared(how, dense))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (frame(word=["a", "b", "a", "b"]), "else than numbers: word; preprocessing='auto'"),
        (frame(number=[1.0, None, 3.0, 4.0]), "1 rows hold missing .*='auto' fills"),
        (np.array([["a", "b"]] * 4), "else than numbers: 0, 1"),
        (np.array([[1.0, np.inf]] * 4), "4 rows hold missing or infinite"),
    ],
)
def test_none_takes_numbers_only_and_says_what_would_help(given: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        prepared(None, given)


def test_a_transformer_is_cloned_and_gets_the_target() -> None:
    select = SelectKBest(k=1)
    x = prepared(select, np.array([[1.0, 0.0], [2.0, 9.0], [2.0, 1.0], [1.0, 8.0]]))
    assert x.ravel().tolist() == [0, 9, 1, 8]
    assert not hasattr(select, "scores_")


def test_a_transformer_may_give_sparse_columns_or_a_frame() -> None:
    words = frame(word=["a", "b", "a", "b"])
    encoder = OneHotEncoder(sparse_output=True)
    assert prepared(encoder, words).tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
    named = OneHotEncoder(sparse_output=False).set_output(transform="pandas")
    assert prepared(named, words).tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]


def test_a_transformer_that_leaves_texts_is_refused() -> None:
    lazy = make_column_transformer((StandardScaler(), ["n"]), remainder="passthrough")
    with pytest.raises(ValueError, match="else than numbers"):
        prepared(lazy, frame(n=[1.0, 2.0, 3.0, 4.0], word=["a", "b", "a", "b"]))


@pytest.mark.parametrize("how", ["automatic", StandardScaler, 3])
def test_other_preprocessing_is_refused(how: Any) -> None:
    with pytest.raises(ValueError, match=r"preprocessing=.* give 'auto'"):
        preparation_of(how)


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (pd.date_range("2020-01-01", periods=4), "holds datetime64 values; turn it into"),
        (pd.date_range("2020-01-01", periods=4).astype(object), "holds datetime values"),
        (pd.period_range("2020", periods=4, freq="M"), "holds period values"),
        (pd.to_timedelta([1, 2, 3, 4], "D"), "holds timedelta64 values"),
        (np.array([1, 2, 3, 4j]), "holds complex values"),
        ([[1], [2], [3], [4]], "holds no plain values"),
    ],
)
def test_values_of_other_kinds_are_refused_by_the_name_of_their_column(
    values: Any, complaint: str
) -> None:
    with pytest.raises(ValueError, match=f"column 'odd' {complaint}"):
        prepared("auto", frame(odd=values))


@pytest.mark.parametrize("large", [np.inf, -np.inf, 1e300])
def test_numbers_that_can_not_be_standardised_are_refused(large: float) -> None:
    with pytest.raises(ValueError, match=r"infinite numbers, or some beyond 1e\+150"):
        prepared("auto", frame(n=[1.0, 2.0, 3.0, large]))


def test_texts_among_numbers_are_refused_by_the_name_of_their_column() -> None:
    with pytest.raises(ValueError, match=r"column 'n' .* no number"):
        prepared("auto", frame(n=[1.0, 2.0, 3.0, 4.0]), frame(n=["a", "b"]))


def test_numbers_beyond_the_dtype_are_refused() -> None:
    with pytest.raises(ValueError, match=r"beyond torch.float32"):
        tensor_of(np.array([[1e300]]), torch.float32)


@pytest.mark.parametrize(("shape", "complaint"), [((0, 2), "0 sample"), ((2, 0), "0 feature")])
def test_an_empty_table_is_refused(shape: tuple[int, int], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        table_of(np.zeros(shape))


def test_one_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected 2D array"):
        table_of(np.zeros(3))


def test_validation_rows_are_of_each_class_in_proportion() -> None:
    strata = np.repeat([0, 1, 2], [60, 30, 10])
    held = validation_rows(strata, 0.2, seed=1)
    assert np.bincount(strata[held]).tolist() == [12, 6, 2]
    assert not np.array_equal(held, validation_rows(strata, 0.2, seed=2))


def test_validation_takes_no_class_away_from_training() -> None:
    strata = np.array([0, 0, 0, 0, 1, 2, 2])
    held = validation_rows(strata, 0.9, seed=1)
    assert set(strata[~held]) == {0, 1, 2}
    assert held.sum() == 4


def test_a_few_rows_give_one_for_validation() -> None:
    assert validation_rows(np.zeros(3, dtype=np.int64), 0.1, seed=1).sum() == 1


def test_rows_that_can_not_be_spared_are_not_taken() -> None:
    with pytest.raises(ValueError, match="of 2 rows leaves no row of each class"):
        validation_rows(np.array([0, 1]), 0.5, seed=1)
