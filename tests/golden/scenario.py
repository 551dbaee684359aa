"""The whole recording, performed again on our registry, exchange after exchange.

The registry runs without its embedded engine: what the real engine sent was recorded, and is sent
again.  A transcript tells the second in which it was recorded; within a second the order is
alphabetical, but for uploads, which come first and by their ids, and for `SEQUENCES`.  Where the
recording lacks a request that changed something, `OWN` has one of our own in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from pathlib import Path

from werkzeug.test import Client, TestResponse

from openml_client.registry import Registry
from openml_client.registry.blobs import FolderBlobs
from openml_client.registry.calls import Services
from openml_client.registry.folder import BLOBS

from . import earlier
from .transcripts import Exchange, load, names

BASE_URL = "http://127.0.0.1:28080/"
"""Address of the recorded server, which its documents name."""

FOLDERS = ("golden_engine", "golden", "golden_openml_python")

UPLOADS = {
    "upload_data_set": "datasets",
    "data_fork": "datasets",
    "upload_task": "tasks",
    "upload_flow": "flows",
    "upload_run": "runs",
    "study_upload": "studies",
}
"""Tables in which things get their ids, by the root of the answer to an upload."""

NOT_SENT = {
    "data_upload_err_130_too_big": "the transcript has only the beginning of the request",
    "data_upload_over_post_max_size": "the transcript has only the beginning of the request",
    "study_upload_with_benchmark_suite": "the real server crashed, ours takes the study",
}
"""What can't be sent, or would leave the registry in another state than the real server."""

PROCESSED = (143, 144)
"""What the real engine processed during the session of openml-python."""

BASIC = 137
"""A dataset of which the real engine measured only what it measures first."""

FILES = {
    ("runs", 1): 144,
    ("datasets", 142): 167,
    ("runs", 12): 168,
    ("runs", 13): 169,
    ("runs", 15): 173,
    ("runs", 16): 175,
    ("runs", 19): 184,
}
"""Ids of first files that don't follow from what was uploaded before."""

SEQUENCES: tuple[tuple[str, ...], ...] = (
    (
        "data_upload",
        "data_get_unprocessed",
        "data_upload_mixed",
        "data_upload_regression",
        "data_upload_sparse",
        "data_upload_survival",
        "data_upload_private",
    ),
    ("data_upload_url", "data_download_url_based_redirect"),
    (
        "data_tag",
        "data_tag_err_473_twice",
        "data_untag_err_476_other_user",
        "data_tag_json",
        "data_untag_json",
        "data_tag_list",
        "data_tag_list_json",
    ),
    (
        "data_edit",
        "data_get_after_edit",
        "data_description_list",
        "data_fork",
        "data_get_fork",
        "data_edit_target_owner",
    ),
    (
        "data_list_status_deactivated_err_372",
        "data_status_deactivate",
        "data_status_err_694_twice",
        "data_list_status_deactivated",
        "data_status_reactivate",
    ),
    ("data_topicadd", "data_topicadd_err_1083", "data_topicdelete", "data_topicdelete_err_1085"),
    (
        "task_list_data_id",
        "task_list_data_id_json",
        "task_tag",
        "task_tag_list",
        "task_get_with_tag",
        "task_delete",
        "task_get_deleted",
    ),
    ("flow_get_v2_json", "flow_tag", "flow_delete"),
    ("flow_list_tag", "flow_tag_list", "flow_tag"),
    ("run_tag", "run_untag", "run_tag_list"),
    ("run_reset_err_413", "evaluation_setup_list_json", "run_reset"),
    ("setup_list_tag", "setup_untag", "setup_tag_list_err_1002"),
    (
        "study_get_suite",
        "study_get_suite_json",
        "study_get_alias",
        "study_get_type_tasks",
        "study_get_study",
        "study_upload_empty",
        "study_get_empty",
        "study_delete_err_594",
        "study_list",
        "study_list_in_preparation",
        "study_list_status_all",
        "study_list_status_all_json",
        "study_list_type_run",
        "study_list_type_task",
        "study_attach",
        "study_detach",
        "study_status_update",
        "study_attach_after_active",
    ),
    (
        "evaluation_list_study",
        "study_delete_err_595_active_suite",
        "study_delete",
    ),
    (
        "data_features_upload_err_443_missing_engine",
        "data_features_upload_err_443_xsd",
        "data_features_upload_err_446",
        "data_features_upload_err_448_nominal_no_values",
        "data_features_upload_err_449_numeric_with_values",
        "data_features_upload",
        "data_features_manual",
    ),
    ("data_qualities_upload", "data_qualities_manual", "data_list_manual_in_preparation"),
    ("run_evaluate_err_428_unknown_measure", "run_evaluate", "run_get_manual_evaluation"),
    ("run_delete_err_393", "run_delete", "run_get_deleted"),
    ("trailing_slash_post", "double_slash"),
    ("run_trace_upload", "run_trace_get_manual"),
    ("setup_differences_err_520", "setup_differences_upload", "setup_differences"),
)
"""Orders within a second, where one exchange changes what another tells."""


