"""Configuration files: ours, which is TOML, and openml-python's, which is INI without a section.

Reading never fails: what can't be used is warned of with its line, and left out.
"""

from __future__ import annotations

import json
import os
import re
import stat
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openml_client.config.values import DEFAULT_SERVER, PARSERS, ApiKey, normalise_server
from openml_client.errors import ConfigError

_OPENML_PYTHON_NAMES = {"apikey": "api_key", "server": "server", "cachedir": "cache_dir"}
"""Names in openml-python's file; the rest of it has no meaning here."""


class ConfigWarning(UserWarning):
    """A configuration file is unusable in part, or readable by others."""


@dataclass(frozen=True)
class Found:
    """A value and where it was found."""

    value: Any
    source: str


Layer = dict[str, Found]
"""What one place says, by the name of the setting."""


def files_to_read(
    environ: Mapping[str, str], config_file: str | os.PathLike[str] | None
) -> tuple[Path, ...]:
    """Files to read, the strongest first; they need not exist."""
    if config_file is not None:
        path = Path(config_file).expanduser()
        if not path.is_file():
            raise ConfigError(f"configuration file {path} does not exist")
        return (path,)
    xdg = environ.get("XDG_CONFIG_HOME") or "~/.config"
    candidates = (
        config_path(),
        # openml-python: the first on Linux, the second elsewhere and in its older releases.
        Path(os.path.expanduser(xdg)) / "openml" / "config",  # noqa: PTH111 - never raises
        Path(os.path.expanduser("~/.openml/config")),  # noqa: PTH111 - never raises
    )
    # Without a home folder "~" stays, and a folder of that name is nobody's configuration.
    return tuple(path for path in candidates if path.is_absolute())


def read_file(path: Path) -> Layer:
    """What a file sets; what can't be used is warned of and left out."""
    try:
        with path.open("rb") as stream:
            # A configuration has a few lines: a file of more than 1 MB is something else.
            raw = stream.read(1_000_000)
            mode = os.fstat(stream.fileno()).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        warn(f"configuration file {path} can't be read ({error.strerror}): defaults are used")
        return {}
    text, values = _parse_file(path, raw)
    layer: Layer = {}
    if "keys" in values:
        layer["keys"] = Found(_read_keys(path, text, values.pop("keys")), f"file {path}")
    for name, value in values.items():
        source = f"file {path} line {_line_of(text, name)}"
        if name not in PARSERS:
            warn(f"{source}: there is no setting {name!r}; it is ignored")
            continue
        try:
            parsed = PARSERS[name](value, source)
        except ConfigError as error:
            warn(f"{source}: {error.message}; the default is used")
            continue
        if parsed is not None:
            layer[name] = Found(parsed, source)
    if "server" in values and "server" not in layer:
        # Whose key it is can't be told; the default server shall not get it.
        layer.pop("api_key", None)
    readable_by_others = os.name == "posix" and stat.S_IMODE(mode) & 0o077
    if layer.keys() & {"api_key", "keys"} and readable_by_others:
        warn(f"configuration file {path} holds an API key and others can read it: chmod 600 it")
    return layer


def _parse_file(path: Path, raw: bytes) -> tuple[str, dict[str, Any]]:
    """Text of a file and its values by our names, none if it is malformed.

    The messages of the parsers are not passed on: some quote the line, which may hold the key.
    """
    import configparser
    import tomllib

    line: int | None
    try:
        text = raw.decode("utf-8-sig")
        if path.suffix == ".toml":
            return text, tomllib.loads(text)
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string("[openml]\n" + text)
        return text, {
            ours: parser["openml"][theirs]
            for theirs, ours in _OPENML_PYTHON_NAMES.items()
            if parser["openml"].get(theirs)
        }
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else raw.count(b"\n") + 1
    except configparser.ParsingError as error:
        # Our own section header is the first line that the parser saw.
        line = error.errors[0][0] - 1 if error.errors else None
    except configparser.Error:
        line = None
    where = f"{path} line {line}" if line else str(path)
    warn(f"configuration file {where} is malformed: the file is ignored and defaults are used")
    return "", {}


def _read_keys(path: Path, text: str, table: Any) -> dict[str, ApiKey]:
    """Keys by server; what is malformed is warned of and left out."""
    keys: dict[str, ApiKey] = {}
    if not isinstance(table, dict):
        warn(f"file {path} line {_line_of(text, 'keys')}: keys is no table; it is ignored")
        return keys
    for address, value in table.items():
        source = f"file {path} line {_line_of(text, address)}"
        try:
            server, key = normalise_server(address), PARSERS["api_key"](value, source)
        except ConfigError as error:
            warn(f"{source}: {error.message}; this key is ignored")
            continue
        if key is not None:
            keys[server] = key
    return keys


