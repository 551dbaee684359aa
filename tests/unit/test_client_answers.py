"""What a client makes of answers that no good server gives, and of answers that get lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from sklearn.tree import DecisionTreeClassifier

from openml_client import Client, DatasetDraft, StudyDraft, TaskDraft
from openml_client.config import Settings, load_settings
from openml_client.errors import (
    AuthenticationError,
    NotAuthorizedError,
    NotFoundError,
    OpenMLError,
    ProtocolError,
    ServerTimeoutError,
    TransportError,
    ValidationError,
)
from openml_client.registry import Registry
from openml_client.transport import HttpTransport, InProcessTransport
from openml_client.transport.inprocess import WsgiAdapter
from openml_client.wire import xml
from openml_client.wire.vocabulary import ONTOLOGY_REMOVED
from tests.doors import ADDRESS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

OML = 'xmlns:oml="http://openml.org/openml"'
KEY = "0123456789abcdef0123456789abcdef"


def settings(folder: Path, **options: Any) -> Settings:
    return load_settings(ADDRESS, cache_dir=folder, retries=0, **options)


def saying(body: str, status: str = "200 OK", kind: str = "text/xml") -> WSGIApplication:
    """A server that gives one answer to everything."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [("Content-Type", kind)])
        return [body.encode()]

    return app


@pytest.fixture
def asked(tmp_path: Path) -> Callable[..., Client]:
    """Makes a client of a server that gives one answer."""

    def make(body: str, status: str = "200 OK", kind: str = "text/xml") -> Client:
        known = settings(tmp_path)
        return Client.over(InProcessTransport(saying(body, status, kind), known), known)

    return make


def told(call: Callable[[], object], cls: type[OpenMLError]) -> str:
    """What an error of exactly this class says."""
    with pytest.raises(cls) as caught:
        call()
    assert type(caught.value) is cls
    return str(caught.value)


@pytest.mark.parametrize("word", ["NotApplicable", "", "0" * 31])
def test_what_is_no_checksum_is_not_compared_with_the_data(
    seeded_registry: Registry, tmp_path: Path, word: str
) -> None:
    known = settings(tmp_path)
    with InProcessTransport(seeded_registry.wsgi_app, known) as transport:
        client = Client.over(transport, known)
        iris = client.datasets.get("iris")
        old = replace(iris, md5_checksum=word)
        assert (iris.md5, old.md5) == (iris.md5_checksum, None)
        assert len(client.datasets.load(old).to_pandas()) == 150


def refusal(code: int) -> str:
    return f"<oml:error {OML}><oml:code>{code}</oml:code><oml:message>No.</oml:message></oml:error>"


PAGE = "<!DOCTYPE html><html><body>Please log in to the hotel's network</body></html>"
XHTML = "<html><head><title>Sorry</title></head><body><h1>Sorry</h1></body></html>"


@pytest.mark.parametrize(
    ("answer", "cls", "text"),
    [
        ((PAGE, "200 OK", "text/html"), ProtocolError, " of {}: the answer is an HTML page"),
        (("", "200 OK"), ProtocolError, " of {}: the answer is empty"),
        (('{"a": 1}', "200 OK", "application/json"), ProtocolError, ": "),
        (("<oml:data_set_description", "200 OK"), ProtocolError, ": "),
        (("<x/>", "200 OK"), ProtocolError, ": "),
        ((XHTML, "404 Not Found"), NotFoundError, " of {}: the server answered 404"),
        ((XHTML, "403 Forbidden"), TransportError, " of {}: the server answered 403"),
        ((XHTML, "500 Internal Server Error"), TransportError, " of {}: the server answered 500"),
        ((refusal(103), "412 Precondition Failed"), AuthenticationError, " of {}: No. [code 103]"),
        ((refusal(112), "412 Precondition Failed"), NotAuthorizedError, " of {}: No. [code 112]"),
    ],
)
def test_an_odd_answer_is_an_error_of_its_kind(
    asked: Callable[..., Client], answer: tuple[str, ...], cls: type[OpenMLError], text: str
) -> None:
    client = asked(*answer)
    assert told(lambda: client.datasets.get(1), cls).startswith("data/1" + text.format(ADDRESS))


