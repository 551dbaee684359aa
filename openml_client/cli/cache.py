"""Commands for the cache: what it holds, whether it is whole, and what can go."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openml_client.cli.context import Context, print_fields, print_json, print_table
from openml_client.cli.listing import AsJson
from openml_client.config import is_local, load_settings, normalise_server, registry_folder
from openml_client.errors import ConfigError

if TYPE_CHECKING:
    from openml_client.cache.maintenance import Entry, Problem, Removed, Walk

app = typer.Typer(no_args_is_help=True)

Server = Annotated[
    str | None,
    typer.Option("--server", help="Only of this server: its address, or its name in `cache ls`."),
]

SHOWN_FILES = 3
"""Of the files that an import left out for one reason, this many are named."""

_FOLDER = re.compile(r"(https?|x|registry)-[a-z0-9._-]+")
"""Names of the folders of servers."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY = {"ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


@dataclass(frozen=True)
class Place:
    """The cache that a command is about."""

    folder: Path
    server_folder: str | None
    """The only server that counts."""


def age(text: str) -> timedelta:
    """The time that a text as ``30d`` or ``12h`` names: s, m, h, d or w."""
    match = re.fullmatch(r"(\d{1,6})\s*([smhdw])", text.strip().lower())
    if match is None:
        raise typer.BadParameter(f"{text!r} is no time; write 30d, 12h or 2w")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def size(text: str) -> int:
    """The bytes that a text as ``2GB``, ``500 MB`` or ``1GiB`` names."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\s*([kmgt]i?)?b?", text.strip().lower())
    if match is None:
        raise typer.BadParameter(f"{text!r} is no size; write 2GB, 500MB or 1GiB")
    return int(float(match[1]) * (_BYTES | _BINARY)[match[2] or ""])


@app.command("ls")
def list_entries(context: typer.Context, server: Server = None, as_json: AsJson = False) -> None:
    """List what the cache holds, and when it was last used."""
    found = _walked(_place(context, server))
    if as_json:
        print_json([_plain(entry) for entry in found.entries])
    elif found.entries:
        print_table(
            ["server", "key", "size", "used"],
            (
                (e.server, e.key, shown(e.size_bytes), f"{e.used_at:%Y-%m-%d %H:%M}")
                for e in found.entries
            ),
            cut=["key"],
        )
    else:
        typer.echo(f"nothing is in the cache {found.folder}", err=True)
    _tell(found.unreadable)


@app.command("size")
def show_size(context: typer.Context, server: Server = None, as_json: AsJson = False) -> None:
    """Show how large the cache is, by server and kind."""
    found = _walked(_place(context, server))
    counts: Counter[tuple[str, str]] = Counter()
    sizes: Counter[tuple[str, str]] = Counter()
    for entry in found.entries:
        counts[entry.server, entry.kind] += 1
        sizes[entry.server, entry.kind] += entry.size_bytes
    if as_json:
        kinds = [
            {"server": group[0], "kind": group[1], "entries": count, "size_bytes": sizes[group]}
            for group, count in sorted(counts.items())
        ]
        total = {"entries": len(found.entries), "size_bytes": found.size_bytes}
        folder = {"folder": str(found.folder), "foreign_files": len(found.foreign)}
        print_json({**folder, **total, "kinds": kinds})
    else:
        if counts:
            print_table(
                ["server", "kind", "entries", "size"],
                ((*group, n, shown(sizes[group])) for group, n in sorted(counts.items())),
            )
        typer.echo(
            f"{len(found.entries)} entries, {shown(found.size_bytes)}, in {found.folder}"
            + (f"; besides, {len(found.foreign)} foreign files" if found.foreign else "")
        )
    _tell(found.unreadable)


@app.command("verify")
def verify_entries(
    context: typer.Context,
    server: Server = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove what is damaged.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read every entry, and compare it with its checksum.

    Exits with 1 if something is damaged and stays, or can't be read.
    """
    from openml_client.cache import maintenance

    found = _walked(_place(context, server))
    result = maintenance.verify(found.entries)
    damaged = [entry for entry, _ in result.damaged]
    removed = maintenance.remove(damaged if remove else [])
    unreadable = [*found.unreadable, *result.unreadable]
    if as_json:
        print_json(
            {
                "whole": result.n_whole,
                "unknown": [_plain(entry) for entry in result.unknown],
                "damaged": [{**_plain(e), "reason": reason} for e, reason in result.damaged],
                "removed": len(removed.removed),
                "unreadable": [str(problem) for problem in unreadable],
            }
        )
    else:
        for entry, reason in result.damaged:
            typer.echo(f"damaged: {entry.path}: {reason}")
        typer.echo(
            f"{result.n_whole} entries are whole, {len(damaged)} damaged"
            + (f", {len(result.unknown)} without a known checksum" if result.unknown else "")
            + (f"; {len(removed.removed)} were removed" if remove else "")
        )
        if damaged and not remove:
            typer.echo("`openml-client cache verify --remove` removes what is damaged.", err=True)
    _tell([*unreadable, *removed.failed])
    if unreadable or len(removed.removed) < len(damaged):
        raise typer.Exit(1)


