"""What the pages ask for, as JSON. Every answer is made of what the gallery says; nothing is decided here."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mtpbackup.engine.gallery import (
    FolderUnusable,
    Gallery,
    NothingToDo,
    PhoneNotReady,
    PictureUnknown,
    PlanOver,
    RestorePreview,
    WorkGoingOn,
)
from mtpbackup.errors import ArchiveBusy, DestinationGone, MtpBackupError
from mtpbackup.messages import number, place, plain, size
from mtpbackup.web.events import Listeners
from mtpbackup.web.words import Said, of_clash, of_error, of_job, of_phone, said

log = logging.getLogger(__name__)

#: Bytes of the longest question: 200,000 ids.
_LONGEST: Final = 4 * 1024 * 1024

#: Which answer an error is; others are 500.
_STATUS: Final = {
    PictureUnknown: 404,
    PlanOver: 404,
    NothingToDo: 400,
    FolderUnusable: 400,
    PhoneNotReady: 409,
    WorkGoingOn: 409,
    ArchiveBusy: 409,
    DestinationGone: 409,
}


class BadQuestion(Exception):
    """A question that no page of ours asks."""


def refused(error: Exception) -> Response:
    """The answer to what could not be done."""
    if isinstance(error, BadQuestion):
        return JSONResponse(said("The page asked something that makes no sense.", "Reload it."), 400)
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    return JSONResponse(of_error(error), status)


class Api:
    """The routes below /api."""

    def __init__(self, gallery: Gallery, listeners: Listeners, findings: Callable[[], list[Said]]) -> None:
        self._gallery = gallery
        self._listeners = listeners
        self._findings = findings

    def routes(self) -> list[Route]:
        """All of them."""
        reads: list[tuple[str, Callable[[Request], Response]]] = [
            ("/api/state", lambda _request: JSONResponse(self.state())),
            ("/api/phone/items", self._phone_items),
            ("/api/archive/items", self._archive_items),
            ("/api/help", lambda _request: JSONResponse({"findings": self._help()})),
        ]
        changes: list[tuple[str, Callable[[Said], Said]]] = [
            ("/api/listing", lambda _asked: self._job(self._gallery.start_listing())),
            ("/api/backup", self._backup),
            ("/api/stop", self._stop),
            ("/api/retry", lambda _asked: self._job(self._gallery.retry())),
            ("/api/restore/preview", self._preview),
            ("/api/restore", self._restore),
        ]
        return [
            *(Route(path, _reading(answer), methods=["GET"]) for path, answer in reads),
            *(Route(path, _changing(answer), methods=["POST"]) for path, answer in changes),
            Route("/api/events", self._events, methods=["GET"]),
        ]

    # --- what there is ------------------------------------------------------------------------------------

    def state(self) -> Said:
        """All that the first page shows."""
        gallery = self._gallery
        archive, listing = gallery.backup.facts(), gallery.listing
        known = listing.entries is not None
        new = listing.all - listing.safe
        return {
            "phone": of_phone(gallery.phone),
            "archive": {
                "root": plain(str(archive.root)),
                "name": place(archive.root),
                "there": archive.there,
                "free": _free(archive.root) if archive.free is None and not archive.trouble else archive.free,
                "files": sum(count.items for _, count in archive.phones),
                "bytes": sum(count.bytes for _, count in archive.phones),
                "trouble": None if archive.trouble is None else of_error(archive.trouble),
            },
            "phones": [
                {"id": phone.id, "name": plain(phone.name), "files": count.items, "bytes": count.bytes}
                for phone, count in archive.phones
            ],
            "counts": {
                "on_phone": listing.all.items if known else None,
                "safe": listing.safe.items if known else None,
                "new": new.items if known else None,
                "new_bytes": new.bytes if known else None,
            },
            "runs": [
                {
                    "started": run.started_at.isoformat(timespec="seconds"),
                    "finished": run.ended_at.isoformat(timespec="seconds") if run.ended_at else None,
                    "phone": plain(phone),
                    "saved": run.counts.saved,
                    "failed": run.counts.failed,
                    "bytes": run.counts.saved_bytes,
                    "complete": run.outcome == "complete",
                }
                for phone, run in archive.runs
            ],
            "job": self.job(),
        }

    def job(self) -> Said | None:
        """The job in hand, or the last one."""
        job = self._gallery.board.result
        return None if job is None else self._job(job)

    def _job(self, job: Any) -> Said:
        entries = self._gallery.listing.entries or {}
        ids = {entry.line: entry.id for entry in entries.values()} if job.failures else {}
        return of_job(job, ids)

    def _phone_items(self, _request: Request) -> Response:
        return Response(self._gallery.phone_table(), media_type="application/json")

    def _help(self) -> list[Said]:
        """What the gallery sees of the phone, and what the doctor finds besides."""
        phone = of_phone(self._gallery.phone)
        state = "ok" if phone["state"] == "ready" else "problem"
        first = {"state": state, "headline": phone["headline"], "what_to_do": phone["what_to_do"]}
        return [first, *self._findings()]

    def _archive_items(self, request: Request) -> Response:
        phone = _number(request.query_params.get("phone"))
        limit = _number(request.query_params.get("limit"))
        return Response(self._gallery.backup.table(phone, limit), media_type="application/json")

    async def _events(self, _request: Request) -> Response:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        stream = self._listeners.stream(self._say)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    def _say(self, topic: str) -> Said | None:
        match topic:
            case "state":
                return self.state()
            case "job":
                return self.job()
            case _:
                version = self._gallery.listing.version
                return {"version": version} if version else None

    # --- what is to be done -------------------------------------------------------------------------------

    def _backup(self, asked: Said) -> Said:
        ids = asked.get("ids")
        if ids is not None and not _all(ids, str):
            raise BadQuestion
        return self._job(self._gallery.start_backup(ids))

    def _stop(self, _asked: Said) -> Said:
        self._gallery.stop()
        return self.job() or {}

    def _preview(self, asked: Said) -> Said:
        ids, into, to = asked.get("ids"), asked.get("into", ""), asked.get("to", "phone")
        if not _all(ids, str | int) or not isinstance(into, str) or not isinstance(to, str) or ids is None:
            raise BadQuestion
        if ".." in into.split("/") or "\0" in into + to:
            raise BadQuestion
        target = None if to == "phone" else _folder(to)
        numbers = [_number(str(each)) for each in ids]
        if None in numbers:
            raise BadQuestion
        chosen = [each for each in numbers if each is not None]
        preview = self._gallery.preview_restore(chosen, target=target, into=into)
        return self._previewed(preview, chosen)

    def _previewed(self, preview: RestorePreview, ids: list[int]) -> Said:
        by_path = {}
        if preview.clashes:
            items = (self._gallery.backup.item(each)[0] for each in ids)
            by_path = {item.file.path: (str(item.id), plain(item.key.name)) for item in items}
        clashes = [
            {"id": by_path[clash.source][0], "name": by_path[clash.source][1], "what": of_clash(clash)}
            for clash in preview.clashes
            if clash.source in by_path
        ]
        amount = f"{number(preview.total.items, 'file')}, {size(preview.total.bytes)}"
        if not preview.total.items:
            headline = "All of them are there already."
        elif not preview.fits:
            headline = f"There is not enough room for {amount}."
        else:
            headline = f"{amount} to put back. Nothing is replaced."
        return {
            "plan": preview.plan,
            "files": preview.total.items,
            "bytes": preview.total.bytes,
            "clashes": clashes,
            "fits": preview.fits,
            "free": preview.free,
            "headline": headline,
        }

    def _restore(self, asked: Said) -> Said:
        plan = asked.get("plan")
        if not isinstance(plan, int):
            raise BadQuestion
        return self._job(self._gallery.start_restore(plan))


def _free(root: Path) -> int | None:
    """Bytes free where the backup is going to be."""
    import shutil  # noqa: PLC0415 - only where there is no backup yet

    try:
        return shutil.disk_usage(next(folder for folder in (root, *root.parents) if folder.exists())).free
    except OSError:
        return None


def _number(text: str | None) -> int | None:
    """A whole number that stands in a question, or None where there is none.

    Raises:
        BadQuestion: something else stands there.
    """
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadQuestion
    return int(text)


def _folder(text: str) -> Path:
    """A folder of this computer that a person has typed.

    Raises:
        FolderUnusable: its path begins nowhere.
    """
    try:
        folder = Path(text).expanduser()
    except RuntimeError:  # "~nobody"
        folder = Path(text)
    if not folder.is_absolute():
        raise FolderUnusable(text, whole=False)
    return folder


def _all(values: Any, kind: Any) -> bool:
    return isinstance(values, list) and all(isinstance(each, kind) for each in values)


_Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


def _reading(answer: Callable[[Request], Response]) -> _Endpoint:
    """A route that only looks; in a thread, as the backup's disk may be slow."""

    async def endpoint(request: Request) -> Response:
        try:
            return await run_in_threadpool(answer, request)
        except (MtpBackupError, BadQuestion) as error:
            return refused(error)

    return endpoint


def _changing(answer: Callable[[Said], Said]) -> _Endpoint:
    """A route that takes JSON and does something."""

    async def endpoint(request: Request) -> Response:
        try:
            asked = json.loads(await _body(request))
            if not isinstance(asked, dict):
                raise BadQuestion
            return JSONResponse(await run_in_threadpool(answer, asked))
        except (MtpBackupError, BadQuestion) as error:
            return refused(error)
        except (ValueError, RecursionError):
            return refused(BadQuestion())

    return endpoint


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST:
            raise BadQuestion
    return bytes(body) or b"{}"
