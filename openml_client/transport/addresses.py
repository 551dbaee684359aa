"""Which addresses may be asked: schemes, origins, private networks, the limit on name lookup."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from openml_client.errors import TransportError
from openml_client.transport.secrecy import hide_key

_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Scheme, host and port of an address; the default port is left out.

    Raises
    ------
    ValueError
        If the port is no number.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    is_default = parts.port in (None, _PORTS.get(parts.scheme))
    return f"{parts.scheme}://{host}{'' if is_default else f':{parts.port}'}"


def host_of(url: str) -> str:
    """Host name of an address, for messages."""
    return urlsplit(url).hostname or url


def is_public_address(address: str) -> bool:
    """Whether an IP address belongs to the open internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast


def is_private_host(host: str) -> bool:
    """Whether a host name says by itself that it lies in a private network or on this machine.

    Other names are judged by the address that they turn out to have.
    """
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    with contextlib.suppress(OSError):
        # inet_aton takes what resolvers take, as in 127.1 and 0x7f000001.
        name = socket.inet_ntoa(socket.inet_aton(name))
    try:
        return not is_public_address(name)
    except ValueError:
        return False


def check_address(url: str, *, came_from: str | None = None) -> None:
    """Nothing, if the address may be asked.

    Parameters
    ----------
    came_from
        Address whose answer redirected to this one.

    Raises
    ------
    TransportError
        If the scheme is neither http nor https, a redirect would leave https, or the address
        holds a user name.
    """
    shown = hide_key(url)
    named_by = f"{host_of(came_from)} redirects to {shown}" if came_from else f"address {shown}"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise TransportError(f"{named_by}: it is malformed and was not asked") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise TransportError(
            f"{named_by}: only http and https addresses are asked",
            hint="Download the file by other means if you trust the address.",
        )
    if parts.username is not None or parts.password is not None:
        raise TransportError(f"the address at {parts.hostname} holds a user name; it was not asked")
    if came_from and urlsplit(came_from).scheme == "https" and parts.scheme == "http":
        raise TransportError(
            f"{named_by}: leaving https for http was refused",
            hint="What comes by http can be read and changed on its way.",
        )


def private_address_refused(host: str) -> TransportError:
    """The error for a public server that names a private address."""
    return TransportError(
        f"a public server named the private address {host}; it was not asked",
        hint="Such an address could reach things inside your own network. "
        "HttpTransport(allow_private=True) asks it all the same.",
    )


def redirect_target(url: str, location: str) -> str:
    """Address to ask next, without any API key that the server echoed into its query."""
    target = urlsplit(urljoin(url, location))
    query = parse_qsl(target.query, keep_blank_values=True)
    rest = [(name, value) for name, value in query if name != "api_key"]
    if len(rest) != len(query):
        target = target._replace(query=urlencode(rest))
    return urlunsplit(target._replace(fragment=""))


def lookup_limited(host: str, port: int, *, within_s: float) -> tuple[str, ...]:
    """IP addresses of a host name.

    A resolver that does not answer takes 10 s and more to fail and can't be told otherwise,
    so it is asked in a thread, which is left behind when the time is over.

    Raises
    ------
    OSError
        If the name is unknown (socket.gaierror) or the time is over (TimeoutError).
    """
    found: list[tuple[str, ...]] = []
    failed: list[OSError] = []

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.append(tuple(str(row[4][0]) for row in rows))
        except UnicodeError as error:
            failed.append(socket.gaierror(socket.EAI_NONAME, f"no valid name: {error}"))
        except OSError as error:
            failed.append(error)

    asking = threading.Thread(target=ask, name=f"lookup of {host}", daemon=True)
    asking.start()
    asking.join(within_s)
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError(f"no answer to the name lookup within {within_s:.1f} s")
    return found[0]
