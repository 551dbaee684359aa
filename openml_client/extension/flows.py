"""Descriptions to flows, and back.

The structure of a description becomes the flow, with the constructors' defaults; its values
become the settings of a run.  The flow's source file holds the structure, so that nothing
depends on what a server keeps of names and defaults.

Names end in a hash, so that (name, external version) says what a flow is.  A server shares the
flows of components by that pair, keeps no component twice in one parent, and addresses a
parameter by (component, name).  Therefore a component that stands more than once in a model is
named by its place, and so that the names inside a shared component can't be ambiguous, the
hash of a flow covers the names of its components.  A component has no source file; hence the
hash of the same model differs as a component and as a flow that was published itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openml_client.errors import FlowError
from openml_client.extension.description import Description, read_json
from openml_client.extension.identity import Json, canonical, digest
from openml_client.extension.references import OWN_PREFIX, framework_of
from openml_client.extension.structure import Address, Component, Slot, join, layout, split
from openml_client.extension.tree import NODE, PART, check, tagged
from openml_client.model.flow import (
    FlowDraft,
    FlowDraftComponent,
    FlowParameter,
    FlowSetting,
)

if TYPE_CHECKING:
    from openml_client.extension.protocol import Extension

# Source of the limits: protocol note, section 1.3.
MAX_NAME = 1024
MAX_EXTERNAL_VERSION = 128
MAX_DEPENDENCIES = 1024
MAX_VALUE = 2048
_MAX_PLACE = 256
"""Longer places are named by their hash, to leave room for the readable part of a name."""
_HASH_DIGITS = 8

_DATA_TYPES = {bool: "boolean", int: "integer", float: "numeric", str: "string", list: "vector"}


def flow_from_description(description: Description, extension: Extension) -> FlowDraft:
    """Draft of the flow, with the description's values as its settings.

    Raises
    ------
    FlowError
        If the flow would break a limit of the server.
    """
    structure, values = split(description.tree)
    root = layout(structure)
    prefix = f"{OWN_PREFIX}{extension.name}=={extension.api}"
    source = canonical(
        {
            "extension": description.extension,
            "api": description.api,
            "frameworks": dict(description.frameworks),
            "structure": structure,
        }
    )
    settings, long_values = _settings(values)
    return FlowDraft(
        **_fields(root, prefix, description.frameworks, _names(root)),
        source=source.encode("ascii"),
        settings=settings,
        long_values=long_values,
        extension=description.extension,
    )


def description_from_flow(
    source: bytes,
    settings: Mapping[Address, str | None] | None = None,
    long_values: bytes | None = None,
    *,
    is_complete: bool = True,
) -> Description:
    """Description out of a flow's source file and the settings of a run or setup.

    Parameters without a setting are at the constructor's default.  ``long_values`` is the
    run's file ``setup.json``, where it has one.  Unless it is to be complete, parameters with
    neither are null: enough for an audit of what the flow names.

    Raises
    ------
    FlowError
        If the source or a value is no typed JSON, or a parameter has neither value nor default.
    """
    document = read_json(source, extension=str, api=int, frameworks=dict, structure=dict)
    structure = document.pop("structure")
    check(structure, form="structure")
    long = read_values(long_values) if long_values else {}
    values = {
        address: _value(address, text, long)
        for address, text in (settings or {}).items()
        if text is not None
    }
    return Description(**document, tree=join(structure, values, is_complete=is_complete))


def extension_of(external_version: str | None) -> str | None:
    """Name of the extension that wrote a flow, or None if another program did.

    ``openml_client_sklearn==1,sklearn==1.9.1`` gives ``sklearn``.
    """
    match = re.match(rf"{OWN_PREFIX}(\w+)==\d+(,|$)", external_version or "")
    return match[1] if match else None


def setting_text(value: Json) -> str:
    """Text of a typed value as a setting, if it is short enough; else the text of its hash."""
    text = canonical(value)
    return text if len(text) <= MAX_VALUE else canonical({"$sha256": digest(value)})


def read_values(long_values: bytes) -> dict[str, Json]:
    """Values by hash, out of a ``setup.json``.

    Raises
    ------
    FlowError
        If a value does not match its hash.
    """
    values: dict[str, Json] = read_json(long_values, values=dict)["values"]
    for key, value in values.items():
        check(value)
        if digest(value) != key:
            raise FlowError(f"setup.json: the value {key} does not match its hash")
    return values


def _settings(values: Mapping[Address, Json]) -> tuple[tuple[FlowSetting, ...], bytes | None]:
    long = {}
    settings = []
    for (path, name), value in values.items():
        text = setting_text(value)
        if text != canonical(value):
            long[digest(value)] = value
        settings.append(FlowSetting(path=path, name=name, value=text))
    return tuple(settings), canonical({"values": long}).encode("ascii") if long else None


def _value(address: Address, text: str, long: Mapping[str, Json]) -> Json:
    shown = "__".join((*address[0], address[1]))
    value = read_json(b'{"value":' + text.encode("utf-8", "surrogatepass") + b"}", value=object)[
        "value"
    ]
    match tagged(value):
        case ("$sha256", str(key)):
            if key not in long:
                raise FlowError(
                    f"the value of {shown} is too long for a setting, and setup.json lacks it",
                    hint="Fetch the file setup.json of the run.",
                )
            return long[key]
    return value


def _fields(
    component: Component,
    prefix: str,
    frameworks: Mapping[str, str],
    names: Mapping[tuple[str, ...], str],
) -> dict[str, Any]:
    """Fields of a draft that flows and components have alike."""
    used = _frameworks(component, frameworks)
    children = tuple(
        FlowDraftComponent(
            identifier=identifier, flow=FlowDraft(**_fields(child, prefix, frameworks, names))
        )
        for identifier, child in component.children.items()
    )
    return {
        "name": names[component.path],
        "external_version": _external_version(prefix, used),
        "description": _ascii(f"{component.payload['class']}, described by {prefix}.")[:1024],
        "language": "English",
        "dependencies": _dependencies(used),
        "parameters": tuple(_parameter(name, slot) for name, slot in component.slots.items()),
        "components": children,
    }


def _parameter(name: str, slot: Slot) -> FlowParameter:
    if not slot.has_default:
        return FlowParameter(name=name, default_value="")
    default = slot.default
    inner = tagged(default)
    kind = inner[0].removeprefix("$") if inner else _DATA_TYPES.get(type(default))
    return FlowParameter(name=name, data_type=kind, default_value=setting_text(default))


def _names(root: Component) -> dict[tuple[str, ...], str]:
    """Name of each component's flow, by path."""
    plain = _name_all(root, frozenset())
    count = Counter(plain.values())
    twice = frozenset(path for path, name in plain.items() if count[name] > 1)
    return _name_all(root, twice)