@app.command("prune")
def prune(
    context: typer.Context,
    older_than: Annotated[
        str | None, typer.Option(help="What was not used for so long goes: 30d, 12h, 2w.")
    ] = None,
    max_size: Annotated[
        str | None, typer.Option(help="What stays is not larger: 2GB, 500MB. The oldest goes.")
    ] = None,
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """Remove what was not used for long, and what is too much."""
    from openml_client.cache import maintenance

    if older_than is None and max_size is None:
        raise typer.BadParameter("say what goes: --older-than 30d, --max-size 2GB, or both")
    limits: dict[str, Any] = {
        "older_than": age(older_than) if older_than is not None else None,
        "max_size_bytes": size(max_size) if max_size is not None else None,
    }
    found = _walked(_place(context, server))
    removed = maintenance.remove(maintenance.outdated(found.entries, **limits))
    _report(removed, found.unreadable, as_json=as_json)


@app.command("clear")
def clear(
    context: typer.Context,
    server: Server = None,
    is_sure: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove everything, or everything of one server.

    Files that the cache did not make stay.
    """
    from openml_client.cache import maintenance

    place = _place(context, server)
    found = _walked(place)
    if found.entries and not is_sure:
        of = f" of {place.server_folder}" if place.server_folder else ""
        count = f"{len(found.entries)} entries ({shown(found.size_bytes)})"
        typer.confirm(f"Remove {count}{of} from {place.folder}?", abort=True, err=True)
    removed = maintenance.clear(place.folder, server_folder=place.server_folder)
    _report(removed, found.unreadable, as_json=as_json)


@app.command("import")
def import_foreign(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(help="Of openml-python's cache; where it usually is without it."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take over what openml-python has in its cache, verified.

    Its pickles are never opened. What is in the cache already stays as it is.
    """
    from openml_client.cache import Cache
    from openml_client.resources.foreign_cache import find_folder, import_cache

    chosen: Context = context.obj
    settings = load_settings(chosen.server)
    source = find_folder(settings, folder)
    result = import_cache(source, Cache(settings.cache_dir, server=settings.server))
    if as_json:
        left_out = [{"path": str(f.path), "reason": f.reason} for f in result.left_out]
        taken = {"taken": result.taken, "present": result.present}
        print_json({"folder": str(source), **taken, "left_out": left_out})
        return
    reasons: dict[str, list[Path]] = {}
    for file in result.left_out:
        reasons.setdefault(file.reason, []).append(file.path)
    for reason, paths in reasons.items():
        names = ", ".join(str(path.relative_to(source)) for path in paths[:SHOWN_FILES])
        more = f" and {len(paths) - SHOWN_FILES} more" if len(paths) > SHOWN_FILES else ""
        typer.echo(f"left out: {names}{more}: {reason}")
    print_fields(
        {
            "from": str(source),
            "to": str(settings.cache_dir),
            "taken": len(result.taken),
            "there already": len(result.present),
            "left out": len(result.left_out),
        }
    )


def _place(context: typer.Context, server: str | None) -> Place:
    """The folder, and the server if one was named: by the command's option or the common one."""
    chosen: Context = context.obj
    if server is not None and _FOLDER.fullmatch(server):
        return Place(load_settings(None).cache_dir, server)
    named = server or chosen.server
    if named is not None and "/" not in named and not is_local(named):
        named = f"https://{named}"
    settings = load_settings(named)
    if is_local(settings.server):
        if "cache_dir" not in settings.sources:
            return Place(registry_folder(settings.server) / "cache", None)
        if named is None:
            return Place(settings.cache_dir, None)
        raise ConfigError(
            f"the entries of {settings.server} lie in {settings.cache_dir} under another name",
            hint="`openml-client cache ls` shows it; give it as --server registry-...",
        )
    from openml_client.cache.layout import host_folder

    only = host_folder(normalise_server(named)) if named is not None else None
    return Place(settings.cache_dir, only)


def _walked(place: Place) -> Walk:
    from openml_client.cache.maintenance import walk

    return walk(place.folder, server_folder=place.server_folder)


def _report(removed: Removed, unreadable: Iterable[Problem], *, as_json: bool) -> None:
    problems = [*unreadable, *removed.failed]
    if as_json:
        print_json(
            {
                "removed": [_plain(entry) for entry in removed.removed],
                "size_bytes": removed.size_bytes,
                "busy": [_plain(entry) for entry in removed.busy],
                "failed": [str(problem) for problem in problems],
            }
        )
    else:
        typer.echo(f"{len(removed.removed)} entries were removed, {shown(removed.size_bytes)}")
        if removed.busy:
            typer.echo(f"{len(removed.busy)} are being written, and stay")
    _tell(problems)
    if problems:
        raise typer.Exit(1)


def _plain(entry: Entry) -> dict[str, Any]:
    return {
        "server": entry.server,
        "kind": entry.kind,
        "key": entry.key,
        "size_bytes": entry.size_bytes,
        "used_at": entry.used_at.isoformat(timespec="seconds"),
        "path": str(entry.path),
    }


def _tell(problems: Iterable[Problem]) -> None:
    for problem in problems:
        typer.echo(f"openml-client: warning: {problem}", err=True)


def shown(n_bytes: int) -> str:
    """A size for people, as ``1.5 MB``; the units are powers of 1000."""
    amount = float(n_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
