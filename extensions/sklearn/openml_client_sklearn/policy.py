"""What this extension vouches for in the flows of others.

The names alone decide before anything is imported; the kind of what was imported is checked
after.
"""

from __future__ import annotations

import itertools
import math
import os
import re
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING

from openml_client.extension.callables import is_numpy_function
from openml_client.extension.references import home_of
from openml_client.extension.tree import tagged, walk
from openml_client.extension.trust import Hazard, Policy, Rule, scalars

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

_MAX_SIZE = 10_000_000
"""No parameter of scikit-learn has a reasonable integer above it, but for seeds."""
_MAX_CANDIDATES = 1_000_000
"""A search lists all combinations of its grid before it fits one."""
_MOST = {
    "n_candidates": _MAX_CANDIDATES,
    "n_components": 100_000,
    "n_estimators": 100_000,
    "n_iter": _MAX_CANDIDATES,
    "n_knots": 10_000,
    "n_repeats": 10_000,
    "n_splits": 10_000,
}
"""What is made as a whole before the first of it is used: a forest lists its trees, and a search
its candidates and folds."""
_MAX_WEIGHTS = 100_000_000
"""Of a perceptron's hidden layers: 0.8 GB, of which Adam keeps three more."""
_MAX_LAYERS = 1_000
_MAX_PATTERN = 1_000
"""Characters of a regular expression; scikit-learn's own have a dozen."""
_MAX_REPEATS = 5
"""In a regular expression; trying all ways takes a time with this exponent."""
SEEDS = frozenset({"random_state"})
"""Parameters that are seeds."""

_UFUNCS = """
abs absolute acos acosh add arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan
atan2 atanh bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or
bitwise_right_shift bitwise_xor cbrt ceil conj conjugate copysign cos cosh deg2rad degrees divide
divmod equal exp exp2 expm1 fabs float_power floor floor_divide fmax fmin fmod frexp gcd greater
greater_equal heaviside hypot invert isfinite isinf isnan isnat lcm ldexp left_shift less
less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or
logical_xor matmul matvec maximum minimum mod modf multiply negative nextafter not_equal positive
pow power rad2deg radians reciprocal remainder right_shift rint sign signbit sin sinh spacing
sqrt square subtract tan tanh true_divide trunc vecdot vecmat
"""
_ARRAY_FUNCTIONS = """
all any argmax argmin argsort around atleast_1d atleast_2d average clip count_nonzero cumprod
cumsum diff max mean median min nan_to_num nanmax nanmean nanmedian nanmin nanstd nansum nanvar
prod ptp quantile ravel round sort std sum transpose var
"""
_SCALAR_TYPES = """
bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 intp uintp float16 float32 float64
complex64 complex128 str_ bytes_ object_ integer floating number
"""
_BUILTIN_FUNCTIONS = """
abs len max min round sum str.capitalize str.casefold str.lower str.strip str.split str.title
str.upper
"""
_BUILTIN_TYPES = "bool int float complex str bytes object list tuple dict set frozenset"

_PRE_DISPATCH = re.compile(r"all|(\d{1,3}(\.\d+)?\s*\*\s*)?n_jobs|\d{1,7}")
_ONE_CHARACTER = re.compile(r"\\.|\[\^?\]?[^\]]*\]", re.DOTALL)
_INNERMOST = re.compile(r"\(([^()]*)\)([*+{])?")
_OPEN = re.compile(r"[*+{|]|.\?")
_REPEATS = re.compile(r"[*+{]")
"""Of regular expressions: what matches a character, a group without groups, what in it may match
in several ways, and what repeats."""


_CALCULATING = (
    "sklearn.feature_selection",
    "sklearn.metrics",
    "sklearn.preprocessing",
    "scipy.spatial",
    "scipy.special",
    "scipy.stats",
)
"""Where functions are defined that calculate, and no methods."""


def _names(module: str, names: str) -> frozenset[str]:
    return frozenset(f"{module}:{name}" for name in names.split())


def _not_an_estimator(value: object) -> str | None:
    from sklearn.base import BaseEstimator

    return _not_derived(value, (BaseEstimator,), "an estimator")


