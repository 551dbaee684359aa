"""Checks of folds: by label, seeded, complete, and without a trace in the caller's objects."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from functools import cache, partial
from multiprocessing.reduction import ForkingPickler
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from openml_client.errors import OpenMLError
from openml_client.extension import (
    Description,
    FoldData,
    FoldResult,
    Trust,
    seed_description,
)
from openml_client.extension.identity import canonical
from openml_client.testing import data
from openml_client.testing.checks import Checks, demand
from openml_client.testing.processes import answers, attempt
from openml_client.testing.states import result_digest, state

if TYPE_CHECKING:
    from openml_client.extension import Extension, TaskKind
    from openml_client.testing.cases import Burden, Suite

_SEED = 20
_ACCURACY = 0.6
"""Labels that are mixed up leave 0.5 at most, the share of the largest class; a classifier
that gets the labels right gets nearly all of these rows right."""
_AGREEMENT = 0.9
"""Some classifiers decide by other values than their probabilities, in a few rows."""


class FoldChecks(Checks):
    """What must hold of ``run_fold``."""

    def test_a_fold_gives_one_prediction_per_row(self, case: str) -> None:
        """Labels of the task for classes, else doubles; with the time that it took."""
        result = self._plain(case)
        _demand_predictions(result, data.plain(self.case(case).task))
        demand(result.fit_time is not None, "fit_time is None; openml_client.extension.stopwatch")
        demand(result.predict_time is not None, "predict_time is None")

    def test_labels_are_those_of_the_rows(self, case: str) -> None:
        """The task's classes are in no alphabetical order, which must not matter."""
        declared = self.case(case)
        result, truth = self._plain(case), data.truth(data.plain(declared.task))
        if declared.task == "classification" and declared.learns:
            accuracy = float(np.mean(_texts(result.predictions) == truth))
            demand(
                accuracy >= _ACCURACY,
                f"only {accuracy:.0%} of rows that are easy to tell apart have the right label: "
                "labels are mixed up, or the model learns nothing (then say learns=False)",
            )
        elif declared.task == "regression" and declared.learns:
            errors = np.abs(np.asarray(result.predictions) - truth)
            spread = float(np.abs(truth - truth.mean()).mean())
            demand(
                float(errors.mean()) < spread,
                "the mean of the target predicts better (if it must, say learns=False)",
            )

    def test_probabilities_agree_with_the_predictions(self, case: str) -> None:
        """Each column belongs to the label that it is given for."""
        _demand_confidence(self._plain(case), data.plain(self.case(case).task))

    def test_a_class_that_the_training_rows_lack(self, case: str) -> None:
        """Is no reason to fail, and shifts no column."""
        task = self.case(case).task
        if task != "classification":
            pytest.skip(f"{task} has no classes")
        fold = data.lacking(task)
        result = self._run(case, fold)
        _demand_predictions(result, fold)
        demand(data.LACKING not in _texts(result.predictions), "a class was predicted unseen")
        _demand_confidence(result, fold)
        if self.case(case).learns:
            seen = data.truth(fold) != data.LACKING
            right = _texts(result.predictions)[seen] == data.truth(fold)[seen]
            demand(float(right.mean()) >= _ACCURACY, "the labels of the other classes are mixed up")

    def test_missing_values_are_taken_or_refused(self, case: str) -> None:
        """With a reason, if the model takes none."""
        self._demand_taken_or_refused(case, "missing", data.missing(self.case(case).task))

    def test_texts_in_nominal_columns_are_taken_or_refused(self, case: str) -> None:
        """With a reason, if the model takes none."""
        self._demand_taken_or_refused(case, "text", data.text(self.case(case).task))

    def test_the_same_seed_gives_the_same_results(self, case: str) -> None:
        """Wherever the global generators stand."""
        self._skip_unless_exact()
        fold = data.plain(self.case(case).task)
        digests = []
        for number in (1, 2):
            random.seed(number)
            np.random.seed(number)  # the legacy generator is the one that is global
            digests.append(result_digest(self._run(case, fold)))
        demand(
            digests[0] == digests[1],
            "the same seed gave two results: derive all seeds from it, and run the model inside "
            "openml_client.extension.seeded_generators",
        )

    def test_the_same_seed_gives_the_same_results_in_another_process(self, case: str) -> None:
        """Where the model is rebuilt from the bytes of its description."""
        self._skip_unless_exact()
        theirs = _digests_elsewhere(self.suite)[case]
        demand(
            theirs == result_digest(self._plain(case)),
            f"the rebuilt model gave other results in a fresh process: {theirs}",
        )

    def test_what_a_fold_needs_and_gives_crosses_processes(self, case: str) -> None:
        """Folds run in pools of processes, if the caller says so."""
        description = self.describe(self.case(case).make())
        trust = Trust.of_own(self.extension.policy, description)
        things = {"description": description, "policy": trust, "result": self._plain(case)}
        for name, thing in things.items():
            try:
                ForkingPickler.dumps(thing)
            except Exception as error:  # whatever a class of theirs raises
                raise AssertionError(
                    f"the {name} can't be sent to another process: {error}; it must hold no "
                    "lambda, no local function and no object of the framework"
                ) from error

    def test_running_changes_nothing(self, case: str) -> None:
        """Neither the caller's model, nor the data, nor the global generators."""
        declared = self.case(case)
        model = declared.make()
        for make_fold in data.FOLDS.values():
            fold = make_fold(declared.task)
            before = _fold_state(fold)
            with self.unchanged(model):
                try:
                    self.extension.run_fold(model, fold, seed=_SEED)
                except OpenMLError:
                    continue  # a refusal, after which everything is to be as it was, too
            demand(_fold_state(fold) == before, "the rows of the fold were changed")

    def test_a_failure_in_fit_is_a_result(self) -> None:
        """With stage, error and traceback; nothing is raised."""
        model = self.failing.make()
        with self.unchanged(model):
            result = self.extension.run_fold(model, data.plain(self.failing.task), seed=_SEED)
        failure = result.failure
        if failure is None:
            raise AssertionError("the failing model did not fail")
        demand(failure.stage == "fit", f"the stage is {failure.stage!r}")
        demand(
            failure.error.partition(":")[0].isidentifier(),
            f"the error {failure.error!r} does not begin with the exception's class",
        )
        demand(
            "Traceback" in failure.traceback and failure.error in failure.traceback,
            "the traceback is missing; openml_client.extension.FoldFailure.of gives it",
        )
        demand(result.predictions is None, "there are predictions after a failure")

    def test_each_capability_is_shown(self) -> None:
        """By some case; and what is not claimed is not given."""
        can = self.extension.capabilities
        tasks = {case.task for case in self.cases.values()}
        demand(tasks == set(can.tasks), f"there are cases for {tasks}; claimed is {set(can.tasks)}")
        results = {name: self._plain(name) for name in self.cases}
        kinds = {result.confidence_kind for result in results.values()}
        demand(
            ("probability" in kinds) == can.probabilities,
            f"probabilities={can.probabilities} is claimed; the cases give {kinds}",
        )
        demand(
            any(result.trace for result in results.values()) == can.trace,
            f"trace={can.trace} is claimed; the cases show otherwise",
        )
        for name, result in results.items():
            _demand_trace(name, result)
            demand(
                not result.artefacts,
                f"{name} gave the files {sorted(result.artefacts)}, which nobody asked for",
            )

    def test_artefacts_are_given_where_they_are_asked_for(self) -> None:
        """By some case each; and asking for them changes no prediction."""
        kinds = frozenset(self.extension.capabilities.artefacts)
        if not kinds:
            pytest.skip("the extension claims no artefacts")
        shown = set()
        for name, case in self.cases.items():
            try:
                result = self._run(name, replace(data.plain(case.task), artefacts=kinds))
            except OpenMLError:
                continue  # a refusal, before anything was trained
            for file, content in result.artefacts.items():
                kind, _, extension = file.partition(".")
                demand(
                    kind in kinds and bool(extension),
                    f"{name} gave the file {file!r}; it is to be named by its kind, one of "
                    f"{sorted(kinds)}, with an extension",
                )
                demand(isinstance(content, bytes) and bool(content), f"{name}: {file} is empty")
                shown.add(kind)
            demand(
                result_digest(result) == result_digest(self._plain(name)),
                f"{name} predicts differently where its files are asked for",
            )
        demand(shown == kinds, f"no case gave {sorted(kinds - shown)}")

    def test_logs_are_plain_json(self, case: str) -> None:
        """As they go into the run's ``training_log.json``."""
        try:
            canonical(self._plain(case).log)
        except (TypeError, ValueError) as error:
            raise AssertionError(f"the log is no JSON: {error}") from error

    def test_seeds_that_are_left_open_are_seeds(self) -> None:
        """Two seeds fill them differently, and make some model behave differently."""
        can = self.extension.capabilities
        if not can.seed_parameters:
            pytest.skip("the extension claims no seed_parameters")
        own = {name: self.describe(case.make()) for name, case in self.cases.items()}
        filled = {
            name: [seed_description(d, seed, can.seed_parameters) for seed in (1, 2)]
            for name, d in own.items()
        }
        open_ones = [name for name, (one, _) in filled.items() if one != own[name]]
        demand(bool(open_ones), f"no case leaves a parameter of {set(can.seed_parameters)} open")
        differ = []
        for name in open_ones:
            demand(filled[name][0] != filled[name][1], f"{name}: two seeds fill it equally")
            models = [self.build(description) for description in filled[name]]
            fold = data.plain(self.case(name).task)
            digests = [
                result_digest(self.extension.run_fold(model, fold, seed=_SEED)) for model in models
            ]
            differ.append(digests[0] != digests[1])
        demand(any(differ), "no case with an open seed shows that its value has an effect")

    def _plain(self, name: str) -> FoldResult:
        return _plain_result(self.suite, name)

    def _run(self, name: str, fold: FoldData) -> FoldResult:
        return self.extension.run_fold(self.case(name).make(), fold, seed=_SEED)

    def _demand_taken_or_refused(self, name: str, burden: Burden, fold: FoldData) -> None:
        takes = burden in self.case(name).takes
        try:
            result = self._run(name, fold)
        except OpenMLError as error:
            demand(not takes, f"refused: {error}")
            return
        if result.failure is not None:
            demand(not takes, f"failed:\n{result.failure.traceback}")
            demand(bool(result.failure.error.strip()), "the failure has no reason")
            return
        _demand_predictions(result, fold)
        _demand_confidence(result, fold)

    def _skip_unless_exact(self) -> None:
        if self.extension.capabilities.exact == "none":
            pytest.skip("the extension claims no exactness")


