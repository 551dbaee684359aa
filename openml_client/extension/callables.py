"""Handlers of functions, classes and what is made by calling them."""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import operator
import sys
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from openml_client.errors import NotSerializableError
from openml_client.extension.codec import Decoder, Encoder, Handler
from openml_client.extension.references import follow, reference_to

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

NAMESPACES = frozenset({"argparse:Namespace", "types:SimpleNamespace"})
"""Classes whose objects are made of any attributes, and do nothing with them."""
_FUNCTION_TYPES = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType)


def call(
    kind: str,
    name: str,
    encoder: Encoder,
    args: tuple[object, ...] = (),
    kwargs: Mapping[str, object] | None = None,
) -> Json:
    """``$call`` object for a value that is made by calling an importable function or class."""
    named = sorted((kwargs or {}).items())
    return {
        "$call": {
            "kind": kind,
            "name": name,
            "args": [encoder.child(str(n), value) for n, value in enumerate(args)],
            "kwargs": {key: encoder.child(key, value) for key, value in named},
        }
    }


class CallHandler(Handler):
    """Written by the handlers that know how an object was made."""

    tag = "$call"

    def decode(self, payload: Json, decoder: Decoder) -> object:
        """What the call gives."""
        kind = payload["kind"]
        if decoder.codec.has_node(kind):
            raise ValueError(f"a thing of the kind {kind!r} is a node of its own")
        function = decoder.load(kind, payload["name"])
        args = [decoder.child(str(n), item) for n, item in enumerate(payload["args"])]
        kwargs = {key: decoder.child(key, item) for key, item in payload["kwargs"].items()}
        return function(*args, **kwargs)


class _Function(Handler):
    tag = "$function"

    def accepts(self, value: object) -> bool:
        return isinstance(value, _FUNCTION_TYPES) or is_numpy_function(value)

    def encode(self, value: Any, encoder: Encoder) -> Json:
        owner = getattr(value, "__self__", None)
        if owner is not None and not isinstance(owner, types.ModuleType):
            raise _bound_method(value, encoder)
        if isinstance(value, types.FunctionType) and value.__closure__:
            made = _factory_call(value, encoder)
            if made is not None:
                return made
        return {self.tag: reference_to(value, encoder.path)}

    def decode(self, payload: Json, decoder: Decoder) -> object:
        return decoder.load("function", payload)


class _BoundMethod(Handler):
    """Only refuses: the object that the method is bound to would have to come along."""

    def accepts(self, value: object) -> bool:
        return isinstance(value, types.MethodType)

    def encode(self, value: types.MethodType, encoder: Encoder) -> Json:
        raise _bound_method(value, encoder)


class _Class(Handler):
    tag = "$class"

    def accepts(self, value: object) -> bool:
        return isinstance(value, type) and not isinstance(value, types.GenericAlias)

    def encode(self, value: type, encoder: Encoder) -> Json:
        return {self.tag: reference_to(value, encoder.path)}

    def decode(self, payload: Json, decoder: Decoder) -> object:
        return decoder.load("class", payload)


class _Partial(Handler):
    tag = "$partial"
    types = (functools.partial,)

    def encode(self, value: functools.partial[Any], encoder: Encoder) -> Json:
        payload = {
            "func": encoder.child("func", value.func),
            "args": encoder.child("args", list(value.args)),
            "kwargs": encoder.child("kwargs", dict(value.keywords)),
        }
        return {self.tag: payload}

    def decode(self, payload: Json, decoder: Decoder) -> functools.partial[Any]:
        function = decoder.child("func", payload["func"])
        kwargs = decoder.decode(payload["kwargs"])
        return functools.partial(function, *decoder.items(payload["args"]), **kwargs)


