"""A stand-in for the gallery's server: says what a test wants said, to see what the pages make of it.

The real server is tested with the pages too (`test_journey.py`). This one brings what real phones bring seldom:
20,000 pictures at once, names that are meant to do harm, and every state and end that a job can have.
`test_stage.py` holds its answers against those of the real one, so that it cannot drift away.
"""

from __future__ import annotations

import functools
import io
import json
import queue
import threading
from datetime import datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any
from urllib.parse import unquote, urlsplit

from PIL import Image, ImageDraw

STATIC = resources.files("mtpbackup") / "web" / "static"
TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}

#: What the real server sends too: a page that broke it would break there.
POLICY = (
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

FOLDERS = [
    ["Internal shared storage", "DCIM/Camera"],
    ["Internal shared storage", "Pictures/Screenshots"],
    ["Internal shared storage", "Android/media/com.whatsapp/WhatsApp/Media/WhatsApp Images"],
    ["SD card", "DCIM/100ANDRO"],
]


def pictures(
    count: int, *, newest: datetime = datetime(2026, 2, 8, 18, 5, 30), new: int = 40
) -> list[list[Any]]:
    """A listing's items: days with few and with many pictures, films, screenshots, bursts, RAW pairs."""
    items: list[list[Any]] = []
    moment = newest
    number = 0
    while len(items) < count:
        number += 1
        # Uneven days, as lives are: trips with a hundred pictures a day, and weeks with one.
        step = timedelta(minutes=3) if number % 60 < 40 else timedelta(hours=19, minutes=7)
        moment -= step
        stem = f"{moment:%Y%m%d_%H%M%S}{number % 1000:03}"
        date = f"{moment:%Y-%m-%dT%H:%M:%S}"
        safe = int(len(items) >= new)
        if number % 53 == 0:
            group = f"burst-{number}"
            for shot in range(7):
                name = f"{stem}_BURST{shot:03}.jpg"
                items.append([name, name, 0, 2_400_000, date, "photo", safe, group, ""])
        elif number % 31 == 0:
            group = f"raw-{number}"
            items.append([f"{stem}.jpg", f"PXL_{stem}.jpg", 0, 3_100_000, date, "photo", safe, group, ""])
            items.append([f"{stem}.dng", f"PXL_{stem}.dng", 0, 24_000_000, date, "photo", safe, group, ""])
        elif number % 17 == 0:
            items.append([f"{stem}.mp4", f"PXL_{stem}.mp4", 0, 84_000_000, date, "video", safe, "", ""])
        elif number % 13 == 0:
            items.append(
                [f"{stem}.png", f"Screenshot_{stem}.png", 1, 600_000, date, "photo", safe, "", "screenshot"]
            )
        else:
            folder = 2 if number % 23 == 0 else 3 if number % 19 == 0 else 0
            items.append([f"{stem}.jpg", f"PXL_{stem}.jpg", folder, 3_200_000, date, "photo", safe, "", ""])
    return items[:count]


def phone(state: str = "ready", **changes: Any) -> dict[str, Any]:
    """A phone in a state."""
    said = {
        "ready": ("Pixel 8 connected.", []),
        "none": ("No phone found.", ["Plug the phone in with a cable that carries data."]),
        "locked": (
            "The phone is locked.",
            ["Unlock the phone.", "Tap the notice about USB, and choose “File transfer”."],
        ),
        "busy": ("Another program uses the phone.", ["Close the file manager's window of the phone."]),
        "permission": ("This user may not use the phone.", ["Run once: mtpbackup setup"]),
        "error": ("The phone does not answer.", ["Unplug it, and plug it in again."]),
    }[state]
    return {
        "state": state,
        "name": "" if state == "none" else "Pixel 8",
        "serial_known": state == "ready",
        "headline": said[0],
        "what_to_do": said[1],
        **changes,
    }


def job(**changes: Any) -> dict[str, Any]:
    """A backup under way."""
    return {
        "id": 1,
        "kind": "backup",
        "state": "running",
        "done_files": 12,
        "files": 48,
        "done_bytes": 40_000_000,
        "bytes": 160_000_000,
        "rate": 38_200_000.0,
        "seconds_left": 3.2,
        "current": "DCIM/Camera/PXL_20260208_180530001.jpg",
        "failures": [],
        "headline": "Backing up 48 files.",
        "what_to_do": [],
        "summary": None,
        **changes,
    }


@functools.cache
def thumbnail(seed: int) -> bytes:
    """A small landscape, one of some hundred."""
    image = Image.new("RGB", (320, 240))
    draw = ImageDraw.Draw(image)
    hue = (seed * 47) % 360
    for y in range(240):
        sky = f"hsl({hue}, {45 - y // 8}%, {58 + y // 8}%)"
        draw.line([(0, y), (320, y)], fill=sky)
    sun = 40 + seed * 61 % 240
    draw.ellipse([sun, 40 + seed % 50, sun + 44, 84 + seed % 50], fill=f"hsl({(hue + 40) % 360}, 80%, 84%)")
    for layer, light in ((0, 46), (1, 34), (2, 22)):
        top = 130 + 30 * layer
        points = [(x, top + (seed * (7 + layer) + x * (layer + 2)) % 97 // 3) for x in range(0, 360, 40)]
        draw.polygon([(0, 240), *points, (320, 240)], fill=f"hsl({(hue + 150) % 360}, 26%, {light}%)")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


class Stage(ThreadingHTTPServer):
    """The server; `url` is where it is.

    Attributes:
        answers: what is said to GET requests by path, beside what is worked out.
        asked: paths of all requests, and of orders with what was sent.
        copying: while true, thumbnails are to be asked for later.
        thumb_gate: while it is not set, thumbnails are made for ever.
    """

    daemon_threads = True
    #: A browser opens six connections at once: none is to be turned away because this process has no turn.
    request_queue_size = 64

    def __init__(self, count: int = 60, *, new: int = 40, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        self.lock = threading.Lock()
        self.listeners: list[queue.Queue[str | None]] = []
        self.asked: list[tuple[str, Any]] = []
        self.copying = False
        self.thumb_gate = threading.Event()
        self.thumb_gate.set()
        self.folders = FOLDERS
        self.items = pictures(count, new=new)
        self.saved = [[*row[:6], int(index % 5 != 0), *row[7:]] for index, row in enumerate(pictures(count))]
        self.state: dict[str, Any] = {
            "phone": phone(),
            "archive": {
                "root": "/home/anna/Pictures/Phone backup",
                "name": "~/Pictures/Phone backup",
                "free": 212_000_000_000,
                "files": len(self.saved),
                "bytes": sum(row[3] for row in self.saved),
                "there": True,
                "trouble": None,
            },
            "phones": [{"id": 1, "name": "Pixel 8", "files": len(self.saved), "bytes": 9_000_000_000}],
            "counts": {
                "on_phone": len(self.items),
                "safe": sum(row[6] for row in self.items),
                "new": sum(not row[6] for row in self.items),
                "new_bytes": sum(row[3] for row in self.items if not row[6]),
            },
            "runs": [
                {
                    "started": "2026-02-01T20:14:00+00:00",
                    "finished": "2026-02-01T20:21:00+00:00",
                    "phone": "Pixel 8",
                    "saved": 212,
                    "failed": 0,
                    "bytes": 1_840_000_000,
                    "complete": True,
                },
                {
                    "started": "2026-01-12T08:02:00+00:00",
                    "finished": None,
                    "phone": "Pixel 8",
                    "saved": 57,
                    "failed": 2,
                    "bytes": 410_000_000,
                    "complete": False,
                },
            ],
            "job": None,
        }
        self.answers: dict[str, Any] = {
            "/api/help": {
                "findings": [
                    {"state": "ok", "headline": "The phone can be used.", "what_to_do": []},
                    {"state": "ok", "headline": "There is room on the disk: 212 GB.", "what_to_do": []},
                    {
                        "state": "hint",
                        "headline": "The cable is slow.",
                        "what_to_do": ["A USB 3 cable in a blue socket copies four times as fast."],
                    },
                    {
                        "state": "problem",
                        "headline": "The memory card answers with errors.",
                        "what_to_do": ["Take it out, and put it in again.", "Copy it with a card reader."],
                    },
                ]
            }
        }
        self.orders: dict[str, Any] = {
            "/api/backup": job(),
            "/api/stop": {},
            "/api/retry": job(id=2),
            "/api/listing": job(kind="listing"),
            "/api/restore": job(kind="restore"),
            "/api/restore/preview": {
                "plan": "p1",
                "files": 3,
                "bytes": 9_000_000,
                "clashes": [
                    {"id": "1", "name": "DCIM/Camera/PXL_1.jpg", "what": "the same file is there already"},
                    {
                        "id": "2",
                        "name": "DCIM/Camera/PXL_2.jpg",
                        "what": "another file has this name: a number is added",
                    },
                ],
                "fits": True,
                "free": 30_000_000_000,
                "headline": "3 files go back to Pixel 8.",
            },
        }
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of pages that went away."""

    def tell(self, event: str, data: Any) -> None:
        """Sends news to all pages."""
        with self.lock:
            for listener in self.listeners:
                listener.put(f"event: {event}\ndata: {json.dumps(data)}\n\n")

    def become(self, **changes: Any) -> None:
        """Changes parts of the state, and tells it."""
        self.state = {**self.state, **changes}
        self.tell("state", self.state)

    def tell_job(self, **changes: Any) -> None:
        """Tells of a job, which is also the state's from then on."""
        self.state = {**self.state, "job": job(**changes)}
        self.tell("job", self.state["job"])

    def orders_of(self, path: str) -> list[Any]:
        """What was sent to an address."""
        return [body for asked, body in tuple(self.asked) if asked == path and body is not None]

    def stop(self) -> None:
        """Ends it, and whoever listens."""
        with self.lock:
            for listener in self.listeners:
                listener.put(None)
        self.shutdown()
        self.server_close()

    def answer(self, path: str) -> Any:
        """What is said to a question; None where there is nothing of that name."""
        if path in self.answers:
            return self.answers[path]
        if path == "/api/state":
            return self.state
        if path == "/api/phone/items":
            if self.state["phone"]["state"] != "ready":
                return HTTPStatus.CONFLICT, {"headline": "There is no phone to look at.", "what_to_do": []}
            return {"version": 1, "folders": self.folders, "items": self.items}
        if path == "/api/archive/items":
            return {"version": 1, "folders": self.folders, "items": self.saved}
        for row in self.saved:
            if path == f"/api/archive/items/{row[0]}":
                return {
                    "id": row[0],
                    "name": row[1],
                    "path": f"Pixel 8/{'/'.join(self.folders[row[2]])}/{row[1]}",
                    "size": row[3],
                    "taken": row[4],
                    "taken_source": "exif_offset",
                    "camera": "Google Pixel 8",
                    "place": "47.58° N, 12.34° E",
                    "width": 4080,
                    "height": 3072,
                    "sha256": "3f" * 32,
                    "on_phone": row[6],
                    "phone": "Pixel 8",
                }
        return None


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Stage
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def send(self, body: bytes, kind: str, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, data: Any) -> None:
        status = 200
        if isinstance(data, tuple):
            status, data = data
        if data is None:
            status, data = 404, {"headline": "There is no such thing.", "what_to_do": []}
        self.send(json.dumps(data).encode(), "application/json", status)

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append((path, None))
        try:
            self.get(path)
        except (BrokenPipeError, ConnectionResetError):
            # The page took its question back, as it should.
            self.close_connection = True

    def get(self, path: str) -> None:
        if path == "/":
            self.send((STATIC / "index.html").read_bytes(), "text/html; charset=utf-8")
        elif path.startswith("/static/"):
            file = STATIC.joinpath(*path.split("/")[2:])
            kind = TYPES.get(path.rpartition(".")[2], "text/plain")
            self.send(file.read_bytes(), f"{kind}; charset=utf-8")
        elif path == "/api/events":
            self.events()
        elif path.startswith("/thumb/"):
            self.server.thumb_gate.wait()
            if self.server.copying:
                self.send(b"", "text/plain", 503, Retry_After="1")
            elif "dng" in path:
                self.send(b"", "text/plain", 404)
            else:
                self.send(thumbnail(sum(path.encode()) % 97), "image/jpeg")
        elif path.startswith("/file/archive/"):
            self.send(thumbnail(sum(path.encode()) % 97), "image/jpeg")
        else:
            self.send_json(self.server.answer(path))

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["X-Requested-With"] != "mtpbackup":
            self.send_json((403, {"headline": "Not allowed.", "what_to_do": []}))
            return
        self.server.asked.append((path, body))
        answer = self.server.orders.get(path)
        if isinstance(answer, dict) and "kind" in answer:
            self.server.state = {**self.server.state, "job": answer}
        self.send_json(answer)

    def events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        news: queue.Queue[str | None] = queue.Queue()
        with self.server.lock:
            # Before it can be told of a change: else news of an older state could come after a newer one's.
            news.put(f"event: state\ndata: {json.dumps(self.server.state)}\n\n")
            self.server.listeners.append(news)
        try:
            while (said := news.get()) is not None:
                self.wfile.write(said.encode())
                self.wfile.flush()
        finally:
            with self.server.lock:
                self.server.listeners.remove(news)
