"""The order of the elements in uploaded documents, which the server's schemas fix.

Clients write in this order anyway, as the records hold it; a registry refuses what the real
server would refuse.  Elements that a server adds are known, and passed over in an upload.
Source: XSDs ``openml.data.upload``, ``openml.run.upload``; protocol note, sections 2 to 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openml_client.errors import ProtocolError
from openml_client.wire.codec import Document

_DATASET = (
    "id name version description description_version format creator contributor collection_date "
    "upload_date language licence url file_id default_target_attribute row_id_attribute "
    "ignore_attribute version_label citation tag visibility original_data_url paper_url "
    "update_comment status processing_date error warning md5_checksum"
)
_TASK = "task_id task_type_id input tag"
_FLOW = (
    "id fullName uploader name custom_name class_name version external_version description "
    "creator contributor upload_date licence language full_description installation_notes "
    "dependencies bibliographical_reference implements parameter component quality tag "
    "source_url binary_url source_format binary_format source_md5 binary_md5"
)
_RUN = (
    "run_id uploader uploader_name task_id task_type task_evaluation_measure flow_id flow_name "
    "setup_id setup_string error_message run_details parameter_setting tag input_data output_data"
)

_SEQUENCES: Mapping[str, Mapping[str, int]] = {
    root: {name: place for place, name in enumerate(names.split())}
    for root, names in {
        "data_set_description": _DATASET,
        "task_inputs": _TASK,
        "flow": _FLOW,
        "run": _RUN,
    }.items()
}
"""Places of the elements, by the root of the document."""


def check_sequence(document: Document, tree: Any, *, source: str) -> None:
    """Refuse an upload whose elements are unknown, or out of order.

    A tree keeps the order of different elements, each where it stood first.

    Raises
    ------
    ProtocolError
        With the first element that is not expected where it stands.
    """
    if document.root in _SEQUENCES:
        _check(document.root, tree, f"/{document.root}", source)


def _check(root: str, tree: Any, path: str, source: str) -> None:
    if not isinstance(tree, dict):
        return
    places = _SEQUENCES[root]
    last = ""
    for name in tree:
        if name[0] in "@#":
            continue
        if name not in places:
            raise ProtocolError(f"{source}: {path} has an element {name!r}, which is not known")
        if last and places[name] < places[last]:
            raise ProtocolError(
                f"{source}: {path} has {name!r} behind {last!r}; it belongs before it"
            )
        last = name
    for n, component in enumerate(_list(tree.get("component")), start=1):
        if isinstance(component, dict):
            _check("flow", component.get("flow"), f"{path}/component[{n}]/flow", source)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