def test_a_page_is_shown_by_its_beginning(asked: Callable[..., Client]) -> None:
    client = asked(PAGE, "200 OK", "text/html")
    text = told(lambda: client.datasets.get(1), ProtocolError)
    assert "Please log in" in text
    assert "Is this the address of an OpenML server?" in text


@pytest.mark.fault(22)
def test_another_thing_than_was_asked_for_is_refused(asked: Callable[..., Client]) -> None:
    client = asked(
        f"<oml:data_set_description {OML}><oml:id>2</oml:id><oml:name>x</oml:name>"
        "<oml:version>1</oml:version></oml:data_set_description>"
    )
    assert told(lambda: client.datasets.get(1), ProtocolError) == (
        f"data/1 of {ADDRESS}: asked for 1, got 2"
    )
    assert client.datasets.get(2).name == "x"


def test_a_refused_answer_is_not_cached(asked: Callable[..., Client]) -> None:
    client = asked(PAGE, "200 OK", "text/html")
    told(lambda: client.datasets.get(1), ProtocolError)
    offline = client.with_options(offline=True)
    with pytest.raises(OpenMLError, match="not in the cache"):
        offline.datasets.get(1)


def test_a_strange_number_is_told_with_its_place(asked: Callable[..., Client]) -> None:
    client = asked(
        f"<oml:data {OML}><oml:dataset><oml:did>three</oml:did><oml:name>x</oml:name>"
        "<oml:version>1</oml:version><oml:status>active</oml:status></oml:dataset></oml:data>"
    )
    text = told(lambda: list(client.datasets.list()), ProtocolError)
    assert "/data/dataset[1]/did" in text
    assert "three" in text


class Losing(WsgiAdapter):
    """Loses the answers to POST requests whose path ends so, after the server has acted."""

    def __init__(self, app: WSGIApplication, ending: str) -> None:
        super().__init__(app)
        self.ending = ending
        self.n_lost = 0

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        answer = super().send(request, *args, **options)
        if request.method == "POST" and str(request.path_url).endswith(self.ending):
            answer.close()
            self.n_lost += 1
            raise requests.exceptions.ReadTimeout("lost on its way")
        return answer


@contextmanager
def losing(registry: Registry, folder: Path, ending: str) -> Iterator[tuple[Client, Losing]]:
    known = settings(folder, api_key=registry.local_key)
    adapter = Losing(registry.wsgi_app, ending)
    with HttpTransport(known, base_url=ADDRESS, adapter=adapter) as transport:
        yield Client.over(transport, known), adapter


@pytest.mark.parametrize("ending", ["/flow", "/run"])
def test_an_upload_whose_answer_was_lost_is_looked_up_and_not_repeated(
    seeded_registry: Registry, tmp_path: Path, ending: str
) -> None:
    with losing(seeded_registry, tmp_path, ending) as (client, adapter):
        draft = client.runs.execute(DecisionTreeClassifier(max_depth=1), 1, progress=False)
        run = client.runs.publish(draft)
        assert adapter.n_lost == 1
        assert run.measure("predictive_accuracy") == pytest.approx(2 / 3, abs=0.1)
        assert [row.id for row in client.runs.list(tasks=1)] == [run.id]
        assert [row.id for row in client.flows.list()] == [run.flow_id]


def test_an_upload_that_can_not_be_looked_up_says_that_it_may_have_arrived(
    seeded_registry: Registry, tmp_path: Path
) -> None:
    from openml_client import DatasetDraft

    data = b"@relation t\n@attribute a {x,y}\n@data\nx\ny\n"
    draft = DatasetDraft(name="t", description="A test.", default_target_attribute="a")
    with losing(seeded_registry, tmp_path, "/data") as (client, adapter):
        with pytest.raises(ServerTimeoutError) as caught:
            client.datasets.publish(draft, data)
        assert caught.value.maybe_taken
        assert adapter.n_lost == 1  # a second one would be a second version
        assert client.datasets.get("t").version == 1


TINY = b"@relation t\n@attribute a numeric\n@data\n1\n"


