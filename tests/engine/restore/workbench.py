"""A backup of one virtual phone, and another virtual phone to put it back on."""

from __future__ import annotations

from datetime import datetime

from mtpbackup.archive import Archive, BackedUp
from mtpbackup.engine import reports
from mtpbackup.engine.backup import run_backup
from mtpbackup.engine.link import PhoneLink
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.reports import Count, Ending, PutBucket, WaitReason
from mtpbackup.engine.restore import RestoreOptions, preview_restore, run_restore
from mtpbackup.engine.selection import Only, Selection
from mtpbackup.virtual import Generated, MemoryStore, VirtualFinder, VirtualPhone

INTERNAL = "Internal shared storage"
DATE = datetime(2024, 5, 6, 7, 8, 13)
KIB = 1024
MIB = 1024 * KIB


class Bench:
    """`old` is backed up, `new` is restored to (they may be one phone)."""

    def __init__(self, root, old=None, new=None):
        self.root = root
        self.old = old or VirtualPhone("pixel", serial="OLD")
        self.new = new or VirtualPhone("pixel", serial="NEW")
        self.finders = []
        self.links = []
        self.archive = Archive.create_or_open(root)
        self.events = []
        self.helps = True
        self.on_event = lambda event: None
        self.asked = []
        self.agrees = True

    def fill(self, files, phone=None, storage=0):
        """Puts generated files on the old phone; gives their bytes by path."""
        truth = {}
        for seed, (path, size) in enumerate(dict(files).items()):
            content = Generated(size, seed + 1)
            (phone or self.old).add_file(path, content, DATE, storage)
            truth[path] = bytes(content.read(0, size))
        return truth

    def back_up(self):
        """Backs the old phone up, and unplugs it."""
        self.old.plug()
        with self.linked(self.old) as link:
            options = RunOptions(selection=Selection(Only.ALL))
            summary = run_backup(link, self.archive, options=options)
        assert summary.complete, summary
        self.old.unplug()
        return summary

    def linked(self, phone, **settings):
        finder = VirtualFinder(phone)
        self.finders.append(finder)
        return _Link(finder, report=self.told, **{"patience": 20.0, **settings})

    @property
    def source(self):
        (phone,) = (one for one in self.archive.catalog.phones() if one.serial == "OLD")
        return BackedUp(self.archive, phone)

    def told(self, event):
        self.events.append(event)
        if isinstance(event, reports.WaitingForPhone) and self.helps:
            if event.reason is WaitReason.NONE:
                self.new.plug()
            if event.reason is WaitReason.LOCKED:
                self.new.unlock()
        self.on_event(event)

    def confirm(self, planned):
        self.asked.append(planned)
        return self.agrees

    def restore(self, source=None, **options):
        self.events.clear()
        self.asked.clear()
        self.new.plug()
        settings = RestoreOptions(**options)
        with self.linked(self.new, **({} if self.helps else {"patience": 0.0, "grace": 0.0})) as link:
            summary = run_restore(
                link, source or self.source, confirm=self.confirm, options=settings, report=self.told
            )
        self.check(summary)
        return summary

    def preview(self, source=None, **options):
        self.new.plug()
        with self.linked(self.new) as link:
            return preview_restore(
                link, source or self.source, options=RestoreOptions(**options), report=self.told
            )

    def check(self, summary):
        """What holds of every run, whatever went wrong in it."""
        assert summary.adds_up, summary
        assert not self.new.dead
        sent = [(event.item.storage, event.item.path) for event in self.of(reports.FileSent)]
        assert len(sent) == len(set(sent)) <= summary.sent.items
        assert len(sent) == summary.sent.items or summary.ending is Ending.INTERRUPTED

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def files(self, storage=0):
        """Path -> bytes of everything on the new phone."""
        return {
            path: bytes(node.content.read(0, node.content.size)) for path, node in self.nodes(storage).items()
        }

    def nodes(self, storage=0):
        store = self.new.storages[storage]
        found, waiting = {}, [("", store.root)]
        while waiting:
            path, node = waiting.pop()
            for child in store.children(node):
                below = f"{path}/{child.name}".lstrip("/")
                if child.is_folder:
                    waiting.append((below, child))
                else:
                    found[below] = child
        return dict(sorted(found.items()))

    def dates(self, storage=0):
        return {path: datetime.utcfromtimestamp(node.modified) for path, node in self.nodes(storage).items()}

    def close(self):
        for finder in self.finders:
            finder.close()
        self.archive.close()
        self.old.close()
        self.new.close()


class _Link(PhoneLink):
    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


__all__ = ["DATE", "INTERNAL", "KIB", "MIB", "Bench", "Count", "MemoryStore", "PutBucket"]
