"""Auditing published runs into which faults were planted, and things that are gone."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier

from openml_client import Client, DatasetDraft, Run, RunDraft, TaskDraft
from openml_client.config import load_settings
from openml_client.errors import CheckError, NotFoundError, TransportError
from openml_client.model.run import Predictions
from openml_client.registry import Registry
from openml_client.resources.runs import Runs
from openml_client.running.check import Finding
from openml_client.transport import InProcessTransport
from tests.doors import ADDRESS, World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Tamper = Callable[[Predictions], Predictions]


@pytest.fixture
def unchecked(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client that publishes what it is given, as other people's clients may."""
    monkeypatch.setattr(Runs, "check", lambda self, draft: ())
    return client


def draft_of(client: Client, task: Any = 1) -> RunDraft:
    model = DecisionTreeClassifier(max_depth=2)
    return client.runs.execute(model, task, seed=7, progress=False)


def tampered(client: Client, tamper: Tamper) -> Run:
    draft = draft_of(client)
    return client.runs.publish(replace(draft, predictions=tamper(draft.predictions)))


def codes(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_nothing_is_wrong_with_good_runs_of_all_kinds(world: World) -> None:
    with Client(f"local:{world.folder}") as client:
        for run in (world.tree, world.search, world.regression, world.curve):
            assert client.runs.audit(run.id) == ()


def test_a_run_that_does_not_exist_is_an_error(client: Client) -> None:
    with pytest.raises(NotFoundError):
        client.runs.audit(999)


def test_changed_truth_is_refused_before_and_found_after_a_publish(unchecked: Client) -> None:
    def tamper(predictions: Predictions) -> Predictions:
        assert predictions.truth is not None
        truth = predictions.truth.copy()
        truth[0] = (truth[0] + 1) % 3
        return replace(predictions, truth=truth)

    found = unchecked.runs.audit(tampered(unchecked, tamper))
    assert "truth" in codes(found)


def test_a_draft_with_another_truth_is_refused(client: Client) -> None:
    draft = draft_of(client)
    truth = np.roll(draft.predictions.truth, 1)  # type: ignore[arg-type]
    bad = replace(draft, predictions=replace(draft.predictions, truth=truth))
    assert codes(client.runs.check(bad)) == ["truth"]
    with pytest.raises(CheckError, match="not those of the dataset"):
        client.runs.publish(bad)


def test_labels_that_were_paired_by_position_are_found(unchecked: Client) -> None:
    def tamper(predictions: Predictions) -> Predictions:
        assert predictions.confidence is not None
        return replace(predictions, confidence=predictions.confidence[:, [1, 2, 0]])

    found = unchecked.runs.audit(tampered(unchecked, tamper))
    assert [f.severity for f in found if f.code == "argmax"] == ["error"]


def test_rows_that_are_missing_or_do_not_exist_are_found(unchecked: Client) -> None:
    found = unchecked.runs.audit(tampered(unchecked, lambda p: replace(p, row_id=p.row_id + 100)))
    assert {"rows_missing", "rows_extra", "evaluation_error"} <= set(codes(found))


def test_a_prediction_that_is_no_class_is_named(unchecked: Client) -> None:
    run = tampered(unchecked, lambda p: replace(p, labels=("a", "b", "c")))
    finding = next(f for f in unchecked.runs.audit(run) if f.code == "predictions_unreadable")
    assert finding.severity == "error"
    assert "is no class of the target" in finding.message


def test_labels_in_another_order_are_a_warning(client: Client) -> None:
    def turn(predictions: Predictions) -> Predictions:
        assert predictions.labels is not None
        assert predictions.truth is not None
        assert predictions.confidence is not None
        return replace(
            predictions,
            labels=predictions.labels[::-1],
            prediction=2 - predictions.prediction,
            truth=2 - predictions.truth,
            confidence=predictions.confidence[:, ::-1],
        )

    draft = draft_of(client)
    turned = replace(draft, predictions=turn(draft.predictions))
    assert codes(client.runs.check(turned)) == ["label_order"]
    assert codes(client.runs.audit(client.runs.publish(turned))) == ["label_order"]


def test_a_seed_that_was_left_open_is_found(client: Client) -> None:
    draft = draft_of(client)
    open_ = [replace(s, value="null") if s.name == "random_state" else s for s in draft.settings]
    bad = replace(draft, settings=tuple(open_))
    assert codes(client.runs.check(bad)) == ["seed_missing"]
    assert codes(client.runs.audit(client.runs.publish(bad))) == ["seed_missing"]


def test_a_run_that_does_not_tell_its_root_seed_is_found(client: Client) -> None:
    run = client.runs.publish(replace(draft_of(client), setup_string="seeded, of course"))
    assert codes(client.runs.audit(run)) == ["seed_unrecorded"]


@pytest.mark.parametrize("is_declared", [False, True])
def test_an_input_that_is_the_number_of_the_row_is_found(client: Client, is_declared: bool) -> None:
    """The description may be mended after the columns were described: nobody repeats that."""
    data = pd.DataFrame(
        {
            "place": np.arange(50, 100, dtype=float),
            "x": np.random.default_rng(1).normal(size=50),
            "y": pd.Categorical(["a", "b"] * 25),
        }
    )
    described = DatasetDraft(
        name="placed",
        description="A test.",
        default_target_attribute="y",
        row_id_attribute="place" if is_declared else None,
    )
    dataset = client.datasets.publish(described, data)
    task = client.tasks.publish(TaskDraft.classification(dataset, "y"))
    draft = draft_of(client, task)
    wanted = [] if is_declared else ["row_id_column"]
    assert codes(client.runs.check(draft)) == wanted
    assert codes(client.runs.audit(client.runs.publish(draft))) == wanted


def test_versions_that_drifted_are_a_warning(client: Client) -> None:
    draft = draft_of(client)
    environment = json.loads(draft.files["environment.json"])
    environment["distributions"] |= {"scikit-learn": "0.18.1", "abandonware": "1.0"}
    files = {**draft.files, "environment.json": json.dumps(environment).encode()}
    (finding,) = client.runs.audit(client.runs.publish(replace(draft, files=files)))
    assert (finding.severity, finding.code) == ("warning", "environment_drift")
    assert "other versions than are here: scikit-learn 0.18.1 (here" in finding.message
    assert "abandonware 1.0 (here not installed)" in finding.message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "environment_unreadable"),
        (b"[1]", "environment_unreadable"),
        (b"\xff\xfe", "environment_unreadable"),
        (b"{}", "environment_missing"),
        (b'{"distributions": [1]}', "environment_missing"),
        (b'{"distributions": {"../x": {}}}', "environment_drift"),
        (None, "environment_missing"),
    ],
)
def test_an_odd_environment_is_a_warning(client: Client, content: bytes | None, code: str) -> None:
    files = {} if content is None else {"environment.json": content}
    run = client.runs.publish(replace(draft_of(client), files=files))
    (finding,) = client.runs.audit(run)
    assert (finding.severity, finding.code) == ("warning", code)
    assert client.runs.reproduce(run).verdict == "identical"


