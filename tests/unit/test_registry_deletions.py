"""What can be deleted from the registry, by whom, and what goes with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from openml_client.registry.check import check_folder
from openml_client.registry.store import schema

from .registry_client import (
    IRIS,
    Api,
    code,
    component,
    dataset,
    flow,
    id_of,
    information,
    predictions,
    run,
    study,
    tag,
    task,
    texts,
)

UNKNOWN = {"data": 352, "task": 452, "flow": 322, "run": 392, "setup": 402, "study": 592}
NOT_YOURS = {"data": 353, "task": 453, "flow": 323, "run": 393, "study": 594}
"""Setups are nobody's."""
ORDER = ("study", "run", "setup", "flow", "task", "data")
"""In which everything can be deleted."""


@pytest.fixture
def api(api: Api) -> Api:
    """A registry with one thing of each kind, all of the id 1."""
    publish_all(api)
    return api


def publish_all(api: Api, *, key: str = "") -> dict[str, int]:
    """Publish one thing of each kind, each with what can belong to it; give the ids."""
    data_id = id_of(api.post("data", dataset(tag="x"), key=key, dataset=("data.arff", IRIS)))
    inputs = task(source_data=str(data_id), estimation_procedure="6")
    task_id = id_of(api.post("task", inputs, key=key))
    name = f"probe.{data_id}"
    flow_id = id_of(api.post("flow", flow(name), key=key, source=("a.py", name.encode())))
    run_id = api.publish_run(task_id=task_id, flow_id=flow_id, key=key, k="3")
    (setup_id,) = map(int, texts(api.get(f"run/{run_id}"), "setup_id"))
    study_id = api.publish_study(run_id, kind="run", key=key)
    return {
        "data": data_id,
        "task": task_id,
        "flow": flow_id,
        "run": run_id,
        "setup": setup_id,
        "study": study_id,
    }


def is_sound(api: Api) -> bool:
    """Whether the registry's folder has no damage; that no reference hangs is part of it."""
    return list(check_folder(api.registry.folder)) == []


def test_everything_can_be_deleted_in_its_order(api: Api) -> None:
    for thing in ORDER:
        answer = api.delete(f"{thing}/1")
        assert texts(answer, "id") == ["1"]
        assert f"{thing}_delete" in answer.get_data(as_text=True)
        assert code(api.delete(f"{thing}/1")) == UNKNOWN[thing]
    assert is_sound(api)
    with api.registry.store.read() as connection:
        left = {
            table.name
            for table in schema.metadata.tables.values()
            if connection.scalar(select(func.count()).select_from(table))
        }
    assert left == {"users"}


def test_the_same_is_told_in_json(api: Api) -> None:
    assert api.delete("json/study/1").get_json() == {"study_delete": {"id": "1"}}
    assert api.delete("json/study/1").get_json()["error"]["code"] == "592"


def test_ids_of_what_was_deleted_are_not_given_again(api: Api) -> None:
    for thing in ORDER:
        api.delete(f"{thing}/1")
    assert set(publish_all(api).values()) == {2}
    assert texts(api.get("data/2"), "version") == ["1"]  # which the name has again


@pytest.mark.parametrize("id_", ["-1", "0", "7", "99999999999999999999999999"])
def test_what_is_not_there_cannot_be_deleted(api: Api, id_: str) -> None:
    for thing, number in UNKNOWN.items():
        assert code(api.delete(f"{thing}/{id_}")) == number
    assert code(api.delete(f"flow/{id_}/force")) == 322


def test_ids_that_are_no_numbers_are_no_addresses(api: Api) -> None:
    for id_ in ("one", "1.0", "list", "1,2"):
        for thing in UNKNOWN:
            assert code(api.delete(f"{thing}/{id_}")) == 100, (thing, id_)


def test_deleting_needs_a_key_that_may_write(api: Api) -> None:
    reader = api.registry.add_user("reader", group="read-only")
    for thing in ORDER:
        assert code(api.delete(f"{thing}/1", key=None)) == 102
        assert code(api.delete(f"{thing}/1", key="f" * 32)) == 103
        assert code(api.delete(f"{thing}/1", key=reader)) == 104


