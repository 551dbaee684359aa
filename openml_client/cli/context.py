"""What a command gets from the options before it: the server, and how to print."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from openml_client.client import Client

SHOWN_BY_DEFAULT = 20
"""Rows of a list, where nobody asked for another number."""


@dataclass(frozen=True)
class Context:
    """The options that stand before the command."""

    server: str | None = None

    def client(self) -> Client:
        """Make the client of these options."""
        from openml_client.client import Client

        return Client(self.server)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows as a table, cut to the width of the terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="ellipsis", no_wrap=True)
    for row in rows:
        table.add_row(*("" if value is None else _text(value) for value in row))
    Console(highlight=False).print(table)


def print_fields(fields: Mapping[str, Any]) -> None:
    """Print names and values of one thing, without the empty ones."""
    width = max((len(name) for name in fields), default=0)
    for name, value in fields.items():
        if value not in (None, "", (), {}):
            typer.echo(f"{name:<{width}}  {_text(value)}")


def print_json(value: Any) -> None:
    """Print models as JSON, for programs."""
    typer.echo(json.dumps(_plain(value), indent=2, default=str))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return str(value)
