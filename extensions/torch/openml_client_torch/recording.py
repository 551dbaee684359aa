"""Keeps, for every module, the constructor call that made it.

From the import of this module on, ``nn.Module.__new__`` notes the class, the arguments, the place
in the order of creation, and in which other module's constructor the call was made.  It is never
undone: without a ``__new__`` of its own, a class whose ``__new__`` was once set refuses arguments.
"""

from __future__ import annotations

import copy
import itertools
import pickle
import secrets
import sys
import threading
from collections import OrderedDict
from types import FrameType
from typing import Any, Final, NamedTuple

from torch import nn

KEY: Final = "_openml_client_call"
"""Where a module keeps the record of its call: in its ``__dict__``, so that copies have it too."""


CONTAINERS: Final = frozenset(
    kind.__init__ for kind in (nn.Sequential, nn.ModuleList, nn.ModuleDict)
)
"""Constructors of torch's containers."""


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
    """Record in a module; copied and pickled as a plain tuple, which needs nothing of ours.

    Where the arguments can't be copied or pickled, the copy has an empty record.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> tuple[Any, ...]:
        if not self:
            return self
        cls, args, kwargs, *place = self
        try:
            args, kwargs = copy.deepcopy((args, kwargs), memo)
        except (TypeError, AttributeError, pickle.PicklingError):  # as of a generator
            return _Kept()
        return _Kept((cls, args, kwargs, *place))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        if not self or not _is_picklable(self[1:3]):
            return tuple, ((),)
        # The arguments of the maker would take along what is no part of this module.
        return tuple, ((*self[:-1], _without_arguments(self[-1])),)


class _Ranks(threading.local):
    """A count per thread, so that what other threads make leaves no gaps."""

    def __init__(self) -> None:
        self.count = itertools.count()
        self.thread = secrets.randbits(63)


_ranks = _Ranks()


def call_of(module: nn.Module) -> Call | None:
    """The constructor call that made a module; None if it was not seen, or could not be kept."""
    kept = module.__dict__.get(KEY)
    return Call(*kept) if kept else None


def _new(cls: type[nn.Module], *args: Any, **kwargs: Any) -> nn.Module:
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
    return (cls, None, None, rank, thread, _without_arguments(maker))


def _outline(value: Any) -> Any:
    """A copy of the containers, with the same things in them."""
    kind = type(value)
    if kind in (list, tuple, set):
        return kind(map(_outline, value))
    if kind in (dict, OrderedDict):
        return kind((key, _outline(item)) for key, item in value.items())
    return value


def _is_picklable(value: Any) -> bool:
    """Whether arguments can be pickled; modules among them are, if the module itself is."""
    kind = type(value)
    if kind in (list, tuple, set):
        return all(map(_is_picklable, value))
    if kind in (dict, OrderedDict):
        return all(map(_is_picklable, value.values()))
    if kind in (type(None), bool, int, float, str) or isinstance(value, nn.Module):
        return True
    try:
        pickle.dumps(value)
    except (TypeError, AttributeError, pickle.PicklingError):
        return False
    return True


def _install() -> None:
    if "__new__" not in nn.Module.__dict__:
        setattr(nn.Module, "__new__", staticmethod(_new))  # noqa: B010  # no type allows it


_install()
