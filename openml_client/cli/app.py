"""The commands, and what they have in common: the client, the errors, the exit status."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Annotated, TextIO

import typer

from openml_client._version import __version__
from openml_client.cli import account, cache, collections, listing, quickstart, registry, runs
from openml_client.cli.context import Context, printable
from openml_client.errors import OpenMLError

app = typer.Typer(
    name="openml-client",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Fetch OpenML datasets, run models on tasks, publish and reproduce runs.",
)
app.command("quickstart")(quickstart.quickstart)
app.command("login")(account.login)
app.command("doctor")(account.doctor)
app.add_typer(listing.datasets, name="dataset", help="List and show datasets.")
app.add_typer(listing.tasks, name="task", help="List and show tasks.")
app.add_typer(listing.flows, name="flow", help="List, show and audit flows.")
app.add_typer(runs.app, name="run", help="List, show, audit and reproduce runs.")
app.add_typer(listing.evaluations, name="evaluation", help="List measures of runs.")
app.add_typer(collections.suites, name="suite", help="List and show collections of tasks.")
app.add_typer(collections.studies, name="study", help="List and show collections of runs.")
app.add_typer(collections.users, name="user", help="List users, and say who you are.")
app.add_typer(cache.app, name="cache", help="Show, verify, prune and fill the cache.")
app.add_typer(registry.app, name="registry", help="Make, fill and serve an embedded registry.")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"openml-client {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    server: Annotated[
        str | None,
        typer.Option(
            "--server",
            "-s",
            help="Address of a server, 'local' or 'local:FOLDER'; else OPENML_SERVER counts.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    context.obj = Context(server)


def run() -> int:
    """Run the command that ``sys.argv`` asks for.

    What users do wrong on the command line exits with 2, and an interrupt with 130, both by way
    of `SystemExit`; an error of this package gives 1, and says why in a few lines.
    """
    warnings.showwarning = _warn
    try:
        app()
    except OpenMLError as error:
        return _explain(error)
    return 0


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show a warning in one line; the place in our code means nothing to a user."""
    (file or sys.stderr).write(f"openml-client: warning: {printable(str(message))}\n")


def _explain(error: OpenMLError) -> int:
    if os.environ.get("OPENML_DEBUG"):
        import traceback

        traceback.print_exception(error)
    sys.stderr.write(f"openml-client: {printable(str(error))}\n")
    return 1
