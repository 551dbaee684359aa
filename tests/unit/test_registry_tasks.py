"""Tasks of the registry: published, told, listed, split."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from .registry_client import IRIS, Api, code, id_of, information, task, texts


@pytest.fixture
def api(api: Api) -> Api:
    """A registry with one dataset, of ten rows."""
    api.publish_dataset()
    return api


def test_a_task_is_told_as_it_was_published(api: Api) -> None:
    id_ = api.publish_task(evaluation_measures="kappa", cost_matrix="[[0,1],[2,0]]")
    answer = api.get(f"task/{id_}")
    assert texts(answer, "task_name") == ["Task 1: flowers (Supervised Classification)"]
    assert texts(answer, "data_set_id") == ["1"]
    assert texts(answer, "target_feature") == ["class"]
    assert texts(answer, "evaluation_measure") == ["kappa"]
    assert texts(answer, "cost_matrix") == ["[[0,1],[2,0]]"]
    assert texts(answer, "parameter") == ["1", "10", "", "true"]


def test_its_raw_inputs_are_told_sorted(api: Api) -> None:
    id_ = api.publish_task()
    answer = api.get(f"task/inputs/{id_}")
    assert texts(answer, "input") == ["1", "1", "class"]
    assert code(api.get("task/inputs/9")) == 156
    assert code(api.get("task/9")) == 151


def test_the_splits_are_at_the_address_that_the_task_names(api: Api) -> None:
    id_ = api.publish_task(estimation_procedure="6")
    (url,) = texts(api.get(f"task/{id_}"), "data_splits_url")
    answer = api.get(urlsplit(url).path)
    lines = answer.get_data(as_text=True).split("\n")
    assert lines[0] == "@relation flowers_splits"
    data = lines[lines.index("@data") + 1 :]
    assert sorted(line.split(",")[1] for line in data) == [str(row) for row in range(10)]
    assert [line.split(",")[0] for line in data].count("TEST") == 3
    assert answer.mimetype == "text/plain"


def test_splits_are_made_once(api: Api) -> None:
    api.publish_task(estimation_procedure="26")
    first = api.get("/api_splits/get/1/Task_1_splits.arff")
    again = api.get("/api_splits/get/1")
    assert first.data == again.data
    assert first.headers["ETag"] == again.headers["ETag"]


def test_tasks_without_splits_say_so(api: Api) -> None:
    api.publish_task(type_id=4, estimation_procedure="15")
    for path in ("/api_splits/get/1", "/api_splits/get/99/Task_99_splits.arff"):
        answer = api.get(path)
        assert answer.status_code == 412
        assert answer.get_data(as_text=True) == "Task not providing datasplits."


@pytest.mark.parametrize(
    ("type_id", "inputs"),
    [
        (6, {"source_data_labeled": "1", "estimation_procedure": "18"}),
        (
            7,
            {
                "target_feature": "",
                "target_feature_event": "petal_length",
                "estimation_procedure": "19",
            },
        ),
        (9, {"source_data": "", "source_data_list": "[1]", "estimation_procedure": "29"}),
    ],
)
def test_splits_that_cannot_be_made_of_a_type_of_task_say_so(
    api: Api, type_id: int, inputs: dict[str, str]
) -> None:
    api.publish_dataset(IRIS.replace(b"'petal length'", b"petal_length"))
    id_ = api.publish_task(type_id=type_id, **{"source_data": "2", **inputs})
    answer = api.get(f"/api_splits/get/{id_}")
    assert answer.status_code == 412
    assert answer.get_data(as_text=True).startswith("failed to perform action generate_folds. ")


@pytest.mark.parametrize(("type_id", "procedure"), [(10, "30"), (11, "35")])
def test_active_and_text_tasks_have_the_splits_of_their_procedure(
    api: Api, type_id: int, procedure: str
) -> None:
    api.publish_task(type_id=type_id, estimation_procedure=procedure)
    assert api.get("/api_splits/get/1").get_data(as_text=True).count("TEST,") in {3, 10}


def test_clustering_trains_and_tests_on_all_rows_fifty_times(api: Api) -> None:
    api.publish_task(type_id=5, target_feature="", estimation_procedure="17")
    text = api.get("/api_splits/get/1").get_data(as_text=True)
    lines = text.split("@data\n")[1].split("\n")
    assert len(lines) == len(set(lines)) == 2 * 10 * 50
    assert lines[0] == "TEST,0,0,0"
    assert lines[-1] == "TRAIN,9,49,0"


def test_splits_that_the_data_does_not_allow_say_why(api: Api) -> None:
    short = b"\n".join(IRIS.splitlines()[:7])
    id_ = api.publish_dataset(short)
    api.publish_task(source_data=str(id_))
    answer = api.get("/api_splits/get/1")
    assert answer.status_code == 412
    assert "failed to perform action generate_folds" in answer.get_data(as_text=True)
    assert "10 folds and the dataset has 2 rows" in answer.get_data(as_text=True)


def test_the_same_task_is_refused_with_its_id(api: Api) -> None:
    id_ = api.publish_task()
    answer = api.post("task", task())
    assert (code(answer), information(answer)) == (614, f"matched id(s): [{id_}]")
    assert api.publish_task(evaluation_measures="kappa") == id_ + 1


def test_every_type_of_task_can_be_published_and_told(api: Api) -> None:
    numeric = {"target_feature": "petal_length"}
    api.publish_dataset(IRIS.replace(b"'petal length'", b"petal_length"))
    on_second = {"source_data": "2"}
    cases: dict[int, dict[str, str]] = {
        1: {},
        2: {**numeric, **on_second, "estimation_procedure": "7"},
        3: {"estimation_procedure": "13"},
        4: {"estimation_procedure": "15"},
        5: {"target_feature": "", "estimation_procedure": "17"},
        6: {"source_data_labeled": "1", "estimation_procedure": "18"},
        7: {
            **on_second,
            "target_feature": "",
            "target_feature_event": "petal_length",
            "estimation_procedure": "19",
        },
        8: {
            "estimation_procedure": "",
            "target_value": "setosa",
            "time_limit": "60",
            "quality_measure": "information_gain",
        },
        9: {"source_data": "", "source_data_list": "[1,2]", "estimation_procedure": "29"},
        10: {"estimation_procedure": "30", "batch_size": "5"},
        11: {"estimation_procedure": "35"},
    }
    for type_id, inputs in cases.items():
        id_ = id_of(api.post("task", task(type_id=type_id, **inputs)))
        assert texts(api.get(f"task/{id_}"), "task_type_id") == [str(type_id)]
        assert texts(api.get(f"tasktype/{type_id}"), "id") == [str(type_id)]
    listed = texts(api.get("task/list"), "task_type_id")
    assert listed == [str(type_id) for type_id in cases if type_id != 9]


@pytest.mark.parametrize(
    ("inputs", "number", "words"),
    [
        ({"target_feature": ""}, 618, "problematic input(s): target_feature"),
        ({"colour": "red"}, 616, "problematic input: colour"),
        ({"batch_size": "5"}, 616, "problematic input: batch_size"),
        ({"source_data": "one"}, 621, "source_data; should be of type: numeric"),
        ({"cost_matrix": "[[0,"}, 621, "cost_matrix; should be of type: json"),
        ({"cost_matrix": "[1,2]"}, 622, "[cost_matrix], acceptable inputs: [a list of lists"),
        ({"cost_matrix": '"abc"'}, 622, "[cost_matrix], acceptable inputs: [a list of lists"),
        ({"source_data": "99"}, 622, "[source_data], acceptable inputs: [1]"),
        ({"estimation_procedure": "7"}, 622, "[estimation_procedure], acceptable inputs: [1, 2,"),
        ({"evaluation_measures": "luck"}, 622, "[evaluation_measures], acceptable inputs: [Euclid"),
        ({"target_feature": "petal length"}, 622, "[target_feature], acceptable inputs: [place, c"),
        ({"custom_testset": "[1]"}, 619, "problematic input: custom_testset"),
    ],
)
def test_inputs_that_make_no_task_are_refused(
    api: Api, inputs: dict[str, str], number: int, words: str
) -> None:
    answer = api.post("task", task(**inputs))
    assert code(answer) == number
    assert words in information(answer)


def test_an_input_that_is_given_twice_is_refused(api: Api) -> None:
    twice = task().replace(
        "</oml:task_inputs>", '<oml:input name="source_data">1</oml:input></oml:task_inputs>'
    )
    assert code(api.post("task", twice)) == 617


def test_a_dataset_in_preparation_gets_no_task(api: Api) -> None:
    id_ = api.publish_dataset(default_target_attribute="")
    assert code(api.post("task", task(source_data=str(id_)))) == 623


def test_an_unknown_type_of_task_takes_no_input(api: Api) -> None:
    assert code(api.post("task", task(type_id=99))) == 616


def test_a_task_needs_a_description(api: Api) -> None:
    assert code(api.post("task")) == 611
    assert code(api.post("task", "no XML")) == 613


def test_nobody_makes_a_task_of_a_strangers_private_dataset(api: Api) -> None:
    id_ = api.publish_dataset(visibility="private")
    key = api.registry.add_user("stranger")
    answer = api.post("task", task(source_data=str(id_)), key=key)
    assert code(answer) == 622
    assert information(answer).endswith("acceptable inputs: [1]")
    api.publish_task(source_data=str(id_))
    assert code(api.get("task/list")) == 482
    assert texts(api.get("task/list", key=api.key), "did") == [str(id_)]


def test_lists_are_filtered(api: Api) -> None:
    api.publish_dataset(name="others", tag="d")
    tagged = task().replace("</oml:task_inputs>", "<oml:tag>t</oml:tag></oml:task_inputs>")
    assert id_of(api.post("task", tagged)) == 1
    api.publish_task(source_data="2")
    api.publish_task(source_data="2", estimation_procedure="6")
    api.publish_task(type_id=5, target_feature="", estimation_procedure="17")
    cases = {
        "": ["1", "2", "3", "4"],
        "/tag/t": ["1"],
        "/data_tag/d": ["2", "3"],
        "/type/5": ["4"],
        "/data_id/2": ["2", "3"],
        "/data_name/others/limit/1": ["2"],
        "/task_id/1,4": ["1", "4"],
        "/number_instances/10/number_classes/2/offset/1/limit/2": ["2", "3"],
        "/status/all": ["1", "2", "3", "4"],
    }
    for filters, ids in cases.items():
        assert texts(api.get(f"task/list{filters}"), "task_id") == ids, filters
    assert code(api.get("task/list/status/deactivated")) == 482
    assert code(api.get("task/list/estimation_procedure/1")) == 480
    assert code(api.get("task/list/limit/x")) == 481
    assert code(api.get("task/list/offset/1")) == 483


def test_procedures_and_measures_are_those_of_openml(api: Api) -> None:
    assert texts(api.get("estimationprocedure/list"), "id") == [str(n) for n in range(1, 36)]
    assert texts(api.get("estimationprocedure/6"), "percentage") == ["33"]
    assert code(api.get("estimationprocedure/36")) == 731
    assert code(api.get("tasktype/12")) == 241
    assert len(texts(api.get("evaluationmeasure/list"), "measure")) == 71
