"""The server under the routes: uvicorn, which waits for a request's head only so long, and says farewell before it ends."""

import asyncio
import os
import socket
from asyncio import Transport
from contextlib import suppress
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.http import write
from app.http.door import Door

HEAD_SECONDS = 8.0
"""From the first byte of a request, or from a connection's beginning, to the end of its head."""

HANG_UP = "waystage.hang_up"
"""Among the extensions in a request's scope: what ends its connection now, whatever is still to be sent."""

FAREWELL_SECONDS = 0.4
LAST_READ_SECONDS = 0.1
DRAIN_SECONDS = 8


class Server(uvicorn.Server):
    """Serves an application until SIGTERM or SIGINT.

    Then it is not ready any more, but goes on for a moment, and closes each connection with its answer: a client that sends its next
    request at once does so elsewhere, and not on a connection that is about to close.
    """

    def __init__(self, app: FastAPI, **settings: Any) -> None:
        door = Door(app, write.router.routes)
        super().__init__(uvicorn.Config(door, http=_Protocol, timeout_graceful_shutdown=DRAIN_SECONDS, **settings))
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.service.leaving.set()
        self.server_state.default_headers.append((b"connection", b"close"))
        await asyncio.sleep(FAREWELL_SECONDS)
        for connection in self._close_door():
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        await asyncio.sleep(LAST_READ_SECONDS)
        await super().shutdown(sockets)

    def _close_door(self) -> list[socket.socket]:
        """Listen no more; the connections that the kernel has made already and would reset, although their requests may be under way."""
        accepted: list[socket.socket] = []
        for server in self.servers:
            for listening in server.sockets:
                with socket.socket(fileno=os.dup(listening.fileno())) as listener, suppress(BlockingIOError):
                    listener.setblocking(False)
                    while True:
                        accepted.append(listener.accept()[0])
            server.close()
        return accepted

    def _protocol(self) -> "_Protocol":
        return _Protocol(self.config, self.server_state, self.lifespan.state)


class _Protocol(HttpToolsProtocol):
    """Closes a connection whose next head does not arrive in time."""

    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {HANG_UP: {"now": self.transport.abort}}
        self._await_head()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._stop_waiting()
        self._head = self.loop.call_later(HEAD_SECONDS, self.timeout_keep_alive_handler)

    def _stop_waiting(self) -> None:
        if self._head:
            self._head.cancel()
