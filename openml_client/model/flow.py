"""Flows: named, versioned descriptions of models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from openml_client.model.several import hold_tuples
from openml_client.model.text import html_table


@dataclass(frozen=True, kw_only=True)
class FlowParameter:
    """One parameter of a flow."""

    name: str
    data_type: str | None = None
    default_value: str | None = None
    """The constructor's default as text; the empty text where there is none."""
    description: str | None = None
    recommended_range: str | None = None


@dataclass(frozen=True, kw_only=True)
class FlowComponent:
    """A flow inside a flow."""

    identifier: str
    flow: Flow


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A stored flow."""

    kinds: ClassVar[tuple[str, ...]] = ("flow",)
    """What its ``id`` is an id of."""
    id: int
    uploader_id: int | None = None
    name: str
    custom_name: str | None = None
    class_name: str | None = None
    version: int | None = None
    """Counted by the server, per name."""
    external_version: str | None = None
    """Told by the uploader; (name, external_version) is the flow's identity."""
    description: str | None = None
    creators: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    uploaded_at: datetime | None = None
    licence: str | None = None
    language: str | None = None
    full_description: str | None = None
    installation_notes: str | None = None
    dependencies: str | None = None
    implements: str | None = None
    parameters: tuple[FlowParameter, ...] = ()
    components: tuple[FlowComponent, ...] = ()
    tags: tuple[str, ...] = ()
    source_url: str | None = None
    binary_url: str | None = None
    source_format: str | None = None
    binary_format: str | None = None
    source_md5: str | None = None
    binary_md5: str | None = None

    @property
    def full_name(self) -> str:
        """``name(version)``, as lists show it."""
        return f"{self.name}({self.version})"

    def walk(self) -> Iterator[tuple[tuple[str, ...], Flow]]:
        """Iterate over this flow and all flows inside it, each with its path of identifiers."""
        yield (), self
        for component in self.components:
            for path, flow in component.flow.walk():
                yield (component.identifier, *path), flow

    def __repr__(self) -> str:
        return f"<Flow {self.id}: {self.name}, {self.external_version}>"

    def _repr_html_(self) -> str:
        return html_table(
            {
                "Flow": f"{self.id}: {self.name}",
                "Version": f"{self.version} ({self.external_version})",
                "Parameters": len(self.parameters),
                "Components": ", ".join(c.identifier for c in self.components),
                "Dependencies": self.dependencies,
                "Tags": ", ".join(self.tags),
            }
        )


@dataclass(frozen=True, kw_only=True)
class FlowDraftComponent:
    """A draft inside a draft."""

    identifier: str
    flow: FlowDraft


@dataclass(frozen=True, kw_only=True)
class FlowSetting:
    """The value of one parameter, addressed by its place in a draft."""

    path: tuple[str, ...]
    """Identifiers of the components from the root to the parameter's flow; () is the root."""
    name: str
    value: str
    """Canonical JSON, at most 2,048 characters; longer values are named by their hash and
    stand in the draft's ``long_values``."""


@dataclass(frozen=True, kw_only=True)
class FlowDraft:
    """A flow that is to be published, with the values of the model that it came from."""

    name: str
    """At most 1,024 characters of ``A-Z a-z 0-9 _ - . , ( ) : =``."""
    custom_name: str | None = None
    class_name: str | None = None
    external_version: str | None = None
    """At most 128 characters; without one the server takes the md5 of the source or binary."""
    description: str
    """1 to 1,024 characters of Basic Latin."""
    creators: tuple[str, ...] = ()
    """Each at most 128 characters of the same as in the name, thus without spaces."""
    contributors: tuple[str, ...] = ()
    licence: str | None = None
    language: str | None = None
    full_description: str | None = None
    installation_notes: str | None = None
    dependencies: str | None = None
    """PEP 508 lines, direct requirements."""
    parameters: tuple[FlowParameter, ...] = ()
    components: tuple[FlowDraftComponent, ...] = ()
    tags: tuple[str, ...] = ()
    source_format: str | None = None
    binary_format: str | None = None
    source_md5: str | None = None
    binary_md5: str | None = None
    source: bytes | None = field(default=None, repr=False)
    """The uploaded file that holds the whole structure, as canonical JSON."""
    source_name: str = "flow.json"
    binary: bytes | None = field(default=None, repr=False)
    binary_name: str = "binary.bin"
    settings: tuple[FlowSetting, ...] = field(default=(), repr=False)
    """The values of the model; they are no part of the flow, but of the setup."""
    long_values: bytes | None = field(default=None, repr=False)
    """``setup.json``: the values that are too long for a setting, by their hash."""
    extension: str | None = None
    """Name of the extension that described the model."""

    def __post_init__(self) -> None:
        hold_tuples(self, "creators", "contributors", "parameters", "components", "tags")
        hold_tuples(self, "settings")

    def walk(self) -> Iterator[tuple[tuple[str, ...], FlowDraft]]:
        """Iterate over this draft and all drafts inside it, each with its path of identifiers."""
        yield (), self
        for component in self.components:
            for path, flow in component.flow.walk():
                yield (component.identifier, *path), flow

    def __repr__(self) -> str:
        return f"<FlowDraft: {self.name}, {self.external_version}>"


@dataclass(frozen=True, kw_only=True)
class FlowSummary:
    """One row of a list of flows."""

    kinds: ClassVar[tuple[str, ...]] = ("flow",)
    """What its ``id`` is an id of."""
    id: int
    full_name: str
    name: str
    version: int
    external_version: str | None = None
    uploader_id: int | None = None

    def __repr__(self) -> str:
        return f"<FlowSummary {self.id}: {self.name}, {self.external_version}>"
