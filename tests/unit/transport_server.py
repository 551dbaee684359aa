"""A server on loopback that answers as it is told, well or badly, for the tests of transport."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from openml_client.config import ApiKey, Settings
from openml_client.transport import Clock

KEY = "0123456789abcdef0123456789abcdef"
LIMIT_S = 10.0
"""No thread of a test server outlives this."""

IMPATIENT = {"read_timeout_s": 0.3}
"""For servers that stay silent or drip."""

Answer = bytes | Callable[["Connection"], None]


class Connection:
    """The server's side of one request."""

    def __init__(self, sock: socket.socket, over: threading.Event) -> None:
        self.sock = sock
        self._over = over

    def send(self, content: bytes) -> None:
        self.sock.sendall(content)

    def drip(self, content: bytes, every_s: float) -> None:
        """Send one byte after the other until the client goes or the test ends."""
        for byte in content:
            self.send(bytes([byte]))
            if self._over.wait(every_s):
                return

    def stay_silent(self) -> None:
        self._over.wait(LIMIT_S)

    def pause(self, seconds: float) -> None:
        self._over.wait(seconds)

    def reset(self) -> None:
        """Close with a RST instead of a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


class Server:
    def __init__(
        self, answers: tuple[Answer, ...], *, reads_slowly: bool, tls: ssl.SSLContext | None
    ) -> None:
        self.requests: list[bytes] = []
        self.n_connections = 0
        self._answers = list(answers)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._reads_slowly = reads_slowly
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        if reads_slowly:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def targets(self) -> list[str]:
        return [request.split(b" ")[1].decode() for request in self.requests]

    def close(self) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LIMIT_S)
            assert not thread.is_alive()
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.n_connections += 1
            thread = threading.Thread(target=self._serve, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError), ExitStack() as open_:
            open_.enter_context(sock)
            sock.settimeout(LIMIT_S)
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
                open_.enter_context(sock)
            while not self._over.is_set():
                request = self._read_request(sock)
                if not request:
                    return
                with self._lock:
                    self.requests.append(request)
                    answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                if not isinstance(answer, bytes):
                    answer(Connection(sock, self._over))
                    return
                sock.sendall(answer)
                if b"connection: close" in answer.lower():
                    return

    def _read_request(self, sock: socket.socket) -> bytes:
        content = b""
        while b"\r\n\r\n" not in content:
            sock.settimeout(0.01)
            try:
                piece = sock.recv(65536)
            except TimeoutError:
                if self._over.is_set():
                    return b""
                continue
            if not piece:
                return b""
            content += piece
        sock.settimeout(LIMIT_S)
        head, _, body = content.partition(b"\r\n\r\n")
        lengths = [
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ]
        while lengths and len(body) < lengths[0]:
            piece = sock.recv(65536)
            if not piece:
                return b""
            body += piece
            if self._reads_slowly:
                self._over.wait(0.01)
        return head + b"\r\n\r\n" + body


@contextmanager
def serving(
    *answers: Answer, reads_slowly: bool = False, tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """A server that gives these answers in their order, and the last one for ever."""
    server = Server(answers, reads_slowly=reads_slowly, tls=tls)
    try:
        yield server
    finally:
        server.close()


def reply(
    body: bytes | str = b"",
    *,
    status: str = "200 OK",
    headers: tuple[str, ...] = ("Content-Type: text/xml",),
    length: int | None = None,
) -> bytes:
    """An answer that keeps the connection, with a true or a given Content-Length."""
    content = body.encode() if isinstance(body, str) else body
    lines = [
        f"HTTP/1.1 {status}",
        *headers,
        f"Content-Length: {len(content) if length is None else length}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


class FakeTime:
    """Time in which waits are over at once."""

    def __init__(self) -> None:
        self.waits_s: list[float] = []

    @property
    def clock(self) -> Clock:
        import time

        return Clock(
            monotonic=lambda: time.monotonic() + sum(self.waits_s), sleep=self.waits_s.append
        )


def settings(server: str, *, key: str | None = None, **values: object) -> Settings:
    """Settings with limits that no sound answer meets, however busy the machine is."""
    defaults: dict[str, object] = {
        "connect_timeout_s": 2.0,
        "read_timeout_s": LIMIT_S,
        "deadline_s": 60.0,
        "retries": 2,
    }
    return Settings(
        server=server,
        cache_dir=Path("unused"),
        api_key=ApiKey(key, "test") if key else None,
        **(defaults | values),
    )
