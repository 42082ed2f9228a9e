"""The pages' addresses, put together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from mtpbackup.engine.gallery import Gallery
from mtpbackup.web.api import Api
from mtpbackup.web.events import Listeners
from mtpbackup.web.gate import Gate, GateKeeper, closed_door, welcome
from mtpbackup.web.pictures import Pictures
from mtpbackup.web.words import Said

_STATIC: Final = Path(__file__).parent / "static"


class _Assets(StaticFiles):
    """The pages' own files. Always asked for anew: another version of the program has others."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


def create_app(
    gallery: Gallery,
    gate: Gate,
    pictures: Pictures,
    *,
    listeners: Listeners | None = None,
    findings: Callable[[], list[Said]] | None = None,
) -> Starlette:
    """The application.

    Args:
        gallery: what is shown and done; stays the caller's to start and close.
        gate: who may come in.
        pictures: gives out thumbnails and files; stays the caller's to close.
        listeners: browsers that listen; for a server that is to end them.
        findings: what the doctor finds, in words. Called in a thread.
    """
    listeners = listeners or Listeners()
    gallery.listen(listeners.tell)
    api = Api(gallery, listeners, findings or list)

    async def home(request: Request) -> Response:
        token = request.query_params.get("token")
        if token is not None:
            if gate.redeem(token):
                response = welcome()
                gate.set_cookie(response)
                return response
            if not gate.has_cookie(request.headers):
                return closed_door(page=True)
            return welcome()
        return FileResponse(_STATIC / "index.html", headers={"cache-control": "no-cache"})

    return Starlette(
        routes=[
            Route("/", home, methods=["GET"]),
            *api.routes(),
            *pictures.routes(),
            Mount("/static", _Assets(directory=_STATIC)),
        ],
        middleware=[Middleware(GateKeeper, gate=gate)],
    )
