"""Runs of the registry: published, evaluated, told, listed; with their setups and evaluations."""

from __future__ import annotations

import json
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from .registry_client import (
    Api,
    code,
    component,
    flow,
    id_of,
    information,
    predictions,
    run,
    tag,
    texts,
)

TRACE = b"""@RELATION trace
@ATTRIBUTE repeat NUMERIC
@ATTRIBUTE fold NUMERIC
@ATTRIBUTE iteration NUMERIC
@ATTRIBUTE evaluation NUMERIC
@ATTRIBUTE selected {true,false}
@ATTRIBUTE parameter_k STRING
@DATA
0,0,0,0.5,false,'3'
0,0,1,0.75,true,'5'
"""


@pytest.fixture
def api(api: Api) -> Api:
    """A registry with a task that holds out a third of ten rows, and a flow."""
    api.publish_dataset()
    api.publish_task(estimation_procedure="6")
    api.publish_flow()
    return api


def test_a_run_is_told_with_what_it_is_worth(api: Api) -> None:
    id_ = api.publish_run(k="3", weights="uniform")
    answer = api.get(f"run/{id_}")
    assert texts(answer, "task_type") == ["Supervised Classification"]
    assert texts(answer, "flow_name") == ["probe(1)"]
    assert texts(answer, "uploader_name") == ["owner"]
    assert texts(answer, "error") == [""]
    assert texts(answer, "did") == ["1", "-1", "-1"]
    assert texts(answer, "component") == ["1", "1"]
    names, values = texts(answer, "name"), texts(answer, "value")
    assert names[:5] == ["weights", "k", "flowers", "description", "predictions"]
    assert values[:2] == ["uniform", "3"]
    accuracies = texts(api.get(f"evaluation/list/run/{id_}/function/predictive_accuracy"), "value")
    assert accuracies == ["1"]


def test_the_score_is_computed_never_trusted(api: Api) -> None:
    lie = document_of_values("predictive_accuracy", "1")
    id_ = api.publish_run(right=False, inside=lie)
    path = f"evaluation/list/run/{id_}/function/predictive_accuracy"
    assert texts(api.get(path), "value") == ["0"]


def document_of_values(measure: str, value: str, place: str = "") -> str:
    content = tag("name", measure) + tag("value", value)
    evaluation = f"<oml:evaluation{place}>{content}</oml:evaluation>"
    return f"<oml:output_data>{evaluation}</oml:output_data>"


def test_what_only_the_uploader_can_measure_is_kept(api: Api) -> None:
    id_ = api.publish_run(inside=document_of_values("usercpu_time_millis", "12.5"))
    path = f"evaluation/list/run/{id_}/function/usercpu_time_millis"
    assert texts(api.get(path), "value") == ["12.5"]


def test_its_files_are_downloaded_as_they_were_uploaded(api: Api) -> None:
    file = predictions(api.held_out())
    content = b"\x80anything"
    description = run(k="3")
    id_ = id_of(api.post("run", description, predictions=file, model=("model.pkl", content)))
    addresses = [urlsplit(url).path for url in texts(api.get(f"run/{id_}"), "url")][1:]
    assert [path.rpartition("/")[2] for path in addresses] == [
        "description.xml",
        "model.pkl",
        "predictions.arff",
    ]
    contents = [api.get(path).data for path in addresses]
    assert contents == [description.encode(), content, file[1]]


def test_a_trace_is_told(api: Api) -> None:
    file = predictions(api.held_out())
    id_ = id_of(api.post("run", run(), predictions=file, trace=("trace.arff", TRACE)))
    answer = api.get(f"run/trace/{id_}")
    assert texts(answer, "iteration") == ["0", "1"]
    assert texts(answer, "evaluation") == ["0.5", "0.75"]
    assert texts(answer, "selected") == ["false", "true"]
    assert texts(answer, "setup_string") == ['{"parameter_k":"3"}', '{"parameter_k":"5"}']