def send(registry: Registry, exchange: Exchange) -> TestResponse:
    """Send a recorded request."""
    content_type = exchange.request.headers.get("Content-Type")
    return Client(registry.wsgi_app).open(
        exchange.request.target,
        base_url=BASE_URL,
        method=exchange.request.method,
        buffered=True,
        data=exchange.request.body,
        headers={"Content-Type": content_type} if content_type else {},
    )


@dataclass(frozen=True)
class World:
    """The registry in the middle of the scenario."""

    registry: Registry

    def send(self, exchange: Exchange) -> TestResponse:
        """Send a recorded request."""
        return send(self.registry, exchange)

    def post(self, path: str, **form: object) -> None:
        """Send a request of our own, in the name of user 2, which must be taken."""
        answer = Client(self.registry.wsgi_app).post(
            f"/api/v1/{path}",
            base_url=BASE_URL,
            data={"api_key": earlier.USERS[2][2], **form},
            buffered=True,
        )
        assert answer.status_code == 200, f"{path}: {answer.get_data(as_text=True)}"

    @property
    def services(self) -> Services:
        """What the embedded engine works with."""
        return Services(store=self.registry.store, blobs=FolderBlobs(self.registry.folder / BLOBS))

    def process(self, dataset_ids: Iterable[int]) -> None:
        """Let the embedded engine process those of these datasets that wait."""
        from openml_client.registry.publishing.again import process_again
        from openml_client.registry.store import dataset_changes, datasets

        services = self.services
        with services.store.read() as connection:
            waiting = [row.id for row in connection.execute(dataset_changes.unprocessed())]
        for dataset_id in waiting:
            if dataset_id not in dataset_ids:
                continue
            with services.store.read() as connection:
                stored = datasets.find(connection, dataset_id)
            processed = (
                None if stored is None else process_again(services, stored, said=stored.dataset)
            )
            assert processed is not None
            basic = set(self.names_of_qualities(BASIC))
            found = {k: v for k, v in processed.qualities.items() if k in basic}
            with services.store.write() as connection:
                dataset_changes.keep_processed(
                    connection, dataset_id, replace(processed, qualities=found)
                )

    def names_of_qualities(self, dataset_id: int) -> list[str]:
        """What was measured of a dataset."""
        from openml_client.registry.store import datasets

        with self.registry.store.read() as connection:
            return [quality.name for quality in datasets.qualities_of(connection, dataset_id)]

    def run_engine(self) -> None:
        """Let the embedded engine look at what waits; the real one's word for it is not there."""
        from openml_client.registry.publishing.again import evaluate_again
        from openml_client.registry.store import runs

        services = self.services
        with services.store.read() as connection:
            waiting = runs.unevaluated(connection, {}, order="normal", limit=100)
        for run in waiting:
            with services.store.read() as connection:
                evaluated = evaluate_again(services, connection, run.id)
            assert evaluated is not None
            with services.store.write() as connection:
                runs.keep_evaluated(connection, run.id, evaluated)

    def measure(self, dataset_id: int, *, like: int) -> None:
        """Let the embedded engine measure what is known of another dataset."""
        from openml_client.registry.publishing.again import process_again
        from openml_client.registry.store import dataset_changes, datasets

        services = self.services
        with services.store.read() as connection:
            stored = datasets.find(connection, dataset_id)
        assert stored is not None
        processed = process_again(services, stored, said=stored.dataset)
        assert processed is not None
        wanted = set(self.names_of_qualities(like))
        found = {name: value for name, value in processed.qualities.items() if name in wanted}
        with services.store.write() as connection:
            dataset_changes.keep_qualities(connection, dataset_id, found)


