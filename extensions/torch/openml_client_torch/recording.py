"""Keeps, for every module, the constructor call that made it.

From the import of this module on, ``nn.Module.__new__`` notes the class, the arguments, the place
in the order of creation, and in which other module's constructor the call was made.  It is never
undone: without a ``__new__`` of its own, a class whose ``__new__`` was once set refuses arguments.
"""

from __future__ import annotations

import copy
import itertools
import secrets
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from functools import partial
from types import FrameType, FunctionType
from typing import Any, Final, NamedTuple

import torch
from torch import nn

from openml_client.errors import NotSerializableError
from openml_client.extension.callables import is_namespace, keeps_arguments
from openml_client.extension.references import reference_to

KEY: Final = "_openml_client_call"
"""Where a module keeps the record of its call: in its ``__dict__``, so that copies have it too."""


CONTAINERS: Final = frozenset(
    kind.__init__ for kind in (nn.Sequential, nn.ModuleList, nn.ModuleDict)
)
"""Constructors of torch's containers."""


_PLAIN: Final = (type(None), bool, int, float, complex, str, bytes)
_DEEPEST: Final = 20
"""Levels of arguments that are copied: objects may hold each other in a circle."""


class Call(NamedTuple):
    """A constructor call."""

    cls: type[nn.Module]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    rank: int
    """Place among all calls of the thread."""
    thread: int
    """What tells threads apart, of other processes too."""
    maker: tuple[Any, ...] | None
    """Record of the module whose constructor made this one, if one did."""

    @property
    def key(self) -> tuple[int, int]:
        """What a module and its copies have in common, and no other module has."""
        return self.thread, self.rank


class _Kept(tuple[Any, ...]):
    """Record in a module; other processes get a plain tuple, which needs nothing of ours.

    Where the arguments can't be copied or sent to another process, the copy has an empty record.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> tuple[Any, ...]:
        if not self:
            return self
        cls, args, kwargs, *place = self
        try:
            args, kwargs = copy.deepcopy((args, kwargs), memo)
        except (TypeError, copy.Error):  # as of a generator
            return _Kept()
        return _Copied((cls, args, kwargs, *place))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if not self or not _can_travel(self[1:3], set()):
            return tuple, ((),)
        # The arguments of the maker would take along what is no part of this module.
        return tuple, ((*self[:-1], _without_arguments(self[-1])),)


class _Copied(_Kept):
    """Record in a copy, whose tensors have not been through what the constructor did."""


class _Ranks(threading.local):
    """A count per thread, so that what other threads make leaves no gaps."""

    def __init__(self) -> None:
        self.count = itertools.count()
        self.thread = secrets.randbits(63)
        self.notice: Callable[[], None] | None = None


_ranks = _Ranks()


@contextmanager
def noticing(notice: Callable[[], None]) -> Iterator[None]:
    """Call a function before this thread makes a module, by a constructor or as a copy."""
    before, _ranks.notice = _ranks.notice, notice
    try:
        yield
    finally:
        _ranks.notice = before


def call_of(module: nn.Module) -> Call | None:
    """The constructor call that made a module; None if it was not seen, or could not be kept."""
    kept = module.__dict__.get(KEY)
    return Call(*kept) if kept else None


def is_copy(module: nn.Module) -> bool:
    """Whether a module is a copy, or comes from another process."""
    return type(module.__dict__.get(KEY)) is not _Kept


def _new(cls: type[nn.Module], *args: Any, **kwargs: Any) -> nn.Module:
    if _ranks.notice is not None:
        _ranks.notice()
    following: Any = super(nn.Module, cls).__new__
    module: nn.Module = (
        following(cls) if following is object.__new__ else following(cls, *args, **kwargs)
    )
    # Constructors may change the containers that they are given.
    given = (tuple(map(_outline, args)), _outline(kwargs))
    maker = _maker(sys._getframe(1))
    module.__dict__[KEY] = _Kept((cls, *given, next(_ranks.count), _ranks.thread, maker))
    return module


def _maker(frame: FrameType | None) -> tuple[Any, ...] | None:
    """Record of the module in whose constructor a frame runs, or None."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__init__" and code.co_argcount:
            value = frame.f_locals.get(code.co_varnames[0])
            # Containers make nothing themselves, but may read a generator that does.
            if isinstance(value, nn.Module) and type(value).__init__ not in CONTAINERS:
                return value.__dict__.get(KEY)
        frame = frame.f_back
    return None


def _without_arguments(kept: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    if not kept:
        return kept
    cls, _, _, rank, thread, maker = kept
    known = cls if _can_travel(cls, set()) else nn.Module
    return (known, None, None, rank, thread, _without_arguments(maker))


def _outline(value: Any, depth: int = 0) -> Any:
    """A copy of the containers and configurations, with the same things in them."""
    kind = type(value)
    inner = partial(_outline, depth=depth + 1)
    if kind in _PLAIN or depth > _DEEPEST:
        return value
    if kind in (list, tuple, set):
        return kind(map(inner, value))
    if kind in (dict, OrderedDict):
        return kind((key, inner(item)) for key, item in value.items())
    if _is_configuration(value):
        outline = copy.copy(value)
        outline.__dict__.update((key, inner(item)) for key, item in vars(value).items())
        return outline
    return value


def _is_configuration(value: Any) -> bool:
    """Whether it is a dataclass, or another object of arguments, which may be changed later."""
    if isinstance(value, (type, nn.Module, torch.Tensor)) or not hasattr(value, "__dict__"):
        return False
    return is_dataclass(value) or is_namespace(value) or keeps_arguments(value)


def _can_travel(value: Any, seen: set[int]) -> bool:
    """Whether a copy of the value can be made in another process.

    Modules and tensors can; modules that can't could not be pickled in the first place.
    """
    if isinstance(value, (*_PLAIN, nn.Module, torch.Tensor)) or id(value) in seen:
        return True
    seen.add(id(value))
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(_can_travel(item, seen) for item in value)
    if isinstance(value, dict):
        return all(_can_travel(item, seen) for pair in value.items() for item in pair)
    try:
        if isinstance(value, (type, FunctionType)):
            return bool(reference_to(value, ""))
        reduced = value.__reduce_ex__(4)
    except (TypeError, NotSerializableError):  # as of generators, locks, lambdas
        return False
    return isinstance(reduced, str) or all(_can_travel(item, seen) for item in reduced[:3])


def _install() -> None:
    if "__new__" not in nn.Module.__dict__:
        setattr(nn.Module, "__new__", staticmethod(_new))  # noqa: B010  # no type allows it


_install()
