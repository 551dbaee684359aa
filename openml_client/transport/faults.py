"""From the exceptions of requests and urllib3 to faults, and from faults to our errors.

The exceptions of both libraries quote request targets, and with them the API key. They are read
for their kind and dropped; none becomes the cause or the context of an error of ours.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from requests import exceptions as requests_errors
from urllib3 import exceptions as urllib3_errors

from openml_client.errors import (
    IntegrityError,
    OfflineError,
    OpenMLError,
    ServerTimeoutError,
    TransportError,
)
from openml_client.transport.policy import Fault, FaultKind

OFFLINE_HINT = (
    "`openml-client doctor` finds out why. With a filled cache set OPENML_OFFLINE=1;\n"
    "to work without this server run `openml-client registry serve`."
)


def fault_from(error: Exception) -> Fault:
    """The fault that an exception of requests or urllib3 stands for."""
    chain = tuple(_causes(error))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in chain)

    if has(ssl.SSLCertVerificationError):
        return Fault(FaultKind.UNSAFE, f"no trusted TLS connection ({_system_text(chain)})")
    if has(urllib3_errors.ProxyError, requests_errors.ProxyError):
        return Fault(FaultKind.UNREACHABLE, f"the proxy failed ({_system_text(chain)})")
    if has(urllib3_errors.NameResolutionError):
        return Fault(FaultKind.UNREACHABLE, "the name is unknown (no DNS answer)")
    if has(urllib3_errors.NewConnectionError):
        return Fault(FaultKind.UNREACHABLE, f"no connection ({_system_text(chain)})")
    if has(urllib3_errors.ConnectTimeoutError, requests_errors.ConnectTimeout):
        return Fault(FaultKind.UNREACHABLE, "no connection in time")
    if has(urllib3_errors.ReadTimeoutError, requests_errors.ReadTimeout, TimeoutError):
        return Fault(FaultKind.SILENT, "no answer in time")
    if has(urllib3_errors.DecodeError):
        return Fault(FaultKind.DAMAGED, "the compressed body is damaged")
    if has(requests_errors.ConnectionError, urllib3_errors.ProtocolError):
        return Fault(FaultKind.BROKEN, f"the connection broke ({_system_text(chain)})")
    return Fault(FaultKind.MALFORMED, f"it can't be sent ({type(error).__name__})")


def body_fault_from(error: Exception) -> Fault:
    """The fault of a body that could not be read to its end."""
    fault = fault_from(error)
    if fault.kind is FaultKind.BROKEN:
        return Fault(FaultKind.SHORT, "the answer ended before it was complete")
    return fault


def error_from(
    fault: Fault, *, asked: str, tried: str, repeatable: bool, read_timeout_s: float
) -> OpenMLError:
    """The error that tells the caller of a fault after the last attempt.

    Parameters
    ----------
    asked
        Method and address without the key.
    tried
        How often and how long.
    """
    told = f"{fault.detail}; {asked}; {tried}"
    if fault.kind is FaultKind.UNREACHABLE:
        return OfflineError(f"{fault.host} can't be reached: {told}", hint=OFFLINE_HINT)
    if fault.kind in (FaultKind.SHORT, FaultKind.DAMAGED) and repeatable:
        return IntegrityError(f"{fault.host} sent a bad file: {told}", hint=_HINTS[fault.kind])
    status = fault.response.status if fault.response else None
    maybe_taken = fault.was_sent and not repeatable
    hint = _HINTS.get(fault.kind, "Try again later, or ask `openml-client doctor`.")
    if fault.kind is FaultKind.SILENT:
        hint = (
            f"The limit is {read_timeout_s:g} s. Raise it with OPENML_TIMEOUT=SECONDS "
            "or, in Python, Client(timeout_s=...)."
        )
    if fault.kind is FaultKind.NO_FILE and status is not None and status >= _SERVERS_FAULT:
        hint = "The fault is the server's. Tell those who run it what it said."
    if maybe_taken:
        hint = f"The server may have acted on it: look before you send it again.\n{hint}"
    error = ServerTimeoutError if fault.kind is FaultKind.SILENT else TransportError
    return error(
        f"{fault.host} gave no usable answer: {told}",
        maybe_taken=maybe_taken,
        status=status,
        body=fault.response.body if fault.response else b"",
        hint=hint,
    )


_SERVERS_FAULT = 500
"""Statuses from here on are of failures of the server.  Source: RFC 9110, section 15.6."""
_DAMAGE_HINT = "Try again later. If it stays so, the file is damaged on the server: report it."
_HINTS = {
    FaultKind.SHORT: _DAMAGE_HINT,
    FaultKind.DAMAGED: _DAMAGE_HINT,
    FaultKind.UNSAFE: "The certificate does not fit, or something between intercepts. "
    "REQUESTS_CA_BUNDLE names your own certificates.",
    FaultKind.MALFORMED: "Check the server address with `openml-client doctor`.",
    FaultKind.TOO_LARGE: "Ask for less at once, or for a higher max_bytes.",
    FaultKind.PAGE: "A proxy or a captive portal may have answered instead of the server. "
    "Nothing was kept.",
    FaultKind.NO_FILE: "Check the address, and whether the file is private.",
}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and those that it wraps, in whatever way, outermost first."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or any(one is other for other in seen):
            continue
        seen.append(one)
        yield one
        waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]


def _system_text(chain: tuple[BaseException, ...]) -> str:
    """What the operating system said, which never quotes a request."""
    for cause in chain:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return type(chain[-1]).__name__
