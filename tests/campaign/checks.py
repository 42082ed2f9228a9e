"""What must be true of a backup, read from its files and its catalog by plain SQL, without the program's help.

A file is called safe falsely when its bytes are none that ever lay on the phone in its place. It is lost when
it was safe once and is not now, or lay on the phone during an undisturbed run and is not safe after it.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mtpbackup.archive import same_moment
from tests.campaign.world import Place, Version, at_local

_ESCAPE = re.compile(r"\\u([0-9a-f]{4})")

#: All that the catalog calls safe.
_SAFE = """
    SELECT places.storage, places.path, items.name, items.size, items.modified, items.gone_since IS NOT NULL,
           folders.path, files.name, files.size, files.sha256
    FROM items JOIN places ON places.id = items.place
    JOIN files ON files.id = items.file JOIN folders ON folders.id = files.folder
    WHERE files.state = 'ok'
"""


class Broken(AssertionError):
    """Something that must be true is not."""


@dataclass(frozen=True, slots=True)
class SafeItem:
    """An item that the catalog calls safe, and what is on the disk in its place.

    Attributes:
        place: where it was on the phone.
        size: as listed.
        modified: as listed.
        gone: whether it is no longer on the phone, by the catalog.
        path: its file, below the root.
        sha256: of the file as it is now.
    """

    place: Place
    size: int
    modified: datetime | None
    gone: bool
    path: str
    sha256: str


def read_backup(root: Path) -> list[SafeItem]:
    """Everything that a backup calls safe, with its files read.

    Raises:
        Broken: a file is not there, or not what the catalog says.
    """
    catalog = root / ".mtpbackup/catalog.sqlite"
    if not catalog.exists():
        return []
    connection = sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)
    try:
        made = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'items'").fetchone()[0]
        rows = connection.execute(_SAFE).fetchall() if made else []
    finally:
        connection.close()
    found = []
    for storage, folder, name, size, modified, gone, inside, file_name, file_size, sha256 in rows:
        path = f"{inside}/{file_name}"
        place = (_plain(storage), "/".join(filter(None, (_plain(folder), _plain(name)))))
        try:
            data = (root / path).read_bytes()
        except FileNotFoundError:
            raise Broken(f"lost: {path} is called safe and is not there") from None
        actual = hashlib.sha256(data).hexdigest()
        if (len(data), actual) != (file_size, sha256):
            raise Broken(
                f"falsely safe: {path} has {len(data)} bytes and {actual}, not {file_size} and {sha256}"
            )
        when = None if modified is None else datetime.fromisoformat(modified)
        found.append(SafeItem(place, size, when, bool(gone), path, actual))
    return found


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text).lstrip("/")


def check_truth(items: Iterable[SafeItem], history: Mapping[Place, Set[Version]]) -> None:
    """Every file said to be safe has the bytes of a version that lay on the phone there, with its date."""
    for item in items:
        versions = history.get(item.place, set())
        # A video that the phone would convert is listed with twice its size (PHONES.md 1.10).
        fitting = [
            each for each in versions if each.sha256 == item.sha256 and item.size in (each.size, 2 * each.size)
        ]
        if not fitting:
            raise Broken(f"falsely safe: {item} is no version of {sorted(versions, key=str)}")
        if not any(same_moment(at_local(each.modified), item.modified) for each in fitting):
            raise Broken(f"falsely safe: {item} has the bytes of {fitting}, under another date")


def check_kept(items: Iterable[SafeItem], before: Set[str]) -> None:
    """Whatever was safe once, is."""
    gone = before - {item.sha256 for item in items}
    if gone:
        raise Broken(f"lost: {len(gone)} contents that were safe are not any more: {sorted(gone)}")


def check_covered(items: Iterable[SafeItem], present: Mapping[Place, Version]) -> None:
    """All that lies on the phone is safe."""
    safe = {}
    for item in items:
        safe.setdefault(item.place, []).append(item)
    for place, version in present.items():
        if not any(
            (item.size, item.sha256) == (version.size, version.sha256)
            and same_moment(item.modified, at_local(version.modified))
            and not item.gone
            for item in safe.get(place, ())
        ):
            raise Broken(f"lost: {place} as {version} is on the phone, and safe is {safe.get(place, [])}")


def check_tidy(root: Path, items: Iterable[SafeItem], history: Mapping[Place, Set[Version]]) -> None:
    """Every file in the backup is one that lay on the phone, and nothing is left unfinished.

    A run that is killed between giving a file its name and writing its row leaves a file that the catalog does
    not know, when the phone has something else in its place by the next run. It is whole, and it stays.
    """
    known = {item.path for item in items} | {"SHA256SUMS"}
    whole = {version.sha256 for versions in history.values() for version in versions}
    for path in root.rglob("*"):
        inside = path.relative_to(root)
        if not path.is_file() or ".mtpbackup" in inside.parts or str(inside) in known:
            continue
        if hashlib.sha256(path.read_bytes()).hexdigest() not in whole:
            raise Broken(f"nobody knows where {inside} is from")
    parts = list((root / ".mtpbackup").rglob("*.part"))
    if parts:
        raise Broken(f"left unfinished: {parts}")
    check_sums(root)


def check_sums(root: Path) -> None:
    """Every line of SHA256SUMS is true."""
    sums = root / "SHA256SUMS"
    if not sums.exists():
        return
    for line in sums.read_bytes().decode("utf-8", "surrogateescape").splitlines():
        escaped = line.startswith("\\")
        digest, _, name = line.lstrip("\\").partition("  ")
        if escaped:
            name = name.replace("\\n", "\n").replace("\\\\", "\\")
        path = root / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise Broken(f"SHA256SUMS is wrong about {name!r}")
