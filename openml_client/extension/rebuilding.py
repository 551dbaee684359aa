"""Models to descriptions and back: what extensions do alike, with a codec and a policy each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from openml_client.errors import FlowError, NotSerializableError
from openml_client.extension.codec import Codec, Compat, Decoder, Note
from openml_client.extension.description import Description
from openml_client.extension.environment import frameworks_of
from openml_client.extension.identity import Json, canonical
from openml_client.extension.tree import walk
from openml_client.extension.trust import Policy, Trust


@dataclass(frozen=True, kw_only=True)
class Rebuilder:
    """Describes the models of one extension, and rebuilds them from nothing else."""

    extension: str
    """The extension's name."""
    api: int
    """Version of its form of description."""
    codec: Codec
    policy: Policy
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    """Surrounds the making of models, once they passed the audit: so that a generator which
    constructors draw from is afterwards as it was."""

    def describe(self, model: object) -> Description:
        """Describe a model, and make sure that it can be rebuilt.

        Raises
        ------
        NotSerializableError
            If a value has no description, or a constructor does not take or keep what it is
            given.
        """
        description = self.describe_unverified(model)
        kind = type(model).__name__
        with self.around():
            again = self.codec.encode(self._rebuild(description, kind), kind)
        place = _difference(description.tree, again)
        if place is not None:
            raise NotSerializableError(
                ".".join((kind, *place)),
                "the constructor does not keep this as it was given",
                "Set each argument of the constructor to an attribute of its name, unchanged.",
            )
        return description

    def _rebuild(self, description: Description, root: str) -> object:
        """The model that was just described, made anew."""
        trust = Trust.of_own(self.policy, description)
        decoder = Decoder(self.codec, trust, "semantic", [], root)
        try:
            return decoder.decode(description.tree)
        except FlowError as error:
            place = decoder.failed_at
            raise NotSerializableError(
                place,
                f"this can't be made anew: {error.message.removeprefix(f'{place}: ')}",
                "Let the constructor take each argument by its name, and set it to an attribute "
                "of that name, unchanged.",
            ) from error

    def describe_unverified(self, model: object) -> Description:
        """Describe a model; whether it can be rebuilt shows when it is."""
        tree = self.codec.encode(model, type(model).__name__)
        return Description(
            extension=self.extension, api=self.api, frameworks=frameworks_of(tree), tree=tree
        )

    def build(
        self,
        description: Description,
        *,
        trust: Trust,
        compat: Compat = "semantic",
        notes: list[Note] | None = None,
    ) -> Any:
        """Rebuild a model from its description, once it has passed the audit.

        Raises
        ------
        UntrustedError
            Before anything is imported, if ``trust`` does not cover all that it names.
        FlowError
            If it is of another extension or version, or the installed versions can't rebuild it.
        """
        if (description.extension, description.api) != (self.extension, self.api):
            raise FlowError(
                f"the description is for the extension {description.extension!r}, version "
                f"{description.api}; this is {self.extension!r}, version {self.api}",
                hint="A newer version of the extension may: pip install --upgrade it.",
            )
        trust.require(description)
        if compat == "exact":
            _require_versions(description)
        root = description.class_name.rpartition(":")[2]
        with self.around():
            return self.codec.decode(description.tree, trust, compat=compat, notes=notes, path=root)


def _require_versions(description: Description) -> None:
    installed = frameworks_of(description.tree)
    for module, wanted in description.frameworks.items():
        if installed.get(module) != wanted:
            raise FlowError(
                f"the flow was made with {wanted}; installed is {installed.get(module, 'none')}",
                hint=f"pip install '{wanted}', or allow other versions with compat='semantic'.",
            )


def _difference(one: Json, other: Json) -> tuple[str, ...] | None:
    """Path to the first difference of two trees, or None."""
    if canonical(one) == canonical(other):
        return None
    for (path, mine), (_, theirs) in zip(walk(one), walk(other), strict=False):
        if type(mine) is not type(theirs) or _outline(mine) != _outline(theirs):
            return tuple(s for s in path if s != "params" and not s.startswith("$"))
    return None


def _outline(value: Json) -> Json:
    """What distinguishes a value from another, its parts aside."""
    if isinstance(value, list):
        return len(value)
    return sorted(value) if isinstance(value, dict) else value
