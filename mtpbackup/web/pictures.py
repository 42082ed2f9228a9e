"""Thumbnails and files, by the numbers in the tables."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mtpbackup.archive import ItemRow
from mtpbackup.engine.gallery import Gallery, PhoneNotReady, PictureUnknown, WorkGoingOn
from mtpbackup.errors import MtpBackupError
from mtpbackup.messages import plain
from mtpbackup.thumbnails import Cache, Pool
from mtpbackup.web.api import refused
from mtpbackup.web.files import file_response

_T = TypeVar("_T")

#: Threads that wait for thumbnails: apart from the others, so that a scroll holds up nothing else.
_THREADS: Final = 4
#: Seconds after which a browser may ask again for what had no turn.
_AGAIN: Final = "2"
#: Seconds for which a browser keeps a thumbnail without asking.
_KEEP: Final = 3600


class Pictures:
    """The routes of pictures. Close it."""

    def __init__(self, gallery: Gallery, pool: Pool | None = None, cache: Cache | None = None) -> None:
        """Prepares.

        Args:
            gallery: where the pictures are.
            pool: makes thumbnails; becomes this one's to close.
            cache: keeps them; by default in the person's cache folder.
        """
        self._gallery = gallery
        self._pool = pool or Pool()
        self._cache = cache or Cache(_usual_folder())
        self._limiter: anyio.CapacityLimiter | None = None

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/api/archive/items/{number}", self._details),
            Route("/thumb/phone/{number}", self._phone_thumb),
            Route("/thumb/archive/{number}", self._archive_thumb),
            Route("/file/archive/{number}", self._file),
        ]

    def close(self) -> None:
        """Ends the processes that make thumbnails."""
        self._pool.close()

    # --- thumbnails ---------------------------------------------------------------------------------------

    async def _phone_thumb(self, request: Request) -> Response:
        listing = self._gallery.listing
        entry = listing.entry(request.path_params["number"])
        if entry is None or listing.who is None:
            return Response(status_code=404)
        key = f"phone {listing.who.serial} {entry.id}"
        found = await self._in_thread(self._cache.get, key)
        if not found and entry.safe and entry.saved_as:
            # Copied already: the disk has all of it, and the cable is free for others.
            return await self._thumb_of_saved(entry.saved_as)
        if found is not None:
            return _thumb(found)
        try:
            seen = await asyncio.wrap_future(self._gallery.glimpse(entry))
        except (WorkGoingOn, PhoneNotReady, CancelledError, asyncio.CancelledError):
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise  # the browser went away
            return Response(status_code=503, headers={"retry-after": _AGAIN})
        made = None
        if seen.head or seen.small:
            made = await self._in_thread(self._pool.from_head, seen.head, seen.small)
        await self._in_thread(self._cache.put, key, made)
        return _thumb(made)

    async def _archive_thumb(self, request: Request) -> Response:
        try:
            number = _number(request)
        except PictureUnknown:
            return Response(status_code=404)
        return await self._thumb_of_saved(number)

    async def _thumb_of_saved(self, item_id: int) -> Response:
        try:
            return _thumb(await self._in_thread(self._made_of_saved, item_id), keep=0)
        except MtpBackupError:
            return Response(status_code=404)  # the details and the file tell why

    def _made_of_saved(self, item_id: int) -> bytes | None:
        item, _ = self._gallery.backup.item(item_id)
        key = f"content {item.file.sha256}"
        found = self._cache.get(key)
        if found is not None:
            return found
        made = self._with_file(item, self._pool.thumbnail)
        self._cache.put(key, made)
        return made

    # --- the picture itself -------------------------------------------------------------------------------

    async def _details(self, request: Request) -> Response:
        try:
            item, phone = await run_in_threadpool(lambda: self._gallery.backup.item(_number(request)))
        except MtpBackupError as error:
            return refused(error)
        try:
            facts = await self._in_thread(self._with_file, item, self._pool.details)
        except MtpBackupError:
            facts = {}  # what the catalog knows can be told all the same
        taken = item.file.taken
        return JSONResponse(
            {
                "id": str(item.id),
                "name": plain(item.key.name),
                "path": plain(item.file.path),
                "size": item.file.size,
                "taken": None if taken is None else taken.local.isoformat(timespec="seconds"),
                "taken_source": None if taken is None else taken.source.value,
                "camera": plain(str(facts.get("camera", ""))),
                "place": _place(facts),
                "width": facts.get("width"),
                "height": facts.get("height"),
                "sha256": item.file.sha256,
                "on_phone": int(self._gallery.backup.is_on_phone(item)),
                "phone": plain(phone),
            }
        )

    async def _file(self, request: Request) -> Response:
        try:
            item, _ = await run_in_threadpool(lambda: self._gallery.backup.item(_number(request)))
            descriptor = await run_in_threadpool(self._gallery.backup.open, item)
        except MtpBackupError as error:
            return refused(error)
        return file_response(request, descriptor, item.key.name, item.file.sha256)

    # --- inside -------------------------------------------------------------------------------------------

    def _with_file(self, item: ItemRow, work: Callable[[int], _T]) -> _T:
        descriptor = self._gallery.backup.open(item)
        try:
            return work(descriptor)
        finally:
            os.close(descriptor)

    async def _in_thread(self, work: Callable[..., _T], *arguments: Any) -> _T:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_THREADS)
        return await anyio.to_thread.run_sync(work, *arguments, limiter=self._limiter)


def _usual_folder() -> Path:
    import platformdirs  # noqa: PLC0415 - tests bring their own

    return Path(platformdirs.user_cache_dir("mtpbackup")) / "thumbnails"


def _number(request: Request) -> int:
    """The row in the path. Raises PictureUnknown where none can be meant."""
    text: str = request.path_params["number"]
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise PictureUnknown(text[:40])
    return int(text)


def _thumb(content: bytes | None, keep: int = _KEEP) -> Response:
    """A thumbnail; 404 where there is none.

    Args:
        content: a JPEG, or nothing.
        keep: seconds for which the address means this picture. The rows of a backup do so only as long as this
            program runs: with the next one at the same port another backup may be shown.
    """
    if not content:
        return Response(status_code=404)
    headers = {
        "cache-control": f"private, max-age={keep}" if keep else "no-store",
        "content-security-policy": "sandbox; default-src 'none'",
    }
    return Response(content, media_type="image/jpeg", headers=headers)


def _place(facts: dict[str, Any]) -> str:
    """Where it was taken: "Kufstein, Austria (47.5800° N, 12.3400° E)", or as much of it as the picture tells.

    Nobody is asked what lies at a position: nothing leaves the computer.
    """
    words = plain(str(facts.get("place", "")))
    latitude, longitude = facts.get("latitude"), facts.get("longitude")
    if latitude is None or longitude is None:
        return words
    north, east = "NS"[latitude < 0], "EW"[longitude < 0]
    position = f"{abs(latitude):.4f}° {north}, {abs(longitude):.4f}° {east}"
    return f"{words} ({position})" if words else position
