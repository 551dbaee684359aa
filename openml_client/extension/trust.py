"""What a description may name: checked before anything is imported, and again after.

A `Policy` is what an extension vouches for: which names each kind of reference may carry, what
they must turn out to be, and which parameters do harm by themselves.  `Trust` is a policy with
what the caller trusts on top of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from openml_client.errors import FlowError, UntrustedError
from openml_client.extension.description import Description
from openml_client.extension.identity import Json
from openml_client.extension.references import home_of, is_reference, resolve
from openml_client.extension.tree import Path, objects, references, tagged

_CLASS_KINDS = frozenset({"class", "data"})
_INTERNAL = frozenset({"tests", "testing", "conftest", "externals", "estimator_checks"})
"""Modules inside packages that do things when they are imported."""

_MAX_SHOWN = 200
"""Characters of a name or reason in a message; the longest names of packages have fewer."""


Complaint = Callable[[object], str | None]


def _no_complaint(value: object) -> str | None:
    return None


@dataclass(frozen=True)
class Rule:
    """What one kind of reference may name without the caller's word."""

    names: frozenset[str] = frozenset()
    """Exactly these, as ``numpy:log1p``."""
    modules: frozenset[str] = frozenset()
    """All public names in these modules, as ``sklearn.metrics``."""
    packages: frozenset[str] = frozenset()
    """All public names in these modules and in the public modules below them."""
    complaint: Complaint = _no_complaint
    """Completes "it is ..." for an imported object of another kind; None for a good one."""
    either: tuple[Rule, ...] = ()
    """The rules that this one is the union of."""

    def allows(self, name: str) -> bool:
        """Whether the name alone is fine; nothing is imported to find out."""
        return self.reason(name) is not None

    def reason(self, name: str) -> str | None:
        """Why the name alone is fine, as "public in sklearn"; None if it is not."""
        if name in self.names:
            return "on the extension's list"
        module, _, qualname = name.partition(":")
        if any(part.startswith("_") for part in qualname.split(".")):
            return None
        if module in self.modules:
            return f"public in {module}"
        package = next((p for p in sorted(self.packages) if _is_public_in(module, p)), None)
        return None if package is None else f"public in {package}"

    def __or__(self, other: Rule) -> Rule:
        """Rule that allows what either allows, if the object pleases the one that does."""
        return Rule(
            self.names | other.names,
            self.modules | other.modules,
            self.packages | other.packages,
            either=(self, other),
        )

    def wrong(self, name: str, value: object) -> str | None:
        """Complaint about what a name that it allows turned out to be; None if it is good."""
        if not self.either:
            return self.complaint(value)
        judges = (rule for rule in self.either if rule.allows(name))
        complaints = [rule.wrong(name, value) for rule in judges]
        return None if None in complaints else complaints[0]


@dataclass(frozen=True)
class Hazard:
    """A parameter that does harm by its value, whoever the class belongs to."""

    complaint: Callable[[str, Json], str | None]
    """Parameter and typed JSON value; completes "it ..." or None if it is harmless."""


@dataclass(frozen=True)
class Policy:
    """What an extension vouches for."""

    rules: Mapping[str, Rule]
    """By kind of reference; a kind without a rule is never allowed."""
    hazards: tuple[Hazard, ...] = ()

    def __or__(self, other: Policy) -> Policy:
        """Policy that vouches for what either vouches for, with the hazards of both."""
        rules = dict(self.rules)
        for kind, rule in other.rules.items():
            rules[kind] = rules[kind] | rule if kind in rules else rule
        return Policy(rules, (*self.hazards, *other.hazards))


@dataclass(frozen=True)
class Finding:
    """Something that a description asks for: a name to import, or a parameter that may harm."""

    name: str
    """The reference, or ``module:Class.parameter``; handing it back as trusted allows it."""
    path: str
    """Place in the description."""
    why: str
    """Why it is trusted, or why not."""
    kind: str = "parameter"
    """What a name stands for, as ``estimator`` or ``function``."""
    is_trusted: bool = False

    def __str__(self) -> str:
        return f"{_shown(self.name)}: {_shown(self.why)}"


