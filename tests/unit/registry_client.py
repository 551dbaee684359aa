"""Small requests to a registry, as strangers' clients would send them: plain XML and forms."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

from werkzeug.test import Client, TestResponse

from openml_client.registry import Registry

IRIS = b"""@RELATION flowers
@ATTRIBUTE 'petal length' REAL
@ATTRIBUTE place {north,south}
@ATTRIBUTE class {setosa,virginica}
@DATA
1.4,north,setosa
1.3,south,setosa
1.5,north,setosa
?,south,setosa
5.1,north,virginica
5.9,south,virginica
5.7,?,virginica
4.9,north,virginica
5.0,south,virginica
1.6,north,setosa
"""
"""Ten rows; five of each class."""

File = tuple[str, bytes]
"""Name and content."""


class Api:
    """The API of a registry, by small requests."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.key = registry.local_key
        self._client = Client(registry.wsgi_app)

    def get(self, path: str, *, key: str | None = None, method: str = "GET") -> TestResponse:
        """Ask for a path below ``/api/v1/``, or for one that begins with a slash."""
        query = {"api_key": key} if key else None
        return self._client.open(
            path if path.startswith("/") else f"/api/v1/{path}",
            query_string=query,
            method=method,
            buffered=True,
        )

    def post(
        self,
        path: str,
        description: str | None = None,
        *,
        key: str | None = "",
        form: Mapping[str, str] | None = None,
        **files: File,
    ) -> TestResponse:
        """Upload a description and files; with the owner's key unless told otherwise."""
        data: dict[str, object] = dict(form or {})
        if key is not None:
            data["api_key"] = key or self.key
        if description is not None:
            data["description"] = (io.BytesIO(description.encode()), "description.xml")
        for name, (filename, content) in files.items():
            data[name] = (io.BytesIO(content), filename)
        return self._client.post(
            f"/api/v1/{path}", data=data, content_type="multipart/form-data", buffered=True
        )

    def delete(self, path: str, *, key: str | None = "") -> TestResponse:
        """Delete a thing; with the owner's key unless told otherwise."""
        return self.get(path, key=None if key is None else key or self.key, method="DELETE")

    def publish_dataset(self, content: bytes = IRIS, **fields: str) -> int:
        return id_of(self.post("data", dataset(**fields), dataset=("data.arff", content)))

    def publish_task(self, *, type_id: int = 1, **inputs: str) -> int:
        return id_of(self.post("task", task(type_id=type_id, **inputs)))

    def publish_flow(self, name: str = "probe", *, version: str = "1", inside: str = "") -> int:
        return id_of(self.post("flow", flow(name, version=version, inside=inside)))

    def publish_study(self, *ids: int, kind: str = "task", alias: str = "", key: str = "") -> int:
        return id_of(self.post("study", study(*ids, kind=kind, alias=alias), key=key))

    def held_out(self, task_id: int = 1) -> list[int]:
        """The rows that a task holds out."""
        text = self.get(f"/api_splits/get/{task_id}").get_data(as_text=True)
        return [int(line.split(",")[1]) for line in text.split("\n") if line.startswith("TEST")]

    def publish_run(
        self,
        *,
        right: bool = True,
        inside: str = "",
        task_id: int = 1,
        flow_id: int = 1,
        key: str = "",
        **settings: str,
    ) -> int:
        """Publish a run whose predictions are all right, or all wrong."""
        description = run(task_id=task_id, flow_id=flow_id, inside=inside, **settings)
        file = predictions(self.held_out(task_id), right=right)
        return id_of(self.post("run", description, key=key, predictions=file))


def dataset(**fields: str) -> str:
    """The description of a dataset; fields that are given take the place of the usual ones."""
    values = {
        "name": "flowers",
        "description": "For this test.",
        "format": "ARFF",
        "default_target_attribute": "class",
        **fields,
    }
    content = "".join(tag(name, values[name]) for name in DATASET_FIELDS if values.get(name))
    return document("data_set_description", content)


DATASET_FIELDS = (
    "name",
    "description",
    "format",
    "creator",
    "language",
    "licence",
    "url",
    "default_target_attribute",
    "row_id_attribute",
    "ignore_attribute",
    "tag",
    "visibility",
)
"""In the order of the schema."""


def edit(**fields: str) -> File:
    """The part that says something else of a dataset."""
    content = "".join(tag(name, text) for name, text in fields.items())
    return "description.xml", document("data_edit_parameters", content).encode()


