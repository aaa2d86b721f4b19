"""A fault proxy: it stands between a client and a server, and falls silent or swallows answers when told to."""

import math
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

CHUNK_BYTES = 64 * 1024
SOCKET_NAME = ".s.PGSQL.5432"


@dataclass
class Flow:
    """What may pass on the connections made under it: so many chunks each way, and answers at all."""

    chunks: float = math.inf
    answers: bool = True


@dataclass
class Proxy:
    """Passes bytes between whoever connects to `listener` and the server that `reach` connects to."""

    listener: socket.socket
    reach: Callable[[], socket.socket]
    flow: Flow = field(default_factory=Flow)
    ended: threading.Event = field(default_factory=threading.Event)

    def silence(self, after: int = 0) -> None:
        """Pass nothing more, and on new connections so many chunks each way. Nobody is told: neither side sees the other's end."""
        self.flow.chunks = after

    def swallow_answers(self) -> None:
        """Pass requests on; when an answer comes, close the connection instead of passing it."""
        self.flow.answers = False

    def restore(self) -> None:
        """Pass everything on new connections; those that fell silent stay so."""
        self.flow = Flow()

    def serve(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = self.reach()
            for source, sink, answers in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._pump, args=(source, sink, self.flow, answers), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, flow: Flow, answers: bool) -> None:
        with source, suppress(OSError):
            for passed in count():
                data = source.recv(CHUNK_BYTES)
                if passed >= flow.chunks:
                    self.ended.wait()
                if not data or (answers and not flow.answers):
                    break
                sink.sendall(data)
            for end in (sink, source):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def before_http(url: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy in front of a service, and its own url."""
    port = urlsplit(url).port
    with _serving(socket.create_server(("127.0.0.1", 0)), lambda: socket.create_connection(("127.0.0.1", port))) as proxy:
        yield proxy, f"http://127.0.0.1:{proxy.listener.getsockname()[1]}"


@contextmanager
def before_postgres(dsn: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy in front of a Postgres on a Unix socket, and its own DSN."""
    parts = urlsplit(dsn)
    theirs = str(Path(parse_qs(parts.query)["host"][0]) / SOCKET_NAME)
    with TemporaryDirectory(prefix="waystage-proxy-") as folder:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(Path(folder) / SOCKET_NAME))
        listener.listen()
        with _serving(listener, lambda: _unix(theirs)) as proxy:
            yield proxy, urlunsplit(parts._replace(query=f"host={quote(folder)}"))


@contextmanager
def _serving(listener: socket.socket, reach: Callable[[], socket.socket]) -> Iterator[Proxy]:
    proxy = Proxy(listener, reach)
    serving = threading.Thread(target=proxy.serve, daemon=True)
    serving.start()
    try:
        yield proxy
    finally:
        proxy.ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        serving.join()


def _unix(path: str) -> socket.socket:
    connected = socket.socket(socket.AF_UNIX)
    connected.connect(path)
    return connected
