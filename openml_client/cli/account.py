"""Commands for the user's settings: keep a key, and find out what is wrong."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import TYPE_CHECKING, Annotated

import typer

from openml_client._version import __version__
from openml_client.cli.context import Context
from openml_client.config import DEFAULT_SERVER, config_path, save_settings
from openml_client.errors import OpenMLError

if TYPE_CHECKING:
    from openml_client.client import Client


def login(
    context: typer.Context,
    api_key: Annotated[
        str,
        typer.Option(prompt="API key", hide_input=True, help="Asked for if it is not given."),
    ],
) -> None:
    """Keep the API key of a server in the configuration file, readable by you alone."""
    settings: Context = context.obj
    server = settings.server or DEFAULT_SERVER
    path = save_settings({"server": server, "api_key": api_key.strip()})
    typer.echo(f"The key for {server} is kept in {path}.")


def doctor(context: typer.Context) -> None:
    """Say which settings hold, where they come from, and whether the server answers."""
    settings: Context = context.obj
    typer.echo(f"openml-client {__version__}, Python {platform.python_version()}")
    for name in ("requests", "numpy", "pandas", "pyarrow", "scikit-learn"):
        typer.echo(f"  {name} {_version(name)}")
    typer.echo(
        f"configuration file: {config_path()}" + ("" if config_path().exists() else " (none)")
    )
    with settings.client() as client:
        _show_settings(client)
        _ask(client)


def _show_settings(client: Client) -> None:
    found = client.settings
    for name, value in (
        ("server", found.server),
        ("API key", f"from {found.api_key.source}" if found.api_key else "none"),
        ("cache", found.cache_dir),
        ("offline", found.offline),
    ):
        source = found.sources.get(name)
        typer.echo(f"{name}: {value}" + (f" ({source})" if source else ""))


def _ask(client: Client) -> None:
    try:
        dataset = client.datasets.list(limit=1).first()
    except OpenMLError as error:
        typer.echo(f"the server does not answer as it should: {error}")
        raise typer.Exit(1) from error
    typer.echo("the server answers" + ("" if dataset else ", and holds no dataset yet"))


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "is not installed"
