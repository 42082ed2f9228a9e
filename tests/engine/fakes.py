"""A bus of phones that are nothing but answers, a clock that moves when somebody waits, an archive in memory.

They fail exactly where a test says. That the real phone and the real archive work the same way is shown by
`test_backup.py`, where nothing is faked.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from mtpbackup.archive import FailureRow, NotSaved, PhoneFolder, PhoneTotals, Saved
from mtpbackup.errors import (
    ItemUnreadable,
    ItemVanished,
    OperationFailed,
    PhoneGone,
    PhoneLocked,
    StorageVanished,
)
from mtpbackup.phone import Item, PhoneIdentity
from mtpbackup.transport.base import Chunk, UsbIdentity
from tests.engine import build

NOON = build.NOON
PIECE = 1000


class Bus:
    """A `Finder`. `script`: seconds -> what happens then."""

    def __init__(self):
        self.phones = []
        self.now = 100.0
        self.script = {}
        self.waits = 0
        self.opened = []

    def clock(self):
        return self.now

    def find(self):
        return [phone for phone in self.phones if phone.attached]

    def wait_for_change(self, timeout):
        assert timeout > 0
        self.waits += 1
        assert self.waits < 1000, "waited too often"
        self.now += timeout
        for when in sorted(self.script):
            if when <= self.now - 100.0 + 1e-9:
                self.script.pop(when)()
        return True

    def close(self):
        pass


class Found:
    """A phone on the bus.

    `files`: (storage label, path) -> (content, modified). `on_read`: called with (path, offset) before each
    piece of content is given; may raise, or change the phone.
    """

    def __init__(self, bus, name="Pixel 8", serial="A1", *, locked=False, trouble=None, port=1):
        self.bus = bus
        self.who = PhoneIdentity(
            serial=serial, manufacturer="Google", model=name, firmware="1", friendly_name=""
        )
        self.locked = locked
        self.trouble = trouble
        self.attached = True
        self.identity = UsbIdentity(0x18D1, 0x4EE1, product=name, bus=1, ports=(port,))
        self.labels = [build.INTERNAL]
        self.files = {}
        self.on_read = lambda path, offset: None
        self.on_list = lambda path: None
        self.on_storages = lambda: None
        self.loops = {}  # path of a folder -> path at which it is found inside itself
        self.reads = Counter()
        self.open_now = 0
        self.openings = 0
        self.life = 1
        bus.phones.append(self)

    def add(self, path, content=b"content", modified=NOON, on=build.INTERNAL):
        self.files[on, tuple(path.split("/"))] = (content, modified)

    def remove(self, path, on=build.INTERNAL):
        del self.files[on, tuple(path.split("/"))]

    def rename(self, old, new, on=build.INTERNAL):
        self.files[on, tuple(new.split("/"))] = self.files.pop((on, tuple(old.split("/"))))

    def insert(self, label):
        """Puts a card in. Its items have new handles."""
        self.labels.append(label)
        self.life += 1

    def unplug(self, back_after=None):
        """Pulls the cable, and puts it back after some seconds of waiting. Handles are void then."""
        self.attached = False
        self.life += 1
        if back_after is not None:
            self.bus.script[self.bus.now - 100 + back_after] = lambda: setattr(self, "attached", True)

    def lock(self, open_after=None):
        """Locks the screen, and unlocks it after some seconds of waiting."""
        self.locked = True
        self.life += 1
        if open_after is not None:
            self.bus.script[self.bus.now - 100 + open_after] = lambda: setattr(self, "locked", False)

    def open(self, options=None):
        if self.trouble is not None:
            raise self.trouble
        return FakeTransport(self)


class FakeTransport:
    def __init__(self, found):
        self.found = found
        found.open_now += 1
        found.openings += 1

    def close(self):
        self.found.open_now -= 1


class FakePhone:
    """What `mtpbackup.phone.Phone` would make of a `Found`."""

    def __init__(self, transport):
        self.transport = transport
        self.body = transport.found
        self.identity = self.body.who
        self.life = self.body.life

    def _alive(self):
        if not self.body.attached:
            raise PhoneGone

    def storages(self):
        self._alive()
        self.body.on_storages()
        if self.body.locked:
            return []
        return [build.storage(label, n) for n, label in enumerate(self.body.labels, 1)]

    def require_storages(self):
        storages = self.storages()
        if not storages:
            raise PhoneLocked(self.identity.name)
        return storages

    def wait_for_change(self, timeout):
        before = self.storages()
        self.body.bus.wait_for_change(timeout)
        return self.storages() != before

    def list_folder(self, storage, folder):
        path = () if folder is None else folder.path
        self._alive()
        self.body.on_list(path)
        self._alive()
        if self.body.locked or storage.label not in self.body.labels:
            raise OperationFailed(0x9805, 0x2009)
        items, folders = [], {}
        for (label, other), (content, modified) in self.body.files.items():
            if label != storage.label or other[: len(path)] != path:
                continue
            names = other[: len(path) + 1]
            if len(other) == len(names):
                items.append(self._item(storage, other, len(content), modified, _code(other)))
            else:
                folders[names] = self._item(storage, names, 0, None, build.FOLDER)
        if path in self.body.loops:
            inner = self.body.loops[path]
            folders[inner] = dataclasses.replace(folder, path=inner)
        return items + list(folders.values())

    def _item(self, storage, path, size, modified, code):
        handle = hash((storage.label, path, self.body.life)) & 0xFFFFFFFF
        return Item(storage, handle, 0, path, size, modified, code)

    def find(self, label, path):
        for storage in self.require_storages():
            if storage.label == label:
                if (label, path) not in self.body.files:
                    raise ItemVanished("/".join(path))
                content, modified = self.body.files[label, path]
                return self._item(storage, path, len(content), modified, _code(path))
        raise StorageVanished(label)

    def read(self, item, offset=0, length=None):
        self.body.reads["/".join(item.path)] += 1
        while True:
            self._alive()
            self.body.on_read("/".join(item.path), offset)
            self._alive()
            place = (item.storage.label, item.path)
            current = self._item(item.storage, item.path, 0, None, 0).handle == item.handle
            if self.body.locked or not current or place not in self.body.files:
                raise ItemVanished("/".join(item.path))
            content = self.body.files[place][0]
            if len(content) != item.size:
                reason = ItemUnreadable.Reason.WRONG_SIZE
                raise ItemUnreadable("/".join(item.path), reason, item.size, len(content))
            if offset >= item.size:
                return
            piece = content[offset : offset + PIECE]
            offset += len(piece)
            yield Chunk(memoryview(piece), False)

    def close(self):
        self.transport.close()


def _code(path):
    return build.PLAIN if path[-1].endswith(".txt") else build.JPEG


class FakeArchive:
    """What `mtpbackup.archive.Archive` does, in memory. `on_write(key, offset)`, `on_flush(key)` may raise."""

    writable = True

    def __init__(self):
        self.root = Path("/backup")
        self.catalog = FakeCatalog()
        self.free = 10**9
        self.limit = None
        self.parts = {}
        self.locked = 0
        self.writers = 0
        self.discarded = 0
        self.leftovers = []
        self.on_write = lambda key, offset: None
        self.on_flush = lambda key: None

    @contextlib.contextmanager
    def lock(self):
        self.locked += 1
        try:
            yield
        finally:
            self.locked -= 1

    def free_space(self):
        return self.free

    def largest_file(self):
        return self.limit

    def phone(self, record):
        return PhoneFolder(1, record.serial, record.name, record.name)

    def find_missing(self, phone):
        return 0

    def leftover_parts(self):
        return self.leftovers

    def discard_parts(self, phone):
        self.discarded += 1
        return 0

    def complete_sums(self):
        assert self.locked

    def read_window(self, item_id, offset, length):
        return self.catalog.content(item_id)[offset : offset + length]

    def writer(self):
        assert self.locked
        self.writers += 1
        return FakeWriter(self)


class FakeCatalog:
    def __init__(self):
        self.saved = {}  # item id -> (key, content)
        self.gone = set()
        self.failing = {}
        self.ended = []

    def content(self, item_id):
        return self.saved[item_id][1]

    def contents(self):
        return {"/".join(key.path): content for key, content in self.saved.values()}

    def known(self, phone):
        keys = [key for key, _ in self.saved.values()]
        gone = [key for n, (key, _) in self.saved.items() if n in self.gone]
        return build.Saved(*keys, gone=gone, numbers=list(self.saved)).known

    def item(self, item_id):
        class Row:
            key = self.saved[item_id][0]

        return Row

    def phones(self):
        return []

    def failures(self, phone):
        return [FailureRow(key, failure, 1, UTC_NOON, UTC_NOON) for key, failure in self.failing.items()]

    def record_failure(self, phone, key, failure):
        self.failing[key] = failure

    def forget_failures(self, phone, keys):
        for key in keys:
            del self.failing[key]

    def record_gone(self, ids):
        self.gone.update(ids)

    def record_present(self, ids):
        self.gone.difference_update(ids)

    def record_moved(self, item_id, key):
        self.saved[item_id] = (key, self.saved[item_id][1])
        self.gone.discard(item_id)

    def start_run(self, phone):
        return 1

    def end_run(self, run, outcome, counts):
        self.ended.append((outcome, counts))

    def totals(self, phone):
        return PhoneTotals(phone, 0, 0, 0, 0, 0, 0, 0, None, None)


UTC_NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)


class FakeWriter:
    """Results come one item late, as from the pipeline."""

    def __init__(self, archive):
        self.archive = archive
        self.committed = []
        self.closed = False

    def begin(self, phone, key, layout, *, resume=True):
        assert not self.closed
        return FakeIncoming(self, key)

    def _finish(self, leave):
        done = []
        while len(self.committed) > leave:
            key, content = self.committed.pop(0)
            try:
                self.archive.on_flush(key)
            except Exception as error:
                done.append(NotSaved(key, error))
                continue
            number = len(self.archive.catalog.saved) + 1
            self.archive.catalog.saved[number] = (key, content)
            self.archive.catalog.failing.pop(key, None)
            done.append(Saved(key, number, "Pixel 8/" + "/".join(key.path), len(content), "0" * 64, None))
        return done

    def results(self):
        return self._finish(1)

    def drain(self, timeout=None):
        return self._finish(0)

    @property
    def unfinished(self):
        return len(self.committed)

    def close(self):
        self.closed = True
        self.archive.writers -= 1
        return self._finish(0)


class FakeIncoming:
    placed = False

    def __init__(self, writer, key):
        self.writer = writer
        self.archive = writer.archive
        self.key = key
        self.data = bytearray(self.archive.parts.pop(key, b""))
        self.offset = len(self.data)
        self.over = False

    def tail(self, length):
        return bytes(self.data[max(0, self.offset - length) : self.offset])

    def restart(self):
        self.data.clear()
        self.offset = 0

    def write(self, chunk):
        try:
            self.archive.on_write(self.key, len(self.data))
            self.data += chunk.data
        finally:
            chunk.release()

    def commit(self, size=None):
        assert not self.over
        self.over = True
        if len(self.data) != self.key.size:
            reason = ItemUnreadable.Reason.WRONG_SIZE
            raise ItemUnreadable(self.key.shown_path, reason, self.key.size, len(self.data))
        self.writer.committed.append((self.key, bytes(self.data)))

    def abandon(self, *, keep_part):
        if not self.over and keep_part and self.data:
            self.archive.parts[self.key] = bytes(self.data)
        self.over = True
