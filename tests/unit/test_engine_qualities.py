"""Features and qualities of datasets, small ones by hand and real ones of openml.org."""

from __future__ import annotations

import gzip
import json
from importlib import resources
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from openml_client.formats.arff import ArffFile, Attribute, read_arff
from openml_client.registry.engine.features import describe_features
from openml_client.registry.engine.qualities import compute_qualities


def dataset(*columns: tuple[Attribute, Any]) -> ArffFile:
    values = tuple(values for _, values in columns)
    return ArffFile(
        relation="test",
        attributes=tuple(attribute for attribute, _ in columns),
        n_rows=len(values[0]),
        columns=values,
        sparse=None,
        weights=None,
    )


def numeric(name: str, *values: float) -> tuple[Attribute, Any]:
    return Attribute(name, "numeric"), np.array(values, dtype=np.float64)


def nominal(name: str, labels: str, *codes: int) -> tuple[Attribute, Any]:
    return Attribute(name, "nominal", tuple(labels)), np.array(codes, dtype=np.int32)


def string(name: str, *texts: str | None) -> tuple[Attribute, Any]:
    return Attribute(name, "string"), np.array(texts, dtype=object)


def qualities_of(
    arff: ArffFile, *target: str, row_id: str | None = None, ignore: tuple[str, ...] = ()
) -> dict[str, float | None]:
    return compute_qualities(
        arff, describe_features(arff, target=target, row_id=row_id, ignore=ignore)
    )


MISSING = float("nan")
COLOURS = dataset(
    numeric("size", 1, 2, MISSING, 4),
    nominal("colour", "rgb", 0, 0, 1, -1),
    string("note", "a", None, "b", "a"),
    nominal("class", "yn", 0, 0, 1, 1),
)


def test_features_have_the_engine_s_types_and_the_labels_as_declared() -> None:
    features = describe_features(COLOURS, target=["class"])
    assert [f.data_type for f in features] == ["numeric", "nominal", "string", "nominal"]
    assert [f.nominal_values for f in features] == [(), ("r", "g", "b"), (), ("y", "n")]
    assert [f.index for f in features] == [0, 1, 2, 3]


def test_features_count_missing_values_of_every_type() -> None:
    features = describe_features(COLOURS, target=["class"])
    assert [f.number_of_missing_values for f in features] == [1, 1, 1, 0]


def test_features_tell_what_a_column_is_for() -> None:
    features = describe_features(
        COLOURS, target=["class"], row_id="size", ignore=["note", "no such column"]
    )
    assert [f.is_target for f in features] == [False, False, False, True]
    assert [f.is_row_identifier for f in features] == [True, False, False, False]
    assert [f.is_ignore for f in features] == [False, False, True, False]


@pytest.mark.parametrize(("kind", "data_type"), [("integer", "numeric"), ("real", "numeric")])
def test_features_call_every_kind_of_number_numeric(kind: Any, data_type: str) -> None:
    arff = dataset((Attribute("x", kind), np.array([1.0])))
    assert describe_features(arff, target=[])[0].data_type == data_type


def test_a_date_is_a_date_and_counts_as_a_number() -> None:
    days = np.array(["2020-01-01", "2020-01-03", "NaT"], dtype="datetime64[us]")
    arff = dataset((Attribute("day", "date"), days))
    feature = describe_features(arff, target=[])[0]
    assert (feature.data_type, feature.number_of_missing_values) == ("date", 1)
    qualities = qualities_of(arff)
    assert qualities["NumberOfNumericFeatures"] == 1
    assert qualities["MeanMeansOfNumericAtts"] == 1577923200000  # 2020-01-02 in milliseconds


def test_sparse_data_counts_absent_entries_as_zero_or_the_first_label() -> None:
    attributes = (Attribute("count", "numeric"), Attribute("class", "nominal", ("no", "yes")))
    entries = scipy.sparse.csr_matrix(np.array([[0.0, 0], [6, 1], [0, 0], [MISSING, 1]]))
    arff = ArffFile("sparse", attributes, 4, None, entries, None)
    features = describe_features(arff, target=["class"])
    assert [f.number_of_missing_values for f in features] == [1, 0]
    qualities = compute_qualities(arff, features)
    assert qualities["MeanMeansOfNumericAtts"] == 2
    assert qualities["MajorityClassSize"] == 2


def test_simple_qualities_count_columns_rows_and_missing_values() -> None:
    qualities = qualities_of(COLOURS, "class")
    assert qualities["NumberOfInstances"] == 4
    assert qualities["NumberOfFeatures"] == 4
    assert qualities["Dimensionality"] == 1
    assert qualities["NumberOfNumericFeatures"] == 1
    assert qualities["NumberOfSymbolicFeatures"] == 2
    assert qualities["PercentageOfBinaryFeatures"] == 25
    assert qualities["NumberOfMissingValues"] == 3
    assert qualities["NumberOfInstancesWithMissingValues"] == 3
    assert qualities["PercentageOfMissingValues"] == 3 / 16 * 100


