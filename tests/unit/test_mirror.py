"""Mirrors that are ended, repeated, refused or led astray; and the command that makes them."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from sklearn.tree import DecisionTreeClassifier

from openml_client import Client, DatasetDraft, TaskDraft
from openml_client.config import load_settings
from openml_client.errors import (
    AuthenticationError,
    NotAuthorizedError,
    NotFoundError,
    OfflineError,
    RegistryError,
    ValidationError,
)
from openml_client.model.mirror import LeftOut, Mirrored
from openml_client.model.study import StudyDraft
from openml_client.registry import Registry
from openml_client.registry.blobs import FolderBlobs
from openml_client.registry.check import check_folder
from openml_client.transport import InProcessTransport
from tests.doors import ADDRESS, World, served

COLOURS = (
    b"@relation c\n@attribute size numeric\n@attribute colour {red,blue}\n@data\n1,red\n2,blue\n"
)

Wsgi = Callable[[Any, Any], Iterable[bytes]]


class Door:
    """A WSGI application before another one, which may be kept from answering."""

    def __init__(self, app: Any, refuse: Callable[[str, int], str | None]) -> None:
        self._app = app
        self._refuse = refuse
        self.asked: list[str] = []

    def __call__(self, environ: Any, start: Any) -> Iterable[bytes]:
        self.asked.append(environ["PATH_INFO"])
        status = self._refuse(environ["PATH_INFO"], len(self.asked))
        if status is None:
            return self._app(environ, start)
        start(status, [("Content-Type", "text/plain")])
        return [b"It is not to be."]


def changing(app: Any, place: str, *changes: tuple[bytes, bytes]) -> Wsgi:
    """The same application, some of whose answers are changed."""

    def answer(environ: Any, start: Any) -> Iterable[bytes]:
        pieces = app(environ, start)
        with closing(pieces):
            body = b"".join(pieces)
        for old, new in changes if place in environ["PATH_INFO"] else ():
            body = body.replace(old, new)
        return [body]

    return answer


def client_of(app: Any, folder: Path, *, key: str | None = None) -> Client:
    settings = load_settings(ADDRESS, api_key=key, cache_dir=folder / "cache", retries=0)
    return Client.over(InProcessTransport(app, settings, base_url=ADDRESS), settings)


def fails(error: Exception) -> Callable[..., Any]:
    """A method that raises."""

    def method(*_: Any) -> Any:
        raise error

    return method


@pytest.fixture(scope="module")
def source(world: World) -> Iterator[Registry]:
    """A registry with runs, which these tests only read."""
    with Registry.open(world.folder) as registry:
        yield registry


@pytest.fixture
def client(source: Registry, tmp_path: Path) -> Client:
    """A client of that registry, without a key."""
    return client_of(source.wsgi_app, tmp_path)


def mirror(client: Client, folder: Path, **wanted: Any) -> Mirrored:
    return client.mirror(folder, **wanted, progress=False)


def left_out(result: Mirrored) -> dict[str, str]:
    return {f"{item.kind} {item.id}": item.reason for item in result.left_out}


def test_a_second_call_finds_all_and_reads_no_run_again(
    source: Registry, world: World, tmp_path: Path
) -> None:
    first = mirror(client_of(source.wsgi_app, tmp_path), tmp_path / "m", runs_of_tasks=[1])
    assert first.copied == {
        "dataset": (1,),
        "task": (1,),
        "flow": tuple(sorted({world.tree.flow_id, world.search.flow_id})),
        "setup": tuple(sorted({world.tree.setup_id, world.search.setup_id})),
        "run": (world.tree.id, world.search.id),
    }
    door = Door(source.wsgi_app, lambda path, n: None)
    again = mirror(client_of(door, tmp_path), tmp_path / "m", runs_of_tasks=1)
    assert (again.copied, again.left_out) == ({}, ())
    assert again.present == {"dataset": (1,), "task": (1,), "run": first.copied["run"]}
    assert not [path for path in door.asked if re.search(r"/(run|flow|setup)/\d|download", path)]


@pytest.mark.parametrize("n_answers", [0, 1, 4, 9, 12, 15, 19, 23])
def test_a_source_that_dies_leaves_a_whole_folder_and_the_next_call_completes_it(
    source: Registry, world: World, tmp_path: Path, n_answers: int
) -> None:
    door = Door(source.wsgi_app, lambda path, n: "500 Dead" if n > n_answers else None)
    broken = mirror(client_of(door, tmp_path), tmp_path / "m", runs_of_tasks=[1], workers=1)
    assert broken.failed
    assert not broken.is_complete
    assert list(check_folder(tmp_path / "m")) == []
    whole = mirror(client_of(source.wsgi_app, tmp_path), tmp_path / "m", runs_of_tasks=[1])
    assert whole.is_complete
    assert {*whole.copied.get("run", ()), *whole.present.get("run", ())} == {
        world.tree.id,
        world.search.id,
    }
    for kind, ids in broken.copied.items():
        assert not set(ids) & set(whole.copied.get(kind, ())), "nothing was copied twice"


@pytest.mark.parametrize("n_answers", [6, 14, 20])
def test_a_mirror_that_is_killed_leaves_a_whole_folder_and_the_next_call_completes_it(
    source: Registry, tmp_path: Path, n_answers: int
) -> None:
    mirrors: list[subprocess.Popen[bytes]] = []

    def kill(path: str, n: int) -> None:
        if n > n_answers:
            mirrors[0].kill()

    door = SimpleNamespace(wsgi_app=Door(source.wsgi_app, kill))
    with served(door) as address:
        command = ["--from", address, "--to", str(tmp_path / "m"), "--runs-of-task", "1"]
        mirrors.append(
            subprocess.Popen(
                [sys.executable, "-m", "openml_client", "registry", "mirror", *command],
                env={**os.environ, "HOME": str(tmp_path)},
            )
        )
        assert mirrors[0].wait(60) == -signal.SIGKILL
    assert list(check_folder(tmp_path / "m")) == []
    whole = mirror(client_of(source.wsgi_app, tmp_path), tmp_path / "m", runs_of_tasks=[1])
    assert whole.is_complete
    assert len(whole.copied["run"]) + len(whole.present.get("run", ())) == 2


def test_a_mirror_that_is_interrupted_says_how_it_goes_on(source: Registry, tmp_path: Path) -> None:
    mirrors: list[subprocess.Popen[str]] = []

    def interrupt(path: str, n: int) -> None:
        if n == 6:
            mirrors[0].send_signal(signal.SIGINT)

    door = SimpleNamespace(wsgi_app=Door(source.wsgi_app, interrupt))
    with served(door) as address:
        command = ["--from", address, "--to", str(tmp_path / "m"), "--runs-of-task", "1"]
        mirrors.append(
            subprocess.Popen(
                [sys.executable, "-m", "openml_client", "registry", "mirror", *command],
                env={**os.environ, "HOME": str(tmp_path)},
                stderr=subprocess.PIPE,
                text=True,
                # Shells let background jobs ignore the interrupt, and children inherit that.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
            )
        )
        _, told = mirrors[0].communicate(timeout=60)
    assert mirrors[0].returncode == 130
    assert told == "openml-client: stopped; the same command again completes it.\n"
    assert list(check_folder(tmp_path / "m")) == []


def test_a_server_that_is_out_of_reach_is_not_asked_again_and_again(tmp_path: Path) -> None:
    with Registry.open(tmp_path / "source") as registry, served(registry) as address:
        pass
    with Client(address, cache_dir=tmp_path / "cache", retries=0) as client:
        result = mirror(client, tmp_path / "m", tasks=range(1, 200), workers=1)
    reasons = left_out(result)
    assert len(reasons) == 199
    assert "can't be reached" in reasons["task 1"]
    assert reasons["task 199"].startswith("not tried, as 127.0.0.1")


def test_what_the_key_may_not_see_is_told_and_left_out(
    seeded_registry: Registry, tmp_path: Path
) -> None:
    app = seeded_registry.wsgi_app
    key = seeded_registry.local_key
    draft = DatasetDraft(
        name="secret", description="x", default_target_attribute="colour", visibility="private"
    )
    with closing(client_of(app, tmp_path, key=key)) as owner:
        secret = owner.datasets.publish(draft, COLOURS)
        task = owner.tasks.publish(TaskDraft.classification(secret.id, "colour", procedure_id=6))
    wanted = {"datasets": ["iris"], "tasks": [task.id]}
    result = mirror(client_of(app, tmp_path / "a"), tmp_path / "m", **wanted)
    assert result.copied == {"dataset": (1,)}
    assert result.is_complete, "all that may be seen is there"
    assert [(item.kind, item.id, item.is_private) for item in result.left_out] == [
        ("dataset", secret.id, True),
        ("task", task.id, True),
    ]
    result = mirror(client_of(app, tmp_path / "b", key=key), tmp_path / "m", **wanted)
    assert result.copied == {"dataset": (secret.id,), "task": (task.id,)}, str(result)
    with Registry.open(tmp_path / "m") as registry:
        with pytest.raises(NotAuthorizedError):
            client_of(registry.wsgi_app, tmp_path / "c").datasets.get(secret.id)
        answer = registry.app.test_client().get(f"/data/v1/download/{secret.file_id}")
    assert answer.status_code == 403


def test_a_suite_that_lacks_a_task_is_told_and_completed_later(
    seeded_registry: Registry, tmp_path: Path
) -> None:
    with client_of(seeded_registry.wsgi_app, tmp_path, key=seeded_registry.local_key) as owner:
        draft = StudyDraft(name="S", description="x", alias="three", task_ids=(1, 2, 3))
        suite = owner.suites.publish(draft)
    door = Door(
        seeded_registry.wsgi_app, lambda path, n: "500 No" if path.endswith("/task/2") else None
    )
    result = mirror(client_of(door, tmp_path), tmp_path / "m", suites="three")
    assert (result.copied["task"], result.copied["study"]) == ((1, 3), (suite.id,))
    assert left_out(result)[f"study {suite.id}"] == "it lacks the tasks 2"
    assert not result.is_complete
    again = mirror(client_of(seeded_registry.wsgi_app, tmp_path), tmp_path / "m", suites=suite.id)
    assert (again.copied, again.left_out) == ({"dataset": (2,), "task": (2,)}, ())
    with Client(f"local:{tmp_path}/m") as mine:
        assert mine.suites.get("three").task_ids == (1, 2, 3)


def test_an_id_that_is_something_else_in_the_folder_is_told_and_kept(
    client: Client, tmp_path: Path
) -> None:
    draft = DatasetDraft(name="colours", description="x", default_target_attribute="colour")
    with Client(f"local:{tmp_path}/m") as mine:
        mine.datasets.publish(draft, COLOURS)
    result = mirror(client, tmp_path / "m", datasets=["iris", "wine"], tasks=[1])
    reasons = left_out(result)
    assert re.fullmatch(
        r"dataset 1 of this registry is 'colours' version 1 \(md5 \w+\), "
        r"and the source's is 'iris' version 1 \(md5 \w+\)",
        reasons["dataset 1"],
    )
    assert reasons["task 1"] == "it needs dataset 1, which was left out"
    assert result.copied == {"dataset": (8,)}
    with Client(f"local:{tmp_path}/m") as mine:
        assert [row.name for row in mine.datasets.list()] == ["colours", "wine"]


def test_data_that_does_not_match_its_checksum_is_not_stored(
    source: Registry, tmp_path: Path
) -> None:
    app = changing(source.wsgi_app, "download", (b"5.1,3.5", b"9.9,9.9"))
    result = mirror(client_of(app, tmp_path), tmp_path / "m", datasets=[1])
    assert "its md5 is " in left_out(result)["dataset 1"]
    assert not result.is_complete
    with Client(f"local:{tmp_path}/m") as client, pytest.raises(NotFoundError):
        client.datasets.get(1)


def test_files_of_a_run_that_are_lost_are_told_and_had_once_they_are_back(
    source: Registry, world: World, tmp_path: Path
) -> None:
    file = world.tree.file("predictions")
    assert file is not None
    lost = urlsplit(file.url).path
    door = Door(source.wsgi_app, lambda path, n: "404 Lost" if path.startswith(lost) else None)
    what = f"file predictions of run {world.tree.id}"
    for n_copied in (2, 0):
        result = mirror(client_of(door, tmp_path), tmp_path / "m", runs_of_tasks=[1])
        assert len(result.copied.get("run", ())) == n_copied
        assert list(left_out(result)) == [what]
    whole = mirror(client_of(source.wsgi_app, tmp_path), tmp_path / "m", runs_of_tasks=[1])
    assert whole.is_complete
    with Client(f"local:{tmp_path}/m") as client:
        assert len(client.runs.predictions(world.tree.id)) == 150
    assert list(check_folder(tmp_path / "m")) == []


def test_a_server_that_does_not_show_inputs_is_mirrored_all_the_same(
    source: Registry, tmp_path: Path
) -> None:
    door = Door(source.wsgi_app, lambda path, n: "404 Old" if "task/inputs" in path else None)
    assert mirror(client_of(door, tmp_path), tmp_path / "old", tasks=[1, 4]).is_complete
    mirror(client_of(source.wsgi_app, tmp_path), tmp_path / "new", tasks=[1, 4])
    with Client(f"local:{tmp_path}/old") as old, Client(f"local:{tmp_path}/new") as new:
        for id_ in (1, 4):
            assert old.tasks.inputs(id_) == new.tasks.inputs(id_)


NO_SUCH_ROUTE = (
    b'<oml:error xmlns:oml="http://openml.org/openml"><oml:code>100</oml:code>'
    b"<oml:message>Function not valid</oml:message></oml:error>"
)


@pytest.fixture
def edited(tmp_path: Path) -> Iterator[Registry]:
    """A registry with one dataset, which has been edited."""
    with Client(f"local:{tmp_path}/edited") as client:
        draft = DatasetDraft(name="colours", description="Old.", default_target_attribute="colour")
        client.datasets.edit(client.datasets.publish(draft, COLOURS), description="New.")
    with Registry.open(tmp_path / "edited") as registry:
        yield registry


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("412 Precondition Failed", NO_SUCH_ROUTE),
        ("404 Not Found", b"Not Found"),
        ("200 OK", b"<!DOCTYPE html><html>Page Not Found</html>"),
        ("500 Internal Server Error", b""),
        ("403 Forbidden", b"No."),
    ],
)
def test_a_server_that_tells_no_earlier_texts_is_mirrored_all_the_same(
    edited: Registry, tmp_path: Path, status: str, body: bytes
) -> None:
    def old(environ: Any, start: Any) -> Iterable[bytes]:
        if "data/description/list" not in environ["PATH_INFO"]:
            return edited.wsgi_app(environ, start)
        start(status, [("Content-Type", "text/plain")])
        return [body]

    assert mirror(client_of(old, tmp_path), tmp_path / "m", datasets=[1]).is_complete
    with Client(f"local:{tmp_path}/m") as client:
        texts = [(t.version, t.description) for t in client.datasets.descriptions(1)]
        assert texts == [(2, "New.")]
        assert client.datasets.get(1).description_version == 2


def test_a_dataset_whose_texts_can_not_be_had_now_is_had_whole_later(
    edited: Registry, tmp_path: Path
) -> None:
    door = Door(
        edited.wsgi_app,
        lambda path, n: "503 Later" if "description/list" in path else None,
    )
    result = mirror(client_of(door, tmp_path), tmp_path / "m", datasets=[1])
    assert list(left_out(result)) == ["dataset 1"]
    assert mirror(client_of(edited.wsgi_app, tmp_path), tmp_path / "m", datasets=[1]).is_complete
    with Client(f"local:{tmp_path}/m") as client:
        assert [t.description for t in client.datasets.descriptions(1)] == ["Old.", "New."]


def test_a_dataset_that_is_there_is_left_as_it_was_copied(edited: Registry, tmp_path: Path) -> None:
    client = client_of(edited.wsgi_app, tmp_path)
    mirror(client, tmp_path / "m", datasets=[1])
    with Client(f"local:{edited.folder}") as source:
        source.datasets.edit(1, description="Newest.")
    assert mirror(client, tmp_path / "m", datasets=[1]).present == {"dataset": (1,)}
    with Client(f"local:{tmp_path}/m") as copy:
        assert copy.datasets.get(1).description == "New."
        assert [t.version for t in copy.datasets.descriptions(1)] == [1, 2]


def test_a_list_of_runs_that_fails_is_told(source: Registry, tmp_path: Path) -> None:
    door = Door(source.wsgi_app, lambda path, n: "500 No" if "run/list" in path else None)
    result = mirror(client_of(door, tmp_path), tmp_path / "m", runs_of_tasks=[1])
    assert list(left_out(result)) == ["runs of task 1"]
    assert result.copied == {"dataset": (1,), "task": (1,)}


def test_a_page_in_the_place_of_splits_is_not_stored(source: Registry, tmp_path: Path) -> None:
    door = Door(source.wsgi_app, lambda path, n: "200 OK" if "api_splits" in path else None)
    result = mirror(client_of(door, tmp_path), tmp_path / "m", tasks=[1])
    assert list(left_out(result)) == ["task 1"]
    assert result.copied == {"dataset": (1,)}


def test_runs_are_evaluated_on_the_splits_of_the_source_whatever_they_are(
    source: Registry, tmp_path: Path
) -> None:
    # Rows 0 and 1, of one class, change their places: our engine would not make such splits.
    swapped = ((b",0,0,", b",one,0,"), (b",1,0,", b",0,0,"), (b",one,0,", b",1,0,"))
    app = changing(source.wsgi_app, "api_splits", *swapped)
    mirror(client_of(app, tmp_path), tmp_path / "m", tasks=[1])
    with Client(f"local:{tmp_path}/m") as mine, client_of(source.wsgi_app, tmp_path) as theirs:
        before, after = theirs.tasks.splits(1), mine.tasks.splits(1)
        assert [f for f in after if set(after[f].test) != set(before[f].test)], "they differ"
        draft = mine.runs.execute(DecisionTreeClassifier(), 1, seed=1, progress=False)
        run = mine.runs.publish(draft)
    assert run.error == ""
    assert run.measure("predictive_accuracy") == pytest.approx(draft.measure("predictive_accuracy"))


def test_a_mirror_can_be_made_of_a_folder(world: World, tmp_path: Path) -> None:
    with Client(f"local:{world.folder}", cache_dir=tmp_path / "cache") as client:
        result = mirror(client, tmp_path / "m", datasets=["iris", 2])
    assert repr(result) == (
        f"<Mirrored local:{world.folder} to {tmp_path / 'm'}: 2 datasets copied>"
    )


def test_a_full_disk_ends_a_mirror_and_says_so(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror(client, tmp_path / "m", datasets=[1])
    with monkeypatch.context() as patch:
        patch.setattr(FolderBlobs, "put", fails(OSError(errno.ENOSPC, "No space left on device")))
        with pytest.raises(RegistryError, match=r"can't go on: No space left on device\n") as info:
            mirror(client, tmp_path / "m", datasets=[1, 2])
    assert info.value.hint is not None
    assert info.value.hint.endswith("mirror again: what was copied is kept.")
    again = mirror(client, tmp_path / "m", datasets=[1, 2])
    assert (again.present, again.copied) == ({"dataset": (1,)}, {"dataset": (2,)})


def test_what_makes_no_sense_is_refused_before_a_folder_is_made(
    client: Client, world: World, tmp_path: Path
) -> None:
    with pytest.raises(ValidationError, match="a mirror of nothing") as info:
        mirror(client, tmp_path / "m")
    assert info.value.hint == "Give one of datasets, tasks, suites, studies, runs_of_tasks."
    with pytest.raises(ValidationError, match="1 to 64 workers, not 0"):
        mirror(client, tmp_path / "m", tasks=[1], workers=0)
    with pytest.raises(OfflineError, match="the client is offline"):
        mirror(client.with_options(offline=True), tmp_path / "m", tasks=[1])
    assert not (tmp_path / "m").exists()
    with (
        Client(f"local:{world.folder}", cache_dir=tmp_path / "cache") as own,
        pytest.raises(ValidationError, match="can't be mirrored into itself"),
    ):
        mirror(own, world.folder, tasks=[1])


def test_a_folder_of_other_things_and_a_wrong_key_are_errors(
    source: Registry, client: Client, tmp_path: Path
) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("…")
    with pytest.raises(RegistryError, match=r"it holds thesis\.tex"):
        mirror(client, tmp_path / "thesis", tasks=[1])
    with pytest.raises(AuthenticationError):
        mirror(client_of(source.wsgi_app, tmp_path, key="0" * 32), tmp_path / "m", tasks=[1])


def test_a_bar_shows_each_kind(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client.mirror(tmp_path / "m", tasks=[1], progress=True)
    shown = capsys.readouterr().err
    for title in ("reading tasks", "datasets", "tasks"):
        assert f"{title}: 100%" in shown


def test_the_result_says_what_was_left_out() -> None:
    lost = LeftOut(kind="dataset", id="irises", reason="it is <gone>")
    result = Mirrored(
        source="http://a",
        folder="m",
        copied={"dataset": (1,), "run": (1, 2)},
        present={"study": (1, 2)},
        left_out=(lost, replace(lost, id=3, is_private=True)),
    )
    assert repr(result) == (
        "<Mirrored http://a to m: 1 dataset, 2 runs copied; 2 studies there before; 2 left out>"
    )
    assert str(result).splitlines()[1:] == [
        "  dataset irises: it is <gone>",
        "  dataset 3: it is <gone>",
    ]
    assert result.failed == (lost,)
    assert "it is &lt;gone&gt;" in result._repr_html_()


def run(*arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENML_")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "openml_client", *map(str, arguments)],
        cwd=home,
        env={**kept, "HOME": str(home), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_copies_and_says_what_there_is(source: Registry, tmp_path: Path) -> None:
    with served(source) as address:
        command = ["registry", "mirror", "--from", address, "--to", "m", "--dataset", "wine"]
        first = run(*command, "--runs-of-task", 1, home=tmp_path)
        again = run(*command, "--task", 3, "--json", home=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    rows = [line.split() for line in first.stdout.splitlines()]
    assert rows[:3] == [
        ["kind", "copied", "there", "before"],
        ["dataset", "2", "0"],
        ["task", "1", "0"],
    ]
    assert again.returncode == 0
    result = json.loads(again.stdout)
    assert (result["copied"], result["left_out"]) == ({"dataset": [3], "task": [3]}, [])
    assert result["present"] == {"dataset": [8]}
    shown = run("-s", "local:m", "dataset", "list", home=tmp_path)
    assert "wine" in shown.stdout


def test_the_command_fails_with_1_if_something_is_missing_and_2_without_a_selection(
    source: Registry, tmp_path: Path
) -> None:
    with served(source) as address:
        command = ["registry", "mirror", "--from", address, "--to", "m"]
        failed = run(*command, "--dataset", "irises", "--dataset", "iris", home=tmp_path)
        unknown = run(*command, "--task", 999, home=tmp_path)
        nothing = run(*command, home=tmp_path)
    assert failed.returncode == 1
    assert failed.stderr.splitlines() == [
        f"openml-client: failed: dataset irises: no active dataset 'irises' on {address}"
    ]
    assert "dataset  1" in failed.stdout
    assert unknown.stdout == f"Nothing was copied to {tmp_path / 'm'}.\n"
    assert nothing.returncode == 2
    assert "--dataset, --task, --runs-of-task, --suite or --study" in nothing.stderr
