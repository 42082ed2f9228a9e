"""A phone and an archive that are faked, a link between them, and what was told."""

from __future__ import annotations

from mtpbackup.engine import reports
from mtpbackup.engine.backup import run_backup
from mtpbackup.engine.link import PhoneLink
from mtpbackup.engine.options import RunOptions
from mtpbackup.errors import OperationFailed
from tests.engine.build import CARD
from tests.engine.fakes import Bus, FakeArchive, FakePhone, Found


class Bench:
    """A phone, an archive, and what was told."""

    def __init__(self):
        self.bus = Bus()
        self.phone = Found(self.bus)
        self.archive = FakeArchive()
        self.events = []
        self.link = self.new_link()

    def new_link(self, **settings):
        return PhoneLink(
            self.bus,
            report=self.told,
            open_phone=FakePhone,
            clock=self.bus.clock,
            **{"grace": 10.0, **settings},
        )

    def told(self, event):
        self.events.append(event)

    def run(self, **options):
        settings = {"window": 3000, "progress_step": 1, "reserve": 0, **options}
        self.events.clear()
        summary = run_backup(self.link, self.archive, options=RunOptions(**settings), report=self.told)
        assert summary.adds_up, summary
        assert self.archive.locked == self.archive.writers == 0
        assert self.events[-1] == reports.RunEnded(summary)
        return summary

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def saved(self):
        return self.archive.catalog.contents()


def content(size, seed=1):
    return bytes((n * seed + n // 251) % 256 for n in range(size))


def fails(path, error, times=10**6, at=0):
    """An `on_read` that raises for one item, so many times."""
    left = [times]

    def on_read(read_path, offset):
        if read_path == path and offset >= at and left[0]:
            left[0] -= 1
            raise error

    return on_read


def once(action, when=lambda path, offset: True):
    """An `on_read` that does something the first time a condition holds."""
    done = []

    def on_read(path, offset):
        if not done and when(path, offset):
            done.append(True)
            action(path, offset)

    return on_read


def card_is_there(bench, path):
    if path.startswith("DCIM/c") and CARD not in bench.phone.labels:
        raise OperationFailed(0x95C1, 0x2009)
