"""Commands for the user's settings: keep a key, and find out what is wrong."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from typing import TYPE_CHECKING, Annotated

import typer

from openml_client._version import __version__
from openml_client.cli.context import Context
from openml_client.config import (
    check_key,
    config_path,
    is_local,
    is_usual_key,
    load_settings,
    save_key,
)
from openml_client.errors import ConfigError, OpenMLError
from openml_client.extension.discovery import GROUP
from openml_client.extension.references import OWN_PREFIX

if TYPE_CHECKING:
    from openml_client.client import Client
    from openml_client.config import Settings


_SENDS_HERE = re.compile(r"[^.\n]*`openml-client doctor`[^.\n]*\.\s*")
"""A sentence of a hint that sends to the doctor, which tells nothing to who is there."""


def login(
    context: typer.Context,
    api_key: Annotated[
        str,
        typer.Option(prompt="API key", hide_input=True, help="Asked for if it is not given."),
    ],
    make_default: Annotated[
        bool,
        typer.Option(
            "--default", help="Make this server the default one; the first login does so anyway."
        ),
    ] = False,
) -> None:
    """Keep the API key of a server.

    It goes into the configuration file, readable by you alone. The server of the first login
    becomes the default one, which is asked where no other is named.
    """
    settings: Context = context.obj
    server = load_settings(settings.server).server
    if is_local(server):
        raise ConfigError(
            f"{server} needs no login: an embedded registry has its own key",
            hint="Name a server: openml-client --server https://www.openml.org login",
        )
    key = check_key(server, api_key)
    if not is_usual_key(key):
        typer.echo(
            "openml-client: warning: this key is not 32 hexadecimal digits, as those of all but "
            "some test servers are",
            err=True,
        )
    saved = save_key(server, key, make_default=make_default)
    typer.echo(f"The key for {server} is kept in {saved.path}.")
    if saved.default_server == server:
        typer.echo(f"{server} is the default server.")
    else:
        typer.echo(
            f"The default server is still {saved.default_server}; `login --default` changes it."
        )


def doctor(context: typer.Context) -> None:
    """Show the settings, and ask the server.

    Says which settings hold, where they come from, and whether the server answers.
    """
    settings: Context = context.obj
    typer.echo(f"openml-client {__version__}, Python {platform.python_version()}")
    for name in ("requests", "numpy", "pandas", "pyarrow", "scikit-learn"):
        typer.echo(f"  {name} {_version(name)}")
    _show_extensions()
    typer.echo(
        f"configuration file: {config_path()}" + ("" if config_path().exists() else " (none)")
    )
    with settings.client() as client:
        _show_settings(client.settings)
        if client.is_offline:
            typer.echo("offline: the server is not asked")
        else:
            _ask(client)


def _show_extensions() -> None:
    points = importlib.metadata.entry_points(group=GROUP)
    # A distribution may be seen twice: installed, and as an editable checkout.
    # Those named as a package of ours are for classes that the extension itself adds.
    found = {
        (p.name, p.dist.name, p.dist.version)
        for p in points
        if p.dist and not p.name.startswith(OWN_PREFIX)
    }
    typer.echo("extensions:" + ("" if found else " none"))
    for name, distribution, version in sorted(found):
        typer.echo(f"  {name}: {distribution} {version}")


def _show_settings(found: Settings) -> None:
    shown = {
        "server": found.server,
        "cache_dir": found.cache_dir,
        "offline": "yes" if found.offline else "no",
        "timeout_s": f"{found.read_timeout_s:g}",
        "retries": found.retries,
    }
    for name, value in shown.items():
        typer.echo(f"{name}: {value} ({found.sources.get(name, 'default')})")
    typer.echo(f"api_key: {f'from {found.api_key.source}' if found.api_key else 'none'}")


def _ask(client: Client) -> None:
    try:
        dataset = client.datasets.list(limit=1).first()
    except OpenMLError as error:
        typer.echo(f"the server does not answer as it should: {error.message}")
        if hint := _SENDS_HERE.sub("", error.hint or "").strip():
            typer.echo(hint)
        raise typer.Exit(1) from error
    typer.echo("the server answers" + ("" if dataset else ", and holds no dataset yet"))


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "is not installed"