@dataclass(frozen=True)
class Trust:
    """A policy, and what the caller trusts on top of it."""

    policy: Policy
    trusted: frozenset[str] = field(default=frozenset())
    """Packages or modules (``mypkg``), names (``mypkg.models:Net``), or parameters that an
    audit found (``sklearn.pipeline:Pipeline.memory``)."""
    own: Description | None = field(default=None, compare=False, repr=False)
    """The caller's own description, which has been audited already."""

    @classmethod
    def of_strangers(cls, policy: Policy, trusted: str | Iterable[str] = ()) -> Trust:
        """Trust for a description that others wrote."""
        names = (trusted,) if isinstance(trusted, str) else tuple(trusted)
        for name in names:
            if not isinstance(name, str) or not _can_be_trusted(name):
                raise FlowError(
                    f"trusted={name!r} names no package, module, class or parameter",
                    hint="Give names like 'mypkg', 'mypkg.models' or 'mypkg.models:Net'.",
                )
        return cls(policy, frozenset(names))

    @classmethod
    def of_own(cls, policy: Policy, description: Description) -> Trust:
        """Trust for a description of the caller's own model, which holds no surprise for them."""
        names = frozenset(finding.name for finding in cls(policy).audit(description))
        return cls(policy, names, description)

    def audit(self, description: Description) -> tuple[Finding, ...]:
        """What the description holds that is not trusted; nothing is imported to find out."""
        return tuple(finding for finding in self.report(description) if not finding.is_trusted)

    def report(self, description: Description) -> tuple[Finding, ...]:
        """All that the description would import, and its parameters that may harm."""
        return (*self._names(description.tree), *self._hazards(description.tree))

    def require(self, description: Description) -> None:
        """Refuse a description that holds anything untrusted.

        Raises
        ------
        UntrustedError
            With all names that the audit found.
        """
        findings = () if description is self.own else self.audit(description)
        if findings:
            names = tuple(dict.fromkeys(finding.name for finding in findings))
            asked = [name for name in names if len(name) <= _MAX_SHOWN and _can_be_trusted(name)]
            told = [*dict.fromkeys(map(str, findings))]
            shown = "\n".join(f"  {finding}" for finding in told[:5])
            more = f"\n  and {len(told) - 5} more" if len(told) > 5 else ""
            raise UntrustedError(
                f"the flow asks for what is not trusted; nothing was imported:\n{shown}{more}",
                names=names,
                hint=f"Read what these do. If you trust them, pass trusted={asked[:5]!r}; "
                "on the command line --trusted NAME, once for each."
                if asked
                else "None of these is a name that could be trusted.",
            )

    def load(self, kind: str, name: str) -> Any:
        """Import a trusted name, and check that it is what it is said to be.

        Raises
        ------
        UntrustedError
            If the name is not trusted, or leads to something of another kind.
        FlowError
            If it does not exist in the installed version.
        """
        value = self.find(kind, name)
        if value is None:
            raise FlowError(
                f"{name} does not exist in the installed version of its package",
                hint="Install the version that the flow's dependencies name.",
            )
        return value

    def find(self, kind: str, name: str) -> Any:
        """Like `load`, but None where the name does not exist."""
        is_trusted, why = self._judge(kind, name)
        if not is_trusted:
            raise UntrustedError(f"{_shown(name)}: {why}", names=(name,))
        value = resolve(name)
        if value is None:
            return None
        wrong = _basic_complaint(kind, value) or self._wrong(kind, name, value)
        if wrong is not None:
            raise UntrustedError(
                f"{name} stands in the flow as a {kind}, but it is {wrong}", names=(name,)
            )
        return value

    def _names(self, tree: Json) -> Iterator[Finding]:
        for kind, name, path in references(tree):
            is_trusted, why = self._judge(kind, name)
            yield Finding(name, "/".join(path), why, kind, is_trusted)

    def _judge(self, kind: str, name: str) -> tuple[bool, str]:
        """Whether a name may be imported, and why, or why not."""
        if not is_reference(name):
            return False, "this is no name of a class or function"
        word = self._word_for(name)
        if word is not None:
            return True, f"the caller trusts {word}"
        rule = self.policy.rules.get(kind)
        reason = None if rule is None else rule.reason(name)
        if reason is None:
            return False, f"this {kind} is not among those that the extension vouches for"
        return True, reason

    def _wrong(self, kind: str, name: str, value: object) -> str | None:
        """Complaint about an imported object that passed by its name.

        A trusted package vouches for what it defines, not for what it imports: nearly every
        package has some function of ``os`` or ``subprocess`` within reach.  The extension judges
        only what its own list names: under another name, no list tells what is fine.
        """
        home = home_of(value)
        if name in self.trusted or any(_is_below(home, package) for package in self.trusted):
            return None
        rule = self.policy.rules.get(kind)
        if rule is None or not rule.allows(name):
            return f"defined in {home or 'no module'}, which is not trusted"
        return rule.wrong(name, value)

    def _word_for(self, name: str) -> str | None:
        """What the caller trusts that covers a name; None if nothing does."""
        if name in self.trusted:
            return name
        module = name.partition(":")[0]
        return next((t for t in sorted(self.trusted) if _is_below(module, t)), None)

    def _hazards(self, tree: Json) -> Iterator[Finding]:
        for path, owner, parameter, value in _arguments(tree):
            for hazard in self.policy.hazards:
                # Searches address the parameters of inner models as ``svc__C``.
                bare = parameter.rpartition(".")[2].rpartition("__")[2]
                why = hazard.complaint(bare, value)
                name = f"{owner}.{parameter}"
                if why is not None:
                    place = "/".join((*path, parameter))
                    yield Finding(name, place, why, is_trusted=name in self.trusted)