def _line_of(text: str, name: str) -> int:
    """Line of a setting, counted from 1."""
    theirs = [key for key, ours in _OPENML_PYTHON_NAMES.items() if ours == name]
    names = "|".join(re.escape(key) for key in (name, *theirs))
    place = re.search(rf"^\s*[\"']?(?:{names})[\"']?\s*[=:]", text, re.MULTILINE | re.IGNORECASE)
    return text.count("\n", 0, place.end()) + 1 if place else 1


def warn(text: str) -> None:
    """Tell of what a file holds and can't be used."""
    # The default filter shows one text once per process.
    warnings.warn(text, ConfigWarning, stacklevel=2)


def config_path() -> Path:
    """Path of our own configuration file, which need not exist."""
    import platformdirs

    return platformdirs.user_config_path("openml-client") / "config.toml"


@dataclass(frozen=True)
class SavedKey:
    """Where a key was written, and what the file now says of the default server."""

    path: Path
    default_server: str


def save_key(
    server: str, api_key: str, *, make_default: bool = False, path: Path | None = None
) -> SavedKey:
    """Keep the key of a server in our configuration file; all else in it stays.

    The server becomes the default one if it is the first that the file hears of, or if
    ``make_default``. Only the user can read the file afterwards.

    Raises
    ------
    ConfigError
        If the file can't be read or written, or is malformed; it is as it was then.
    """
    server = normalise_server(server)
    target = path or config_path()
    text = _read_text(target)
    old = _parse_ours(target, text)
    keys = old.get("keys", {})
    if not isinstance(keys, dict):
        raise ConfigError(f"{target}: keys is no table", hint="Remove the line, and log in again.")
    new_keys = {address: key for address, key in keys.items() if not _same(address, server)}
    if "api_key" in old:
        # It belongs to the server of the file, which may be another one in a moment.
        home = _home_of(target, old)
        if home != server:
            new_keys.setdefault(home, old["api_key"])
    new_keys[server] = api_key
    new = {name: value for name, value in old.items() if name not in {"api_key", "keys"}}
    is_first = not old.keys() & {"server", "api_key", "keys"}
    if make_default or is_first:
        new["server"] = server
    edited = _edit(text, new.get("server"), new_keys)
    if not _says(edited, {**new, "keys": new_keys}):
        raise ConfigError(
            f"{target} is written in a way that can't be changed by program",
            hint=f"Write the key yourself, into its table [keys]: {_toml_text(server)} = KEY",
        )
    saved = SavedKey(target, _home_of(target, new))
    _replace(target, edited)
    return saved


def _same(address: str, server: str) -> bool:
    try:
        return normalise_server(address) == server
    except ConfigError:
        return False


def _home_of(path: Path, values: Mapping[str, Any]) -> str:
    """The default server of a file, which its ``api_key`` is for."""
    if "server" not in values:
        return DEFAULT_SERVER
    try:
        return normalise_server(str(values["server"]))
    except ConfigError as error:
        raise ConfigError(
            f"{path}: {error.message}", hint="Correct it, and log in again."
        ) from None


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise _unusable(path, "is no UTF-8 text") from None
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror or error}") from error


def _parse_ours(path: Path, text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        # The parser's message is not passed on: it may quote a key.
        raise _unusable(path, f"is malformed{f' at line {place[1]}' if place else ''}") from None


def _says(text: str, values: Mapping[str, Any]) -> bool:
    """Whether a TOML text holds these values and no others."""
    import tomllib

    try:
        return tomllib.loads(text) == values
    except tomllib.TOMLDecodeError:
        return False


def _unusable(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"configuration file {path} {why}; it was left as it is",
        hint="Correct it, or move it away, and try again.",
    )


def _edit(text: str, server: str | None, keys: Mapping[str, Any]) -> str:
    """The text with other lines for the server and the keys; comments and the rest stay."""
    kept: list[str] = []
    table = ""
    for line in text.splitlines():
        if header := re.match(r"\s*\[([^\]]*)\]", line):
            table = header[1].strip()
        name = line.partition("=")[0].strip()
        is_ours = (table == "" and name in {"server", "api_key"}) or (
            table == "keys" and not line.lstrip().startswith("#")
        )
        if not is_ours:
            kept.append(line)
    first = [f"server = {_toml_text(server)}"] if server is not None else []
    rows = [f"{_toml_text(address)} = {_toml_text(key)}" for address, key in keys.items()]
    return "\n".join([*first, *kept, "[keys]", *rows, ""])


def _replace(path: Path, text: str) -> None:
    import tempfile

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".config-")  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror or error}") from error


def _toml_text(value: str) -> str:
    # A TOML string may be written as a JSON one, but for the pairs that JSON makes of emoji.
    return json.dumps(value, ensure_ascii=False)
