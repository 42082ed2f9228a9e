"""Thumbnails and files, by the numbers in the tables."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mtpbackup.archive import ItemRow
from mtpbackup.engine.gallery import Gallery, PictureUnknown
from mtpbackup.errors import MtpBackupError
from mtpbackup.messages import plain
from mtpbackup.web.api import refused
from mtpbackup.web.files import file_response


class Pictures:
    """The routes of pictures."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route("/api/archive/items/{number}", self._details),
            Route("/thumb/phone/{number}", self._thumb),
            Route("/thumb/archive/{number}", self._thumb),
            Route("/file/archive/{number}", self._file),
        ]

    def close(self) -> None:
        """Ends what it uses."""

    def _item(self, request: Request) -> tuple[ItemRow, str]:
        number = request.path_params["number"]
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            raise PictureUnknown(number)
        return self._gallery.saved_item(int(number))

    async def _details(self, request: Request) -> Response:
        try:
            item, phone = await run_in_threadpool(self._item, request)
        except MtpBackupError as error:
            return refused(error)
        taken = item.file.taken
        return JSONResponse(
            {
                "id": str(item.id),
                "name": plain(item.key.name),
                "path": plain(item.file.path),
                "size": item.file.size,
                "taken": None if taken is None else taken.local.isoformat(timespec="seconds"),
                "taken_source": None if taken is None else taken.source.value,
                "camera": "",
                "place": "",
                "width": None,
                "height": None,
                "sha256": item.file.sha256,
                "on_phone": int(item.gone_since is None),
                "phone": plain(phone),
            }
        )

    async def _thumb(self, _request: Request) -> Response:
        return Response(status_code=404)

    async def _file(self, request: Request) -> Response:
        try:
            item, _ = await run_in_threadpool(self._item, request)
            descriptor = await run_in_threadpool(self._gallery.open_saved, item)
        except MtpBackupError as error:
            return refused(error)
        return file_response(request, descriptor, item.key.name, item.file.sha256)