def _not_a_splitter(value: object) -> str | None:
    from sklearn.model_selection import (
        BaseCrossValidator,
        BaseShuffleSplit,
        RepeatedKFold,
        RepeatedStratifiedKFold,
    )

    kinds = (BaseCrossValidator, BaseShuffleSplit, RepeatedKFold, RepeatedStratifiedKFold)
    return _not_derived(value, kinds, "a splitter")


def _not_a_kernel(value: object) -> str | None:
    from sklearn.gaussian_process.kernels import Kernel

    return _not_derived(value, (Kernel,), "a kernel")


def _not_derived(value: object, bases: tuple[type, ...], what: str) -> str | None:
    if not (isinstance(value, type) and issubclass(value, bases)):
        return f"not {what}"
    is_theirs = home_of(value).partition(".")[0] == "sklearn"
    return None if is_theirs else f"{what} that was not defined in scikit-learn"


def _not_a_distribution(value: object) -> str | None:
    from scipy.stats import rv_continuous, rv_discrete

    return None if isinstance(value, (rv_continuous, rv_discrete)) else "no distribution"


def _not_a_calculation(value: object) -> str | None:
    """Functions of the listed modules, not what these modules import from elsewhere."""
    if is_numpy_function(value):
        return None
    if isinstance(value, types.FunctionType) and "." not in value.__qualname__:
        home = home_of(value)
        if any(f"{home}.".startswith(f"{module}.") for module in _CALCULATING):
            return None
    if isinstance(value, (types.BuiltinFunctionType, types.MethodDescriptorType)):
        return None  # only those that are listed by name
    return _not_a_distribution(value) and "not a function that calculates"


def _caches_on_disk(parameter: str, value: Json) -> str | None:
    if parameter != "memory" or all(item is None for item in scalars(value)):
        return None
    return f"it caches on disk, at {value!r}"


def _reads_files(parameter: str, value: Json) -> str | None:
    if parameter == "input" and any(item in ("filename", "file") for item in scalars(value)):
        return "it takes the data for names of files, and reads these"
    return None


def _wants_more_jobs(parameter: str, value: Json) -> str | None:
    if parameter != "n_jobs":
        return None
    have = os.cpu_count() or 1
    jobs = [n for n in scalars(value) if type(n) in (int, float) and n > have]
    return f"it asks for {jobs[0]} jobs on {have} processors" if jobs else None


def _is_huge(parameter: str, value: Json) -> str | None:
    if parameter in SEEDS:
        return None
    huge = [n for n in scalars(value) if type(n) is int and abs(n) > _MAX_SIZE]
    return f"it asks for a size of {huge[0]:,}" if huge else None


def _makes_too_many(parameter: str, value: Json) -> str | None:
    limit = _MOST.get(parameter)
    if limit is None:
        return None
    # Also the arguments of a distribution that a search draws the parameter from.
    many = [n for _, n in walk(value) if type(n) in (int, float) and n > limit]
    return f"it asks for {many[0]:,}, all made at once; {limit:,} are fine" if many else None


def _is_too_wide(parameter: str, value: Json) -> str | None:
    if parameter != "hidden_layer_sizes":
        return None
    widths = [n for n in scalars(value) if type(n) is int]
    n_weights = sum(one * other for one, other in itertools.pairwise(widths))
    if n_weights > _MAX_WEIGHTS:
        return f"it asks for {n_weights:,} weights"
    n_layers = _length(value)
    return f"it asks for {n_layers:,} layers" if n_layers > _MAX_LAYERS else None


def _has_endless_grid(parameter: str, value: Json) -> str | None:
    if parameter != "param_grid":
        return None
    size = sum(math.prod(map(_length, grid)) for grid in _grids(value))
    return (
        f"it asks for more than {_MAX_CANDIDATES:,} candidates" if size > _MAX_CANDIDATES else None
    )


def _calculates(parameter: str, value: Json) -> str | None:
    # joblib works the text out, without a limit in the versions before 1.5.
    texts = [t for t in scalars(value) if isinstance(t, str)] if parameter == "pre_dispatch" else []
    odd = [text for text in texts if not _PRE_DISPATCH.fullmatch(text)]
    return f"it works out {odd[0]!r}" if odd else None


