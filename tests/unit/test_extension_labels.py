"""What pandas gives for columns comes back with its types, or is refused."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from openml_client.errors import FlowError, NotSerializableError
from openml_client.extension.identity import canonical
from openml_client.extension.trust import Policy, Trust
from openml_client.extension.values import codec

CODEC = codec()
FRAME = pd.DataFrame({"a": [1], "b": [2.5], "ü": ["x"]})


def round_trip(value: object) -> Any:
    return CODEC.decode(json.loads(canonical(CODEC.encode(value))), Trust(Policy({})))


@pytest.mark.parametrize("value", [pd.NA, pd.NaT], ids=str)
def test_a_missing_value_is_the_one_object_again(value: object) -> None:
    assert round_trip(value) is value


@pytest.mark.parametrize(
    "index",
    [
        FRAME.columns,
        FRAME.select_dtypes("number").columns,
        pd.Index([], dtype="int64"),
        pd.Index([3, 1], name="place"),
        pd.Index([0.5, None], dtype="float32"),
        pd.Index(["a", 1, (2, "b"), None], dtype=object),
        pd.Index([True, False]),
        pd.Index(["a", pd.NA], dtype="string"),
        pd.DataFrame([[1, 2, 3]]).columns,
        pd.RangeIndex(3, 9, 2, name="n"),
    ],
    ids=repr,
)
def test_an_index_comes_back_with_its_dtype_and_name(index: Any) -> None:
    again = round_trip(index)
    pd.testing.assert_index_equal(again, index, exact=True)
    assert type(again) is type(index)


@pytest.mark.parametrize(
    "series", [FRAME.dtypes == "float64", FRAME["ü"], pd.Series([1, None], dtype=object, name=3)]
)
def test_a_series_comes_back_with_its_index(series: Any) -> None:
    pd.testing.assert_series_equal(round_trip(series), series)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (pd.Series(["a"], dtype="category"), "dtype category"),
        (pd.Series(range(200_000)), "200,000 items"),
        (pd.Series([1], index=pd.date_range("2020", periods=1)), "no description"),
        (FRAME, "no description"),
    ],
    ids=["dtype", "size", "index", "frame"],
)
def test_what_would_lose_something_is_refused(value: object, why: str) -> None:
    with pytest.raises(NotSerializableError, match=why):
        CODEC.encode(value)


def test_a_dtype_that_we_never_write_is_refused() -> None:
    payload = {"dtype": "Sparse", "items": [], "name": None}
    with pytest.raises(FlowError, match="no dtype of a description: 'Sparse'"):
        CODEC.decode({"$index": payload}, Trust(Policy({})))


@pytest.mark.parametrize(("dtype", "item"), [("int64", "12"), ("bool", "x"), ("string", 1)])
def test_a_value_that_pandas_would_change_is_refused(dtype: str, item: object) -> None:
    payload = {"dtype": dtype, "items": [item], "name": None}
    for tag, more in (("$index", {}), ("$series", {"index": {"$range_index": [0, 1, 1, None]}})):
        with pytest.raises(FlowError):
            CODEC.decode({tag: {**payload, **more}}, Trust(Policy({})))
