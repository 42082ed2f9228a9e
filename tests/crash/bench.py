"""A phone made of code and a folder, for whole runs; each opens the backup anew, as the program does."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mtpbackup.archive import Archive, FileState
from mtpbackup.engine.backup import run_backup
from mtpbackup.engine.link import PhoneLink
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.reports import Summary
from mtpbackup.engine.verification import verify_archive
from mtpbackup.virtual import VirtualPhone


class Bench:
    """A phone, plugged in, and where it is backed up to.

    Attributes:
        phone, root: those.
        truth: SHA-256 of everything that was ever on the phone, by its path there.
    """

    def __init__(self, root: Path, phone: VirtualPhone) -> None:
        self.root = root
        self.phone = phone
        self.truth: dict[str, set[str]] = {}

    def add(self, path, content, modified=None):
        self.phone.add_file(path, content, modified)
        self.truth.setdefault(path, set()).add(hashlib.sha256(bytes(content.read(0, content.size))).hexdigest())

    def run(self, *, clock=None, report=lambda event: None, **options) -> Summary:
        """One run, with all its opening and closing."""
        link = PhoneLink(self.phone.finder, report=report, patience=5.0)
        try:
            with Archive.create_or_open(self.root, **({"clock": clock} if clock else {})) as archive:
                summary = run_backup(link, archive, options=RunOptions(reserve=0, **options), report=report)
        finally:
            link.close()
        assert summary.adds_up, summary
        return summary

    def files(self) -> dict[str, bytes]:
        """Content of everything that is not the program's own, by path below the root."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and ".mtpbackup" not in path.parts and path.name != "SHA256SUMS"
        }

    def check_what_is_called_safe(self) -> int:
        """That nothing is called safe falsely: the bytes of every OK row are the phone's. Gives how many."""
        count = 0
        with Archive.open(self.root) as archive:
            for phone in archive.catalog.phones():
                for item in archive.catalog.items(phone):
                    if item.file.state is FileState.OK:
                        found = hashlib.sha256((self.root / item.file.path).read_bytes()).hexdigest()
                        assert found == item.file.sha256, item
                        if self.truth:
                            assert found in self.truth["/".join(item.key.path)], item
                        count += 1
        return count

    def verify(self):
        """A verification by the program."""
        with Archive.open(self.root) as archive:
            return verify_archive(archive)

    def parts(self) -> list[str]:
        """Unfinished files."""
        return sorted(path.name for path in (self.root / ".mtpbackup" / "partial").iterdir())
