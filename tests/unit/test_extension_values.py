"""Values come back equal and with the same types, or are refused."""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import math
import operator
import subprocess
import sys
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openml_client.errors import FlowError, NotSerializableError, UntrustedError
from openml_client.extension.codec import Decoder, Encoder, Handler
from openml_client.extension.identity import canonical
from openml_client.extension.trust import Policy, Trust
from openml_client.extension.values import CORE_HANDLERS, codec

CODEC = codec()
TRUST = Trust(Policy({}), frozenset({"tests", "numpy", "builtins", "operator", "_operator"}))


@dataclasses.dataclass(frozen=True)
class Settings:
    depth: int
    names: tuple[str, ...] = ()


class Point(NamedTuple):
    y: float
    x: object = None


class Colour(enum.Enum):
    RED = 1


class Style(enum.Flag):
    BOLD = 1
    WIDE = 2


def double(x: Any) -> Any:
    return 2 * x


def scaled_by(factor: float, shift: float = 0.0) -> Any:
    def scale(x: float) -> float:
        return x * factor + shift

    return scale


def hidden_in(module: str) -> Any:
    path = module + "!"

    def answer() -> str:
        return path

    return answer


def round_trip(value: object) -> Any:
    text = canonical(CODEC.encode(value))
    assert text.isascii()
    return CODEC.decode(json.loads(text), TRUST)


