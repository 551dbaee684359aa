"""Servers on loopback that cost next to nothing themselves: they answer from memory.

``python -m benchmarks.loopback slow ADDRESS`` passes on what another server answers, the first
time that a path is asked for, and answers it by itself from then on.
``python -m benchmarks.loopback lists N_DATASETS N_EVALUATIONS`` answers with pages of lists.

Both print their address.  ``/_counts`` tells how many connections and requests there were since
it was last asked, ``/_delay/MILLISECONDS/MORE`` how long each request, and each new connection,
takes from now on.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

MILLISECONDS = 1000


@dataclass(frozen=True)
class Answer:
    """What a server says."""

    status: int
    kind: str
    body: bytes


@dataclass
class State:
    """What a server counts, and how slow it is."""

    answer: Callable[[str, str], Answer]
    """From a path, and the host that it was asked for at."""
    request_s: float = 0.0
    connection_s: float = 0.0
    n_connections: int = 0
    n_requests: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def counts(self) -> bytes:
        """As JSON; they start again."""
        with self.lock:
            counts = {"connections": self.n_connections, "requests": self.n_requests}
            self.n_connections = self.n_requests = 0
        return json.dumps(counts).encode()


class Handler(BaseHTTPRequestHandler):
    """A connection, kept open while the client wants."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state: State

    def setup(self) -> None:
        super().setup()
        self.is_counted = False

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/_counts":
            self._say(Answer(200, "application/json", self.state.counts()))
        elif path.startswith("/_delay/"):
            delays = [int(part) / MILLISECONDS for part in path.split("/")[2:4]]
            self.state.request_s, self.state.connection_s = delays
            self._say(Answer(200, "application/json", b"{}"))
        else:
            self._count()
            self._say(self.state.answer(self.path, self.headers["Host"]))

    def _count(self) -> None:
        wait = self.state.request_s
        with self.state.lock:
            self.state.n_requests += 1
            if not self.is_counted:
                self.state.n_connections += 1
                wait += self.state.connection_s
        self.is_counted = True
        time.sleep(wait)

    def _say(self, answer: Answer) -> None:
        head = (
            f"HTTP/1.1 {answer.status} -\r\nContent-Type: {answer.kind}\r\n"
            f"Content-Length: {len(answer.body)}\r\n\r\n"
        )
        # In one piece, so that no client waits for the rest.
        self.wfile.write(head.encode() + answer.body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    request_queue_size = 128
    daemon_threads = True
    address_family = socket.AF_INET


def remembered(upstream: str) -> Callable[[str, str], Answer]:
    """The answers of another server, asked once for each path.

    The host is passed on, so that the addresses in its answers lead here.
    """
    known: dict[str, Answer] = {}

    def answer(path: str, host: str) -> Answer:
        if path not in known:
            connection = http.client.HTTPConnection(urlsplit(upstream).netloc)
            connection.request("GET", path, headers={"Host": host})
            response = connection.getresponse()
            kind = response.headers.get("Content-Type", "")
            known[path] = Answer(response.status, kind, response.read())
            connection.close()
        return known[path]

    return answer


def main(kind: str, *arguments: str) -> None:
    """Serve until the process is ended."""
    if kind == "slow":
        answer = remembered(*arguments)
    else:
        from benchmarks.lists import pages

        answer = pages(*map(int, arguments))
    Handler.state = State(answer)
    server = Server(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
