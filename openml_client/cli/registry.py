"""Commands that make, fill and serve an embedded registry."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from openml_client.cli.context import Context, print_json, print_table
from openml_client.cli.listing import AsJson
from openml_client.config import registry_folder

if TYPE_CHECKING:
    from openml_client.model.mirror import Mirrored

app = typer.Typer(no_args_is_help=True)

Folder = Annotated[
    Path | None, typer.Argument(help="The registry's folder; the user's own one without it.")
]


def _folder(given: Path | None) -> Path:
    return given.expanduser().absolute() if given else registry_folder("local")


@app.command("init")
def init(folder: Folder = None) -> None:
    """Make an empty registry."""
    from openml_client.registry import Registry

    path = _folder(folder)
    with Registry.open(path):
        typer.echo(f"The registry in {path} is ready. Next:")
        typer.echo(f"  openml-client registry seed {path}")
        typer.echo(f"  openml-client --server local:{path} dataset list")


@app.command("seed")
def seed_registry(folder: Folder = None) -> None:
    """Publish real datasets, each with a task.

    They are those that scikit-learn ships; the tasks have 10 folds.
    """
    from openml_client.client import Client
    from openml_client.seed import seed

    with Client(f"local:{_folder(folder)}") as client:
        for row in seed(client):
            state = "published" if row.is_new else "is there"
            typer.echo(f"{state}: dataset {row.dataset.id} {row.dataset.name}, task {row.task.id}")


@app.command("serve")
def serve(
    folder: Folder = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8080,
    threads: Annotated[int, typer.Option(min=1, help="Requests that are served at once.")] = 8,
    fetch: Annotated[
        Literal["public", "any", "none"],
        typer.Option(
            help="From where data is fetched that is published by its address: public addresses, "
            "any (private networks and this machine, too), or none."
        ),
    ] = "public",
) -> None:
    """Serve a registry over HTTP until it is interrupted."""
    from openml_client.registry import Registry

    path = _folder(folder)
    with Registry.open(path, fetch=fetch) as registry:

        def announce(address: str) -> None:
            typer.echo(f"Serving the registry in {path} at {address} (Ctrl-C ends it)")
            if host in {"0.0.0.0", "::"}:  # noqa: S104  (a comparison)
                typer.echo("  Other machines reach it too, at every address of this one.")
            typer.echo(f"  read:   openml-client --server {address} dataset list")
            typer.echo(
                f"  write:  export OPENML_API_KEY=$(cat {shlex.quote(str(registry.key_file))})"
            )
            sys.stdout.flush()  # who waits for it reads a pipe

        registry.serve(host=host, port=port, threads=threads, on_ready=announce)


@app.command("add-user")
def add_user(
    name: Annotated[str, typer.Argument(help="Of the user.")],
    folder: Folder = None,
    group: Annotated[
        Literal["normal", "read-only", "admin"],
        typer.Option(help="Who is read-only writes nothing; an admin writes everybody's things."),
    ] = "normal",
) -> None:
    """Add a user, and print the API key, which is kept nowhere."""
    from openml_client.registry import Registry

    with Registry.open(_folder(folder), create=False) as registry:
        typer.echo(registry.add_user(name, group=group))


@app.command("mirror")
def mirror(
    source: Annotated[
        str, typer.Option("--from", help="Address of the server; or 'local:FOLDER'.")
    ],
    target: Annotated[Path, typer.Option("--to", help="The registry's folder; made if missing.")],
    suite: Annotated[
        list[str] | None, typer.Option(help="Id or alias of a suite, with all its tasks.")
    ] = None,
    study: Annotated[
        list[str] | None, typer.Option(help="Id or alias of a study, with all its runs.")
    ] = None,
    task: Annotated[
        list[int] | None, typer.Option(help="Id of a task, with its dataset and splits.")
    ] = None,
    dataset: Annotated[list[str] | None, typer.Option(help="Id or name of a dataset.")] = None,
    runs_of_task: Annotated[
        list[int] | None, typer.Option(help="Id of a task, with all its runs.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Requests at once.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Copy things of a server, ids and all.

    The same again completes what is missing.  Each kind of thing may be given more than once.
    Exits with 1 if something can't be copied.
    """
    if not (suite or study or task or dataset or runs_of_task):
        raise typer.BadParameter(
            "Say what to copy: --dataset, --task, --runs-of-task, --suite or --study, once or more."
        )
    try:
        with Context(source).client() as client:
            result = client.mirror(
                _folder(target),
                suites=suite or (),
                studies=study or (),
                tasks=task or (),
                datasets=dataset or (),
                runs_of_tasks=runs_of_task or (),
                workers=workers,
                progress=not as_json and sys.stderr.isatty(),
            )
    except KeyboardInterrupt:
        typer.echo("openml-client: stopped; the same command again completes it.", err=True)
        raise
    if as_json:
        print_json(result)
    else:
        _print_mirrored(result)
    for item in result.left_out:
        state = "private" if item.is_private else "failed"
        typer.echo(f"openml-client: {state}: {item}", err=True)
    if not result.is_complete:
        raise typer.Exit(1)


def _print_mirrored(result: Mirrored) -> None:
    from openml_client.model.mirror import KINDS

    counts = {
        kind: (len(result.copied.get(kind, ())), len(result.present.get(kind, ())))
        for kind in KINDS
    }
    rows = [(kind, *count) for kind, count in counts.items() if any(count)]
    if rows:
        print_table(["kind", "copied", "there before"], rows)
    else:
        typer.echo(f"Nothing was copied to {result.folder}.")
        return
    typer.echo(f"The mirror is in {result.folder}. Next:")
    typer.echo(f"  openml-client --server local:{result.folder} dataset list")


@app.command("check")
def check(folder: Folder = None) -> None:
    """Look for damage.

    Exits with 1 if the database or a file is not as it was written.
    """
    from openml_client.registry.check import check_folder

    path = _folder(folder)
    problems = list(check_folder(path))
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"The registry in {path} is whole.")
