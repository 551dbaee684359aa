"""Each setting's value: what may be written for it, and what it then is."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from openml_client.errors import ConfigError

DEFAULT_SERVER = "https://www.openml.org"

_API_PATH = re.compile(r"(?:/api(?:/v1(?:/(?:xml|json))?)?)?/*\Z")
_SERVER_EXAMPLES = (
    "Examples: https://www.openml.org, http://127.0.0.1:8000, local, local:./registry"
)
_MAX_KEY_LENGTH = 256


class ApiKey:
    """A secret that shows itself only to who asks by ``reveal``.

    Its repr and str are masked, and a pickle leaves it behind: what is unpickled is None, so
    that settings arrive in another process as if no key had been given.
    """

    __slots__ = ("_text", "source")

    def __init__(self, text: str, source: str) -> None:
        self._text = text
        self.source = source
        """Where it was found: ``environment variable OPENML_API_KEY``, ``file PATH line 3``."""

    def reveal(self) -> str:
        """The key itself. Call it where the request is written, and keep no copy."""
        return self._text

    def __repr__(self) -> str:
        return f"ApiKey(*** from {self.source})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, ApiKey) else NotImplemented

    def __hash__(self) -> int:
        return hash((ApiKey, self._text))

    def __deepcopy__(self, memo: dict[int, Any]) -> ApiKey:
        return self

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return (_nothing, ())


def _nothing() -> None:
    """What a pickled key becomes."""


def is_local(server: str) -> bool:
    """Whether a server is an embedded registry of this process."""
    return server == "local" or server.startswith("local:")


def normalise_server(server: str) -> str:
    """Origin and base path of a v1 server; ``local`` and ``local:PATH`` stay as they are.

    ``https://www.openml.org/api/v1/xml/`` and ``https://www.openml.org`` give the same.

    Raises
    ------
    ConfigError
        If it is neither an http(s) address nor ``local``.
    """
    text = server.strip()
    if is_local(text) and text != "local:":
        return text
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        _refuse_server(server)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", text):
        _refuse_server(server)
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            f"the server address of {parts.hostname} holds a user name or password",
            hint="Leave them out; the API key is given apart, by OPENML_API_KEY.",
        )
    if parts.query or parts.fragment:
        _refuse_server(server)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_default_port = port in (None, 443 if parts.scheme == "https" else 80)
    path = _API_PATH.sub("", re.sub("/+", "/", parts.path), count=1)
    return f"{parts.scheme}://{host}{'' if is_default_port else f':{port}'}{path}"


def _refuse_server(server: str) -> NoReturn:
    raise ConfigError(f"server {server!r} is no address of an OpenML server", hint=_SERVER_EXAMPLES)


def _parse_server(value: Any, source: str) -> str:
    return normalise_server(value) if isinstance(value, str) else _refuse_server(str(value))


def _parse_key(value: Any, source: str) -> ApiKey | None:
    if isinstance(value, ApiKey):
        return value
    text = value.strip() if isinstance(value, str) else None
    if text == "":
        return None
    if text is None or len(text) > _MAX_KEY_LENGTH or not re.fullmatch(r"[!-~]+", text):
        # The value stays untold: most of it may well be the key.
        raise ConfigError(
            "the API key is no run of printable characters without blanks",
            hint="Copy it again from your profile page on the server: 32 hexadecimal digits.",
        )
    return ApiKey(text, source)


def is_usual_key(text: str) -> bool:
    """Whether a key looks as those that OpenML's servers and embedded registries make.

    Upper case counts: the real server compares without regard to it.  Test servers may have
    others: the public keys of test.openml.org are words.

    Source: protocol note, section 1.1.
    """
    return re.fullmatch("[0-9a-fA-F]{32}", text) is not None


def check_key(server: str, text: str) -> str:
    """The key without blanks around it, if a server could have given it out.

    Raises
    ------
    ConfigError
        If it is empty, holds what no key holds, or the server is openml.org, whose keys are
        32 hexadecimal digits, and it isn't. The message holds nothing of it.
    """
    key = _parse_key(text, "")
    if key is None:
        raise ConfigError("the API key is empty", hint=f"Copy it from your profile on {server}.")
    host = urlsplit(server).hostname or ""
    is_openml = host in {"openml.org", "www.openml.org", "api.openml.org"}
    if is_openml and not is_usual_key(key.reveal()):
        raise ConfigError(
            f"this is no API key of {server}: its keys are 32 hexadecimal digits",
            hint="Copy it again from your profile page there.",
        )
    return key.reveal()


def _parse_folder(value: Any, source: str) -> Path | None:
    if not isinstance(value, str | os.PathLike) or "\0" in os.fspath(value):
        raise ConfigError(f"cache_dir {value!r} is no path of a folder")
    if not os.fspath(value):
        return None
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError as error:
        raise ConfigError(f"cache_dir {value!r} names a home folder that is unknown") from error


_WORDS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(
    ("0", "false", "no", "off"), False
)


def _parse_flag(value: Any, source: str) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _WORDS:
        raise ConfigError(f"offline {value!r} is neither yes nor no", hint="Write 1 or 0.")
    return _WORDS[word]


def _parse_timeout(value: Any, source: str) -> float:
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        seconds = math.nan
    if not (seconds > 0 and math.isfinite(seconds)):
        raise ConfigError(
            f"timeout_s {value!r} is no positive number of seconds", hint="Example: 60"
        )
    return seconds


def _parse_retries(value: Any, source: str) -> int:
    text = "" if isinstance(value, bool | float) else str(value).strip()
    if not re.fullmatch("[0-9]{1,4}", text):
        raise ConfigError(
            f"retries {value!r} is no number of retries", hint="0 tries once. Example: 4"
        )
    return int(text)


PARSERS: Mapping[str, Callable[[Any, str], Any]] = {
    "server": _parse_server,
    "api_key": _parse_key,
    "cache_dir": _parse_folder,
    "offline": _parse_flag,
    "timeout_s": _parse_timeout,
    "retries": _parse_retries,
}
"""By the name of the setting: its value, from what was written where."""
