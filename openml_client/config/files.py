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

from openml_client.config.values import PARSERS
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
        _warn(f"configuration file {path} can't be read ({error.strerror}): defaults are used")
        return {}
    text, values = _parse_file(path, raw)
    layer: Layer = {}
    for name, value in values.items():
        source = f"file {path} line {_line_of(text, name)}"
        if name not in PARSERS:
            _warn(f"{source}: there is no setting {name!r}; it is ignored")
            continue
        try:
            parsed = PARSERS[name](value, source)
        except ConfigError as error:
            _warn(f"{source}: {error.message}; the default is used")
            continue
        if parsed is not None:
            layer[name] = Found(parsed, source)
    if "server" in values and "server" not in layer:
        # Whose key it is can't be told; the default server shall not get it.
        layer.pop("api_key", None)
    readable_by_others = os.name == "posix" and stat.S_IMODE(mode) & 0o077
    if "api_key" in layer and readable_by_others:
        _warn(f"configuration file {path} holds an API key and others can read it: chmod 600 it")
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
    _warn(f"configuration file {where} is malformed: the file is ignored and defaults are used")
    return "", {}


def _line_of(text: str, name: str) -> int:
    """Line of a setting, counted from 1."""
    theirs = [key for key, ours in _OPENML_PYTHON_NAMES.items() if ours == name]
    names = "|".join(re.escape(key) for key in (name, *theirs))
    place = re.search(rf"^\s*[\"']?(?:{names})[\"']?\s*[=:]", text, re.MULTILINE | re.IGNORECASE)
    return text.count("\n", 0, place.end()) + 1 if place else 1


def _warn(text: str) -> None:
    # The default filter shows one text once per process.
    warnings.warn(text, ConfigWarning, stacklevel=2)


def config_path() -> Path:
    """Path of our own configuration file, which need not exist."""
    import platformdirs

    return platformdirs.user_config_path("openml-client") / "config.toml"


def save_settings(values: Mapping[str, str], *, path: Path | None = None) -> Path:
    """Set values in our configuration file, and give its path; other lines stay.

    Only the user can read the file afterwards, because it may hold a key.

    Raises
    ------
    ConfigError
        If there is no such setting, or the file can't be written.
    """
    unknown = sorted(set(values) - set(PARSERS))
    if unknown:
        raise ConfigError(
            f"there is no setting {unknown[0]!r}", hint=f"There are {', '.join(sorted(PARSERS))}."
        )
    import tempfile

    target = path or config_path()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        old = target.read_text("utf-8").splitlines() if target.exists() else []
        kept = [line for line in old if line.partition("=")[0].strip() not in values]
        new = [f"{name} = {_toml_text(value)}" for name, value in values.items()]
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".config-")  # mode 0600
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join([*new, *kept, ""]))
        Path(name).replace(target)
    except OSError as error:
        raise ConfigError(f"{target} can't be written: {error.strerror or error}") from error
    return target


def _toml_text(value: str) -> str:
    # A TOML string may be written as a JSON one, but for the pairs that JSON makes of emoji.
    return json.dumps(value, ensure_ascii=False)
