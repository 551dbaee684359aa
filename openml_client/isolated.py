"""``python -m openml_client.isolated``: reproduces a run here, for a client in another process.

Server, key and cache come by the variables of the environment, the run and the options as JSON on
stdin; the answer goes to the file that they name, since what models print goes to stdout.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from openml_client.errors import OpenMLError


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The report of a reproduction under ``report``, or under ``error`` why there is none."""
    from openml_client.client import Client

    try:
        with Client() as client:
            result = client.runs.reproduce(
                request["run"], tolerance=request["tolerance"], trusted=request["trusted"]
            )
    except OpenMLError as error:
        return {
            "error": {
                "kind": type(error).__name__,
                "message": error.message,
                "hint": error.hint,
            }
        }
    return {"report": result.to_json()}


def main() -> None:
    """Answer the request on stdin."""
    request = json.load(sys.stdin)
    # What the caller trusts may be a module that lies in its folders.  Last, to hide nothing.
    sys.path += [place for place in request["path"] if place not in sys.path]
    Path(request["output"]).write_text(json.dumps(answer(request)), "utf-8")


if __name__ == "__main__":
    main()
