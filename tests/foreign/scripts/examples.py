"""What openml-python's README and gallery of examples call, against a server of one's own.

``examples.py ADDRESS KEY GROUP`` makes the calls of a group of examples in their order, on data
that the server holds or that is published first, and prints what they gave.  Where an example
names an id of openml.org, ours has another; what it plots is left out.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable
from typing import Any

import openml
import outcomes


def main(address: str, key: str, group: str) -> dict[str, Any]:
    outcomes.connect(address, key)
    server_of_examples(address, key)
    examples: list[Callable[[], Any]] = importlib.import_module(f"examples_{group}").EXAMPLES
    return {example.__name__: example() for example in examples}


def server_of_examples(address: str, key: str) -> None:
    """Let the examples, which switch to a server for tests, come to ours."""
    switch = openml.config.ConfigurationForExamples
    switch._test_server = f"{address}/api/v1/xml"
    switch._test_apikey = key
    warnings.filterwarnings("ignore", message="Switching to the test server")


if __name__ == "__main__":
    outcomes.say(main(*sys.argv[1:]))
