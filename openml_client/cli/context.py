"""What a command gets from the options before it: the server, and how to print."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from openml_client.config import load_settings, registry_folder
from openml_client.errors import RegistryError

if TYPE_CHECKING:
    from openml_client.client import Client

SHOWN_BY_DEFAULT = 20
"""Rows of a list, where nobody asked for another number."""

_MIN_CUT_WIDTH = 12
"""Characters that stay of a column that is cut: enough to tell most names apart."""
_GAP = 2
"""Blanks between two columns; rich needs them as padding on the right of each."""

T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """The options that stand before the command."""

    server: str | None = None

    def client(self) -> Client:
        """Make the client of these options; no registry is made where there is none.

        Raises
        ------
        RegistryError
            If the server is the embedded registry of a folder that holds none.
        """
        from openml_client.client import Client

        settings = load_settings(self.server)
        if settings.is_local:
            _check_registry(registry_folder(settings.server))
        return Client(self.server)


def _check_registry(folder: Path) -> None:
    try:
        from openml_client.registry.folder import BLOBS, DATABASE
    except ImportError:
        return  # opening the client says which package is missing
    # With blobs alone it is a registry that lost its database: opening it says so.
    if not (folder / DATABASE).exists() and not (folder / BLOBS).exists():
        raise RegistryError(
            f"{folder} holds no registry",
            hint=f"Make one with `openml-client registry init {folder}`, "
            f"or with real data in it: `openml-client registry seed {folder}`.",
        )


def print_list(
    found: Iterable[T],
    *,
    limit: int,
    as_json: bool,
    columns: Sequence[str],
    row: Callable[[T], Sequence[Any]],
    cut: Collection[str] = (),
) -> None:
    """Print the first rows of a list, and say on stderr if there are none, or more.

    ``found`` must reach beyond ``limit`` by one where there are more.
    """
    rows = list(islice(found, limit + 1))
    shown = rows[:limit]
    if as_json:
        print_json(shown)
    elif shown:
        print_table(columns, map(row, shown), cut=cut)
    if not shown:
        typer.echo("nothing found", err=True)
    elif len(rows) > limit:
        typer.echo(f"{limit} shown; there are more: --limit N", err=True)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, cut: Collection[str] = ()
) -> None:
    """Print rows as a table.

    On a terminal the columns ``cut`` are shortened until the table fits; the others, and
    everything in a pipe or a file, stay whole.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # As `Text`, or rich would take "[...]" in a name for its markup.
    texts = [["" if value is None else _text(value) for value in row] for row in rows]
    cells = [[Text(printable(text, kept="")) for text in row] for row in texts]
    widths = [
        max([len(name), *(row[place].cell_len for row in cells)])
        for place, name in enumerate(columns)
    ]
    console = Console(highlight=False)
    if sys.stdout.isatty():
        widths = _fit(widths, [name in cut for name in columns], console.width)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0))
    for name, width in zip(columns, widths, strict=True):
        table.add_column(name, overflow="ellipsis", no_wrap=True, width=width)
    for row in cells:
        table.add_row(*row)
    # A console that is too narrow would shrink all columns.
    console.width = max(console.width, sum(widths) + _GAP * len(widths))
    console.print(table, soft_wrap=True)


def _fit(widths: Sequence[int], may_cut: Sequence[bool], room: int) -> list[int]:
    """Shorten the widest of the columns that may be cut until all fit, or none can be."""
    fitted = list(widths)
    cuttable = [place for place, allowed in enumerate(may_cut) if allowed]
    while cuttable and sum(fitted) + _GAP * (len(fitted) - 1) > room:
        widest = max(cuttable, key=fitted.__getitem__)
        if fitted[widest] <= _MIN_CUT_WIDTH:
            break
        fitted[widest] -= 1
    return fitted


def print_fields(fields: Mapping[str, Any]) -> None:
    """Print names and values of one thing, without the empty ones."""
    width = max((len(name) for name in fields), default=0)
    for name, value in fields.items():
        if value not in (None, "", (), {}):
            typer.echo(f"{name:<{width}}  {printable(_text(value))}")


def print_json(value: Any) -> None:
    """Print models as JSON, for programs."""
    typer.echo(json.dumps(_plain(value), indent=2, default=str))


def printable(text: str, *, kept: str = "\n\t") -> str:
    """The text with its control characters and lone surrogates as escapes.

    What others wrote could steer the terminal, or show another name than it has.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept else ascii(c)[1:-1] for c in text)


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