@cache
def _plain_result(suite: type[FoldChecks], name: str) -> FoldResult:
    case = suite.cases[name]
    return suite.extension.run_fold(case.make(), data.plain(case.task), seed=_SEED)


@cache
def _digests_elsewhere(suite: type[Suite]) -> dict[str, Any]:
    described = {
        name: suite.extension.describe(case.make()).to_bytes().decode("ascii")
        for name, case in suite.cases.items()
    }
    # Whatever this process hashes with, the other one does not.
    hash_seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    return answers(digests, suite, described, PYTHONHASHSEED=hash_seed)


def digests(suite: type[Suite], described: dict[str, str]) -> dict[str, Any]:
    """Hash of the result of each case, rebuilt from its description."""
    return {
        name: attempt(partial(_digest, suite.extension, suite.cases[name].task, text))
        for name, text in described.items()
    }


def _digest(extension: Extension, task: TaskKind, text: str) -> str:
    description = Description.from_bytes(text.encode("ascii"))
    trust = Trust.of_own(extension.policy, description)
    model = extension.build(description, trust=trust, compat="semantic", notes=[])
    return result_digest(extension.run_fold(model, data.plain(task), seed=_SEED))


def _texts(predictions: Any) -> Any:
    return np.asarray(predictions).astype(str)