def test_runs_without_a_trace_and_unknown_runs_have_none(api: Api) -> None:
    assert code(api.get(f"run/trace/{api.publish_run()}")) == 572
    assert code(api.get("run/trace/9")) == 571
    assert code(api.get("run/0")) == 235
    assert code(api.get("run/9")) == 236


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "Required output files not present"),
        ({"predictions": predictions([0, 1])}, "Prediction count does not match"),
        ({"predictions": ("p.arff", b"@RELATION p\n@ATTRIBUTE a REAL\n@DATA\n1\n")}, "repeat"),
    ],
)
def test_a_run_that_cannot_be_evaluated_is_kept_and_says_why(
    api: Api, files: dict[str, tuple[str, bytes]], words: str
) -> None:
    id_ = id_of(api.post("run", run(inside=tag("tag", "bad")), **files))
    assert words in texts(api.get(f"run/{id_}"), "error")[0]
    assert code(api.get("run/list/tag/bad")) == 512
    assert texts(api.get("run/list/tag/bad/show_errors/true"), "run_id") == [str(id_)]
    assert code(api.get(f"evaluation/list/run/{id_}")) == 542


CLUSTERS = """@RELATION clusters
@ATTRIBUTE repeat NUMERIC
@ATTRIBUTE row_id NUMERIC
@ATTRIBUTE cluster NUMERIC
@DATA
"""


def clusters(n_repeats: int) -> tuple[str, bytes]:
    lines = [f"{repeat},{row},{row % 3}" for repeat in range(n_repeats) for row in range(10)]
    return "predictions.arff", (CLUSTERS + "\n".join(lines)).encode()


def test_a_run_of_clusters_is_counted(api: Api) -> None:
    task_id = api.publish_task(type_id=5, target_feature="", estimation_procedure="17")
    id_ = id_of(api.post("run", run(task_id=task_id), predictions=clusters(50)))
    answer = api.get(f"run/{id_}")
    assert texts(answer, "error") == [""]
    assert texts(answer, "value").count("500") == 1
    assert texts(answer, "value").count("10") == 50


def test_a_run_of_too_few_clusters_says_which_are_missing(api: Api) -> None:
    task_id = api.publish_task(type_id=5, target_feature="", estimation_procedure="17")
    id_ = id_of(api.post("run", run(task_id=task_id), predictions=clusters(49)))
    (error,) = texts(api.get(f"run/{id_}"), "error")
    assert error.startswith("Prediction count does not match: Repeat 49 fold 0 sample 0 expected")


def test_the_same_run_posted_twice_is_two_runs_of_one_setup(api: Api) -> None:
    ids = [api.publish_run(k="3"), api.publish_run(k="3"), api.publish_run(k="4")]
    setups = [texts(api.get(f"run/{id_}"), "setup_id")[0] for id_ in ids]
    assert ids == [1, 2, 3]
    assert setups == ["1", "1", "2"]


def test_runs_that_break_the_rules_are_refused_in_the_servers_order(api: Api) -> None:
    assert code(api.post("run")) == 201
    assert code(api.post("run", "<run/>")) == 202
    assert code(api.post("run", run(task_id=9, flow_id=9))) == 205
    nameless = {"predictions": ("predictions", b"x")}
    assert code(api.post("run", run(task_id=9, zz="1"), **nameless)) == 206
    empty = api.post("run", run(), predictions=("p.arff", b""))
    assert code(empty) == 207
    assert information(empty).endswith("Filesize is 0 bytes, which is not allowed. ")
    broken = api.post("run", run(), predictions=("p.arff", b"% a\nno ARFF"))
    assert code(broken) == 209
    fault = "Arff error in predictions file: invalid line in ARFF header: no ARFF (l.2)"
    assert information(broken) == fault
    assert code(api.post("run", run(), extra=("e.xml", b"<a>"))) == 209
    answer = api.post("run", run(task_id=9, zz="1"))
    assert code(answer) == 213
    assert information(answer) == "Name: zz, flow id (component): 1"
    assert code(api.post("run", run(task_id=9))) == 204
    assert code(api.get("run/list/task/1/show_errors/true")) == 512


def test_runs_on_tasks_that_lack_an_input_are_refused(api: Api) -> None:
    several = api.publish_task(
        type_id=9, source_data="", source_data_list="[1]", estimation_procedure="29"
    )
    rules = api.publish_task(
        type_id=8,
        estimation_procedure="",
        target_value="setosa",
        time_limit="1",
        quality_measure="coverage",
    )
    assert code(api.post("run", run(task_id=several))) == 219
    assert code(api.post("run", run(task_id=rules))) == 220