def test_things_are_deleted_by_their_owner_and_by_administrators(api: Api) -> None:
    key, stranger = api.registry.add_user("somebody"), api.registry.add_user("stranger")
    admin = api.registry.add_user("admin", group="admin")
    for deleter in (key, admin):
        ids = publish_all(api, key=key)
        for thing in ORDER:
            if thing in NOT_YOURS:
                answer = api.delete(f"{thing}/{ids[thing]}", key=stranger)
                assert code(answer) == NOT_YOURS[thing]
            assert api.delete(f"{thing}/{ids[thing]}", key=deleter).status_code == 200, thing


def test_what_is_in_use_stays(api: Api) -> None:
    api.publish_run(k="3")
    assert code(api.delete("data/1")) == 354
    assert code(api.delete("task/1")) == 454
    assert code(api.delete("setup/1")) == 404
    answer = api.delete("flow/1")
    assert (code(answer), information(answer)) == (324, "{1, 2} ()")
    api.delete("run/1")
    assert information(api.delete("flow/1")) == "{2} ()"
    api.delete("run/2")
    for path in ("setup/1", "task/1", "flow/1", "data/1"):
        assert api.delete(path).status_code == 200


def test_a_flow_that_is_part_of_others_stays(api: Api) -> None:
    inside = component("part", flow("shared"))
    wholes = [api.publish_flow(name, inside=inside) for name in ("one", "two")]
    (part,) = texts(api.post("flow/exists", form={"name": "shared", "external_version": "1"}), "id")
    for path in (f"flow/{part}", f"flow/{part}/force"):
        answer = api.delete(path)
        assert (code(answer), information(answer)) == (328, f"{{{wholes[0]}, {wholes[1]}}}")
    api.delete(f"flow/{wholes[0]}")
    assert information(api.delete(f"flow/{part}")) == f"{{{wholes[1]}}}"
    assert texts(api.get(f"flow/{wholes[1]}"), "id") == [str(wholes[1]), part]
    api.delete(f"flow/{wholes[1]}")
    assert api.delete(f"flow/{part}").status_code == 200
    assert is_sound(api)


def test_a_setup_with_values_of_a_part_goes_with_the_whole(api: Api) -> None:
    whole = api.publish_flow("whole", inside=component("part", flow("part")))
    values = tag("name", "k") + tag("value", "7") + tag("component", str(whole + 1))
    setting = f"<oml:parameter_setting>{values}</oml:parameter_setting>"
    run_id = api.publish_run(flow_id=whole, inside=setting)
    assert information(api.delete(f"flow/{whole}")) == f"{{{run_id}}} ()"
    assert api.delete(f"run/{run_id}").status_code == 200
    assert api.delete(f"flow/{whole}").status_code == 200
    assert api.delete(f"flow/{whole + 1}").status_code == 200
    assert is_sound(api)


def test_administrators_delete_a_flow_with_its_runs(api: Api) -> None:
    key = api.registry.add_user("somebody")
    ids = publish_all(api, key=key)
    assert code(api.delete(f"flow/{ids['flow']}/force", key=key)) == 550
    assert code(api.delete(f"flow/{ids['flow']}/force", key=None)) == 102
    assert texts(api.delete(f"flow/{ids['flow']}/force"), "id") == [str(ids["flow"])]
    assert code(api.get(f"run/{ids['run']}")) == 236
    assert code(api.get(f"setup/{ids['setup']}")) == 281
    assert texts(api.get(f"study/{ids['study']}"), "run_id") == []
    assert texts(api.get("run/list/task/1,2"), "run_id") == ["1"]
    assert is_sound(api)


def test_the_files_of_a_run_go_with_it(api: Api) -> None:
    paths = [urlsplit(url).path for url in texts(api.get("run/1"), "url")]  # the data's first
    api.delete("run/1")
    assert [api.get(path).status_code for path in paths] == [200, 404, 404]
    assert code(api.get("evaluation/list/run/1")) == 542
    assert code(api.get("run/trace/1")) == 571
    assert texts(api.get("setup/1"), "value") == ["3"]


def test_the_source_of_a_flow_goes_with_it(api: Api) -> None:
    path = urlsplit(texts(api.get("flow/1"), "source_url")[0]).path
    assert api.get(path).data == b"probe.1"
    api.delete("flow/1/force")
    assert api.get(path).status_code == 404


