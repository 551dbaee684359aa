"""Values that are easily changed on their way, and values that have no description."""

from __future__ import annotations

import collections
import functools
import threading
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

VALUES: Mapping[str, object] = {
    "a tuple": (1, 2),
    "a list": [1, 2],
    "a tuple in a list": [(1, (2.5,)), []],
    "an empty tuple": (),
    "an empty text": "",
    "a number as text": "1",
    "texts of numbers in a list": ["1", "true", "null"],
    "text that looks like a tag": {"$tuple": [1]},
    "text of the world": "größer \U0001f600 \x00",
    "one": 1,
    "one as a float": 1.0,
    "true": True,
    "a large integer": 2**70,
    "a float without a short text": 0.1 + 0.2,
    "the smallest float": 5e-324,
    "negative zero": -0.0,
    "not a number": float("nan"),
    "infinity": float("-inf"),
    "a set": {"zebra", "ant", "mole", "bee", "owl"},
    "a frozenset": frozenset({("a", 1), ("b", 2), ("c", 3)}),
    "keys that are numbers": {1: "a", 0: "b"},
    "keys of several types": {"a": 1, 2: None, (3, "x"): True},
    "keys out of order": {"b": 1, "a": 2},
    "an ordered dict": collections.OrderedDict(b=1, a=2),
    "a slice": slice(None, 3),
    "a range": range(0, 10, 3),
    "bytes": b"\x00\xff",
    "a complex number": 1 - 2j,
    "a numpy float": np.float32(0.1),
    "a numpy integer": np.int64(3),
    "a numpy boolean": np.bool_(True),
    "an array": np.array([[1.5, np.nan], [-0.0, np.inf]]),
    "an array of texts": np.array(["a", "größer"]),
    "an array of objects": np.array(["a", None, 1], dtype=object),
    "an empty array": np.zeros((0, 3), dtype=np.float32),
    "a dtype": np.dtype("<f4"),
}
"""By name; each must come back equal, with its type, or be refused."""


def _local() -> object:
    def inner() -> None:
        """Stand inside a function, where no import reaches."""

    return inner


UNDESCRIBABLE: Mapping[str, object] = {
    "a lambda": lambda: None,
    "a function inside a function": _local(),
    "a partial of a lambda": functools.partial(lambda x: x, 1),
    "a bound method": [].append,
    "a generator of random numbers": np.random.RandomState(0),
    "a new generator of random numbers": np.random.default_rng(0),
    "a lock": threading.Lock(),
    "an object": object(),
    "a lambda inside a tuple": (1, lambda: None),
}
"""By name; each must be refused."""