@pytest.mark.parametrize(
    ("inside", "number", "words"),
    [
        (document_of_values("luck", "1"), 217, "Measure(s): luck"),
        (
            document_of_values("kappa", "1", ' repeat="0" fold="77"'),
            216,
            "Measure(s): kappa(0, 77)",
        ),
        (document_of_values("kappa", "1", ' repeat="0"'), 216, "Measure(s): kappa(0)"),
        (
            document_of_values("kappa", "1", ' repeat="0" fold="0" sample="0"'),
            216,
            "Measure(s): kappa(0, 0, 0)",
        ),
    ],
)
def test_values_of_unknown_measures_and_folds_are_refused(
    api: Api, inside: str, number: int, words: str
) -> None:
    answer = api.post("run", run(inside=inside))
    assert (code(answer), information(answer)) == (number, words)


def test_lists_of_runs_are_filtered(api: Api) -> None:
    api.publish_run(k="3", inside=tag("tag", "x"))
    api.publish_run(k="4")
    cases = {
        "/task/1": ["1", "2"],
        "/setup/2": ["2"],
        "/flow/1/limit/1": ["1"],
        "/uploader/1/limit/1/offset/1": ["2"],
        "/run/2,3": ["2"],
        "/tag/x": ["1"],
        "/task/1/task_type/1": ["1", "2"],
    }
    for filters, ids in cases.items():
        assert texts(api.get(f"run/list{filters}"), "run_id") == ids, filters
    assert code(api.get("run/list")) == 510
    assert code(api.get("run/list/task/x")) == 511
    assert code(api.get("run/list/task/1/task_type/2")) == 512
    assert code(api.get("run/list/foo/1")) == 514
    assert code(api.get("run/list/task/1/offset/1")) == 515
    assert code(api.get("run/list/limit/10001")) == 516
    assert code(api.get("run/list/study/1")) == 517


def test_lists_of_evaluations_are_filtered_and_sorted(api: Api) -> None:
    api.publish_run(right=False, k="3")
    api.publish_run(right=True, k="4")
    measure = "evaluation/list/function/predictive_accuracy"
    cases = {
        "": ["1", "2"],
        "/sort_order/desc": ["2", "1"],
        "/sort_order/asc/limit/1": ["1"],
        "/sort_order/desc/limit/1/offset/1": ["1"],
        "/task/1/flow/1/setup/2/uploader/1": ["2"],
    }
    for filters, ids in cases.items():
        assert texts(api.get(f"{measure}{filters}"), "run_id") == ids, filters
    assert code(api.get("evaluation/list")) == 540
    assert code(api.get("evaluation/list/task/x")) == 541
    assert code(api.get("evaluation/list/function/none")) == 542
    assert code(api.get("evaluation/list/foo/1")) == 544
    assert code(api.get("evaluation/list/task/1/offset/1")) == 545
    assert code(api.get("evaluation/list/limit/10001")) == 546
    assert code(api.get("evaluation/list/task/1/per_fold/maybe")) == 547
    assert code(api.get("evaluation/list/task/1/sort_order/up")) == 549
    assert code(api.get("evaluation/list/study/1")) == 555


@pytest.fixture
def crossed(api: Api) -> Api:
    """A registry whose runs are by setup and task 3, 1, 4 and 2."""
    other = api.publish_task(estimation_procedure="5")
    api.publish_run(task_id=other, k="3")
    api.publish_run(k="4")
    api.publish_run(k="3")
    api.publish_run(task_id=other, k="3")
    return api


def test_runs_are_listed_by_setup_task_and_id(crossed: Api) -> None:
    cases = {
        "/uploader/1": ["3", "1", "4", "2"],
        "/task/1": ["3", "2"],
        "/task/2,1/limit/2": ["3", "1"],
        "/flow/1/limit/2/offset/1": ["1", "4"],
        "/run/4,3,2,1/limit/2/offset/2": ["4", "2"],
        "/limit/9": ["3", "1", "4", "2"],
        "/setup/1": ["1", "3", "4"],
        "/setup/2,1/limit/3": ["1", "2", "3"],
    }
    for filters, ids in cases.items():
        assert texts(crossed.get(f"run/list{filters}"), "run_id") == ids, filters
        rows = json.loads(crossed.get(f"json/run/list{filters}").data)["runs"]["run"]
        assert [str(row["run_id"]) for row in rows] == ids, filters


