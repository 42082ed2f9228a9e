"""The phone that `mtpbackup demo` plugs in: a year of made-up pictures, and the things that are left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from mtpbackup.virtual.bus import ModelledBus
from mtpbackup.virtual.content import Literal
from mtpbackup.virtual.memory_store import MemoryStore
from mtpbackup.virtual.personas import Persona
from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.virtual.pictures import photo, screenshot
from mtpbackup.virtual.video import video

#: Where the demo's pictures were taken, as latitude and longitude, with the zone's hours ahead of UTC.
_PLACES = {
    "Lake": ((47.58, 12.34), 2),
    "Coast": ((38.71, -9.14), 1),
    "City": ((52.52, 13.40), 1),
    "Mountain": ((-33.93, 18.39), 2),
}
_WHATSAPP = "Android/media/com.whatsapp/WhatsApp/Media/WhatsApp Images"


class _Album:
    """Puts pictures into a store, each with the date that its file would have."""

    def __init__(self, store: MemoryStore, zone: tzinfo) -> None:
        self._store = store
        self._zone = zone
        self._seed = 0

    def _stamp(self, moment: datetime) -> float:
        return moment.replace(tzinfo=self._zone).timestamp()

    def photo(self, path: str, taken: datetime, place: str = "", *, size: int = 60_000) -> None:
        self._seed += 1
        position, hours = _PLACES[place] if place else (None, 1)
        content = photo(
            taken,
            seed=self._seed,
            position=position,
            utc_offset=timedelta(hours=hours),
            size=size + 7_919 * (self._seed % 7),
            orientation=6 if self._seed % 9 == 0 else 1,
        )
        self._store.add(path, content, self._stamp(taken))

    def screenshot(self, path: str, taken: datetime) -> None:
        self._seed += 1
        self._store.add(path, screenshot(seed=self._seed), self._stamp(taken))

    def video(self, path: str, taken: datetime, size: int) -> None:
        self._seed += 1
        moment = taken.replace(tzinfo=self._zone).astimezone(UTC)
        self._store.add(path, video(moment, seed=self._seed, size=size), self._stamp(taken))

    def other(self, path: str, content: bytes, moment: datetime) -> None:
        self._store.add(path, Literal(content), self._stamp(moment))


def _fill_internal(album: _Album) -> None:
    for place, start, count in (
        ("Lake", datetime(2025, 5, 3, 10, 12, 40), 8),
        ("Coast", datetime(2025, 8, 19, 18, 30, 5), 9),
        ("City", datetime(2025, 12, 24, 16, 45, 0), 7),
        ("Mountain", datetime(2026, 2, 8, 9, 5, 30), 5),
    ):
        for number in range(count):
            taken = start + timedelta(minutes=7 * number, seconds=13 * number)
            album.photo(f"DCIM/Camera/PXL_{taken:%Y%m%d_%H%M%S}{number:03}.jpg", taken, place)
    album.video("DCIM/Camera/PXL_20250819_184500123.mp4", datetime(2025, 8, 19, 18, 45), 6_000_000)
    album.photo("DCIM/Camera/Geburtstag für Jürgen 🎂.jpg", datetime(2025, 6, 14, 15, 0), "City")
    album.photo("DCIM/Camera/Frohes Fest 🎄✨.jpg", datetime(2025, 12, 24, 19, 30), "City")
    album.photo("Pictures/Ausflüge/Überfahrt nach Ærø.jpg", datetime(2025, 7, 2, 12, 0), "Coast")
    for number in range(4):
        taken = datetime(2026, 1, 10 + number, 20, 15, number)
        album.screenshot(f"Pictures/Screenshots/Screenshot_{taken:%Y%m%d-%H%M%S}.png", taken)
    for number in range(3):
        taken = datetime(2025, 9, 1 + number, 8, 0)
        album.photo(f"{_WHATSAPP}/IMG-{taken:%Y%m%d}-WA{number:04}.jpg", taken, size=20_000)
    album.photo("Pictures/WhatsApp/IMG-20250904-WA0009.jpg", datetime(2025, 9, 4, 8, 0), size=20_000)


def _fill_with_what_is_left_out(album: _Album) -> None:
    album.other("Android/data/com.example.maps/cache/tile_1.bin", b"\0" * 5_000, datetime(2026, 1, 1))
    album.photo("DCIM/.thumbnails/1000001.jpg", datetime(2025, 5, 3, 10, 12), size=4_000)
    album.photo("Pictures/.thumbnails/1000002.jpg", datetime(2025, 5, 3, 10, 13), size=4_000)
    album.photo("DCIM/Camera/.trashed-1799999999-PXL_20250503_100000.jpg", datetime(2025, 5, 3, 10, 0))
    album.other("DCIM/Camera/.pending-1799999999-PXL_20260208.mp4", b"\0" * 9_000, datetime(2026, 2, 8))
    album.other("Documents/Einkaufszettel.txt", "Äpfel\nBrot\n".encode(), datetime(2026, 2, 1, 9, 0))


def demo_phone(
    persona: str | Persona = "pixel",
    *,
    locked: bool = False,
    bus: ModelledBus | None = None,
    now: Callable[[], float] | None = None,
) -> VirtualPhone:
    """The phone of the demo, not plugged in yet.

    About 40 pictures of several dates and folders, names with emoji and umlauts, a video, an SD card, and files
    that a backup of photos and videos leaves out.

    Args:
        persona: which phone it is.
        locked: True when its screen is locked at first.
        bus: charges virtual time.
        now: its clock, in seconds since the epoch; the real time by default.
    """
    zone = timezone(timedelta(hours=1))
    internal = MemoryStore("Internal shared storage")
    card = MemoryStore("SD card", removable=True, capacity=32_000_000_000, file_limit=0xFFFFFFFF)
    album = _Album(internal, zone)
    _fill_internal(album)
    _fill_with_what_is_left_out(album)
    old = _Album(card, zone)
    for number in range(5):
        taken = datetime(2024, 3, 30, 14, 0) + timedelta(days=number, minutes=number)
        old.photo(f"DCIM/100ANDRO/DSC_{number + 1:04}.JPG", taken, "Lake")
    phone = VirtualPhone(persona, [internal, card], locked=locked, bus=bus, zone=zone)
    if now is not None:
        phone.time.now = now
    return phone
