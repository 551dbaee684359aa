"""Requests of our own, in the place of those that the recording lacks.

They make what later transcripts tell of: each is what that transcript says must have happened.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from . import earlier
from .scenario import FILES, World
from .transcripts import load


def own_requests(shared: Path) -> Mapping[str, Callable[[World], None]]:
    """What is to be done before the transcripts of these names."""
    engine = shared / "golden_engine"
    return {
        "data_download_head": _measure_as_the_engine_did,
        "data_untag_json": lambda w: w.post("data/untag", data_id=132, tag="study_99"),
        "data_fork": _change_language_back,
        "data_feature_ontology_add_err_1101": partial(_ontology, "add"),
        "task_upload_ep26": _upload_task_1313,
        "task_upload_active": _measure_what_was_reset,
        "flow_list": _upload_flow_22,
        "run_upload_holdout": partial(
            _upload_run,
            engine,
            3,
            "0114_GET_data_v1_download_150_Run_3_description.xml",
            "0119_GET_data_v1_download_151_151.arff",
        ),
        "run_download_predictions": World.run_engine,
        "setup_list_tag": lambda w: w.post("setup/tag", setup_id=1, tag="st"),
        "study_get_study": _upload_study_3,
        "data_features_upload_err_443_missing_engine": _upload_dataset_142,
        "run_evaluate_err_428_unknown_measure": _upload_run_12,
        "auth_key_form_urlencoded": lambda w: w.post("data/tag", data_id=132, tag="qtag"),
        "evaluation_list_constant_predictions": World.run_engine,
        "golden_engine/0201_GET_data_v1_download_173_Run_15_description.xml": partial(
            _upload_run,
            engine,
            15,
            "0201_GET_data_v1_download_173_Run_15_description.xml",
            "0206_GET_data_v1_download_174_174.arff",
        ),
        "run_get_clustering": World.run_engine,
        "golden_openml_python/0001_POST_api_v1_xml_data": partial(_ontology, "remove"),
    }


def _measure_as_the_engine_did(world: World) -> None:
    world.measure(133, like=132)
    world.measure(135, like=137)


def _measure_what_was_reset(world: World) -> None:
    world.measure(135, like=137)


def _ontology(verb: str, world: World) -> None:
    ontology = "https://www.wikidata.org/wiki/Q107"
    world.post(f"data/feature/ontology/{verb}", data_id=132, index=0, ontology=ontology)


def _change_language_back(world: World) -> None:
    """The real server takes the language of an edit, and leaves it as it was."""
    document = _document("data_edit_parameters", language="English")
    world.post("data/edit", data_id=134, edit_parameters=document)


def _upload_task_1313(world: World) -> None:
    inputs = {"estimation_procedure": 25, "source_data": 132, "target_feature": "class"}
    rows = "".join(f'<oml:input name="{n}">{v}</oml:input>' for n, v in inputs.items())
    earlier.move_ids(world.registry, "tasks", 1313)
    world.post("task", description=_document("task_inputs", rows, task_type_id=1))


def _upload_flow_22(world: World) -> None:
    said = {"name": "test.json", "external_version": "v1", "description": "json"}
    earlier.move_ids(world.registry, "flows", 22)
    world.post("flow", description=_document("flow", **said))


def _upload_run(
    transcripts: Path, run_id: int, description: str, predictions: str, world: World
) -> None:
    """Upload a run whose files are known, as the engine fetched them."""
    files = [load(transcripts, name).response.body for name in (description, predictions)]
    earlier.move_ids(world.registry, "runs", run_id)
    if ("runs", run_id) in FILES:
        earlier.move_ids(world.registry, "files", FILES["runs", run_id])
    world.post(
        "run",
        description=(io.BytesIO(files[0]), "description.xml", "text/xml"),
        predictions=(io.BytesIO(files[1]), "predictions.arff"),
    )


def _upload_run_12(world: World) -> None:
    setting = "<oml:name>k</oml:name><oml:value>77</oml:value><oml:component>16</oml:component>"
    rows = f"<oml:parameter_setting>{setting}</oml:parameter_setting>"
    earlier.move_ids(world.registry, "runs", 12)
    earlier.move_ids(world.registry, "files", FILES["runs", 12])
    world.post("run", description=_document("run", rows, task_id=1306, flow_id=16))


def _upload_dataset_142(world: World) -> None:
    said = {
        "name": "manual",
        "description": "A test dataset",
        "format": "arff",
        "default_target_attribute": "b",
    }
    data = b"@relation manual\n@attribute a numeric\n@attribute b {x,y}\n@data\n1,x\n?,y\n3,x\n"
    earlier.move_ids(world.registry, "datasets", 142)
    earlier.move_ids(world.registry, "files", FILES["datasets", 142])
    world.post(
        "data",
        description=_document("data_set_description", **said),
        dataset=(io.BytesIO(data), "manual.arff"),
    )


def _upload_study_3(world: World) -> None:
    said = {
        "alias": "my-study",
        "main_entity_type": "run",
        "name": "My study",
        "description": "desc",
    }
    runs = "<oml:runs><oml:run_id>1</oml:run_id><oml:run_id>3</oml:run_id></oml:runs>"
    earlier.move_ids(world.registry, "studies", 3)
    world.post("study", description=_document("study", runs, **said))


def _document(root: str, rows: str = "", **said: object) -> tuple[io.BytesIO, str]:
    """An upload: elements with their texts, and rows behind them."""
    head = "".join(f"<oml:{name}>{value}</oml:{name}>" for name, value in said.items())
    text = f'<oml:{root} xmlns:oml="http://openml.org/openml">{head}{rows}</oml:{root}>'
    return io.BytesIO(text.encode()), "description.xml"