class _Data(Handler):
    """Dataclasses and named tuples."""

    tag = "$data"

    def accepts(self, value: object) -> bool:
        if isinstance(value, type):
            return False
        return dataclasses.is_dataclass(value) or _is_named_tuple(value)

    def encode(self, value: Any, encoder: Encoder) -> Json:
        if _is_named_tuple(value):
            fields = sorted(value._fields)
        else:
            fields = sorted(f.name for f in dataclasses.fields(value) if f.init)
            self._refuse_unkept(value, fields, encoder)
        payload = {
            "class": reference_to(type(value), encoder.path),
            "fields": {name: encoder.child(name, getattr(value, name)) for name in fields},
        }
        return {self.tag: payload}

    def _refuse_unkept(self, value: Any, fields: list[str], encoder: Encoder) -> None:
        """Refuse a dataclass that its fields alone do not make again."""
        kind = type(value).__qualname__
        try:
            again = type(value)(**{name: getattr(value, name) for name in fields})
        except (TypeError, ValueError, AttributeError) as error:
            raise encoder.refusal(
                f"this {kind} can't be made again out of its fields: {error}",
                "Let its constructor take each field by its name.",
            ) from error
        names = [f.name for f in dataclasses.fields(value)]
        every = dict.fromkeys([*names, *getattr(value, "__dict__", ())])
        lost = [name for name in every if _differs(value, again, name, encoder)]
        if lost:
            raise encoder.refusal(
                f"this {kind} holds something else in {', '.join(lost)} than its fields give it",
                "Give it all by the fields of its constructor, and let __post_init__ change none.",
            )

    def decode(self, payload: Json, decoder: Decoder) -> object:
        cls = decoder.load("data", payload["class"])
        return cls(**{name: decoder.child(name, v) for name, v in payload["fields"].items()})


class _Getter(Handler):
    """Only encodes: as a call.  ``operator.attrgetter`` and ``itemgetter`` of any number of names.

    Methods that are called by name could do anything, so ``methodcaller`` is not among them.
    """

    types = (operator.attrgetter, operator.itemgetter)

    def encode(self, value: Any, encoder: Encoder) -> Json:
        _, args = value.__reduce__()
        return call("factory", f"operator:{type(value).__name__}", encoder, tuple(args))


class _Namespace(Handler):
    """Only encodes: as a call with the attributes.  What argparse gives, and its like."""

    def accepts(self, value: object) -> bool:
        return is_namespace(value)

    def encode(self, value: object, encoder: Encoder) -> Json:
        name = reference_to(type(value), encoder.path)
        return call("object", name, encoder, kwargs=vars(value))


class _Enum(Handler):
    tag = "$enum"

    def accepts(self, value: object) -> bool:
        return isinstance(value, enum.Enum)

    def encode(self, value: enum.Enum, encoder: Encoder) -> Json:
        # A combination of flags is named by its parts, as ``A|B``; an empty one has no name.
        return {self.tag: [reference_to(type(value), encoder.path), value.name or ""]}

    def decode(self, payload: Json, decoder: Decoder) -> object:
        name, member = payload
        cls = decoder.load("data", name)
        if isinstance(cls, enum.EnumType) and issubclass(cls, enum.Flag):
            parts = [cls[part] for part in member.split("|") if part]
            return functools.reduce(operator.or_, parts, cls(0))
        return cls[member]


class _Stateful(Handler):
    """Only refuses: objects that change while they are used."""

    def accepts(self, value: object) -> bool:
        numpy = sys.modules.get("numpy")
        if isinstance(value, types.GeneratorType):
            return True
        return numpy is not None and isinstance(
            value,
            (
                numpy.random.RandomState,
                numpy.random.Generator,
                numpy.random.BitGenerator,
                numpy.random.SeedSequence,
            ),
        )

    def encode(self, value: object, encoder: Encoder) -> Json:
        what = type(value).__name__
        if isinstance(value, types.GeneratorType):
            raise encoder.refusal("a generator can be read once only", "Pass a list.")
        raise encoder.refusal(
            f"a {what} has a state that changes with each use", "Pass an integer as the seed."
        )


class _Object(Handler):
    """Objects that keep the arguments of their constructor in attributes, and nothing else.

    So nothing of them is lost.  In flows of others their packages need the caller's trust, but for
    the few that an extension names.
    """

    def accepts(self, value: object) -> bool:
        return keeps_arguments(value)

    def encode(self, value: object, encoder: Encoder) -> Json:
        name = reference_to(type(value), encoder.path)
        return call("object", name, encoder, kwargs=vars(value))


def is_namespace(value: object) -> bool:
    """Whether an object is its attributes, and nothing else."""
    kind = type(value)
    return f"{kind.__module__}:{kind.__qualname__}" in NAMESPACES


