"""The conformance kit finds the faults that it is for."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from openml_client.testing.states import state

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "third_party_extension"

FAULTS = {
    "NotInstalled": ("the_entry_point_leads_to_it", "nearby"),
    "OfAnEarlierVersion": ("it_speaks_the_protocol", "its api is 0"),
    "TakesAnything": ("it_knows_its_models_and_no_others", "passes for a model"),
    "NamesAtRandom": ("equal_models_have_equal_descriptions", "one model has two descriptions"),
    "OrderOfASet": ("a_description_is_the_same_in_every_process", "PYTHONHASHSEED"),
    "ValuesInTheStructure": (
        "another_value_is_another_setup_of_the_same_flow",
        "the other model is another flow",
    ),
    "NumpyInJson": ("a_description_is_plain_json", "numpy.float64, which is no plain JSON"),
    "UnspeakableRequirements": ("a_server_takes_the_flows_and_gives_them_back", "dependencies"),
    "TuplesToLists": ("values_come_back_as_they_were_or_are_refused", "a tuple: (1, 2) came back"),
    "TuplesToLists again": ("a_rebuilt_model_is_equal_to_the_original", "instead of"),
    "DescribesLambdas": ("values_without_a_description_are_refused", "a lambda was described"),
    "DescribesLambdas again": ("a_refusal_names_place_and_remedy", "must be refused"),
    "RefusesWithoutPlace": ("a_refusal_names_place_and_remedy", "the error's place is ''"),
    "RefusesWithoutRemedy": ("a_refusal_names_place_and_remedy", "no remedy"),
    "BuildsForOthers": ("a_description_of_another_extension_is_refused", "DID NOT RAISE"),
    "ImportsAnything": (
        "hostile_descriptions_are_refused_with_nothing_imported",
        "not UntrustedError",
    ),
    "AuditsTooLate": (
        "hostile_descriptions_are_refused_with_nothing_imported",
        "meanwhile: import of openml_client_testing_probe",
    ),
    "FitsTheCallersModel": ("running_changes_nothing", "the caller's Centroids was changed"),
    "SeedsTheGlobalGenerator": ("running_changes_nothing", "a global generator was used"),
    "DrawsWhileDescribing": (
        "describing_and_building_change_nothing",
        "a global generator was used",
    ),
    "RenamesColumns": ("running_changes_nothing", "the rows of the fold were changed"),
    "SeedsNothing": ("the_same_seed_gives_the_same_results", "the same seed gave two results"),
    "SeedsByTheProcess": (
        "the_same_seed_gives_the_same_results_in_another_process",
        "other results in a fresh process",
    ),
    "IgnoresItsSeedParameter": ("seeds_that_are_left_open_are_seeds", "has an effect"),
    "PairsProbabilitiesByPosition": (
        "probabilities_agree_with_the_predictions",
        "columns and labels are mixed up",
    ),
    "PairsAllByPosition": ("labels_are_those_of_the_rows", "labels are mixed up"),
    "CountsTheTasksClasses": ("a_class_that_the_training_rows_lack", "probabilities of shape"),
    "ForgetsARow": ("a_fold_gives_one_prediction_per_row", "have the shape (44,) for 45 rows"),
    "PredictsNothingForGaps": ("missing_values_are_taken_or_refused", "no labels of the task"),
    "RaisesWhatTheModelRaises": ("a_failure_in_fit_is_a_result", "ValueError: sharpness must be"),
    "RaisesWhatTheModelRaises again": ("texts_in_nominal_columns_are_taken_or_refused", "convert"),
    "HidesTheTraceback": ("a_failure_in_fit_is_a_result", "the traceback is missing"),
    "LambdaInThePolicy": (
        "what_a_fold_needs_and_gives_crosses_processes",
        "the policy can't be sent to another process",
    ),
    "ClaimsATrace": ("each_capability_is_shown", "trace=True is claimed"),
    "SelectsNothing": ("each_capability_is_shown", "marks 0 of 3 iterations as selected"),
    "ClaimsArtefacts": ("artefacts_are_given_where_they_are_asked_for", "no case gave ['weights']"),
    "GivesFilesUnasked": ("each_capability_is_shown", "which nobody asked for"),
    "NamesFilesAtWill": ("artefacts_are_given_where_they_are_asked_for", "the file 'mine.bin'"),
    "LogsNoJson": ("logs_are_plain_json", "the log is no JSON"),
}
"""By faulty extension: the check that finds the fault, and words of what it says."""


def check_of(fault: str) -> str:
    return f"Test{fault.removesuffix(' again')}::test_{FAULTS[fault][0]}"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What failed, by class and check, of one run of pytest over all faults."""
    file = tmp_path_factory.mktemp("reports") / "reports.xml"
    module = HERE / "faulty_extensions.py"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        + ["--noconftest", "-c", os.devnull, "-W", "error", f"--junitxml={file}"]
        + [f"{module}::{check_of(fault)}" for fault in FAULTS],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(EXAMPLE), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    found: dict[str, list[str]] = {}
    for test in ET.parse(file).iter("testcase"):
        suite = test.attrib["classname"].rpartition(".")[2]
        name = f"{suite}::{test.attrib['name'].partition('[')[0]}"
        found.setdefault(name, []).extend(f.text or "" for f in test.iter("failure"))
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, reports: dict[str, list[str]]) -> None:
    words = FAULTS[fault][1]
    messages = reports[check_of(fault)]
    assert any(words in message for message in messages), messages


def test_a_check_that_is_not_named_is_not_run(reports: dict[str, list[str]]) -> None:
    assert reports.keys() == {check_of(fault) for fault in FAULTS}


@pytest.mark.parametrize(
    ("one", "other"),
    [((1,), [1]), (1, 1.0), (1, True), ("1", 1), (0.0, -0.0), ({"a": 1, "b": 2}, {"b": 2, "a": 1})],
)
def test_values_of_other_types_or_orders_have_other_states(one: object, other: object) -> None:
    assert state(one) != state(other)
    assert state([one]) != state([other])


def test_equal_values_have_equal_states() -> None:
    def make() -> object:
        value: list[object] = [float("nan"), {"b", "a"}, range(3), slice(1), b"x", {1: (2,)}]
        value.append(value)
        return value

    assert state(make()) == state(make())
