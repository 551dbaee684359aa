"""Every error that this package raises on purpose.

::

    OpenMLError
    ├── ConfigError                  a setting is missing, malformed or contradicts another
    ├── OfflineError                 the network is unreachable or switched off
    ├── TransportError               a request got no usable answer
    │   └── ServerTimeoutError       the server accepted the request and then stayed silent
    ├── ServerError                  the server answered with an error code
    │   ├── NotFoundError            no thing with this id or name
    │   ├── NoResultError            a listing is empty
    │   ├── AuthenticationError      no key, or a wrong one
    │   ├── NotAuthorizedError       the key is right, but its owner may not do this
    │   ├── InUseError               other things depend on it
    │   ├── ValidationError          the server refused a document, a filter or a value
    │   └── DuplicateError           the thing exists already
    ├── ProtocolError                an answer is not what the protocol says
    ├── IntegrityError               content does not match its checksum
    ├── RegistryError                the folder or database of an embedded registry can't be used
    ├── FormatError                  a data file can't be read or written
    │   └── ArffError                an ARFF file breaks the format, at a line
    ├── FlowError                    a model can't become a flow, or a flow a model
    │   ├── NotSerializableError     a value of the model has no description
    │   ├── UntrustedError           a flow names code that the caller has not trusted
    │   └── MissingDependencyError   a package or an extension is not installed
    ├── TaskError                    a task can't be run, or its splits are unusable
    └── CheckError                   a run failed its checks and was not published

All of them pickle, so that they cross process pools unchanged.
"""

from __future__ import annotations

from typing import Any


class OpenMLError(Exception):
    """Base of all errors of this package.

    ``str()`` gives the message and, on a line of its own, the way out.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions pickle by calling the class with `args`; keyword-only arguments would be lost.
        return (_rebuild, (type(self), self.args, dict(self.__dict__)))


def _rebuild(cls: type[OpenMLError], args: tuple[Any, ...], state: dict[str, Any]) -> OpenMLError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigError(OpenMLError):
    """A setting is missing, malformed or contradicts another."""


class OfflineError(OpenMLError):
    """The network is unreachable or switched off, and the cache lacks the thing."""


class TransportError(OpenMLError):
    """A request got no usable answer."""

    def __init__(
        self,
        message: str,
        *,
        maybe_taken: bool = False,
        status: int | None = None,
        body: bytes = b"",
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.maybe_taken = maybe_taken
        """Whether the server may have acted on the request: look the thing up before repeating."""
        self.status = status
        """HTTP status, where there was an answer that is neither a document nor a file."""
        self.body = body
        """The beginning of that answer."""


class ServerTimeoutError(TransportError):
    """The server accepted the request and then stayed silent."""


class ServerError(OpenMLError):
    """The server answered with an error code."""

    def __init__(
        self, message: str, *, code: int | None = None, route: str = "", hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        """Number of the error in the protocol (protocol note, section 13), or None."""
        self.route = route
        """Name of the route that was called, as in ``wire/routes``."""


class NotFoundError(ServerError):
    """There is no thing with this id or name."""


class NoResultError(ServerError):
    """A listing is empty."""


class AuthenticationError(ServerError):
    """No API key was sent, or the server does not know it."""


class NotAuthorizedError(ServerError):
    """The API key is right, but its owner may not do this."""


class InUseError(ServerError):
    """Other things depend on this one, so it can't be changed or deleted."""

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        route: str = "",
        hint: str | None = None,
        dependants: tuple[int, ...] = (),
    ) -> None:
        super().__init__(message, code=code, route=route, hint=hint)
        self.dependants = dependants
        """Ids of what depends on it, as far as they are known; the hint says what they are of."""


class ValidationError(ServerError):
    """A document, a filter or a value was refused."""


class DuplicateError(ServerError):
    """The thing exists already."""

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        route: str = "",
        hint: str | None = None,
        existing_id: int | None = None,
    ) -> None:
        super().__init__(message, code=code, route=route, hint=hint)
        self.existing_id = existing_id
        """Id of the thing that is there, if the server told it."""


class ProtocolError(OpenMLError):
    """An answer is not what the protocol says."""


class IntegrityError(OpenMLError):
    """Content does not match its checksum."""


class RegistryError(OpenMLError):
    """The folder or database of an embedded registry can't be used."""


class FormatError(OpenMLError):
    """A data file can't be read or written."""


class ArffError(FormatError):
    """An ARFF file breaks the format."""

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        hint: str | None = None,
        summary: str | None = None,
    ) -> None:
        super().__init__(message if line is None else f"line {line}: {message}", hint=hint)
        self.line = line
        """Line of the file, counted from 1, or None where no single line is at fault."""
        self.summary = summary or message
        """The fault in the words of the OpenML server's upload check, where it has some."""


class FlowError(OpenMLError):
    """A model can't become a flow, or a flow can't become a model."""


class NotSerializableError(FlowError):
    """A value of the model has no description that another process could rebuild."""

    def __init__(self, path: str, why: str, remedy: str) -> None:
        super().__init__(f"{path}: {why}", hint=remedy)
        self.args = (path, why, remedy)
        self.path = path
        """Place of the value inside the model, as in ``Pipeline.steps.svc.kernel``."""
        self.why = why
        self.remedy = remedy


class UntrustedError(FlowError):
    """A flow names code that the caller has not trusted; nothing was imported."""

    def __init__(
        self, message: str, *, names: tuple[str, ...] = (), hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.names = names
        """The references that are not trusted, as ``module:qualname``."""


class MissingDependencyError(FlowError):
    """A package or an extension that a model needs is not installed."""


class TaskError(OpenMLError):
    """A task can't be run, or its splits are unusable."""


class CheckError(OpenMLError):
    """A run failed its checks and was not published."""