def _demand_predictions(result: FoldResult, fold: FoldData) -> None:
    if result.failure is not None:
        raise AssertionError(f"failed in {result.failure.stage}:\n{result.failure.traceback}")
    predictions = np.asarray(result.predictions)
    n_rows = fold.x_test.shape[0]
    demand(
        predictions.shape == (n_rows,),
        f"the predictions have the shape {predictions.shape} for {n_rows} rows",
    )
    if fold.task == "classification":
        foreign = set(_texts(predictions)) - set(fold.labels)
        demand(not foreign, f"predictions that are no labels of the task: {sorted(foreign)[:5]}")
    else:
        demand(
            predictions.dtype == np.float64 and bool(np.isfinite(predictions).all()),
            f"the predictions are no finite doubles, but {predictions.dtype}: {predictions[:5]}",
        )


def _demand_confidence(result: FoldResult, fold: FoldData) -> None:
    values, labels = result.probabilities, tuple(map(str, result.probability_labels))
    if values is None:
        demand(result.confidence_kind is None, "a confidence_kind without values")
        return
    demand(len(set(labels)) == len(labels), f"the labels {labels} are not distinct")
    demand(set(labels) <= set(fold.labels), f"the labels {labels} are none of the task")
    shape = (fold.x_test.shape[0], len(labels))
    demand(np.shape(values) == shape, f"probabilities of shape {np.shape(values)}, not {shape}")
    demand(bool(np.isfinite(values).all()), "probabilities that are no numbers")
    if result.confidence_kind == "probability":
        demand(
            bool(np.allclose(values.sum(axis=1), 1.0, atol=1e-6)) and bool((values >= 0).all()),
            "probabilities that do not sum to one; decision values have the kind 'score'",
        )
    demand(
        result.confidence_kind in ("probability", "score"),
        f"confidence_kind is {result.confidence_kind!r}",
    )
    # Ties, as of a model that gives all classes the same, agree with either label.
    places = {label: n for n, label in enumerate(labels)}
    own = [places.get(label, -1) for label in _texts(result.predictions)]
    demand(min(own) >= 0, "a label was predicted that has no probability")
    agree = values[np.arange(len(values)), own] >= values.max(axis=1)
    demand(
        float(agree.mean()) >= _AGREEMENT,
        f"the most probable label is the predicted one in {agree.mean():.0%} of the rows: "
        "columns and labels are mixed up",
    )


def _demand_trace(name: str, result: FoldResult) -> None:
    numbers = [row.iteration for row in result.trace]
    demand(len(set(numbers)) == len(numbers), f"{name}: the trace has an iteration twice")
    n_selected = sum(row.selected for row in result.trace)
    # A model may hold several searches, as a vote of them, of which each selects one.
    demand(
        min(len(numbers), 1) <= n_selected <= max(len(numbers) - 1, 1),
        f"{name}: the trace marks {n_selected} of {len(numbers)} iterations as selected, "
        "not one for each search",
    )


def _fold_state(fold: FoldData) -> object:
    return state([fold.x_train, fold.y_train, fold.x_test, fold.labels, fold.categorical])
