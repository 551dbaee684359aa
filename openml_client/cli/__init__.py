"""The command line: ``openml-client``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; exits with 0, 1 (it failed, and stderr says why) or 2 (usage)."""
    try:
        from openml_client.cli.app import run
    except ImportError as error:
        sys.stderr.write(
            f"openml-client: the command line needs a package that is missing: {error.name}\n"
            "Install it with `pip install 'openml-client[cli,registry]'`.\n"
        )
        sys.exit(1)
    sys.exit(run())
