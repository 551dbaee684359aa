"""Errors carry a hint, and cross process borders unchanged."""

from __future__ import annotations

import pickle

import pytest

from openml_client import errors

EXAMPLES = [
    errors.OpenMLError("plain", hint="a way out"),
    errors.NotFoundError("gone", code=111, route="data.get"),
    errors.DuplicateError("there", code=614, existing_id=5),
    errors.ArffError("bad value", line=7),
    errors.NotSerializableError("Pipeline.f", "a lambda has no name", "use def"),
    errors.UntrustedError("no", names=("os:mkdir",)),
]


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda e: type(e).__name__)
def test_an_error_pickles_with_all_its_fields(error: errors.OpenMLError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_the_hint_stands_on_a_line_of_its_own() -> None:
    assert str(errors.OpenMLError("it failed", hint="try again")) == "it failed\ntry again"


def test_the_tree_in_the_docstring_names_every_class() -> None:
    names = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.OpenMLError)
    }
    assert errors.__doc__ is not None
    assert all(f" {name} " in errors.__doc__ + " " or name == "OpenMLError" for name in names)
