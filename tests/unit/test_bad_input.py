"""Mistakes of a user: each gets one clear error, of the right class, that says the way out."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from openml_client import Client, DatasetDraft, TaskDraft
from openml_client.errors import (
    AuthenticationError,
    ConfigError,
    MissingDependencyError,
    NotFoundError,
    NotSerializableError,
    OfflineError,
    OpenMLError,
    RegistryError,
    TaskError,
    ValidationError,
)

REFUSED = "http://127.0.0.1:9"
"""Nothing listens on port 9 ("discard")."""

TINY = b"@relation t\n@attribute a numeric\n@attribute b {x,y}\n@data\n1,x\n2,y\n"

KEY = "0123456789abcdef0123456789abcdef"


def said(call: Callable[[], object], cls: type[OpenMLError]) -> str:
    """What an error of exactly this class says."""
    with pytest.raises(cls) as caught:
        call()
    assert type(caught.value) is cls
    return str(caught.value)


class TestThroughTheClient:
    @pytest.mark.fault(22)
    @pytest.mark.parametrize("kind", ["dataset", "task", "flow", "run", "setup"])
    def test_an_unknown_id_is_not_found(self, client: Client, kind: str) -> None:
        text = said(lambda: getattr(client, f"{kind}s").get(9999), NotFoundError)
        words = {
            "dataset": "data/9999 of {}: Unknown dataset [code 111]",
            "task": "task/9999 of {}: Unknown task [code 151]",
            "flow": "flow/9999 of {}: Unknown flow [code 181]",
            "run": "run/9999 of {}: Run not found [code 236]",
            "setup": "setup/9999 of {}: Unknown setup [code 281]",
        }
        assert text == words[kind].format(client.settings.server)

    @pytest.mark.fault(22)
    @pytest.mark.parametrize(
        ("id_", "text"),
        [
            (0, "the id of a task is a positive integer, not 0"),
            (-3, "the id of a task is a positive integer, not -3"),
            (1.5, "1.5 is no id of a task\nGive a positive integer, as shown by "
             "`openml-client task list`."),
            ("iris", "'iris' is no id of a task\nGive a positive integer, as shown by "
             "`openml-client task list`."),
            (None, "None is no id of a task\nGive a positive integer, as shown by "
             "`openml-client task list`."),
            (True, "True is no id of a task\nGive a positive integer, as shown by "
             "`openml-client task list`."),
        ],
    )  # fmt: skip
    def test_what_is_no_id_is_refused_before_it_is_asked_for(
        self, client: Client, id_: object, text: str
    ) -> None:
        offline = client.with_options(offline=True)
        assert said(lambda: offline.tasks.get(id_), ValidationError) == text

    @pytest.mark.fault(22)
    def test_an_unknown_name_is_not_found(self, client: Client) -> None:
        assert said(lambda: client.datasets.load("Irises"), NotFoundError) == (
            f"no active dataset 'Irises' on {client.settings.server}\n"
            "`client.datasets.list()`, or `openml-client dataset list`, shows what is there."
        )

    @pytest.mark.fault(22)
    @pytest.mark.parametrize("name", ["", "  "])
    def test_what_is_neither_id_nor_name_is_refused_before_it_is_asked_for(
        self, client: Client, name: str
    ) -> None:
        offline = client.with_options(offline=True)
        assert said(lambda: offline.datasets.get(name), ValidationError) == (
            f"a dataset is asked for by its id or its name, not by {name!r}\n"
            "`client.datasets.list()`, or `openml-client dataset list`, shows what is there."
        )
        assert said(lambda: offline.suites.get(name), ValidationError) == (
            f"a suite is asked for by its id or its alias, not by {name!r}\n"
            "`client.suites.list()`, or `openml-client suite list`, shows what is there."
        )

    def test_a_name_whose_dataset_is_not_active_says_so(self, client: Client) -> None:
        # Without a target the engine refuses to process a dataset, so that it stays inactive.
        client.datasets.publish(DatasetDraft(name="t", description="For a test."), TINY)
        assert said(lambda: client.datasets.get("t"), NotFoundError) == (
            f"no active dataset 't' on {client.settings.server}\n"
            "Of this name version 1 (id 13) is in_preparation: ask for it by its id."
        )

    def test_a_dataset_without_a_target_loads_and_asks_for_one(self, client: Client) -> None:
        dataset = client.datasets.publish(DatasetDraft(name="t", description="A test."), TINY)
        table = client.datasets.load(dataset)
        assert said(table.xy, NotFoundError) == (
            "the dataset has no default target\nGive one of its columns: a, b."
        )
        assert said(lambda: table.xy("c"), NotFoundError) == (
            "the dataset has no column 'c'\nIts columns are a, b."
        )
        x, y = table.xy("b")
        assert (list(x.columns), y.tolist()) == (["a"], ["x", "y"])

    @pytest.mark.fault(22)
    @pytest.mark.parametrize(
        ("filters", "text"),
        [
            ({"colour": "red"}, "data.list has no filter 'colour'\nIt has: ids, limit, name, "),
            ({"status": "alive"}, "data.list: there is no status 'alive'\nGive one of active, "),
            ({"limit": -1}, "data.list: limit is a number of rows, 0 or more, not -1"),
            ({"limit": True}, "data.list: limit is a number of rows, 0 or more, not True"),
            ({"limit": 2.0}, "data.list: limit is a number of rows, 0 or more, not 2.0"),
            ({"ids": ["iris"] * 99}, "data.list: the filter ids takes an integer or several, not "
             "['iris', 'iris', 'iris', 'iris', 'iris', 'iris', 'iris', 'iris', 'iris', 'iri..."),
            ({"offset": "1"}, "data.list: offset is a number of rows, 0 or more, not '1'"),
            ({"number_instances": "many"}, "data.list: the filter number_instances takes an "
             "integer, or a range as (100, 200) or '100..200', not 'many'"),
            ({"name": 3}, "data.list: the filter name takes a text, not 3"),
        ],
    )  # fmt: skip
    def test_a_bad_filter_is_refused_at_once(
        self, client: Client, filters: dict[str, object], text: str
    ) -> None:
        offline = client.with_options(offline=True)
        assert said(lambda: offline.datasets.list(**filters), ValidationError).startswith(text)

    def test_an_unknown_measure_is_no_empty_list(self, client: Client) -> None:
        text = said(lambda: list(client.evaluations.list("accuracy")), ValidationError)
        assert text.startswith(f"{client.settings.server} knows no measure 'accuracy'\n")
        assert "Did you mean predictive_accuracy" in text

    def test_no_such_server_is_told_within_3_s(self, tmp_path: Path) -> None:
        started = time.monotonic()
        with Client(REFUSED, cache_dir=tmp_path) as client:
            text = said(lambda: client.datasets.get(1), OfflineError)
        assert time.monotonic() - started < 3
        assert text.startswith("127.0.0.1 can't be reached: no connection (Connection refused); ")
        assert "`openml-client doctor` finds out why." in text

    @pytest.mark.parametrize("server", ["ftp://openml.org", "openml", "http://", "local:", "no de"])
    def test_a_malformed_address_is_refused(self, server: str) -> None:
        assert said(lambda: Client(server), ConfigError) == (
            f"argument server: server {server!r} is no address of an OpenML server\n"
            "Examples: https://www.openml.org, http://127.0.0.1:8000, local, local:./registry"
        )

    def test_publishing_without_a_key_says_where_to_put_one(
        self, loopback: str, tmp_path: Path
    ) -> None:
        draft = DatasetDraft(name="t", description="For a test.")
        with Client(loopback, cache_dir=tmp_path) as client:
            text = said(lambda: client.datasets.publish(draft, TINY), AuthenticationError)
        assert text == (
            f"data.upload of {loopback} needs an API key, and there is none\n"
            "Set OPENML_API_KEY, pass api_key= to Client, or run `openml-client login`."
        )

    def test_a_key_that_openml_org_can_not_have_given_is_refused_without_showing_it(self) -> None:
        text = said(lambda: Client(api_key="my-secret"), ConfigError)
        assert text == (
            "argument api_key: this is no API key of https://www.openml.org: its keys are 32 "
            "hexadecimal digits\nCopy it again from your profile page there."
        )

    def test_a_wrong_key_is_told_with_its_source_and_not_with_the_key(
        self, loopback: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENML_API_KEY", KEY)
        draft = DatasetDraft(name="t", description="For a test.")
        with Client(loopback, cache_dir=tmp_path) as client:
            text = said(lambda: client.datasets.publish(draft, TINY), AuthenticationError)
        assert text == (
            f"data of {loopback}: Authentication failed [code 103]\n"
            "The key came from environment variable OPENML_API_KEY."
        )

    def test_a_model_that_can_not_be_described_is_refused_with_place_and_remedy(
        self, client: Client
    ) -> None:
        model = make_pipeline(FunctionTransformer(lambda x: x), DecisionTreeClassifier())
        for call in (
            lambda: client.flows.from_model(model),
            lambda: client.runs.execute(model, 1, progress=False),
        ):
            text = said(call, NotSerializableError)
            assert text.startswith("Pipeline.steps.functiontransformer.func: ")
            assert "lambda" in text
            assert "\n" in text  # the remedy

    def test_a_class_is_no_model(self, client: Client) -> None:
        text = said(lambda: client.flows.from_model(DecisionTreeClassifier), NotSerializableError)
        assert text == (
            "DecisionTreeClassifier: a class is no model\nGive an instance, as SVC(C=1.0)."
        )

    def test_what_no_extension_handles_is_refused(self, client: Client) -> None:
        text = said(lambda: client.runs.execute(object(), 1), MissingDependencyError)
        assert text.startswith("no extension handles builtins.object\n")

    def test_a_task_of_a_type_that_can_not_be_run_is_refused(self, client: Client) -> None:
        inputs = {"source_data": "1", "target_feature": "class", "estimation_procedure": "15"}
        task = client.tasks.publish(TaskDraft(type_id=4, inputs=inputs))
        model = DecisionTreeClassifier()
        text = said(lambda: client.runs.execute(model, task.id, progress=False), TaskError)
        assert text.startswith(
            f"task {task.id} is of the type 4 (Supervised Data Stream Classification), which can't "
            "be run\nTypes that can be"
        )

    def test_a_task_without_splits_says_so(self, client: Client) -> None:
        inputs = {"source_data": "1", "target_feature": "class", "estimation_procedure": "15"}
        task = client.tasks.publish(TaskDraft(type_id=4, inputs=inputs))
        text = said(lambda: client.tasks.splits(task), TaskError)
        assert text == (
            f"task {task.id} (Supervised Data Stream Classification) has no splits: the server "
            "says 'Task not providing datasplits.'"
        )

    def test_a_task_on_an_unknown_column_is_refused(self, client: Client) -> None:
        inputs = {"source_data": "1", "target_feature": "colour", "estimation_procedure": "1"}
        draft = TaskDraft(type_id=1, inputs=inputs)
        assert "target_feature" in said(lambda: client.tasks.publish(draft), ValidationError)

    def test_an_offline_client_has_what_was_fetched_and_nothing_else(self, client: Client) -> None:
        table, splits = client.datasets.load("wine"), client.tasks.splits(8)
        offline = client.with_options(offline=True)
        assert offline.datasets.load(8).shape == table.shape
        assert offline.tasks.splits(8).keys() == splits.keys()
        server = client.settings.server
        hint = "It was made with offline=True; with offline=False it asks."
        assert said(lambda: offline.datasets.get(3), OfflineError) == (
            f"the client is offline and data.get 3 (not in the cache) was asked of {server}\n{hint}"
        )
        text = said(lambda: list(offline.datasets.list()), OfflineError)
        assert text.startswith("the client is offline and data.list (data/list/limit/10000")


class TestBrokenRegistry:
    @pytest.fixture
    def broken(self, registry_folder: Path) -> Path:
        """A folder with a good registry, to be broken."""
        return registry_folder

    def test_a_folder_of_something_else_is_no_registry(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.tex").write_text("precious")
        assert said(lambda: Client(f"local:{tmp_path}"), RegistryError) == (
            f"{tmp_path} is no registry, and it is not empty: it holds thesis.tex\n"
            "Name an empty folder, or one that is not there yet."
        )
        assert [path.name for path in tmp_path.iterdir() if path.suffix != ".lock"] == [
            "thesis.tex"
        ]

    def test_a_file_is_no_registry(self, tmp_path: Path) -> None:
        path = tmp_path / "registry"
        path.write_text("precious")
        assert said(lambda: Client(f"local:{path}"), RegistryError) == (
            f"{path} is a file, not a folder\nName a folder."
        )

    @pytest.mark.parametrize(
        ("breaks", "text"),
        [
            (lambda path: path.write_bytes(b"no database " * 1000), "file is not a database"),
            (lambda path: path.write_bytes(path.read_bytes()[:5000]), "database disk image is"),
        ],
    )
    def test_a_damaged_database_is_told_with_the_way_out(
        self, broken: Path, breaks: Callable[[Path], object], text: str
    ) -> None:
        database = broken / "registry.sqlite3"
        breaks(database)
        words = said(lambda: Client(f"local:{broken}"), RegistryError)
        assert words.startswith(f"the registry's database {database} can't be used: {text}")
        assert f"openml-client registry check {broken}" in words

    def test_another_database_is_no_registry(self, broken: Path) -> None:
        database = broken / "registry.sqlite3"
        database.unlink()
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("CREATE TABLE t (a)")
        words = said(lambda: Client(f"local:{broken}"), RegistryError)
        assert words.startswith(f"{database} is no registry's database\n")

    def test_a_registry_of_a_newer_version_is_left_alone(self, broken: Path) -> None:
        database = broken / "registry.sqlite3"
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.commit()
        words = said(lambda: Client(f"local:{broken}"), RegistryError)
        assert f"{database} has the revision '9999'" in words
        assert words.endswith("Upgrade openml-client, or restore an older backup.")

    def test_a_lost_database_is_not_made_anew(self, broken: Path) -> None:
        (broken / "registry.sqlite3").unlink()
        words = said(lambda: Client(f"local:{broken}"), RegistryError)
        assert words.startswith(f"the registry in {broken} lost its database registry.sqlite3\n")
        assert not (broken / "registry.sqlite3").exists()

    def test_a_lost_data_file_is_told_and_the_rest_still_works(self, broken: Path) -> None:
        shutil.rmtree(broken / "blobs")
        with Client(f"local:{broken}", retries=0) as client:
            assert client.datasets.get("iris").id == 1
            with pytest.raises(OpenMLError) as caught:
                client.datasets.load("iris")
        assert "blob" in str(caught.value) or "file" in str(caught.value)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, seeded: Path) -> Path:
    """A folder with a seeded registry, a damaged one, and another folder."""
    folder = tmp_path_factory.mktemp("commands")
    shutil.copytree(seeded, folder / "registry")
    (folder / "other").mkdir()
    (folder / "other" / "thesis.tex").write_text("precious")
    shutil.copytree(seeded, folder / "damaged")
    (folder / "damaged" / "registry.sqlite3").write_bytes(b"no database " * 1000)
    return folder


class TestThroughTheCommandLine:
    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            ("-s local:registry dataset show 9999", "data/9999 of local:registry: Unknown dataset"),
            (
                "-s local:registry dataset show Irises",
                "no active dataset 'Irises' on local:registry",
            ),
            ("-s local:registry task show iris", "'iris' is no id of a task"),
            ("-s local:registry dataset list --status alive", "data.list: there is no status"),
            ("-s local:registry evaluation list accuracy", "local:registry knows no measure"),
            ("-s local:registry run reproduce 9999", "run/9999 of local:registry: Run not found"),
            ("-s local:other dataset list", "other holds no registry"),
            ("-s local:damaged dataset list", "can't be used: file is not a database"),
            (f"-s {REFUSED} dataset list", "127.0.0.1 can't be reached: no connection"),
            ("-s ftp://x dataset list", "argument server: server 'ftp://x' is no address"),
        ],
    )
    def test_a_mistake_is_one_message_and_exit_status_1(
        self, folder: Path, arguments: str, text: str
    ) -> None:
        result = command(arguments, folder)
        assert result.returncode == 1
        assert result.stdout == ""
        lines = result.stderr.splitlines()
        assert lines[0].startswith("openml-client: ")
        assert text in lines[0]
        assert len(lines) <= 3, result.stderr
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize(
        "arguments",
        ["dataset", "dataset fetch 1", "dataset show", "dataset list --limit many", "--colour"],
    )
    def test_a_wrong_usage_has_exit_status_2(self, folder: Path, arguments: str) -> None:
        result = command(arguments, folder)
        assert result.returncode == 2
        assert "Usage: " in result.stdout + result.stderr
        assert "Traceback" not in result.stderr

    def test_a_mistake_can_be_debugged(self, folder: Path) -> None:
        result = command("-s local:registry dataset show 9999", folder, OPENML_DEBUG="1")
        assert result.returncode == 1
        assert "Traceback" in result.stderr


def command(arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``openml-client`` as a user does, in a folder."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "openml_client", *arguments.split()],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
