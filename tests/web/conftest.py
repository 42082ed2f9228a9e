"""The gallery with a virtual phone: in this process by a test client, or served on a real port."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mtpbackup.archive import Archive
from mtpbackup.engine.gallery import Gallery
from mtpbackup.thumbnails import Cache, Pool
from mtpbackup.virtual import VirtualPhone, demo_phone, photo
from mtpbackup.web import GalleryServer, Gate, Listeners, Pictures, create_app

#: Seconds after which something that should have happened has not. Only failing tests wait so long.
LATEST = 120.0


@dataclass
class Served:
    """A gallery, and what a test needs of it."""

    gallery: Gallery
    gate: Gate
    pictures: Pictures
    listeners: Listeners
    app: Any
    server: GalleryServer
    root: Path

    def client(self, *, inside: bool = True) -> TestClient:
        """A browser in this process; with the cookie unless it is to stay outside."""
        base = f"http://127.0.0.1:{self.server.port}"
        client = TestClient(self.app, base_url=base, follow_redirects=False)
        if inside:
            assert client.get(self.gate.address()).status_code == 200
            client.headers.update({"origin": base, "x-requested-with": "mtpbackup"})
        return client

    def when(self, condition: Callable[[], Any]) -> Any:
        """Waits until something is so; is woken by the gallery's own notices."""
        changed = threading.Event()
        end = self.gallery.listen(lambda _topic: changed.set())
        try:
            deadline = time.monotonic() + LATEST
            while not (found := condition()):
                assert time.monotonic() < deadline, "it did not happen"
                changed.wait(0.1)
                changed.clear()
            return found
        finally:
            end()

    def when_listed(self) -> None:
        """Waits for the first listing."""
        self.when(lambda: self.gallery.listing.entries is not None and self.gallery.board.running is None)

    def when_done(self, kind: str = "") -> Any:
        """Waits for the end of the job; gives it."""
        job = self.when(lambda: self.gallery.board.job if self.gallery.board.running is None else None)
        assert job.kind.value == kind or not kind
        return job


@contextmanager
def serving(phone: VirtualPhone | None, folder: Path):
    """A gallery over a phone (or none) and the backup in a folder; its port is taken, not served yet."""
    root = folder / "backup"
    gallery = Gallery(
        root,
        lambda create: Archive.create_or_open(root) if create else Archive.open(root),
        phone.finder if phone is not None else None,
        look_every=0.05,
    )
    server = GalleryServer()
    gate, listeners = Gate(server.port), Listeners()
    pictures = Pictures(gallery, Pool(1), Cache(folder / "cache"))
    app = create_app(gallery, gate, pictures, listeners=listeners)
    gallery.start()
    try:
        yield Served(gallery, gate, pictures, listeners, app, server, root)
    finally:
        gallery.close()
        pictures.close()
        server.close()


@pytest.fixture
def phone():
    """A phone with six pictures of two days and a note, plugged in."""
    from datetime import datetime

    with VirtualPhone(serial="SERIAL-1") as phone:
        for number in range(1, 7):
            taken = datetime(2024, 5, 6 + number % 2, 7, 8, number)
            content = photo(taken, seed=number, size=30_000, orientation=6 if number == 3 else 1)
            phone.add_file(f"DCIM/Camera/IMG_{number:04}.jpg", content, taken)
        phone.add_file("Documents/list.txt", b"milk")
        phone.plug()
        yield phone


@pytest.fixture
def served(phone, tmp_path):
    """The gallery of that phone, listed."""
    with serving(phone, tmp_path) as served:
        served.when_listed()
        yield served


@pytest.fixture
def client(served):
    """A browser that was let in."""
    with served.client() as client:
        yield client


@pytest.fixture
def demo(tmp_path):
    """The gallery of the demo's phone, listed."""
    with demo_phone() as phone:
        phone.plug()
        with serving(phone, tmp_path) as served:
            served.when_listed()
            yield served
