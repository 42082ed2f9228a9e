"""Backups and restores of virtual phones, engine and archive included, nothing faked between."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from mtpbackup.archive import Archive, BackedUp
from mtpbackup.engine import reports
from mtpbackup.engine.backup import run_backup
from mtpbackup.engine.link import PhoneLink
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.reports import RestoreSummary, Summary, WaitReason
from mtpbackup.engine.restore import RestoreOptions, run_restore
from mtpbackup.engine.selection import Only, Selection
from mtpbackup.virtual import Persona, VirtualFinder, VirtualPhone
from tests.personas.album import fill


class Bench:
    """Phones, and a folder that they are backed up to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.events: list[reports.Event] = []
        self._stack = ExitStack()
        self.archive = self._stack.enter_context(Archive.create_or_open(root))

    def phone(self, persona: str | Persona, **settings) -> VirtualPhone:
        """A phone with its album, plugged in."""
        phone = self._stack.enter_context(VirtualPhone(persona, **settings))
        fill(phone)
        phone.plug()
        return phone

    def empty_phone(self, persona: str | Persona, **settings) -> VirtualPhone:
        """A phone without a file, plugged in."""
        phone = self._stack.enter_context(VirtualPhone(persona, **settings))
        phone.plug()
        return phone

    def back_up(self, phone: VirtualPhone, only: str = "all", **link_settings) -> Summary:
        """One run over everything, by a person who unlocks the phone and plugs it in when told."""
        self.events.clear()

        def told(event: reports.Event) -> None:
            self.events.append(event)
            if isinstance(event, reports.WaitingForPhone) and event.reason is WaitReason.LOCKED:
                phone.unlock()
            if isinstance(event, reports.WaitingForPhone) and event.reason is WaitReason.NONE:
                phone.plug()

        finder = VirtualFinder(phone)
        link = PhoneLink(finder, report=told, **{"patience": 20.0, **link_settings})
        try:
            options = RunOptions(selection=Selection(Only(only)))
            summary = run_backup(link, self.archive, options=options, report=told)
        finally:
            link.close()
            finder.close()
        assert summary.adds_up, summary
        return summary

    def put_back(self, phone: VirtualPhone, into: str = "", **link_settings) -> RestoreSummary:
        """Everything in the backup, onto a phone."""
        finder = VirtualFinder(phone)
        link = PhoneLink(finder, **{"patience": 20.0, **link_settings})
        try:
            return run_restore(
                link,
                BackedUp(self.archive, self.archive.catalog.phones()[0]),
                confirm=lambda plan: True,
                options=RestoreOptions(into=into),
                report=self.events.append,
            )
        finally:
            link.close()
            finder.close()

    def saved(self) -> dict[str, tuple[bytes, datetime]]:
        """Every file of the only phone's folder: storage and path -> content, and date."""
        tops = [place for place in self.root.iterdir() if place.is_dir() and place.name != ".mtpbackup"]
        assert len(tops) <= 1
        return {
            path.relative_to(top).as_posix(): (path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime))
            for top in tops
            for path in top.rglob("*")
            if path.is_file()
        }

    def close(self) -> None:
        """Puts everything away."""
        self._stack.close()