def _backtracks(parameter: str, value: Json) -> str | None:
    if parameter not in ("token_pattern", "pattern"):
        return None
    slow = [text for text in scalars(value) if isinstance(text, str) and _may_not_end(text)]
    return f"it looks for {slow[0]!r}, which may take for ever" if slow else None


def _may_not_end(pattern: str) -> bool:
    """Whether a pattern repeats a group that repeats something, or that has alternatives.

    Such a group may match the same text in ways without number, which are all tried.
    """
    text = _ONE_CHARACTER.sub("x", pattern)
    if len(pattern) > _MAX_PATTERN or len(_REPEATS.findall(text)) > _MAX_REPEATS:
        return True
    while group := _INNERMOST.search(text):
        inner, repeated = group.groups()
        is_open = bool(_OPEN.search(inner))
        if is_open and repeated:
            return True
        text = f"{text[: group.start()]}{'x+' if is_open else 'x'}{text[group.end() :]}"
    return False


def _pads_names(parameter: str, value: Json) -> str | None:
    if parameter != "verbose_feature_names_out":
        return None
    formats = [text for text in scalars(value) if isinstance(text, str) and ":" in text]
    return f"it formats names by {formats[0]!r}, which may make them long" if formats else None


def _grids(value: Json) -> Iterator[list[Json]]:
    """Lists of candidates of each mapping in an argument, whatever stands around it."""
    stack = [value]
    while stack:
        tag, payload = tagged(item := stack.pop()) or (None, item)
        if tag in ("$dict", "$odict") and isinstance(payload, list):
            yield [pair[1] for pair in payload if isinstance(pair, list) and len(pair) == 2]
        elif tag is None and isinstance(payload, dict):
            yield list(payload.values())
        elif isinstance(payload, (dict, list)):
            stack.extend(payload.values() if isinstance(payload, dict) else payload)


def _length(candidates: Json) -> int:
    """How many values a list, tuple, array, range or bytes stand for; 1 for anything else."""
    tag, payload = tagged(candidates) or (None, candidates)
    if tag == "$bytes" and isinstance(payload, str):
        return len(payload) * 3 // 4  # of base64
    if tag == "$array" and isinstance(payload, dict):
        payload = payload.get("items")
    if tag == "$range" and isinstance(payload, list):
        numbers = [n for n in payload if type(n) is int]
        if len(numbers) != 3 or not numbers[2]:
            return 1
        start, stop, step = numbers
        return max(0, -((start - stop) // step))  # len() refuses large ones
    return len(payload) if isinstance(payload, list) else 1


POLICY = Policy(
    rules={
        "estimator": Rule(packages=frozenset({"sklearn"}), complaint=_not_an_estimator),
        "splitter": Rule(modules=frozenset({"sklearn.model_selection"}), complaint=_not_a_splitter),
        "kernel": Rule(
            modules=frozenset({"sklearn.gaussian_process.kernels"}), complaint=_not_a_kernel
        ),
        "selector": Rule(names=frozenset({"sklearn.compose:make_column_selector"})),
        "scorer": Rule(names=frozenset({"sklearn.metrics:make_scorer"})),
        "distribution": Rule(modules=frozenset({"scipy.stats"}), complaint=_not_a_distribution),
        "function": Rule(
            names=_names("numpy", _UFUNCS + _ARRAY_FUNCTIONS)
            | _names("builtins", _BUILTIN_FUNCTIONS),
            modules=frozenset(
                {
                    "sklearn.metrics",
                    "sklearn.metrics.pairwise",
                    "sklearn.metrics.cluster",
                    "sklearn.feature_selection",
                    "sklearn.preprocessing",
                    "scipy.spatial.distance",
                    "scipy.special",
                    "scipy.stats",
                }
            ),
            complaint=_not_a_calculation,
        ),
        "class": Rule(names=_names("numpy", _SCALAR_TYPES) | _names("builtins", _BUILTIN_TYPES)),
    },
    hazards=tuple(
        map(
            Hazard,
            (
                _caches_on_disk,
                _reads_files,
                _wants_more_jobs,
                _is_huge,
                _makes_too_many,
                _is_too_wide,
                _has_endless_grid,
                _calculates,
                _backtracks,
                _pads_names,
            ),
        )
    ),
)
