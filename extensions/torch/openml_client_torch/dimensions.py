"""Sizes that are known only when the task is, as numbers that remember what they stand for.

``nn.Linear(N_FEATURES, 64)`` is a module of some size now; in a flow it says ``n_features``, and
each task fills in its own number.  Sums, differences, products and quotients remember what they
were made of.  In any other calculation a symbol is the number that it is now.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from openml_client.extension.tree import MAX_INTEGER_BITS

if TYPE_CHECKING:
    from openml_client.extension.identity import Json

Sizes: TypeAlias = Mapping[str, "int | tuple[int, ...]"]
"""What a task fills in, by symbol."""

_OPERATIONS: Final[Mapping[str, Callable[[int, int], int]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
}


class Dim(int):
    """A number with the formula that it came from: a symbol, or ``[operation, left, right]``."""

    formula: Json

    def __new__(cls, value: int, formula: Json) -> Dim:
        """Make a number that remembers its formula."""
        made = super().__new__(cls, value)
        made.formula = formula
        return made

    def __deepcopy__(self, memo: object) -> Dim:
        return self

    def __reduce__(self) -> tuple[type[Dim], tuple[int, Json]]:
        return Dim, (int(self), self.formula)

    def __repr__(self) -> str:
        return self.formula.upper() if isinstance(self.formula, str) else _text(self.formula)

    def __add__(self, other: int) -> Dim:
        return _made("+", self, other)

    def __radd__(self, other: int) -> Dim:
        return _made("+", other, self)

    def __sub__(self, other: int) -> Dim:
        return _made("-", self, other)

    def __rsub__(self, other: int) -> Dim:
        return _made("-", other, self)

    def __mul__(self, other: int) -> Dim:
        return _made("*", self, other)

    def __rmul__(self, other: int) -> Dim:
        return _made("*", other, self)

    def __floordiv__(self, other: int) -> Dim:
        return _made("//", self, other)

    def __rfloordiv__(self, other: int) -> Dim:
        return _made("//", other, self)


class Dims(tuple[int, ...]):
    """Numbers, as many as the task says, with the symbol that they stand for."""

    formula: Json

    def __new__(cls, values: tuple[int, ...], formula: Json) -> Dims:
        """Make numbers that remember their symbol."""
        made = super().__new__(cls, values)
        made.formula = formula
        return made

    def __deepcopy__(self, memo: object) -> Dims:
        return self

    def __reduce__(self) -> tuple[type[Dims], tuple[tuple[int, ...], Json]]:
        return Dims, (tuple(self), self.formula)

    def __repr__(self) -> str:
        return str(self.formula).upper()


def _made(operation: str, left: int, right: int) -> Dim:
    if not isinstance(left, int) or not isinstance(right, int):
        return NotImplemented
    value = _OPERATIONS[operation](int(left), int(right))
    return Dim(value, [operation, formula_of(left), formula_of(right)])


def formula_of(size: int) -> Json:
    """Formula of a symbol, the number itself for a plain number."""
    return size.formula if isinstance(size, Dim) else int(size)


def _text(formula: Json) -> str:
    if isinstance(formula, list):
        operation, left, right = formula
        return f"({_text(left)} {operation} {_text(right)})"
    return str(formula).upper()


N_FEATURES = Dim(2, "n_features")
"""Columns of the data, once prepared."""
N_NUMERIC = Dim(1, "n_numeric")
"""Columns of numbers, which come first; the others hold codes of categories."""
N_CLASSES = Dim(2, "n_classes")
"""Classes of the training rows."""
N_STEPS = Dim(2, "n_steps")
"""Steps of the optimizer in all epochs, for schedulers."""
STEPS_PER_EPOCH = Dim(2, "steps_per_epoch")
"""Steps of the optimizer in one epoch."""
CARDINALITIES = Dims((2,), "cardinalities")
"""How many codes each column of categories has, one more than its categories: 0 is for values
that were missing, or not seen in training."""

SYMBOLS: Final[Mapping[str, Dim | Dims]] = {
    symbol.formula: symbol
    for symbol in (N_FEATURES, N_NUMERIC, N_CLASSES, N_STEPS, STEPS_PER_EPOCH, CARDINALITIES)
}


def evaluate(formula: Json, sizes: Sizes) -> int | tuple[int, ...]:
    """Value of a formula: with the task's sizes, or a symbol again where there are none.

    Raises
    ------
    ValueError
        If the formula names no symbol, or calculates with something else.
    """
    if type(formula) is int:
        return formula
    if isinstance(formula, str):
        if formula not in SYMBOLS:
            raise ValueError(f"no size of a task is called {formula!r}; there are {[*SYMBOLS]}")
        return sizes.get(formula, SYMBOLS[formula])
    operation, left, right = formula
    one, other = evaluate(left, sizes), evaluate(right, sizes)
    if operation not in _OPERATIONS or not isinstance(one, int) or not isinstance(other, int):
        raise ValueError(f"no formula of sizes: {formula!r}")
    made = _OPERATIONS[operation](one, other)
    if made.bit_length() > MAX_INTEGER_BITS:
        raise ValueError(f"a size of {made.bit_length()} bits")
    return made
