"""Writes whose answers get lost, and servers that are less than ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from openml_client import Client, StudyDraft, TaskDraft
from openml_client.config import Settings, load_settings
from openml_client.errors import (
    AuthenticationError,
    DuplicateError,
    NotFoundError,
    ServerError,
    ServerTimeoutError,
    TransportError,
    ValidationError,
)
from openml_client.model.study import Study, StudySummary
from openml_client.registry import Registry
from openml_client.resources.ids import as_id, as_ids
from openml_client.resources.writing import write_once
from openml_client.transport import HttpTransport, InProcessTransport
from openml_client.transport.inprocess import WsgiAdapter
from tests.doors import ADDRESS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEY = "0123456789abcdef0123456789abcdef"
OML = 'xmlns:oml="http://openml.org/openml"'


def settings(folder: Path, **options: Any) -> Settings:
    return load_settings(ADDRESS, cache_dir=folder, retries=0, **options)


class Losing(WsgiAdapter):
    """Loses the first write, before or after the server has acted on it."""

    def __init__(self, app: WSGIApplication) -> None:
        super().__init__(app)
        self.loses: str | None = None
        """``answer``, ``request`` or None."""
        self.n_writes = 0

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        if request.method == "GET" or "exists" in str(request.url):
            return super().send(request, *args, **options)
        self.n_writes += 1
        lost, self.loses = self.loses, None
        if lost != "request":
            answer = super().send(request, *args, **options)
            if lost is None:
                return answer
            answer.close()
        raise requests.exceptions.ReadTimeout("lost on its way")


Lost = tuple[Client, Losing]


@pytest.fixture
def lost(seeded_registry: Registry, tmp_path: Path) -> Iterator[Lost]:
    """A client, and the line that it speaks through."""
    known = settings(tmp_path, api_key=seeded_registry.local_key)
    line = Losing(seeded_registry.wsgi_app)
    with HttpTransport(known, base_url=ADDRESS, adapter=line) as transport:
        yield Client.over(transport, known), line


def suite(client: Client) -> Study:
    return client.suites.publish(
        StudyDraft(name="S", description="A test.", alias="s", task_ids=(1, 2))
    )


def prepare_nothing(client: Client) -> None:
    """Nothing has to be there."""


def tag_setup(client: Client) -> None:
    from sklearn.tree import DecisionTreeClassifier

    model = DecisionTreeClassifier(max_depth=1)
    client.runs.publish(client.runs.execute(model, 1, progress=False))
    client.setups.tag(1, "x")


WRITES: dict[str, tuple[Callable[[Client], Any], Callable[[Client], Any], Any]] = {
    "tag": (prepare_nothing, lambda c: "x" in c.tasks.tag(1, "x"), True),
    "untag": (lambda c: c.tasks.tag(1, "x"), lambda c: c.tasks.untag(1, "x"), ()),
    "tag a setup": (tag_setup, lambda c: c.setups.tag(1, "y"), ("x", "y")),
    "untag a setup": (tag_setup, lambda c: c.setups.untag(1, "x"), ()),
    "edit": (prepare_nothing, lambda c: c.datasets.edit(1, description="D").description, "D"),
    "set_status": (
        prepare_nothing,
        lambda c: c.datasets.set_status(1, "deactivated").status,
        "deactivated",
    ),
    "ontology": (
        prepare_nothing,
        lambda c: c.datasets.add_ontology(1, 0, "https://example.org/a"),
        ("https://example.org/a",),
    ),
    "delete": (lambda c: c.datasets.fork(1), lambda c: c.datasets.delete(13), None),
    "publish a task": (
        prepare_nothing,
        lambda c: c.tasks.publish(TaskDraft.clustering(1)).dataset_id,
        1,
    ),
    "attach": (suite, lambda c: c.suites.attach("s", [3]).task_ids, (1, 2, 3)),
    "detach": (suite, lambda c: c.suites.detach("s", [2]).task_ids, (1,)),
    "activate a suite": (suite, lambda c: c.suites.set_status("s", "active").status, "active"),
    "delete a suite": (suite, lambda c: c.suites.delete("s"), None),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_whose_answer_was_lost_is_looked_up(lost: Lost, name: str) -> None:
    client, line = lost
    prepare, write, wanted = WRITES[name]
    prepare(client)
    line.loses, line.n_writes = "answer", 0
    assert write(client) == wanted
    # A task is looked up by publishing it again: the server keeps no two that are the same.
    assert line.n_writes == (2 if name == "publish a task" else 1)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_that_proves_not_to_have_arrived_is_sent_again(lost: Lost, name: str) -> None:
    client, line = lost
    prepare, write, wanted = WRITES[name]
    prepare(client)
    line.loses, line.n_writes = "request", 0
    assert write(client) == wanted
    assert line.n_writes == 2


def test_a_description_is_not_written_twice(lost: Lost) -> None:
    client, line = lost
    line.loses = "answer"
    client.datasets.edit(1, description="D")
    assert [text.version for text in client.datasets.descriptions(1)] == [1, 2]


def test_a_suite_with_an_alias_is_found_again(lost: Lost) -> None:
    client, line = lost
    line.loses = "answer"
    assert suite(client).alias == "s"
    assert line.n_writes == 1
    line.loses = "answer"
    with pytest.raises(ServerTimeoutError):
        client.suites.publish(StudyDraft(name="S", description="A test.", task_ids=(1,)))
    line.loses = "request"
    with pytest.raises(ServerTimeoutError):
        client.suites.publish(StudyDraft(name="T", description="A test.", alias="t"))


class TestWriteOnce:
    def test_what_was_refused_is_not_looked_up(self) -> None:
        def write() -> int:
            raise DuplicateError("twice")

        with pytest.raises(DuplicateError):
            write_once(write, look_up=lambda: 1)

    def test_what_was_not_sent_is_not_looked_up(self) -> None:
        def write() -> int:
            raise TransportError("refused", maybe_taken=False)

        with pytest.raises(TransportError):
            write_once(write, look_up=lambda: 1)

    def test_a_change_that_could_not_be_indexed_is_looked_up(self) -> None:
        def write() -> int:
            raise ServerError("Elasticsearch is down", code=105)

        assert write_once(write, look_up=lambda: 1) == 1

    def test_the_first_error_stays_where_nobody_can_tell(self) -> None:
        def write() -> int:
            raise ServerTimeoutError("silent", maybe_taken=True)

        def look_up() -> int:
            raise TransportError("silent again")

        with pytest.raises(ServerTimeoutError) as caught:
            write_once(write, look_up=look_up)
        assert caught.value.maybe_taken


def saying(body: str, status: str = "200 OK") -> WSGIApplication:
    """A server that gives one answer to everything."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "text/xml")])
        return [body.encode()]

    return app