def test_a_file_is_there_as_long_as_one_of_its_datasets(api: Api) -> None:
    fork = id_of(api.post("data/fork", form={"data_id": "1"}))
    path = urlsplit(texts(api.get(f"data/{fork}"), "url")[0]).path
    for thing in ("run", "task", "data"):
        api.delete(f"{thing}/1")
    assert api.get(path).data == IRIS
    assert texts(api.get(f"data/features/{fork}"), "index") == ["0", "1", "2"]
    assert is_sound(api)
    api.delete(f"data/{fork}")
    assert api.get(path).status_code == 404


def test_the_same_content_of_another_upload_stays(api: Api) -> None:
    same = api.publish_dataset()
    path = urlsplit(texts(api.get(f"data/{same}"), "url")[0]).path
    for thing in ("run", "task", "data"):
        api.delete(f"{thing}/1")
    assert api.get(path).data == IRIS
    assert is_sound(api)


def test_a_suite_loses_its_task_and_a_study_its_run(api: Api) -> None:
    suite = api.publish_study(1, kind="task")
    assert texts(api.get(f"study/{suite}"), "task_id") == ["1"]
    assert texts(api.get("study/1"), "run_id") == ["1"]
    api.delete("run/1")
    api.delete("task/1")
    assert texts(api.get(f"study/{suite}"), "task_id") == []
    answer = api.get("study/1")
    assert [texts(answer, f"{kind}_id") for kind in ("run", "task", "setup", "data")] == [[]] * 4


def test_a_study_of_a_suite_outlives_it(api: Api) -> None:
    suite = api.publish_study(1, kind="task")
    study_id = id_of(api.post("study", study(1, kind="run", suite=suite)))
    assert texts(api.get(f"study/{study_id}"), "benchmark_suite") == [str(suite)]
    assert api.delete(f"study/{suite}").status_code == 200
    assert texts(api.get(f"study/{study_id}"), "benchmark_suite") == []
    assert texts(api.get(f"study/{study_id}"), "run_id") == ["1"]


def test_only_suites_that_were_never_active_are_deleted(api: Api) -> None:
    for status in ("active", "deactivated"):
        suite = api.publish_study(1, kind="task")
        api.post("study/status/update", form={"study_id": str(suite), "status": status})
        assert code(api.delete(f"study/{suite}")) == 595
        api.post("study/status/update", form={"study_id": "1", "status": status})
    assert api.delete("study/1").status_code == 200


def test_the_splits_of_a_task_go_with_it(api: Api) -> None:
    api.delete("run/1")
    api.delete("task/1")
    assert api.get("/api_splits/get/1").status_code == 412
    assert code(api.get("task/1")) == 151
    assert code(api.get("task/inputs/1")) == 156


def test_a_dataset_that_any_input_of_a_task_names_stays(api: Api) -> None:
    ids = [api.publish_dataset(IRIS.replace(b"'petal length'", b"length")) for _ in range(4)]
    several = f"[{ids[0]}, {ids[1]}]"
    tasks = [
        api.publish_task(
            type_id=9,
            source_data="",
            source_data_list=several,
            target_feature="length",
            estimation_procedure="29",
        ),
        api.publish_task(
            type_id=6,
            source_data=str(ids[2]),
            source_data_labeled=str(ids[3]),
            estimation_procedure="18",
        ),
    ]
    assert [code(api.delete(f"data/{id_}")) for id_ in ids] == [354] * 4
    for task_id in tasks:
        assert api.delete(f"task/{task_id}").status_code == 200
    assert [api.delete(f"data/{id_}").status_code for id_ in ids] == [200] * 4


def test_a_task_that_is_deleted_while_it_is_run_leaves_nothing_half_done(api: Api) -> None:
    api.delete("run/1")
    file = predictions(api.held_out())

    def work(number: int) -> int:
        if number % 2:
            return api.delete("task/1").status_code
        return api.post("run", run(k=str(number)), predictions=file).status_code

    with ThreadPoolExecutor(4) as pool:
        for number, status in enumerate(pool.map(work, range(12))):
            assert status in {200, 412}, number
    assert is_sound(api)


def test_whoever_deletes_at_once_one_does(api: Api) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.delete("run/1").status_code, range(8)))
    assert sorted(answers) == [200] + [412] * 7
    assert is_sound(api)