def test_what_openml_python_tells_of_its_versions_is_compared(client: Client) -> None:
    told = "Python_3.8.1. Sklearn_1.0.2. NumPy_1.26.4. SciPy_1.13.0rc1."
    run = client.runs.publish(replace(draft_of(client), files={}, setup_string=told))
    drift = next(f for f in client.runs.audit(run) if f.code == "environment_drift")
    assert "scikit-learn 1.0.2 (here" in drift.message
    assert "scipy 1.13.0rc1 (here" in drift.message
    assert "python 3.8.1 (here" in drift.message


def test_what_the_uploader_says_is_told(client: Client) -> None:
    run = client.runs.publish(replace(draft_of(client), error_message="out of memory"))
    (finding,) = client.runs.audit(run)
    assert str(finding) == "warning: its uploader says: out of memory [uploader_error]"


def without(app: WSGIApplication, path: str, status: str) -> WSGIApplication:
    """A server that answers with an empty page where a path begins so."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(path):
            start_response(status, [("Content-Type", "text/plain")])
            return [b""]
        return app(environ, start_response)

    return answer


@contextmanager
def lacking(registry: Registry, folder: Path, path: str, status: str) -> Iterator[Client]:
    known = load_settings(ADDRESS, api_key=registry.local_key, cache_dir=folder, retries=0)
    app = without(registry.wsgi_app, path, status)
    with InProcessTransport(app, known, base_url=ADDRESS) as transport:
        yield Client.over(transport, known)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/api/v1/xml/task/1", {"error: task_unreadable"}),
        ("/api/v1/xml/flow/1", {"error: flow_unreadable"}),
        ("/api/v1/xml/data/1", {"warning: data_unreadable"}),
        ("/api_splits/", {"error: splits_unreadable"}),
        ("/data/download/", {"error: predictions_unreadable", "warning: environment_unreadable"}),
    ],
)
def test_what_is_gone_is_a_finding(
    seeded_registry: Registry, tmp_path: Path, path: str, wanted: set[str]
) -> None:
    with lacking(seeded_registry, tmp_path / "whole", "/nowhere", "200 OK") as client:
        run = client.runs.publish(draft_of(client))
        assert client.runs.audit(run) == ()
    with lacking(seeded_registry, tmp_path / "less", path, "404 Not Found") as client:
        found = client.runs.audit(run.id)
        assert wanted <= {f"{finding.severity}: {finding.code}" for finding in found}


def test_a_server_that_fails_is_an_error_and_no_finding(
    seeded_registry: Registry, tmp_path: Path
) -> None:
    with lacking(seeded_registry, tmp_path / "whole", "/nowhere", "200 OK") as client:
        run = client.runs.publish(draft_of(client))
    path = "/api/v1/xml/task"
    with (
        lacking(seeded_registry, tmp_path / "less", path, "500 Internal Server Error") as client,
        pytest.raises(TransportError),
    ):
        client.runs.audit(run.id)


def test_runs_on_tasks_of_other_types_are_not_judged_by_their_predictions(
    seeded_registry: Registry, tmp_path: Path
) -> None:
    with Client(f"local:{seeded_registry.folder}") as client:
        run = client.runs.publish(draft_of(client))
        inputs = {"source_data": "1", "target_feature": "class", "estimation_procedure": "15"}
        task = client.tasks.publish(TaskDraft(type_id=4, inputs=inputs))
        finding = client.runs.audit(replace(run, task_id=task.id))[0]
        assert (finding.severity, finding.code) == ("warning", "task_type")


def test_a_run_without_predictions_and_with_settings_of_another_flow_is_told(
    client: Client,
) -> None:
    run = client.runs.publish(draft_of(client))
    setting = replace(run.settings[0], component_id=77)
    odd = replace(run, files=(), settings=(setting, *run.settings[1:]))
    found = client.runs.audit(odd)
    assert codes(found) == ["predictions_unreadable", "settings_unknown", "environment_missing"]


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with some of it cut off, taken out, overwritten, or in another order."""
    place = chance.randrange(len(content))
    lines = content.split(b"\n")
    return chance.choice(
        [
            content[:place],
            content[:place] + content[place + chance.randrange(200) :],
            content[:place]
            + chance.choice([b"?", b"nan", b"1e400", b"'", b"\0"])
            + content[place:],
            content[:place] + chance.randbytes(9) + content[place + 9 :],
            b"\n".join(chance.sample(lines, len(lines))),
            content.replace(b",0,", chance.choice([b",-1,", b",2147483648,", b",1e308,"])),
        ]
    )


@pytest.mark.fault(25)
def test_damaged_files_are_findings_and_never_errors(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, whole = random.Random(1), Runs._file

    def file(self: Runs, run: Run, name: str) -> bytes | None:
        content = whole(self, run, name)
        return None if content is None else damaged(content, chance)

    monkeypatch.setattr(Runs, "_file", file)
    with Client(f"local:{world.folder}") as client:
        runs = [client.runs.get(run.id) for run in (world.tree, world.regression, world.curve)]
        found = [codes(client.runs.audit(run)) for _ in range(30) for run in runs]
    assert {"predictions_unreadable", "environment_unreadable"} < {*itertools.chain(*found)}