def test_evaluations_are_listed_in_the_order_of_their_runs(crossed: Api) -> None:
    measure = "/function/predictive_accuracy"
    cases = {
        measure: ["3", "1", "4", "2"],
        f"{measure}/task/1": ["3", "2"],
        f"{measure}/flow/1/limit/2/offset/1": ["1", "4"],
        f"{measure}/uploader/1/limit/2/offset/2": ["4", "2"],
        f"{measure}/setup/1": ["1", "3", "4"],
        f"{measure}/sort_order/desc": ["3", "1", "4", "2"],
        f"{measure}/per_fold/true": ["3", "1", "4", "2"],
        f"{measure}/per_fold/true/setup/2,1": ["1", "2", "3", "4"],
    }
    for filters, ids in cases.items():
        assert texts(crossed.get(f"evaluation/list{filters}"), "run_id") == ids, filters
        rows = json.loads(crossed.get(f"json/evaluation/list{filters}").data)["evaluations"]
        assert [str(row["run_id"]) for row in rows["evaluation"]] == ids, filters


def test_the_measures_of_a_run_are_listed_as_the_run_tells_them(crossed: Api) -> None:
    names = [
        element.findtext("{*}name", "")
        for element in ElementTree.fromstring(crossed.get("run/3").data).findall(".//{*}evaluation")
        if "repeat" not in element.attrib
    ]
    answer = crossed.get("evaluation/list/task/1")
    assert texts(answer, "function") == [*names, *names]
    assert texts(answer, "run_id") == ["3"] * len(names) + ["2"] * len(names)
    place = names.index("weighted_recall")
    page = crossed.get(f"evaluation/list/task/1/limit/2/offset/{place}")
    assert texts(page, "function") == names[place : place + 2]
    assert names != sorted(names)


def test_values_per_fold_stand_in_the_order_of_repeats_and_folds(api: Api) -> None:
    task_id = api.publish_task(estimation_procedure="2")
    text = api.get(f"/api_splits/get/{task_id}").get_data(as_text=True)
    places = [line.split(",")[1:] for line in text.split("\n") if line.startswith("TEST")]
    name, content = predictions([int(row) for row, *_ in places])
    head, _, data = content.decode().partition("@DATA\n")
    lines = [
        ",".join([repeat, fold, *line.split(",")[2:]])
        for (_, repeat, fold), line in zip(places, data.splitlines(), strict=True)
    ]
    file = (name, f"{head}@DATA\n{chr(10).join(lines)}\n".encode())
    id_ = id_of(api.post("run", run(task_id=task_id), predictions=file))
    listing = f"evaluation/list/run/{id_}/function/number_of_instances/per_fold/true"
    answer = api.get(listing)
    assert texts(answer, "values") == ["[5,5,5,5,5,5,5,5,5,5]"]
    assert b"<oml:value>" not in answer.data
    assert b'repeat="4" fold="1"' in api.get(f"run/{id_}").data


def test_evaluations_come_with_their_setups_if_asked_for(api: Api) -> None:
    api.publish_run(k="3")
    answer = api.get("evaluation/setup/list/function/predictive_accuracy")
    assert texts(answer, "parameter_name") == ["k"]
    assert texts(answer, "value") == ["3", "1"]


def test_a_setup_is_told_with_the_flow_that_has_each_parameter(api: Api) -> None:
    inside = component("one", flow("part"))
    whole_id = api.publish_flow("whole", inside=inside)
    setting = (
        "<oml:parameter_setting>"
        + tag("name", "k")
        + tag("value", "7")
        + tag("component", str(whole_id + 1))
        + "</oml:parameter_setting>"
    )
    api.post("run", run(flow_id=whole_id, inside=setting))
    answer = api.get("setup/1")
    assert texts(answer, "flow_id") == [str(whole_id), str(whole_id + 1)]
    assert texts(answer, "full_name") == ["part(1)_k"]
    assert texts(answer, "default_value") == ["5"]
    assert texts(answer, "value") == ["7"]