@dataclass(frozen=True)
class Answered:
    """A recorded exchange, and what our registry answered."""

    name: str
    """Of the transcript, with its folder."""
    exchange: Exchange
    answer: TestResponse


@dataclass
class Performed:
    """All that was performed."""

    registry: Registry
    answered: list[Answered] = field(default_factory=list)


def perform(folder: Path, shared: Path, own: Mapping[str, Callable[[World], None]]) -> Performed:
    """Perform the scenario in an empty folder."""
    registry = Registry.open(folder, has_engine=False)
    earlier.prepare(registry, shared)
    world = World(registry)
    performed = Performed(registry)
    for name, exchange in in_order(shared):
        if name in own:
            own[name](world)
        if name.startswith("golden_openml_python"):
            world.process(PROCESSED)
            world.run_engine()
        if name in NOT_SENT:
            continue
        _move_ids(registry, exchange)
        performed.answered.append(Answered(name, exchange, world.send(exchange)))
    return performed


def _move_ids(registry: Registry, exchange: Exchange) -> None:
    """Let an upload get the id that it got when it was recorded."""
    found = _uploaded(exchange)
    if found is None:
        return
    table, id_ = found
    earlier.move_ids(registry, table, id_)
    if table == "datasets" and id_ <= 140:
        earlier.move_ids(registry, "files", id_)
    if (table, id_) in FILES:
        earlier.move_ids(registry, "files", FILES[table, id_])


def _uploaded(exchange: Exchange) -> tuple[str, int] | None:
    found = re.match(rb"\s*<oml:(\w+) [^>]*>\s*<oml:(?:run_)?id>(\d+)<", exchange.response.body)
    if exchange.request.method != "POST" or found is None:
        return None
    table = UPLOADS.get(found[1].decode())
    return None if table is None else (table, int(found[2]))


def in_order(shared: Path) -> Iterator[tuple[str, Exchange]]:
    """All recorded exchanges in the order in which they happened."""
    seconds: dict[float, list[tuple[str, Exchange]]] = {}
    for folder in FOLDERS:
        for name in names(shared / folder):
            exchange = load(shared / folder, name)
            date = exchange.response.headers["Date"]
            at = parsedate_to_datetime(date).timestamp() if date else float("inf")
            full_name = name if folder == "golden" else f"{folder}/{name}"
            seconds.setdefault(at, []).append((full_name, exchange))
    for at in sorted(seconds):
        yield from _within(seconds[at])


def _within(group: Sequence[tuple[str, Exchange]]) -> list[tuple[str, Exchange]]:
    """The exchanges of one second, in their order."""

    def place(item: tuple[str, Exchange]) -> tuple[object, ...]:
        name, exchange = item
        if "/" in name:
            return (0, 0, name) if name.startswith("golden_engine") else (2, 0, name)
        uploaded = _uploaded(exchange)
        order = list(UPLOADS.values())
        return (1, 0, order.index(uploaded[0]), uploaded[1]) if uploaded else (1, 1, name)

    ordered = sorted(group, key=place)
    by_name = dict(ordered)
    for sequence in SEQUENCES:
        here = [name for name in sequence if name in by_name]
        slots = [n for n, (name, _) in enumerate(ordered) if name in here]
        for slot, name in zip(slots, here, strict=True):
            ordered[slot] = (name, by_name[name])
    return ordered
