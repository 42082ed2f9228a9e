"""What lies on each persona's phone: what such a phone is likely to hold, with the sizes that go wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

from mtpbackup.virtual import Generated, MemoryNode, MemoryStore, VirtualPhone

MIB = 1024 * 1024
#: An odd second, which FAT does not keep.
TAKEN = datetime(2024, 5, 6, 7, 8, 13)
#: Around packets, and around a first packet that holds the container's header.
SIZES = (0, 1, 499, 500, 501, 511, 512, 513, 1012, 1024, 70_000, 262_132)


def fill(phone: VirtualPhone) -> None:
    """Puts an album on a phone, on each of its storages."""
    for storage in range(len(phone.storages)):
        for number, (path, size) in enumerate(_ALBUMS.get(phone.persona.name, _ANDROID).items()):
            seed = 100 * storage + number + 1
            phone.add_file(path, Generated(size, seed), TAKEN + timedelta(minutes=number), storage)


#: Four folders at the top and a file, so that the top is listed at once too, where that is possible.
_ANDROID = {
    **{f"DCIM/Camera/IMG_{number:04}.jpg": size for number, size in enumerate(SIZES)},
    "DCIM/Camera/VID_0100.mp4": 300_524,
    "DCIM/Camera/VID_0101.mp4": 40_000,
    "Pictures/Füße 😀.png": 3_000,
    "Movies/film.mp4": 9 * MIB,
    "Download/a.jpg": 10,
    "top.jpg": 2_000,
}

_CAMERA = {
    "DCIM/100CANON/IMG_0001.JPG": 300_000,
    "DCIM/100CANON/IMG_0002.CR3": 700_000,
    "DCIM/100CANON/IMG_0002.JPG": 512 - 12,
    "DCIM/100CANON/MVI_0003.MP4": 9 * MIB + 500,
    "DCIM/101CANON/IMG_0101.JPG": 1_024,
}

#: Live Photos, one of them edited: its edits in an .AAE, its edited form under a name with an E.
_IPHONE = {
    "DCIM/100APPLE/IMG_0001.HEIC": 200_000,
    "DCIM/100APPLE/IMG_0001.MOV": 900_000,
    "DCIM/100APPLE/IMG_0002.HEIC": 150_000,
    "DCIM/100APPLE/IMG_0002.MOV": 800_512,
    "DCIM/100APPLE/IMG_0002.AAE": 700,
    "DCIM/100APPLE/IMG_E0002.HEIC": 140_000,
    "DCIM/100APPLE/IMG_0003.PNG": 5_000,
    "DCIM/101APPLE/IMG_1004.MOV": 9 * MIB,
}

_ALBUMS = {"camera": _CAMERA, "iphone": _IPHONE}


def what_is_on(phone: VirtualPhone) -> dict[str, tuple[bytes, datetime]]:
    """Every file of a phone: storage and path -> content, and date as the phone shows it."""
    found = {}
    for store in phone.storages:
        assert isinstance(store, MemoryStore)
        for path, node in _files(store.root, ()):
            assert node.content is not None
            date = datetime.fromtimestamp(node.modified, phone.zone).replace(tzinfo=None)
            content = bytes(node.content.read(0, node.content.size))
            found["/".join((store.description, *path))] = (content, date)
    return found


def _files(folder: MemoryNode, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], MemoryNode]]:
    found = []
    for child in folder.children.values():
        below = (*path, child.name)
        found += _files(child, below) if child.is_folder else [(below, child)]
    return found