def same(one: Any, other: Any) -> bool:
    """Equality of values, types and order, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (one == other and math.copysign(1, one) == math.copysign(1, other)) or one != one
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        pairs = zip(one.items(), other.items(), strict=True)
        return len(one) == len(other) and all(same(a, b) for a, b in pairs)
    if isinstance(one, (set, frozenset)):
        return one == other and {type(x) for x in one} == {type(x) for x in other}
    if isinstance(one, np.ndarray):
        flat = same(one.ravel().tolist(), other.ravel().tolist())
        return flat and one.dtype == other.dtype and one.shape == other.shape
    return bool(one == other)


HASHABLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**1000), 2**1000),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.complex_numbers(allow_nan=False),
)
VALUES = st.recursive(
    HASHABLE | st.floats() | st.builds(slice, st.integers(), st.none(), st.integers()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(HASHABLE, inner, max_size=4),
        st.dictionaries(st.text(), inner, max_size=4),
        st.dictionaries(st.text(), inner, max_size=3).map(OrderedDict),
        st.sets(HASHABLE, max_size=4),
        st.frozensets(HASHABLE, max_size=4),
    ),
    max_leaves=12,
)


@given(VALUES)
def test_any_plain_value_comes_back_with_its_exact_types(value: object) -> None:
    assert same(round_trip(value), value)


@pytest.mark.parametrize(
    "value",
    [
        (64, 32),
        "",
        ["1"],
        {"$tuple": [1]},
        {"b": 1, "a": 2},
        {1: "a", (2, 3): "b", None: "c"},
        range(3, 9, 2),
        np.float32(0.1),
        np.int64(3),
        np.float64("nan"),
        np.bool_(True),
        np.str_("text"),
        np.array([[1.5, -0.0], [math.inf, math.nan]]),
        np.array([1, 2], dtype=">i2"),
        np.array([1 + 2j]),
        np.array(["a", "größer"]),
        np.array(["a", None, (1, 2)], dtype=object),
        np.array([np.float64(1), np.str_("a"), 1.5], dtype=object),
        np.array([], dtype=np.float32),
        np.array(5.0),
        np.array([True, False]),
        np.array(["2020-01-01", "NaT"], dtype="M8[D]"),
        np.dtype("f4"),
        np.float64,
        int,
        Colour.RED,
        Style.WIDE,
        Style.BOLD | Style.WIDE,
        Style(0),
        Settings(3, ("a",)),
        Point(1.0, ("a",)),
        np.log1p,
        np.mean,
        double,
        len,
        operator.mul,
        str.lower,
        "\ud800",
    ],
)
def test_a_value_comes_back_equal_and_of_the_same_type(value: object) -> None:
    again = round_trip(value)
    if callable(value):
        assert again is value
    else:
        assert same(again, value)


@pytest.mark.parametrize("kind", [np.datetime64, np.timedelta64])
@pytest.mark.parametrize("unit", [(), ("D",)], ids=["no unit", "days"])
def test_a_missing_time_comes_back(kind: Any, unit: tuple[str, ...]) -> None:
    value = kind("NaT", *unit)
    scalar, array = round_trip([value, np.array([value])])
    assert scalar.dtype == array.dtype == value.dtype
    assert np.isnat(scalar)
    assert np.isnat(array).all()


def test_a_partial_comes_back_with_its_arguments() -> None:
    again = round_trip(functools.partial(double, *[(1, 2)], x={"k": 1}))
    assert isinstance(again, functools.partial)
    assert (again.func, again.args, again.keywords) == (double, ((1, 2),), {"x": {"k": 1}})


@pytest.mark.parametrize(
    "getter",
    [operator.attrgetter("a.b"), operator.attrgetter("a", "b"), operator.itemgetter(1, "a")],
)
def test_a_getter_comes_back_with_its_names(getter: Any) -> None:
    again = round_trip(getter)
    assert type(again) is type(getter)
    assert again.__reduce__() == getter.__reduce__()


def test_a_closure_of_an_importable_factory_comes_back_by_calling_the_factory() -> None:
    again = round_trip(scaled_by(3.0, shift=1.0))
    assert again(2.0) == 7.0


def test_a_closure_with_hidden_variables_is_refused() -> None:
    with pytest.raises(NotSerializableError, match="inside a function"):
        CODEC.encode(hidden_in("x"))


class Local:
    def method(self) -> None: ...


class Window:
    """Keeps what its constructor is given, and nothing else."""

    def __init__(self, width: int, *, inner: object = None) -> None:
        self.width = width
        self.inner = inner


class Counting:
    def __init__(self) -> None:
        self.count = 0


class Renaming:
    def __init__(self, width: int) -> None:
        self.size = width


class Slotted(Window):
    __slots__ = ("more",)


class Listing(list[str]):
    pass


def touched(window: Window) -> Window:
    window.height = 3  # type: ignore[attr-defined]
    return window


def test_objects_that_are_no_more_than_their_arguments_come_back() -> None:
    value = Window((1, 2), inner=Window({3, 4}))  # type: ignore[arg-type]
    tree = CODEC.encode(value)
    with pytest.raises(UntrustedError, match="object"):
        CODEC.decode(tree, Trust.of_strangers(Policy({})))
    again = CODEC.decode(tree, Trust.of_strangers(Policy({}), [__name__]))
    assert type(again) is Window
    assert (again.width, again.inner.width, again.inner.inner) == ((1, 2), {3, 4}, None)
    stateless = CODEC.decode(CODEC.encode(Local()), Trust.of_strangers(Policy({}), [__name__]))
    assert type(stateless) is Local


@pytest.mark.parametrize(
    ("value", "why", "remedy"),
    [
        (lambda x: x, "a lambda", "top level of a module"),
        (Local().method, "bound to an object of type Local", "function"),
        (Counting(), "has no description", "numbers, texts"),
        (Renaming(1), "has no description", "numbers, texts"),
        (Slotted(1), "has no description", "numbers, texts"),
        (Listing("ab"), "has no description", "numbers, texts"),
        (touched(Window(1)), "has no description", "numbers, texts"),
        (np.random.RandomState(0), "state that changes", "an integer as the seed"),
        (np.random.default_rng(0), "state that changes", "an integer as the seed"),
        (np.random.rand, "bound to an object of type RandomState", "function"),
        (np.zeros(200_000), "1,600,000 bytes", "when it is fitted"),
        (np.zeros(2, dtype=[("a", "f4")]), "dtype", "numbers"),
        (np.longdouble(1), "dtype", "64 bits"),
        ((x for x in "ab"), "read once", "a list"),
        (2**5000, "more than 1024 bits", "smaller"),
        (json, "has no description", "numbers, texts"),
        (operator.methodcaller("clear"), "has no description", "numbers, texts"),
        (list[int], "has no description", "numbers, texts"),
    ],
)
def test_what_has_no_description_is_refused_with_place_reason_and_remedy(
    value: object, why: str, remedy: str
) -> None:
    with pytest.raises(NotSerializableError) as caught:
        CODEC.encode({"outer": [("step", value)]}, "Model")
    assert caught.value.path == "Model.outer.step"
    assert why in caught.value.why
    assert remedy in caught.value.remedy


def test_a_class_of_a_function_is_refused() -> None:
    class Inner: ...

    with pytest.raises(NotSerializableError, match="defined inside a function"):
        CODEC.encode(Inner)


def test_a_class_of_a_script_is_refused() -> None:
    script = (
        "from openml_client.extension.values import codec\n"
        "from openml_client.errors import NotSerializableError\n"
        "class Net: ...\n"
        "try: codec().encode(Net)\n"
        "except NotSerializableError as error: print(error.why)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "__main__" in done.stdout


def test_a_list_that_contains_itself_is_refused() -> None:
    endless: list[object] = ["name"]
    endless.append(endless)
    with pytest.raises(NotSerializableError, match="contains itself"):
        CODEC.encode(endless)


def test_too_many_values_are_refused() -> None:
    with pytest.raises(NotSerializableError, match="100,000 values"):
        CODEC.encode([0] * 100_001)


def test_equal_sets_have_equal_text_in_every_process() -> None:
    script = (
        "from openml_client.extension.values import codec\n"
        "from openml_client.extension.identity import canonical\n"
        "print(canonical(codec().encode({'a', 'b', ('c', 1), frozenset('xyz'), 3})))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TAGS = st.sampled_from(sorted({handler.tag for handler in CORE_HANDLERS if handler.tag}))


@settings(deadline=None)  # some handlers import their library with the first value
@given(TAGS, JSON)
def test_malformed_payloads_give_documented_errors_only(tag: str, payload: Any) -> None:
    try:
        CODEC.decode({tag: payload}, TRUST)
    except FlowError as error:
        assert str(error)  # noqa: PT017  # what is not refused is fine as well


def test_an_array_can_not_claim_more_memory_than_it_holds() -> None:
    payload = {"dtype": "<U9999", "shape": [100], "items": ["a"] * 100}
    with pytest.raises(FlowError, match="bytes"):
        CODEC.decode({"$array": payload}, TRUST)


@pytest.mark.parametrize("tag", ["$set", "$frozenset", "$dict", "$odict"])
def test_keys_that_were_chosen_to_have_one_hash_are_refused_in_time(tag: str) -> None:
    alike = [number * (2**61 - 1) for number in range(90_000)]
    payload = alike if tag in ("$set", "$frozenset") else [[key, 0] for key in alike]
    with pytest.raises(FlowError, match="one hash"):
        CODEC.decode({tag: payload}, TRUST)


class Shared:
    """An object that counts by its identity."""


class SharedHandler(Handler):
    tag = "$shared"
    types = (Shared,)

    def encode(self, value: Shared, encoder: Encoder) -> Any:
        return {self.tag: encoder.memo.setdefault(id(value), len(encoder.memo))}

    def decode(self, payload: Any, decoder: Decoder) -> Shared:
        return decoder.memo.setdefault(payload, Shared())


def test_a_handler_may_keep_shared_objects_shared() -> None:
    one, other = Shared(), Shared()
    sharing = codec([SharedHandler()])
    tree = sharing.encode([one, other, one])
    assert tree == [{"$shared": 0}, {"$shared": 1}, {"$shared": 0}]
    first, second, third = sharing.decode(tree, TRUST)
    assert first is third
    assert first is not second
    assert sharing.encode([other]) == [{"$shared": 0}]  # each value has a memo of its own


@pytest.mark.parametrize(
    ("dtype", "item"),
    [
        ("<U8", "filename!"),
        ("<i8", "1000000000"),
        ("<i8", 1e9),
        ("<i2", 1.5),
        ("<f4", "1"),
        ("<U4", 1),
        ("|b1", "x"),
    ],
)
def test_a_value_that_numpy_would_change_is_refused(dtype: str, item: Any) -> None:
    """The audit has seen the one, the model would hold the other."""
    with pytest.raises(FlowError, match="does not fit its type"):
        CODEC.decode({"$scalar": [dtype, item]}, TRUST)
    payload = {"dtype": dtype, "shape": [1], "items": [item]}
    with pytest.raises(FlowError, match="does not fit its type"):
        CODEC.decode({"$array": payload}, TRUST)