def asked(folder: Path, body: str, status: str = "200 OK") -> Client:
    known = settings(folder, api_key=KEY)
    return Client.over(InProcessTransport(saying(body, status), known), known)


def refusal(code: int, information: str = "") -> str:
    more = f"<oml:additional_information>{information}</oml:additional_information>"
    return (
        f"<oml:error {OML}><oml:code>{code}</oml:code><oml:message>No.</oml:message>"
        f"{more if information else ''}</oml:error>"
    )


class TestWhoami:
    def test_it_is_whom_the_server_names(self, tmp_path: Path) -> None:
        body = f"<oml:users {OML}><oml:user><oml:id>2</oml:id>"
        client = asked(tmp_path, body + "<oml:username>A B</oml:username></oml:user></oml:users>")
        assert (client.whoami().id, client.whoami().name) == (2, "A B")

    def test_a_server_that_does_not_tell_still_knows_the_key(self, tmp_path: Path) -> None:
        client = asked(tmp_path, refusal(100), "412 Precondition Failed")
        with pytest.raises(ServerError, match="knows the API key, but does not tell") as caught:
            client.whoami()
        assert type(caught.value) is ServerError

    def test_a_wrong_key_is_told(self, tmp_path: Path) -> None:
        client = asked(tmp_path, refusal(103), "412 Precondition Failed")
        with pytest.raises(AuthenticationError):
            client.whoami()


def test_an_ontology_answer_that_is_ill_formed_is_understood(tmp_path: Path) -> None:
    from openml_client.wire.routes import every as routes

    client = asked(
        tmp_path,
        f"<oml:feature_description_add {OML}><oml:id>1</oml:id>"
        "<oml:ontology></oml:>https://example.org/a</oml:ontology></oml:feature_description_add>",
    )
    form = {"data_id": "1", "index": "0", "ontology": "https://example.org/a"}
    answer = client._caller.call(routes.ONTOLOGY_ADD, form=form)
    assert answer.ontologies == ("https://example.org/a",)


@pytest.mark.parametrize(("code", "cls"), [(473, DuplicateError), (1034, ValidationError)])
def test_refusals_with_odd_statuses_are_refusals(
    tmp_path: Path, code: int, cls: type[ServerError]
) -> None:
    status = {473: "500 Internal Server Error", 1034: "200 OK"}[code]
    client = asked(tmp_path, refusal(code), status)
    with pytest.raises(cls):
        client.tasks.tag(1, "x")


class TestIds:
    def test_a_thing_stands_for_its_own_kind_only(self) -> None:
        study = StudySummary(id=3, name="S")
        assert as_id(study, "study") == 3
        for value in (study, True, 1.0, None, "-1", "x", b"1"):
            with pytest.raises(ValidationError):
                as_id(value, "task")
        with pytest.raises(ValidationError, match="positive integer, not 0"):
            as_id(0, "task")

    def test_several_are_taken_as_one(self) -> None:
        assert as_ids(3, "task") == as_ids("3", "task") == as_ids([3], "task") == (3,)
        assert as_ids(range(1, 4), "task") == (1, 2, 3)


def test_a_missing_thing_is_not_deleted_silently(lost: Lost) -> None:
    client, _ = lost
    for namespace in ("datasets", "tasks", "flows", "runs", "setups", "suites", "studies"):
        with pytest.raises(NotFoundError):
            getattr(client, namespace).delete(9999)
