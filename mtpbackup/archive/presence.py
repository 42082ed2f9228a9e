"""Which files are still there, without opening any: one listing for each folder of the archive."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from itertools import groupby

from mtpbackup.archive import disk
from mtpbackup.archive.catalog import Catalog
from mtpbackup.archive.records import FileRow, FileState, PhoneFolder
from mtpbackup.archive.root import Root
from mtpbackup.archive.sums import invalidate_sums

_READ = 1024 * 1024


def find_missing(root: Root, catalog: Catalog, phone: PhoneFolder | None) -> int:
    """Compares the catalog with the folders, records the differences, and counts what is missing now.

    Only names are looked at; length and content are for `verify`. A file that was missing and is there again is
    read before it is called OK.
    """
    changes: list[tuple[str, int]] = []
    missing = 0
    for folder, files in groupby(catalog.files(phone), key=lambda file: file.path.rpartition("/")[0]):
        names = _names(root, folder)
        for file in files:
            there = file.path.rpartition("/")[2] in names
            if file.state is FileState.MISSING and there:
                there = _is_right(root, file)
                if there:
                    changes.append((FileState.OK.value, file.id))
            elif not there and file.state is not FileState.MISSING:
                changes.append((FileState.MISSING.value, file.id))
            missing += not there
    if changes and root.writable:
        # An empty folder where a disk used to be is not a thousand deleted files.
        root.check_present()
        with catalog.database.writing() as connection:
            connection.executemany("UPDATE OR IGNORE files SET state = ? WHERE id = ?", changes)
            invalidate_sums(connection)
    return missing


def _names(root: Root, folder: str) -> frozenset[str]:
    with root.errors(root.path / folder):
        try:
            descriptor = root.open_below(folder)
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()
        with disk.closing(descriptor), os.scandir(descriptor) as entries:
            return frozenset(entry.name for entry in entries if entry.is_file(follow_symlinks=False))


def _is_right(root: Root, file: FileRow) -> bool:
    with root.errors(root.path / file.path):
        try:
            descriptor = root.open_file(file.path)
        except FileNotFoundError:
            return False
        with disk.closing(descriptor):
            hasher = hashlib.sha256()
            for block in _blocks(descriptor):
                hasher.update(block)
    return hasher.hexdigest() == file.sha256


def _blocks(descriptor: int) -> Iterator[bytes]:
    while block := os.read(descriptor, _READ):
        yield block
