"""What has changed, as server-sent events: the state, the job in hand, the listing.

Source: HTML standard, section 9.2. Changes are gathered for a moment, so that a quick job does not drown a slow
browser; who comes anew is told everything at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool

#: Seconds between two messages to one browser, at least.
_PAUSE: Final = 0.2
#: Seconds of silence after which a sign of life is sent, so that a lost connection is noticed.
_SILENCE: Final = 15.0

TOPICS: Final[tuple[str, ...]] = ("state", "job", "listing")


class Listeners:
    """The browsers that listen. `tell` may be called from any thread."""

    def __init__(self) -> None:
        self._all: set[_Listener] = set()
        self.closed = False

    def tell(self, topic: str) -> None:
        """Something has changed."""
        for listener in tuple(self._all):
            listener.mark(topic)

    def close(self) -> None:
        """Ends all streams, so that the server can end."""
        self.closed = True
        self.tell("")

    async def stream(self, say: Callable[[str], Any]) -> AsyncIterator[str]:
        """The events for one browser.

        Args:
            say: gives the data of a topic, ready for JSON, or None for nothing to be said. Called in a thread.
        """
        listener = _Listener(asyncio.get_running_loop())
        self._all.add(listener)
        try:
            yield "retry: 1000\n\n"
            while not self.closed:
                for topic in listener.take():
                    data = await run_in_threadpool(say, topic)
                    if data is not None:
                        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
                        yield f"event: {topic}\ndata: {text}\n\n"
                await asyncio.sleep(_PAUSE)
                if not await listener.wait(_SILENCE):
                    yield ": still here\n\n"
        finally:
            self._all.discard(listener)


class _Listener:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._changed = asyncio.Event()
        self._topics: set[str] = set(TOPICS)

    def mark(self, topic: str) -> None:
        """From any thread. A loop that has ended, maybe this very moment, has nobody left to tell."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._mark, topic)

    def _mark(self, topic: str) -> None:
        self._topics.add(topic)
        self._changed.set()

    def take(self) -> list[str]:
        """What has changed since the last time, in a fixed order."""
        taken = [topic for topic in TOPICS if topic in self._topics]
        self._topics.clear()
        self._changed.clear()
        return taken

    async def wait(self, seconds: float) -> bool:
        """Waits for a change; False when there was none for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True
