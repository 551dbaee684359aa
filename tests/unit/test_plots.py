"""Learning curves are plots of the logs of a training."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from openml_client.errors import FormatError, MissingDependencyError
from openml_client.plots import training_curves


def history(n_epochs: int, *, kept: int | None = None, has_score: bool = False) -> dict[str, Any]:
    """The log of one fold; with a validation if an epoch was kept."""
    rows = [
        {
            "epoch": epoch,
            "train_loss": 1.0 / epoch,
            "valid_loss": None if kept is None else 2.0 / epoch,
            "valid_score": epoch / 10 if has_score else None,
            "selected": epoch == (kept or n_epochs),
        }
        for epoch in range(1, n_epochs + 1)
    ]
    return {"history": rows, "state": "1a"}


def lines(figure: Any, *, width: int) -> list[Any]:
    return [trace for trace in figure.data if trace.mode == "lines" and trace.line.width == width]


def test_each_fold_has_a_line_and_their_mean_a_thick_one() -> None:
    figure = training_curves({(0, 0, 0): history(3), (0, 1, 0): history(3)})
    assert [line.name for line in lines(figure, width=1)] == [
        "repeat 0, fold 0",
        "repeat 0, fold 1",
    ]
    (mean,) = lines(figure, width=3)
    assert (list(mean.x), list(mean.y)) == ([1, 2, 3], [1.0, 1 / 2, 1 / 3])
    assert mean.name == "training"


def test_a_few_epochs_have_a_tick_each() -> None:
    assert training_curves({(0, 0, 0): history(3)}).layout.xaxis.dtick == 1
    assert training_curves({(0, 0, 0): history(200)}).layout.xaxis.dtick is None


def test_the_mean_ends_where_the_first_fold_does() -> None:
    figure = training_curves({(0, 0, 0): history(2), (0, 1, 0): history(5)})
    (mean,) = lines(figure, width=3)
    assert list(mean.x) == [1, 2]


def test_a_kept_epoch_is_marked_where_training_went_on() -> None:
    logs = {(0, 0, 0): history(4, kept=2, has_score=True), (0, 1, 1): history(4, kept=4)}
    figure = training_curves(logs)
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    assert [(list(mark.x), list(mark.y)) for mark in marks] == [([2], [1.0]), ([2], [0.2])]
    names = {trace.name for trace in figure.data}
    assert {"training", "validation", "score", "repeat 0, fold 1, sample 1"} <= names


def test_a_model_of_several_nets_has_a_line_for_each() -> None:
    figure = training_curves({(0, 0, 0): {"nets": [history(2), history(3)], "state": "1a"}})
    assert len(lines(figure, width=1)) == 2


def test_logs_without_epochs_are_refused() -> None:
    with pytest.raises(FormatError, match="no fold logged a history of epochs"):
        training_curves({(0, 0, 0): {"state": "1a"}})


def test_without_plotly_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.subplots", None)
    with pytest.raises(MissingDependencyError) as caught:
        training_curves({(0, 0, 0): history(2)})
    assert "openml-client[plots]" in str(caught.value)