def test_a_key_that_may_only_read_is_told_so(seeded_registry: Registry, tmp_path: Path) -> None:
    from openml_client import DatasetDraft

    key = seeded_registry.add_user("guest", group="read-only")
    known = settings(tmp_path, api_key=key)
    with InProcessTransport(seeded_registry.wsgi_app, known, base_url=ADDRESS) as transport:
        client = Client.over(transport, known)
        assert client.datasets.get(1).name == "iris"
        draft = DatasetDraft(name="t", description="A test.")
        text = told(lambda: client.datasets.publish(draft, TINY), NotAuthorizedError)
    assert key not in text


def test_values_of_one_run_by_two_engines_are_both_listed(asked: Callable[..., Client]) -> None:
    rows = "".join(
        f"<oml:evaluation><oml:run_id>7</oml:run_id><oml:task_id>1</oml:task_id>"
        f"<oml:setup_id>1</oml:setup_id><oml:flow_id>1</oml:flow_id>"
        f"<oml:flow_name>probe(1)</oml:flow_name><oml:data_name>iris</oml:data_name>"
        f"<oml:evaluation_engine_id>{engine}</oml:evaluation_engine_id>"
        f"<oml:function>kappa</oml:function><oml:upload_time>2020-01-01 00:00:00</oml:upload_time>"
        f"<oml:value>{value}</oml:value></oml:evaluation>"
        for engine, value in ((1, 0.5), (3, 0.25))
    )
    with asked(f"<oml:evaluations {OML}>{rows}</oml:evaluations>") as client:
        listing = client.evaluations.list("kappa", runs=7)
        assert [(row.engine_id, row.value) for row in listing] == [(1, 0.5), (3, 0.25)]


def test_a_term_that_is_sent_as_it_came_is_understood(asked: Callable[..., Client]) -> None:
    url = "https://x.org/?a=1&b=<2>&amp;c"
    body = f"<oml:feature_description_remove {OML}><oml:id>1</oml:id>"
    body += f"<oml:ontology></oml:>{url}</oml:ontology></oml:feature_description_remove>"
    answer = xml.read(ONTOLOGY_REMOVED, body.encode(), source="x")
    assert answer.ontologies == ("https://x.org/?a=1&b=<2>&c",)


def test_an_upload_that_may_be_too_large_is_told_as_one(tmp_path: Path) -> None:
    code = f"<oml:error {OML}><oml:code>102</oml:code><oml:message>No key</oml:message></oml:error>"
    known = settings(tmp_path, api_key=KEY)
    client = Client.over(InProcessTransport(saying(code, "412 Precondition Failed"), known), known)
    draft = DatasetDraft(name="d", description="x", default_target_attribute="a")
    arff = b"@relation r\n@attribute a numeric\n@data\n1\n"
    small = told(lambda: client.datasets.publish(draft, arff), AuthenticationError)
    assert "MB" not in small
    padded = b"%" * 9 * 2**20 + b"\n" + arff
    large = told(lambda: client.datasets.publish(draft, padded), AuthenticationError)
    assert "The upload has 9.0 MB. A server that takes less drops the key" in large
    assert KEY not in large


def test_a_server_that_fails_on_studies_of_suites_is_explained(tmp_path: Path) -> None:
    known = settings(tmp_path, api_key=KEY)
    transport = InProcessTransport(saying("", "500 Internal Server Error"), known)
    client = Client.over(transport, known)
    draft = StudyDraft(name="s", description="x", run_ids=(1,), benchmark_suite_id=1)
    assert "publish without it" in told(lambda: client.studies.publish(draft), TransportError)
    plain = replace(draft, benchmark_suite_id=None)
    assert "publish without it" not in told(lambda: client.studies.publish(plain), TransportError)


def test_long_lists_of_what_a_server_takes_are_shortened(asked: Callable[..., Client]) -> None:
    ids = ", ".join(map(str, range(1000)))
    body = f"<oml:error {OML}><oml:code>622</oml:code><oml:message>Input value does not match"
    body += " allowed values</oml:message><oml:additional_information>problematic input: "
    body += f"[source_data], acceptable inputs: [{ids}]</oml:additional_information></oml:error>"
    client = asked(body, "412 Precondition Failed").with_options(api_key=KEY)
    draft = TaskDraft.clustering(99999)
    text = told(lambda: client.tasks.publish(draft), ValidationError)
    assert "characters more" in text
    assert "The draft says source_data = '99999'." in text
    assert len(text) < 600