def task(*, type_id: int = 1, **inputs: str) -> str:
    """The description of a task: a 10-fold classification, unless told otherwise."""
    values = {
        "source_data": "1",
        "target_feature": "class",
        "estimation_procedure": "1",
        **inputs,
    }
    rows = "".join(
        f'<oml:input name="{name}">{value}</oml:input>' for name, value in values.items() if value
    )
    return document("task_inputs", tag("task_type_id", str(type_id)) + rows)


def flow(name: str = "probe", *, version: str = "1", inside: str = "", last: str = "") -> str:
    """The description of a flow with the parameters ``k`` and ``weights``."""
    parameters = "".join(
        f"<oml:parameter>{tag('name', parameter)}{tag('default_value', default)}</oml:parameter>"
        for parameter, default in (("weights", "uniform"), ("k", "5"))
    )
    head = tag("name", name) + (tag("external_version", version) if version else "")
    return document("flow", head + tag("description", "A flow.") + parameters + inside + last)


def component(identifier: str, content: str) -> str:
    inner = content.replace(' xmlns:oml="http://openml.org/openml"', "")
    return f"<oml:component>{tag('identifier', identifier)}{inner}</oml:component>"


def run(*, task_id: int = 1, flow_id: int = 1, inside: str = "", **settings: str) -> str:
    """The description of a run."""
    rows = "".join(
        f"<oml:parameter_setting>{tag('name', name)}{tag('value', value)}</oml:parameter_setting>"
        for name, value in settings.items()
    )
    head = tag("task_id", str(task_id)) + tag("flow_id", str(flow_id))
    return document("run", head + rows + inside)


def predictions(rows: list[int], *, right: bool = True) -> File:
    """A file that predicts these rows, all rightly or all wrongly."""
    truth = [line.rpartition(",")[2] for line in IRIS.decode().split("@DATA\n")[1].splitlines()]
    lines = [
        "@RELATION predictions",
        "@ATTRIBUTE repeat NUMERIC",
        "@ATTRIBUTE fold NUMERIC",
        "@ATTRIBUTE row_id NUMERIC",
        "@ATTRIBUTE prediction {setosa,virginica}",
        "@ATTRIBUTE confidence.setosa NUMERIC",
        "@ATTRIBUTE confidence.virginica NUMERIC",
        "@DATA",
    ]
    for row in rows:
        is_setosa = (truth[row] == "setosa") == right
        label = "setosa" if is_setosa else "virginica"
        lines.append(f"0,0,{row},{label},{int(is_setosa)},{int(not is_setosa)}")
    return "predictions.arff", "\n".join(lines).encode()


def study(
    *ids: int, kind: str = "task", alias: str = "", suite: int | None = None, name: str = "Probes"
) -> str:
    """The description of a suite of tasks, or of a study of runs."""
    head = tag("alias", alias) if alias else ""
    head += tag("main_entity_type", kind)
    head += tag("benchmark_suite", str(suite)) if suite is not None else ""
    head += tag("name", name) + tag("description", "For this test.")
    held = "".join(tag(f"{kind}_id", str(id_)) for id_ in ids)
    return document("study", head + (f"<oml:{kind}s>{held}</oml:{kind}s>" if ids else ""))


def document(root: str, content: str) -> str:
    return f'<oml:{root} xmlns:oml="http://openml.org/openml">{content}</oml:{root}>'


def tag(name: str, text: str) -> str:
    return f"<oml:{name}>{text}</oml:{name}>"


def id_of(answer: TestResponse) -> int:
    """The id that an upload got."""
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200, text
    found = re.search(r"id>(\d+)<", text)
    assert found is not None, text
    return int(found[1])


def texts(answer: TestResponse, name: str) -> list[str]:
    """The texts of all elements of this name."""
    body = answer.get_data(as_text=True)
    assert answer.status_code == 200, body
    return re.findall(rf"<oml:{name}(?:\s[^>]*)?>([^<]*)</oml:{name}>", body)


def code(answer: TestResponse) -> int:
    """The code of a refusal."""
    body = answer.get_data(as_text=True)
    found = re.search(r"<oml:code>(\d+)<", body)
    assert found is not None, body
    return int(found[1])


def information(answer: TestResponse) -> str:
    """What a refusal says besides its code and words."""
    body = answer.get_data(as_text=True)
    found = re.search(r"additional_information>([^<]*)<", body)
    return found[1] if found else ""
