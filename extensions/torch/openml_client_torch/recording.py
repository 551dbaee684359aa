"""Keeps, for every module, the constructor call that made it.

From the import of this module on, ``nn.Module.__new__`` notes the class, the arguments and the
place in the order of creation.  It is never undone: without a ``__new__`` of its own, a class
whose ``__new__`` was once set refuses arguments.
"""

from __future__ import annotations

import copy
import itertools
import pickle
import threading
from collections import OrderedDict
from typing import Any, Final, NamedTuple

from torch import nn

KEY: Final = "_openml_client_call"
"""Where a module keeps the record of its call: in its ``__dict__``, so that copies have it too."""


class Call(NamedTuple):
    """A constructor call."""

    cls: type[nn.Module]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    rank: int
    """Place among all calls of the thread."""


class _Kept(tuple[Any, ...]):
    """Record in a module; copied and pickled as a plain tuple, which needs nothing of ours.

    Where the arguments can't be copied or pickled, the copy has an empty record.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> tuple[Any, ...]:
        try:
            return _Kept(copy.deepcopy(tuple(self), memo))
        except (TypeError, AttributeError, pickle.PicklingError):  # as of a generator
            return _Kept()

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return tuple, (tuple(self) if _is_picklable(self[1:3]) else (),)


class _Ranks(threading.local):
    """A count per thread, so that what other threads make leaves no gaps."""

    def __init__(self) -> None:
        self.count = itertools.count()


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
    kept = (cls, tuple(map(_outline, args)), _outline(kwargs), next(_ranks.count))
    module.__dict__[KEY] = _Kept(kept)
    return module


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
