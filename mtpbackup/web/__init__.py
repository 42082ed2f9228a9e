"""The gallery in a browser on this computer: a door for people, as `cli` is one.

    app        the pages' addresses, put together; `create_app`
    gate       who may come in: one-time token, cookie, Host and Origin
    api        what the pages ask for, as JSON; `words` says it for people
    events     what has changed, as server-sent events
    pictures   thumbnails and files; `files` gives out one
    server     runs it on 127.0.0.1
    static/    the pages

It reaches phones only through `engine.gallery`, so it works with no phone and no libusb; nothing is fetched
from elsewhere, and nothing leaves the computer.

May be imported by cli. Nothing else of the program imports starlette or uvicorn.
"""

from mtpbackup.web.app import create_app
from mtpbackup.web.events import Listeners
from mtpbackup.web.gate import Gate
from mtpbackup.web.pictures import Pictures
from mtpbackup.web.server import GalleryServer

__all__ = ["GalleryServer", "Gate", "Listeners", "Pictures", "create_app"]