def test_row_identifiers_and_ignored_columns_do_not_count() -> None:
    qualities = qualities_of(COLOURS, "class", row_id="size", ignore=("note",))
    assert qualities["NumberOfFeatures"] == 2
    assert qualities["NumberOfMissingValues"] == 1
    assert qualities["MeanMeansOfNumericAtts"] is None


def test_classes_are_counted_as_they_occur() -> None:
    qualities = qualities_of(dataset(nominal("class", "abc", 0, 0, 0, 2)), "class")
    assert qualities["NumberOfClasses"] == 2
    assert qualities["MajorityClassPercentage"] == 75
    assert qualities["MinorityClassSize"] == 1


def test_a_numeric_target_has_no_classes() -> None:
    qualities = qualities_of(dataset(numeric("y", 1, 2, 4)), "y")
    assert qualities["NumberOfClasses"] == 0
    assert qualities["MajorityClassSize"] is None
    assert qualities["ClassEntropy"] is None


def test_auto_correlation_is_one_less_the_mean_change_of_the_target() -> None:
    assert qualities_of(dataset(numeric("y", 1, 2, 4)), "y")["AutoCorrelation"] == -0.5
    classes = dataset(nominal("class", "ab", 0, 0, 1, 1, 1))
    assert qualities_of(classes, "class")["AutoCorrelation"] == 0.75


@pytest.mark.parametrize("target", [(), ("colour", "class")])
def test_without_exactly_one_target_all_other_qualities_are_there(target: tuple[str, ...]) -> None:
    qualities = qualities_of(COLOURS, *target)
    assert qualities["NumberOfInstances"] == 4
    assert qualities["MeanMeansOfNumericAtts"] == pytest.approx(7 / 3)
    assert qualities["AutoCorrelation"] is None
    assert qualities["NumberOfClasses"] is None
    assert qualities["MeanMutualInformation"] is None


def test_a_constant_column_has_a_mean_and_no_skewness() -> None:
    qualities = qualities_of(dataset(numeric("x", *[0.1] * 7)))
    assert qualities["MeanMeansOfNumericAtts"] == 0.1
    assert qualities["MeanStdDevOfNumericAtts"] == 0
    assert qualities["MeanSkewnessOfNumericAtts"] is None
    assert qualities["MeanKurtosisOfNumericAtts"] is None


def test_a_column_without_any_value_has_no_moments() -> None:
    qualities = qualities_of(dataset(numeric("x", MISSING, MISSING)))
    assert qualities["MeanMeansOfNumericAtts"] is None
    assert qualities["NumberOfMissingValues"] == 2


def test_information_that_a_column_has_of_the_class_is_in_bits() -> None:
    arff = dataset(
        nominal("same", "ab", 0, 0, 1, 1),
        nominal("unrelated", "ab", 0, 1, 0, 1),
        nominal("class", "yn", 0, 0, 1, 1),
    )
    qualities = qualities_of(arff, "class")
    assert qualities["ClassEntropy"] == 1
    assert qualities["MaxMutualInformation"] == 1
    assert qualities["MinMutualInformation"] == 0
    assert qualities["EquivalentNumberOfAtts"] == 2
    assert qualities["MeanNoiseToSignalRatio"] == 1


def test_a_dataset_without_rows_has_qualities_too() -> None:
    qualities = qualities_of(dataset(numeric("x"), nominal("class", "ab")), "class")
    assert qualities["NumberOfInstances"] == 0
    assert qualities["PercentageOfMissingValues"] is None


def test_qualities_are_sorted_by_name() -> None:
    names = list(qualities_of(COLOURS, "class"))
    assert names == sorted(names)
    assert len(names) == 62


def approximately(text: str) -> Any:
    return pytest.approx(float(text), rel=1e-9, abs=1e-9)


def real(did: int, what: str) -> Any:
    """What openml.org answered about a dataset, as scikit-learn's own tests carry it."""
    folder = resources.files("sklearn.datasets.tests.data.openml") / f"id_{did}"
    name = next(f.name for f in folder.iterdir() if f.name.startswith(what))
    content = gzip.decompress((folder / name).read_bytes())
    return content if what.startswith("data") else json.loads(content)


@pytest.mark.parametrize("did", [3, 61, 62, 561, 40675, 40945])
def test_qualities_of_real_datasets_equal_those_of_openml_org(did: int) -> None:
    described = real(did, f"api-v1-jd-{did}.")["data_set_description"]
    ignored = described.get("ignore_attribute", [])
    qualities = qualities_of(
        read_arff(real(did, "data-v1-dl-")),
        described["default_target_attribute"],
        row_id=described.get("row_id_attribute"),
        ignore=(ignored,) if isinstance(ignored, str) else tuple(ignored),
    )
    recorded = {
        quality["name"]: None if quality["value"] == [] else approximately(quality["value"])
        for quality in real(did, "api-v1-jdq-")["data_qualities"]["quality"]
    }
    assert len(qualities) == 62
    for name, value in qualities.items():
        assert value == recorded[name], name