def test_setups_are_listed_and_looked_up(api: Api) -> None:
    api.publish_run(k="3")
    api.publish_run(k="4")
    assert texts(api.get("setup/list/flow/1"), "setup_id") == ["1", "2"]
    assert texts(api.get("setup/list/setup/2,7"), "setup_id") == ["2"]
    assert texts(api.get("setup/list/limit/1/offset/1"), "setup_id") == ["2"]
    assert code(api.get("setup/list")) == 670
    assert code(api.get("setup/list/foo/1")) == 671
    assert code(api.get("setup/list/flow/x")) == 672
    assert code(api.get("setup/list/flow/9")) == 674
    assert code(api.get("setup/list/flow/1/offset/1")) == 675
    assert code(api.get("setup/list/limit/1001")) == 676
    assert code(api.get("setup/0")) == 280
    assert code(api.get("setup/9")) == 281
    assert texts(api.post("setup/exists", run(k="4")), "id") == ["2"]
    assert texts(api.post("setup/exists", run(k="5")), "exists") == ["false"]
    assert texts(api.post("setup/exists", run(k="4", weights="u")), "id") == ["-1"]
    assert code(api.post("setup/exists")) == 581
    assert code(api.post("setup/exists", run(flow_id=9))) == 584
    assert code(api.post("setup/exists", run(zz="1"))) == 586


def test_a_sample_is_only_one_of_a_learning_curve(api: Api) -> None:
    curve = api.publish_task(type_id=3, estimation_procedure="13")
    last = document_of_values("kappa", "1", ' repeat="0" fold="9" sample="7"')
    beyond = document_of_values("kappa", "1", ' repeat="0" fold="9" sample="8"')
    assert api.post("run", run(task_id=curve, inside=last)).status_code == 200
    assert code(api.post("run", run(task_id=curve, inside=beyond))) == 216


def test_a_value_that_is_given_twice_counts_once(api: Api) -> None:
    first = tag("name", "usercpu_time_millis") + tag("value", "1")
    second = tag("name", "usercpu_time_millis") + tag("value", "2")
    inside = f"<oml:evaluation>{first}</oml:evaluation><oml:evaluation>{second}</oml:evaluation>"
    id_ = api.publish_run(inside=f"<oml:output_data>{inside}</oml:output_data>")
    path = f"evaluation/list/run/{id_}/function/usercpu_time_millis"
    assert texts(api.get(path), "value") == ["1"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"0,0,1,", b"0,0,0,", "(0, 0, 0) twice"),
        (b"0,0,1,", b"0,1,1,", "(0, 1) that the task has not"),
        (b"0,0,1,", b"0,0,1e30,", "an iteration 1"),
        (b"repeat", b"again", "no column 'repeat'"),
    ],
)
def test_a_trace_that_makes_no_sense_is_said_to_make_none(
    api: Api, old: bytes, new: bytes, words: str
) -> None:
    trace = ("trace.arff", TRACE.replace(old, new))
    answer = api.post("run", run(), predictions=predictions(api.held_out()), trace=trace)
    assert words in texts(api.get(f"run/{id_of(answer)}"), "error")[0]
    assert code(api.get(f"run/trace/{id_of(answer)}")) == 572


def test_numbers_beyond_all_ids_are_no_numbers(api: Api) -> None:
    assert code(api.post("run", run(flow_id=10**30))) == 202
    assert code(api.get(f"run/{10**30}")) == 236
    assert code(api.get(f"run/list/task/{10**30}")) == 511


def test_the_names_of_files_lead_nowhere(api: Api) -> None:
    for name in ("../../etc/passwd.txt", "..\\..\\boot.ini", "/etc/x.txt", "a" * 4000 + ".txt"):
        id_ = id_of(api.post("run", run(), extra=(name, b"content")))
        url = texts(api.get(f"run/{id_}"), "url")[-1]
        path = urlsplit(url).path
        assert path.startswith("/data/download/")
        assert path.count("/") == 4
        assert len(path) < 300
        assert api.get(path).data == b"content"
