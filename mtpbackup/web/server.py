"""Runs the gallery's pages on 127.0.0.1: nobody but this computer can reach them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from mtpbackup.web.events import Listeners

#: Seconds that an answer under way may take when the program ends.
_FAREWELL: Final = 2


class _Server(uvicorn.Server):
    """Ends the streams of events first: they would hold up the end."""

    def __init__(self, config: uvicorn.Config, listeners: Listeners) -> None:
        super().__init__(config)
        self._listeners = listeners
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._listeners.close()
        await super().shutdown(sockets)


class GalleryServer:
    """A server on a free port; `port` is known from the start."""

    def __init__(self, port: int = 0) -> None:
        """Takes the port.

        Raises:
            OSError: it is taken.
        """
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(("127.0.0.1", port))
            # From now on: a browser that is quicker than the server's start waits, and is not refused.
            self._socket.listen(128)
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]

    def run(self, app: ASGIApp, listeners: Listeners) -> None:
        """Serves until Ctrl-C. In the main thread.

        Raises:
            KeyboardInterrupt: that was it.
        """
        self._server(app, listeners).run(sockets=[self._socket])

    @contextlib.contextmanager
    def running(self, app: ASGIApp, listeners: Listeners) -> Iterator[None]:
        """Serves in a thread of its own for as long as the block lasts."""
        server = self._server(app, listeners)
        thread = threading.Thread(target=server.run, args=([self._socket],), name="gallery")
        thread.start()
        try:
            if not server.ready.wait(10):
                raise RuntimeError("the server did not start")
            yield
        finally:
            server.should_exit = True
            thread.join()

    def close(self) -> None:
        """Gives the port back."""
        self._socket.close()

    def _server(self, app: ASGIApp, listeners: Listeners) -> _Server:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            ws="none",
            http="h11",
            loop="asyncio",
            timeout_graceful_shutdown=_FAREWELL,
            proxy_headers=False,
        )
        return _Server(config, listeners)