def _name_all(root: Component, by_place: frozenset[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    names: dict[tuple[str, ...], str] = {}
    inner: dict[int, str] = {}
    for component in reversed(list(root.walk())):  # children before their parents
        content = ["component" if component.path else "flow", _collapsed(component, inner)]
        place = f":{_place(component.path)}" if component.path in by_place else ""
        ending = f".{digest(content)[:_HASH_DIGITS]}{place}"
        name = _readable(component, MAX_NAME - len(ending)) + ending
        names[component.path] = inner[id(component.payload)] = name
    return names


def _collapsed(component: Component, names: Mapping[int, str]) -> Json:
    """The component's own structure, with the names of flows in place of its components."""

    def collapse(value: Json) -> Json:
        if isinstance(value, list):
            return [collapse(item) for item in value]
        if not isinstance(value, dict):
            return value
        inner = tagged(value)
        if inner is not None and inner[0] == NODE:
            return {"$flow": names[id(inner[1])]}
        return {key: collapse(item) for key, item in value.items()}

    return collapse(component.payload)


def _readable(component: Component, limit: int) -> str:
    """``sklearn.Pipeline(impute=SimpleImputer,svc=SVC)``, with as much inside as there is room.

    Of the parts that are no components, as modules of networks, the outermost are named.
    """
    package = _casual(framework_of(component.payload["class"]))
    for depth in range(5, -1, -1):
        name = f"{package}.{_call_text(component, depth)}"
        if len(name) <= limit:
            return name
    return name[:limit]


def _call_text(component: Component, depth: int) -> str:
    name = _class_text(component.payload)
    if depth == 0:
        return name
    inside = {i: _call_text(child, depth - 1) for i, child in component.children.items()}
    for key, value in sorted(component.payload["params"].items()):
        match tagged(value):
            case (tag, payload) if tag == PART:
                inside[_casual(key)] = _class_text(payload)
    return f"{name}({','.join(map('='.join, inside.items()))})" if inside else name


def _class_text(payload: Json) -> str:
    return _casual(payload["class"].partition(":")[2])


def _place(path: tuple[str, ...]) -> str:
    # Identifiers have no colon, so that no two paths give one text.
    text = ":".join(path)
    return text if len(text) <= _MAX_PLACE else digest(path)[:16]


def _frameworks(component: Component, frameworks: Mapping[str, str]) -> dict[str, str]:
    """Requirements of the classes in a component and inside it, by module."""
    modules = {framework_of(part["class"]) for inner in component.walk() for part in inner.parts}
    return {module: frameworks[module] for module in sorted(modules) if module in frameworks}


def _external_version(prefix: str, used: Mapping[str, str]) -> str:
    versions = [f"{module}=={req.partition('==')[2]}" for module, req in used.items()]
    text = _casual(",".join((prefix, *versions)))
    if len(text) <= MAX_EXTERNAL_VERSION:
        return text
    return f"{prefix},sha256=={digest(versions)}"


def _dependencies(used: Mapping[str, str]) -> str:
    text = _ascii("\n".join(sorted(used.values())))
    if len(text) > MAX_DEPENDENCIES:
        raise FlowError(
            f"the model needs {len(used)} packages; the server has room for "
            f"{MAX_DEPENDENCIES} characters of requirements",
            hint="Make the model of fewer packages.",
        )
    return text


def _casual(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_\-.,():=]", "_", text)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")