def untrusted(
    description: Description, policy: Policy, trusted: Iterable[str] = ()
) -> tuple[str, ...]:
    """Names that a description asks for and that are not trusted; nothing is imported."""
    findings = Trust.of_strangers(policy, trusted).audit(description)
    return tuple(dict.fromkeys(finding.name for finding in findings))


def scalars(value: Json) -> Iterator[Json]:
    """Iterate over the plain values inside a typed JSON value.

    Nodes and calls inside it are left out: their arguments are looked at on their own.
    """
    stack = [value]
    while stack:
        item = stack.pop()
        tag, payload = tagged(item) or (None, item)
        if tag in ("$node", "$part", "$call"):
            continue
        if isinstance(payload, dict):
            stack.extend(payload.values())
        elif isinstance(payload, list):
            stack.extend(payload)
        else:
            yield payload


def _arguments(tree: Json) -> Iterator[tuple[Path, str, str, Json]]:
    """All named arguments: of nodes and calls, and those that the grids of a search would set.

    Gives path, owner, parameter, value; the value may be a list of candidates.  What stands
    among the defaults of a description counts for nothing here, because a stranger wrote it.
    """
    for path, tag, payload in objects(tree):
        match tag:
            case "$node" | "$part":
                # What is set after the constructor may harm as well.
                extra = {"extra": payload["extra"]} if "extra" in payload else {}
                owner, named = payload["class"], {**extra, **payload["params"]}
            case "$call":
                numbered = {str(n): item for n, item in enumerate(payload["args"])}
                owner, named = payload["name"], {**payload["kwargs"], **numbered}
            case _:
                continue
        for parameter, argument in named.items():
            yield path, owner, parameter, argument
            for key, inner in _keyed(argument):
                yield path, owner, f"{parameter}.{key}", inner


def _keyed(tree: Json) -> Iterator[tuple[str, Json]]:
    """Values under text keys inside an argument, as ``{"vect__input": ["filename"]}``.

    Nodes and calls inside it are left out: their arguments are looked at on their own.
    """
    stack = [tree]
    while stack:
        value = stack.pop()
        tag, payload = tagged(value) or (None, value)
        if tag in ("$node", "$part", "$call"):
            continue
        if tag in ("$dict", "$odict") and isinstance(payload, list):
            pairs = [p for p in payload if isinstance(p, list) and len(p) == 2]
            for key, item in pairs:  # a key may be a text of numpy, too
                yield from ((text, item) for text in scalars(key) if isinstance(text, str))
        if isinstance(payload, dict):
            yield from payload.items()
            stack.extend(payload.values())
        elif isinstance(payload, list):
            stack.extend(payload)


def _basic_complaint(kind: str, value: object) -> str | None:
    if kind in _CLASS_KINDS and not isinstance(value, type):
        return f"an object of type {type(value).__qualname__}"
    if kind == "function" and isinstance(value, type):
        return "a class"
    return None if callable(value) else f"an object of type {type(value).__qualname__}"


def _shown(text: str) -> str:
    """What a stranger wrote, so that it moves no cursor, turns no line and fills no screen."""
    short = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
    return short if short.isprintable() else ascii(short)


def _is_below(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _is_public_in(module: str, package: str) -> bool:
    inner = module.removeprefix(package).split(".")
    return _is_below(module, package) and not any(
        part.startswith("_") or part in _INTERNAL for part in inner
    )


def _can_be_trusted(name: str) -> bool:
    """Whether a text has the form of a package, module, class, or argument of a call."""
    module, _, qualname = name.partition(":")
    inner = qualname.split(".") if qualname else []
    return all(map(str.isidentifier, module.split("."))) and all(
        part.isidentifier() or part.isdecimal() for part in inner
    )