def keeps_arguments(value: object) -> bool:
    """Whether an object holds the arguments of its constructor by their names, and no more."""
    cls: Any = type(value)
    is_plain = (
        cls.__new__ is object.__new__
        and cls.__reduce_ex__ is object.__reduce_ex__
        and cls.__getstate__ is object.__getstate__
        and not any(getattr(base, "__slots__", ()) for base in cls.__mro__)
    )
    return is_plain and hasattr(value, "__dict__") and vars(value).keys() == _arguments(cls)


@functools.lru_cache(maxsize=1024)
def _arguments(cls: type) -> set[str] | None:
    """Names of a constructor's arguments; None if some can't be given by name."""
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):  # built in, or with odd annotations
        return None
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {p.name for p in parameters} if all(p.kind in by_name for p in parameters) else None


def default_of(parameter: inspect.Parameter) -> object:
    """Default of an argument, or ``inspect.Parameter.empty``.

    An object without attributes that equals nothing else is told by its identity, as the mark of
    a dataclass's field with a factory: made anew it would be another one, so it counts as none.
    """
    default: Any = parameter.default
    kind: Any = type(default)
    is_like_no_other = kind.__eq__ is object.__eq__ and not callable(default)
    is_mark = is_like_no_other and getattr(default, "__dict__", None) == {}
    return inspect.Parameter.empty if is_mark else default


def is_numpy_function(value: object) -> bool:
    """Whether the value is a ufunc or another function of numpy."""
    kind = type(value)
    return kind.__module__ == "numpy" and kind.__name__ in ("ufunc", "_ArrayFunctionDispatcher")


def _differs(one: object, other: object, name: str, encoder: Encoder) -> bool:
    """Whether two objects differ in an attribute, by its description, or its type without one."""
    values: list[object] = [getattr(owner, name, inspect.Parameter.empty) for owner in (one, other)]
    if values[0] is values[1]:
        return False
    try:
        mine, theirs = map(encoder.codec.encode, values)
    except NotSerializableError:
        return type(values[0]) is not type(values[1])
    return bool(mine != theirs)


def _is_named_tuple(value: object) -> bool:
    return isinstance(value, tuple) and hasattr(value, "_fields")


def _bound_method(value: Any, encoder: Encoder) -> NotSerializableError:
    owner = type(value.__self__).__qualname__
    return encoder.refusal(
        f"{getattr(value, '__name__', 'this')} is a method bound to an object of type {owner}",
        "Define a function at the top level of a module that makes the object and calls it.",
    )


def _factory_call(function: types.FunctionType, encoder: Encoder) -> Json | None:
    """Find the call that made a closure, or None.

    The factory must be importable, and all its arguments must be among the closure's variables.
    It is called again, and what it makes is compared, so nothing is guessed.
    """
    outer_name, _, _ = function.__qualname__.partition(".<locals>")
    module = sys.modules.get(function.__module__)
    if module is None or function.__module__ == "__main__":
        return None
    factory = follow(module, outer_name)
    cells = _cells(function)
    if not isinstance(factory, types.FunctionType) or cells is None:
        return None
    parameters = inspect.signature(factory).parameters
    if not set(parameters) <= set(cells):
        return None
    arguments = {name: cells[name] for name in parameters}
    made = call("factory", reference_to(factory, encoder.path), encoder, kwargs=arguments)
    again = factory(**arguments)
    if not isinstance(again, types.FunctionType) or again.__code__ != function.__code__:
        return None
    other = _cells(again)
    same = (
        other is not None
        and encoder.encode(cells) == encoder.encode(other)
        and again.__defaults__ == function.__defaults__
        and again.__kwdefaults__ == function.__kwdefaults__
    )
    return made if same else None


def _cells(function: types.FunctionType) -> dict[str, Any] | None:
    """Free variables of a closure by name; None if one is not bound yet."""
    names, cells = function.__code__.co_freevars, function.__closure__ or ()
    values = {}
    for name, cell in zip(names, cells, strict=True):
        try:
            values[name] = cell.cell_contents
        except ValueError:  # the only way to ask whether a cell is empty
            return None
    return values


CALLABLE_HANDLERS: tuple[Handler, ...] = (
    CallHandler(),
    _BoundMethod(),
    _Partial(),
    _Getter(),
    _Namespace(),
    _Stateful(),
    _Enum(),
    _Data(),
    _Class(),
    _Function(),
    _Object(),
)
