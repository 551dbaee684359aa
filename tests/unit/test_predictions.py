"""Predictions of runs: files of several clients in, one model; and the file that we upload."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openml_client.errors import ArffError, FormatError
from openml_client.formats.arff import check_arff, read_header
from openml_client.formats.predictions import as_published, read_predictions, write_predictions
from openml_client.model.run import Predictions

PLACES = ("repeat numeric", "fold numeric", "row_id numeric")
CLASSES = (*PLACES, "prediction {a,b}", "confidence.a numeric", "confidence.b numeric")


def predictions_file(lines, columns=CLASSES):
    header = ["@relation x", *(f"@attribute {column}" for column in columns), "@data"]
    return "\n".join([*header, *lines, ""]).encode()


def classification(labels=("a", "b"), **changes):
    n_classes = len(labels)
    values = {
        "repeat": np.zeros(2, dtype=np.int32),
        "fold": np.array([0, 1], dtype=np.int32),
        "row_id": np.array([5, 0], dtype=np.int64),
        "prediction": np.array([n_classes - 1, 0], dtype=np.int32),
        "truth": np.array([0, -1], dtype=np.int32),
        "labels": tuple(labels),
        "confidence": np.linspace(0, 1, 2 * n_classes).reshape(2, n_classes),
    }
    return Predictions(**(values | changes))


def assert_same(one, other):
    for name in ("repeat", "fold", "sample", "row_id", "prediction", "truth", "confidence"):
        first, second = getattr(one, name), getattr(other, name)
        assert (first is None) == (second is None), name
        if first is not None:
            np.testing.assert_array_equal(first, second)
            assert first.dtype == second.dtype, name
    assert one.labels == other.labels


def test_a_classification_is_read():
    predictions = read_predictions(predictions_file(["0,1,7,b,0.25,0.75", "0,0,3,a,1,0"]))
    assert predictions.repeat.tolist() == [0, 0]
    assert predictions.fold.tolist() == [1, 0]
    assert predictions.row_id.tolist() == [7, 3]
    assert predictions.prediction.tolist() == [1, 0]
    assert predictions.labels == ("a", "b")
    assert predictions.confidence.tolist() == [[0.25, 0.75], [1, 0]]
    assert predictions.sample is None
    assert predictions.truth is None
    assert len(predictions) == 2


def test_classes_come_in_the_order_asked_for():
    source = predictions_file(["0,1,7,b,0.25,0.75"])
    predictions = read_predictions(source, labels=("b", "a"))
    assert predictions.prediction.tolist() == [0]
    assert predictions.confidence.tolist() == [[0.75, 0.25]]
    assert predictions.labels == ("b", "a")


def test_columns_may_stand_in_any_order_among_others():
    columns = (
        "confidence.b numeric",
        "correct {b,a}",
        "note string",
        "prediction {b,a}",
        "fold numeric",
        "confidence.a numeric",
        "row_id numeric",
        "repeat numeric",
    )
    source = predictions_file(["0.75,a,'hi, there',b,1,0.25,7,0"], columns)
    predictions = read_predictions(source, labels=("a", "b"))
    assert predictions.confidence.tolist() == [[0.25, 0.75]]
    assert predictions.prediction.tolist() == [1]
    assert predictions.truth.tolist() == [0]
    assert predictions.fold.tolist() == [1]


@pytest.mark.parametrize("name", ["correct", "truth"])
def test_the_truth_has_two_names_and_may_be_unknown(name):
    columns = (*CLASSES, f"{name} {{a,b,c}}")
    lines = ["0,0,0,a,1,0,b", "0,0,1,a,1,0,?", "0,0,2,a,1,0,c"]
    predictions = read_predictions(predictions_file(lines, columns), labels=("a", "b"))
    assert predictions.truth.tolist() == [1, -1, -1]


def test_samples_of_learning_curves_are_read():
    columns = ("repeat numeric", "fold numeric", "sample numeric", *CLASSES[2:])
    predictions = read_predictions(predictions_file(["0,1,4,7,b,0,1"], columns))
    assert predictions.sample.tolist() == [4]
    assert predictions.sample.dtype == np.int32


def test_a_regression_is_read():
    columns = (*PLACES, "prediction numeric", "truth numeric")
    predictions = read_predictions(predictions_file(["0,0,1,2.5,3", "0,0,2,-1e3,?"], columns))
    assert predictions.labels is None
    assert predictions.confidence is None
    np.testing.assert_array_equal(predictions.prediction, [2.5, -1000.0])
    np.testing.assert_array_equal(predictions.truth, [3.0, np.nan])


def test_a_file_without_confidences_has_none():
    source = predictions_file(["0,0,1,b"], (*PLACES, "prediction {a,b}"))
    assert read_predictions(source).confidence is None


@pytest.mark.parametrize("kind", ["string", "{x,b,a}"])
def test_labels_that_are_texts_or_in_another_order_are_understood(kind):
    columns = (*PLACES, f"prediction {kind}")
    predictions = read_predictions(predictions_file(["0,0,1,b"], columns), labels=("a", "b"))
    assert predictions.prediction.tolist() == [1]


@pytest.mark.parametrize("labels", [("2", "1"), ("2.0", "1.0"), ("2", "1", "x")])
def test_classes_that_are_numbers_are_found_by_their_value(labels):
    columns = (*PLACES, "prediction numeric", "correct numeric")
    source = predictions_file(["0,0,1,1,2", "0,0,2,2.0,?"], columns)
    predictions = read_predictions(source, labels=labels)
    assert predictions.prediction.tolist() == [1, 0]
    assert predictions.truth.tolist() == [0, -1]


def test_the_labels_of_texts_are_those_of_the_confidences_or_else_sorted():
    texts = (*PLACES, "prediction string")
    source = predictions_file(["0,0,1,b,0,1"], (*texts, "confidence.z real", "confidence.b real"))
    assert read_predictions(source).labels == ("z", "b")
    source = predictions_file(["0,0,1,b", "0,0,2,a"], texts)
    assert read_predictions(source).labels == ("a", "b")


def test_folds_may_be_declared_as_labels():
    columns = ("repeat {0}", "fold {0,1,2}", "row_id integer", *CLASSES[3:])
    predictions = read_predictions(predictions_file(["0,2,1,b,0,1"], columns))
    assert predictions.fold.tolist() == [2]
    assert predictions.fold.dtype == np.int32


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0,0,1,c,0,1", "prediction 'c' in row 1, counted from 0, is no class"),
        ("0,0,1,?,0,1", "prediction '\\?' in row 1, counted from 0, is no class"),
        ("?,0,1,a,0,1", "column 'repeat' has no number in row 1"),
        ("0,-1,1,a,0,1", "column 'fold' has -1 in row 1"),
        ("0,0,1.5,a,0,1", "column 'row_id' has 1.5 in row 1"),
        ("0,0,1e12,a,0,1", "column 'row_id' has 1e\\+12 in row 1"),
    ],
)
def test_a_bad_row_is_refused_by_its_place(line, message):
    columns = (*PLACES, "prediction {a,b,c}", *CLASSES[4:])
    with pytest.raises(FormatError, match=message):
        read_predictions(predictions_file(["0,0,0,a,1,0", line], columns), labels=("a", "b"))


def test_the_error_of_an_unknown_class_says_which_there_are():
    source = predictions_file(["0,0,1,z"], (*PLACES, "prediction string"))
    with pytest.raises(FormatError, match="prediction 'z'") as caught:
        read_predictions(source, labels=("a", "b"))
    assert caught.value.hint == "The classes are a, b."


@pytest.mark.parametrize(
    ("columns", "line", "message"),
    [
        (CLASSES[:3], "0,0,1", "no column 'prediction'; they have repeat, fold, row_id"),
        (CLASSES[1:], "0,1,a,0,1", "no column 'repeat'"),
        (CLASSES[:5], "0,0,1,a,1", "no column 'confidence.b'"),
        ((*CLASSES[:5], "confidence.b string"), "0,0,1,a,1,x", "'confidence.b' is a string"),
        (("repeat string", *CLASSES[1:]), "0,0,1,a,0,1", "'repeat' is a string, not a number"),
        (("repeat {x}", *CLASSES[1:]), "x,0,1,a,0,1", "'repeat' has no number in row 0"),
        (CLASSES, "{0 1}", "sparse"),
    ],
)
def test_a_file_with_other_columns_is_refused(columns, line, message):
    with pytest.raises(FormatError, match=message):
        read_predictions(predictions_file([line], columns), labels=("a", "b"))


def test_a_regression_with_texts_as_truth_is_refused():
    columns = (*PLACES, "prediction numeric", "correct string")
    with pytest.raises(FormatError, match="column 'correct' is a string, not a number"):
        read_predictions(predictions_file(["0,0,1,2.5,x"], columns))


# Writing


def test_what_is_uploaded_looks_like_this():
    content = write_predictions(classification(), task_id=59).decode()
    header, _, data = content.partition("@DATA\n")
    assert header.startswith("@RELATION openml_task_59_predictions\n")
    assert [line.partition(" ")[2] for line in header.splitlines() if "ATTR" in line] == [
        "repeat INTEGER",
        "fold INTEGER",
        "row_id INTEGER",
        "prediction {a,b}",
        "correct {a,b}",
        "confidence.a REAL",
        "confidence.b REAL",
    ]
    assert data == f"0,0,5,b,a,0,{1 / 3!r}\n0,1,0,a,?,{2 / 3!r},1\n"


@pytest.mark.parametrize(
    "predictions",
    [
        classification(),
        classification(truth=None),
        classification(sample=np.array([0, 3], dtype=np.int32)),
        classification(("it's", "a,b", "?", "", "{x}", "50%", "tab\t", "ä", " ")),
        classification(("1", "2", "10")),
    ],
)
def test_a_classification_reads_back_equal(predictions):
    content = write_predictions(predictions, task_id=1)
    check_arff(content)
    assert_same(read_predictions(content), predictions)
    assert_same(read_predictions(content, labels=predictions.labels), predictions)


def test_a_regression_reads_back_equal():
    values = np.array([0.1, -1e300])
    predictions = classification(
        labels=(), prediction=values, truth=np.array([np.nan, 3.0]), confidence=None
    )
    predictions = Predictions(**(vars(predictions) | {"labels": None}))
    assert_same(read_predictions(write_predictions(predictions, task_id=1)), predictions)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=4), min_size=1, unique=True))
def test_any_labels_read_back_equal_or_are_refused(labels):
    predictions = classification(labels)
    try:
        content = write_predictions(predictions, task_id=1)
    except ArffError:
        assert any("\0" in label for label in labels)
        return
    assert_same(read_predictions(content), predictions)


def test_scores_that_are_no_probabilities_are_published_as_certainties():
    for changes in (
        {"confidence": None},
        {"confidence": np.array([[-3.0, 2.0], [1.5, -1.0]]), "confidence_kind": "score"},
    ):
        content = write_predictions(classification(**changes), task_id=1)
        assert read_predictions(content).confidence.tolist() == [[0, 1], [1, 0]]


def test_a_row_without_a_prediction_is_a_vote_for_no_class():
    # The position -1 once gave the last class a confidence of 1, as -1 does in numpy.
    unpredicted = classification(prediction=np.array([1, -1], dtype=np.int32), confidence=None)
    assert as_published(unpredicted).confidence.tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prediction": np.array([0, 2], dtype=np.int32)}, "'prediction' has a value that is not"),
        ({"confidence": np.full((2, 2), np.inf)}, "'confidence.a' has an infinite value"),
    ],
)
def test_predictions_that_no_file_can_hold_are_refused(changes, message):
    with pytest.raises(ArffError, match=message):
        write_predictions(classification(**changes), task_id=1)


def test_the_file_names_its_columns_as_the_engine_expects():
    content = write_predictions(
        classification(sample=np.zeros(2, dtype=np.int32), truth=None), task_id=1
    )
    names = [attribute.name for attribute in read_header(content)[1]]
    assert names[:5] == ["repeat", "fold", "sample", "row_id", "prediction"]
