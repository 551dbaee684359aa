"""Records map documents to models and back, and say where a document is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openml_client.errors import ProtocolError
from openml_client.model.dataset import DatasetDraft, DatasetSummary, Feature
from openml_client.model.evaluation import Evaluation
from openml_client.model.flow import FlowDraft, FlowDraftComponent, FlowParameter
from openml_client.model.run import ParameterSetting, RunEvaluation
from openml_client.model.setup import Setup, SetupParameter
from openml_client.model.study import Study, StudyDraft
from openml_client.model.task import ClassificationTask, TaskProcedure
from openml_client.model.task_draft import TaskDraft
from openml_client.wire import (
    codec,
    dataset,
    engine,
    evaluation,
    flow,
    json,
    run,
    setup,
    study,
    task,
    vocabulary,
    xml,
)
from openml_client.wire.complaints import complaints
from openml_client.wire.run import RunUpload
from openml_client.wire.scalars import NOT_XML


def document(root: str, inner: str) -> bytes:
    return f'<oml:{root} xmlns:oml="http://openml.org/openml">{inner}</oml:{root}>'.encode()


DESCRIPTION = document(
    "data_set_description",
    "<oml:id>7</oml:id><oml:name>tea</oml:name><oml:version>2</oml:version>"
    "<oml:description>Cups &amp; pots</oml:description><oml:format>ARFF</oml:format>"
    "<oml:upload_date>2026-01-02T03:04:05</oml:upload_date><oml:tag>one</oml:tag>"
    "<oml:status>active</oml:status><oml:processing_date>2026-01-02 03:04:06"
    "</oml:processing_date>",
)


def test_a_single_element_and_a_repeated_one_both_become_tuples() -> None:
    once = xml.read(dataset.DATASET, DESCRIPTION, source="a test")
    twice = DESCRIPTION.replace(b"<oml:tag>one", b"<oml:tag>zero</oml:tag><oml:tag>one")
    assert once.tags == ("one",)
    assert xml.read(dataset.DATASET, twice, source="a test").tags == ("zero", "one")


def test_times_are_aware_in_both_spellings() -> None:
    model = xml.read(dataset.DATASET, DESCRIPTION, source="a test")
    assert model.uploaded_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert model.processed_at == datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["0000-00-00 00:00:00", "0000-00-00T00:00:00", "0000-00-00", "2014-00-00",
     "2014-05-00 00:00:00", "-0001-11-30T00:00:00", " 0000-00-00 00:00:00 "],
)  # fmt: skip
def test_a_zero_date_of_the_server_is_no_time(text: str) -> None:
    body = DESCRIPTION.replace(b"2026-01-02T03:04:05", text.encode())
    model = xml.read(dataset.DATASET, body, source="a test")
    assert (model.name, model.uploaded_at) == ("tea", None)
    assert model.processed_at is not None
    row = {"run_id": 1, "task_id": 1, "setup_id": 1, "flow_id": 1, "uploader": 1}
    listed = {"run": [{**row, "upload_time": text}]}
    (summary,) = codec.decode(run.RUNS, listed, source="a test")
    assert summary.uploaded_at is None


@pytest.mark.parametrize("text", ["yesterday", "2014-13-01", "10000-00-00"])
def test_what_is_no_time_is_still_refused(text: str) -> None:
    body = DESCRIPTION.replace(b"2026-01-02T03:04:05", text.encode())
    with pytest.raises(ProtocolError, match=r"upload_date = .* is no time"):
        xml.read(dataset.DATASET, body, source="a test")


def test_a_model_is_written_and_read_back_equal_in_both_formats() -> None:
    model = xml.read(dataset.DATASET, DESCRIPTION, source="a test")
    for module in (xml, json):
        content = module.write(dataset.DATASET, model)
        assert module.read(dataset.DATASET, content, source="a test") == model


def test_json_spells_the_same_document_as_the_server_does() -> None:
    model = xml.read(dataset.DATASET, DESCRIPTION, source="a test")
    assert json.write(dataset.DATASET, model) == (
        b'{"data_set_description":{"id":"7","name":"tea","version":"2",'
        b'"description":"Cups & pots","format":"ARFF","upload_date":"2026-01-02T03:04:05",'
        b'"tag":"one","status":"active","processing_date":"2026-01-02 03:04:06"}}'
    )


def test_hand_made_lists_give_numbers_as_numbers() -> None:
    rows = [DatasetSummary(id=1, name="a", version=1, qualities={"NumberOfClasses": 3.0})]
    assert json.write(dataset.DATASETS, rows) == (
        b'{"data":{"dataset":[{"did":1,"name":"a","version":1,"md5_checksum":"",'
        b'"quality":[{"name":"NumberOfClasses","value":"3.0"}]}]}}'
    )


def test_a_row_without_pairs_is_read_from_hand_made_json_as_from_xml() -> None:
    rows = (DatasetSummary(id=1, name="a", version=1, qualities={}),)
    written = json.write(dataset.DATASETS, rows)
    assert b'"quality":[]' in written
    assert json.read(dataset.DATASETS, written, source="a test") == rows


@pytest.mark.parametrize(
    ("value", "text"),
    [(150.0, b"150"), (0.0, b"0"), (-3.0, b"-3"), (0.5, b"0.5"), (1e20, b"1e+20"), (None, b"")],
)
def test_hand_made_lists_give_whole_numbers_without_a_point(
    value: float | None, text: bytes
) -> None:
    row = Evaluation(
        run_id=1, task_id=1, setup_id=1, flow_id=1, flow_name="f", measure="kappa", value=value
    )
    found = re.search(rb'"value":([^,}]*)', json.write(evaluation.EVALUATIONS, [row]))
    assert (found[1] if found else b"") == text


def test_a_missing_required_element_is_named() -> None:
    broken = DESCRIPTION.replace(b"<oml:name>tea</oml:name>", b"")
    with pytest.raises(ProtocolError, match=r"data/7: /data_set_description lacks 'name'"):
        xml.read(dataset.DATASET, broken, source="data/7")


def test_a_value_of_the_wrong_kind_is_named_with_its_path() -> None:
    body = document("data", "<oml:dataset><oml:did>three</oml:did></oml:dataset>")
    with pytest.raises(ProtocolError, match=r"/data/dataset\[1\]/did = 'three', which is no int"):
        xml.read(dataset.DATASETS, body, source="data/list")


def test_a_value_that_stands_twice_is_refused() -> None:
    broken = DESCRIPTION.replace(b"<oml:version>2", b"<oml:version>1</oml:version><oml:version>2")
    with pytest.raises(ProtocolError, match="version stands 2 times"):
        xml.read(dataset.DATASET, broken, source="a test")


def test_nested_flows_keep_their_order_and_empty_defaults() -> None:
    inner = FlowDraft(
        name="inner",
        external_version="1",
        description="",
        parameters=(FlowParameter(name="k", data_type="int", default_value=""),),
    )
    draft = FlowDraft(
        name="outer(inner)",
        external_version="1",
        description="two",
        components=(
            FlowDraftComponent(identifier="b", flow=inner),
            FlowDraftComponent(identifier="a", flow=inner),
        ),
    )
    assert xml.read(flow.FLOW_DRAFT, xml.write(flow.FLOW_DRAFT, draft), source="a test") == draft


def test_flows_that_nest_too_deep_are_refused() -> None:
    body = "<oml:name>x</oml:name><oml:description>d</oml:description>"
    for _ in range(400):
        body = (
            "<oml:name>x</oml:name><oml:description>d</oml:description><oml:component>"
            f"<oml:identifier>i</oml:identifier><oml:flow>{body}</oml:flow></oml:component>"
        )
    with pytest.raises(ProtocolError, match="deeper than"):
        xml.read(flow.FLOW_DRAFT, document("flow", body), source="a test")


def test_texts_beyond_the_limits_are_refused_when_they_arrive() -> None:
    for name, complaint in (("tea cup", "characters outside"), ("t" * 129, "the limit is 128")):
        draft = DatasetDraft(name=name, description="d")
        with pytest.raises(ProtocolError, match=complaint):
            xml.read(
                dataset.DATASET_DRAFT, xml.write(dataset.DATASET_DRAFT, draft), source="a test"
            )


def test_an_empty_text_is_left_out_unless_it_means_something() -> None:
    parameter = FlowParameter(name="p", data_type="", default_value="")
    draft = FlowDraft(name="x", description="d", dependencies="", parameters=(parameter,))
    body = xml.write(flow.FLOW_DRAFT, draft)
    assert b"dependencies" not in body  # the server's schema refuses an empty one
    assert b"data_type" not in body
    assert b"<oml:default_value></oml:default_value>" in body


def test_characters_outside_basic_latin_are_named() -> None:
    draft = DatasetDraft(name="tea", description="Café")
    with pytest.raises(ProtocolError, match="contains 'é'"):
        xml.read(dataset.DATASET_DRAFT, xml.write(dataset.DATASET_DRAFT, draft), source="a test")


def test_a_run_upload_keeps_settings_and_evaluations() -> None:
    upload = RunUpload(
        task_id=1,
        flow_id=2,
        settings=(ParameterSetting(name="k", value="", component_id=2),),
        evaluations=(
            RunEvaluation(measure="usercpu_time_millis", value=1.5, repeat=0, fold=3),
            RunEvaluation(measure="os_information", array_text="[ Linux, 6.1 ]"),
        ),
    )
    assert xml.read(run.RUN_UPLOAD, xml.write(run.RUN_UPLOAD, upload), source="a test") == upload


def test_inputs_of_a_task_become_a_mapping() -> None:
    draft = TaskDraft(type_id=1, inputs={"source_data": "7", "target_feature": "pot"})
    content = xml.write(task.TASK_DRAFT, draft)
    assert b'<oml:input name="source_data">7</oml:input>' in content
    assert xml.read(task.TASK_DRAFT, content, source="a test") == draft


def test_a_task_without_measures_has_one_empty_measure() -> None:
    # openml-python reads the element without asking whether it is there.
    procedure = TaskProcedure(type="crossvalidation", parameters={})
    model = ClassificationTask(
        id=1, type="Supervised Classification", dataset_id=1, target_name="a", procedure=procedure
    )
    content = xml.write(task.TASK, model)
    assert b"<oml:evaluation_measure></oml:evaluation_measure>" in content
    assert b'"evaluation_measures":{"evaluation_measure":[]}' in json.write(task.TASK, model)
    assert xml.read(task.TASK, content, source="a test").evaluation_measures == ()


def test_a_parameter_of_a_setup_has_all_its_elements() -> None:
    parameter = SetupParameter(id=1, flow_id=2, flow_name="f", full_name="f(1)_k", name="k")
    content = xml.write(setup.SETUP, Setup(id=1, flow_id=2, parameters=(parameter,)))
    for name in (b"data_type", b"default_value", b"value"):
        assert b"<oml:" + name + b"></oml:" + name + b">" in content


def test_evaluations_of_streams_and_of_old_runs_keep_all_their_fields() -> None:
    body = document(
        "run",
        "<oml:task_id>1</oml:task_id><oml:flow_id>2</oml:flow_id><oml:output_data>"
        '<oml:evaluation interval_start="0" interval_end="999"><oml:did>5</oml:did>'
        "<oml:name>kappa</oml:name><oml:flow_id>4</oml:flow_id><oml:flow>weka.Evaluation</oml:flow>"
        "<oml:label>x</oml:label><oml:value>0.5</oml:value><oml:sample_size>64</oml:sample_size>"
        "</oml:evaluation></oml:output_data>",
    )
    model = xml.read(run.RUN_UPLOAD, body, source="a test")
    assert model.evaluations == (
        RunEvaluation(
            measure="kappa",
            value=0.5,
            interval_start=0,
            interval_end=999,
            dataset_id=5,
            flow_id=4,
            flow_name="weka.Evaluation",
            label="x",
            sample_size=64,
        ),
    )
    assert xml.read(run.RUN_UPLOAD, xml.write(run.RUN_UPLOAD, model), source="a test") == model


def test_an_ill_formed_answer_of_the_server_is_understood() -> None:
    body = (
        b'<oml:feature_description_add xmlns:oml="http://openml.org/openml"><oml:id>3</oml:id>'
        b"<oml:ontology></oml:>https://a.org/1</oml:ontology>"
        b"<oml:ontology></oml:>https://a.org/2</oml:ontology></oml:feature_description_add>"
    )
    answer = xml.read(vocabulary.ONTOLOGY_ADDED, body, source="this test")
    assert answer.ontologies == ("https://a.org/1", "https://a.org/2")
    again = xml.write(vocabulary.ONTOLOGY_ADDED, answer)
    assert xml.read(vocabulary.ONTOLOGY_ADDED, again, source="this test") == answer


def test_a_study_has_an_element_for_each_kind_of_thing_that_it_could_hold() -> None:
    nothing = Study(id=1, name="a", main_entity_type="run")
    written = xml.write(study.STUDY, nothing)
    for name in (b"data", b"tasks", b"flows", b"setups", b"runs"):
        assert b"<oml:" + name + b"></oml:" + name + b">" in written
    assert xml.read(study.STUDY, written, source="this test") == nothing
    suite = Study(id=1, name="a", main_entity_type="task", task_ids=(7,), dataset_ids=(1, 2))
    assert b"runs" not in xml.write(study.STUDY, suite)
    assert json.write(study.STUDY, suite) == (
        b'{"study":{"id":"1","main_entity_type":"task","name":"a",'
        b'"data":{"data_id":["1","2"]},"tasks":{"task_id":"7"}}}'
    )
    for module in (xml, json):
        assert module.read(study.STUDY, module.write(study.STUDY, suite), source="") == suite


def test_hand_made_lists_of_names_are_lists_also_with_one_name() -> None:
    document = vocabulary.names("data_tag_list", "tag", hand_made_json=True)
    one = vocabulary.Names(names=("uci",))
    assert json.write(document, one) == b'{"data_tag_list":{"tag":["uci"]}}'


# What a data file declares


FEATURE_DOCUMENT = document(
    "data_features",
    "\n <oml:feature>\n <oml:index> 0 </oml:index><oml:name> k\n</oml:name>\n"
    "<oml:data_type> nominal </oml:data_type><oml:nominal_value> lead</oml:nominal_value>"
    "<oml:nominal_value></oml:nominal_value><oml:nominal_value>a&#13;b&#13;</oml:nominal_value>"
    "<oml:nominal_value>\u2028</oml:nominal_value>\n </oml:feature>\n",
)


def test_names_and_labels_of_columns_keep_every_character() -> None:
    (found,) = xml.read(dataset.FEATURES, FEATURE_DOCUMENT, source="a test")
    assert found.name == " k\n"
    assert found.nominal_values == (" lead", "", "a\rb\r", "\u2028")
    assert (found.index, found.data_type) == (0, "nominal")  # other texts lose their blanks


def test_json_keeps_the_blanks_of_names_and_labels() -> None:
    body = (
        b'{"data_features":{"feature":[{"index":"0","name":" k ","data_type":"nominal",'
        b'"nominal_value":[" lead",[],"a\\r"]}]}}'
    )
    (found,) = json.read(dataset.FEATURES, body, source="a test")
    assert (found.name, found.nominal_values) == (" k ", (" lead", "", "a\r"))


names_in_xml = st.text(
    st.characters(exclude_categories=["Cs"]).filter(lambda c: not NOT_XML.search(c))
    | st.sampled_from(" \t\n\r\u2028\x85\xa0<&]"),
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(names_in_xml, st.lists(names_in_xml, min_size=2, max_size=4, unique=True))
def test_any_name_and_labels_are_read_as_they_were_written(name: str, labels: list[str]) -> None:
    feature = Feature(index=0, name=name, data_type="nominal", nominal_values=tuple(labels))
    for module in (xml, json):
        content = module.write(dataset.FEATURES, [feature])
        assert module.read(dataset.FEATURES, content, source="a test") == (feature,)


def test_an_engine_uploads_names_and_labels_as_they_are() -> None:
    found = engine.MeasuredFeature(index=0, name=" k", data_type="nominal", nominal_values=("a ",))
    upload = engine.FeaturesUpload(dataset_id=1, features=(found,))
    content = xml.write(engine.FEATURES_UPLOAD, upload)
    assert xml.read(engine.FEATURES_UPLOAD, content, source="a test") == upload


def test_line_ends_of_descriptions_are_written_as_they_are() -> None:
    draft = DatasetDraft(name="tea", description="one\r\ntwo\rthree")
    content = xml.write(dataset.DATASET_DRAFT, draft)
    assert b"\r" not in content  # parsers take a bare one for a line feed
    assert xml.read(dataset.DATASET_DRAFT, content, source="a test") == draft


# What is checked before an upload


def test_a_draft_that_a_server_would_take_draws_no_complaint() -> None:
    draft = DatasetDraft(name="tea", description="Tea.", creators=("A. B.",), tags=("x",))
    assert list(complaints(dataset.DATASET_DRAFT, draft)) == []


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"creators": ("A", "Müller")}, "creators[1] = 'Müller' contains 'ü'; the protocol takes "
         "Basic Latin characters only"),
        ({"name": "tea cup"}, "name = 'tea cup' has characters outside A-Z a-z 0-9 _ - . ( ) ,"),
        ({"name": "t" * 129}, f"name = '{'t' * 76}... has 129 characters; the limit is 128"),
        ({"name": ""}, "name is missing"),
        ({"description": " \n"}, "description is missing"),
        ({"description": "a\0b"}, r"description = 'a\x00b' contains '\x00', which no XML document "
         "may have"),
        ({"description": None}, "description is missing"),
        ({"tags": ("a", "b c")}, "tags[1] = 'b c' has characters outside A-Z a-z 0-9 _ - ."),
        ({"visibility": "secret"}, "visibility = 'secret' is none of circles, public, private"),
        ({"default_target_attribute": "a b"}, "default_target_attribute = 'a b' has characters "
         "outside A-Z a-z 0-9 _ - . ( ) ,"),
    ],
)  # fmt: skip
def test_each_limit_of_a_draft_is_complained_of(fields: dict[str, Any], complaint: str) -> None:
    draft = DatasetDraft(**{"name": "tea", "description": "Tea.", **fields})
    assert list(complaints(dataset.DATASET_DRAFT, draft)) == [complaint]


def test_complaints_name_the_place_inside_a_nested_draft() -> None:
    inner = FlowDraft(
        name="inner",
        external_version="1",
        description="",
        parameters=(FlowParameter(name="k", default_value="x" * 2049),),
    )
    outer = FlowDraft(
        name="outer flow",
        external_version="1",
        description="Größe",
        components=(FlowDraftComponent(identifier="a", flow=inner),),
    )
    assert [text.partition(" = ")[0] for text in complaints(flow.FLOW_DRAFT, outer)] == [
        "name",
        "description",
        "components[0].flow.description",
        "components[0].flow.parameters[0].default_value",
    ]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"description": ""}, "description = '' has 0 characters; there must be 1"),
        ({"description": None}, "description is missing"),
        ({"name": None}, "name is missing"),
        ({"external_version": 1}, "external_version = 1 is no text"),
        ({"tags": 5}, "tags[0] = 5 is no text"),
        ({"parameters": {"C": 1.0}}, "parameters[0] = 'C' is no FlowParameter"),
        ({"parameters": FlowParameter(name="C", default_value=1)},  # type: ignore[arg-type]
         "parameters[0].default_value = 1 is no text"),
        ({"parameters": FlowParameter(name="C", description="")},
         "parameters[0].description = '' has 0 characters; there must be 1"),
        ({"components": ("a",)}, "components[0] = 'a' is no FlowDraftComponent"),
    ],
)  # fmt: skip
def test_values_of_wrong_types_are_complained_of(fields: dict[str, Any], complaint: str) -> None:
    draft = FlowDraft(**{"name": "f", "external_version": "1", "description": "F.", **fields})
    assert list(complaints(flow.FLOW_DRAFT, draft)) == [complaint]


def test_a_flow_parameter_may_have_the_empty_default() -> None:
    parameter = FlowParameter(name="C", default_value="")
    draft = FlowDraft(name="f", external_version="1", description="F.", parameters=(parameter,))
    assert list(complaints(flow.FLOW_DRAFT, draft)) == []


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({}, "inputs is missing"),
        (None, "inputs is missing"),
        (["source_data"], "inputs = ['source_data'] is no mapping"),
        ({"source data": "1"}, "a name in inputs = 'source data' has characters outside A-Z a-z "
         "0-9 _ - ."),
        ({5: "1"}, "a name in inputs = 5 is no text"),
        ({"source_data": [1]}, "inputs['source_data'] = [1] is no text"),
    ],
)  # fmt: skip
def test_inputs_of_a_task_are_complained_of(inputs: Any, complaint: str) -> None:
    assert list(complaints(task.TASK_DRAFT, TaskDraft(type_id=1, inputs=inputs))) == [complaint]


def test_numbers_are_taken_for_inputs_of_a_task() -> None:
    draft = TaskDraft(type_id=1, inputs={"source_data": np.int64(7), "time_limit": 1.5})  # type: ignore[dict-item]
    assert list(complaints(task.TASK_DRAFT, draft)) == []


def test_complaints_come_of_kinds_too() -> None:
    upload = RunUpload(flow_id="one", evaluations=(RunEvaluation(measure="m", value="high"),))  # type: ignore[arg-type]
    assert list(complaints(run.RUN_UPLOAD, upload)) == [
        "flow_id = 'one' is no integer",
        "evaluations[0].value = 'high' is no number",
    ]


def test_complaints_about_adapted_and_listed_documents() -> None:
    task_draft = TaskDraft(type_id=1, inputs={"source_data": "1"}, tags=("a b",))
    assert list(complaints(task.TASK_DRAFT, task_draft)) == [
        "tags[0] = 'a b' has characters outside A-Z a-z 0-9 _ - ."
    ]
    rows = [DatasetSummary(id=1, name="a", version="x", qualities={"n": "few"})]  # type: ignore[arg-type,dict-item]
    assert list(complaints(dataset.DATASETS, rows)) == [
        "[0].version = 'x' is no integer",
        "[0].qualities['n'] = 'few' is no number",
    ]


def test_flows_that_nest_too_deep_are_complained_of() -> None:
    draft = FlowDraft(name="f", external_version="1", description="F.")
    for n in range(120):
        component = FlowDraftComponent(identifier="c", flow=draft)
        draft = FlowDraft(
            name=f"f{n}", external_version="1", description="F.", components=(component,)
        )
    (complaint,) = complaints(flow.FLOW_DRAFT, draft)
    assert complaint.endswith("nests deeper than 100 elements")


texts = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("ab-_. \t\0é"), max_size=6
)


@settings(max_examples=300, deadline=None)
@given(
    st.builds(
        DatasetDraft,
        name=texts,
        description=texts,
        creators=st.lists(texts, max_size=2),
        licence=st.none() | texts,
        url=st.none() | texts,
        row_id_attribute=st.none() | texts,
        tags=st.lists(texts, max_size=2),
    )
)
def test_what_draws_no_complaint_is_read_by_a_registry(draft: DatasetDraft) -> None:
    content = xml.write(dataset.DATASET_DRAFT, draft)
    try:
        xml.read(dataset.DATASET_DRAFT, content, source="the upload")
    except ProtocolError:
        assert list(complaints(dataset.DATASET_DRAFT, draft)) != []


def test_a_wrapper_without_items_is_left_out_and_not_missing() -> None:
    draft = StudyDraft(name="S", description="A test.", main_entity_type="task", task_ids=(1,))
    assert list(complaints(study.STUDY_DRAFT, draft)) == []
    assert b"runs" not in xml.write(study.STUDY_DRAFT, draft)
