"""Gathers what an examination needs to know. Nothing on a phone or disk is changed."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from mtpbackup import udev
from mtpbackup.archive import nearest_existing
from mtpbackup.engine.doctor.facts import DestinationFacts, Facts, PhoneFacts, Sample
from mtpbackup.errors import LibraryMissing, MtpBackupError
from mtpbackup.phone import Item, Phone, Storage
from mtpbackup.transport.base import Finder, FoundPhone
from mtpbackup.transport.devices import SYSFS, phones_on, usb_devices
from mtpbackup.transport.holders import holders
from mtpbackup.udev import Access

_log = logging.getLogger(__name__)

#: Seconds of reading after which the rate is known well enough, and bytes.
_LONGEST_READ: Final = 1.0
_MOST_BYTES: Final = 32_000_000
#: Folders that are listed in search of a file.
_FOLDERS: Final = 8
#: Where phones keep pictures: looked into first.
_LIKELY: Final = ("DCIM", "Camera", "Pictures", "Download")


def look(
    find_phones: Callable[[], AbstractContextManager[Finder]] | None,
    *,
    destination: Path | None = None,
    had_backup: bool = False,
    sysfs: Path = SYSFS,
    open_phone: Callable[..., Phone] = Phone.open,
    access: Callable[[str], Access] = udev.examine,
    clock: Callable[[], float] = time.monotonic,
) -> Facts:
    """Looks at the bus, at each phone, and at the disk.

    Args:
        find_phones: gives a finder; its phones are opened, listed and read for about a second each. None: no
            phone is touched, as while another part of the program uses one.
        destination: where a backup would go.
        had_backup: whether a backup was there the last time.
        sysfs: where the folders of all USB devices are.
        open_phone: makes a phone of a transport.
        access: tells who may open a node, without opening it.
        clock: seconds that never go back.
    """
    devices = tuple(usb_devices(sysfs))
    nodes = [device.node for device in phones_on(devices)]
    facts = Facts(
        devices=devices,
        access={node: access(node) for node in nodes},
        rules=udev.installed(),
        holders={node: tuple(holders(node)) for node in nodes},
    )
    if find_phones is not None:
        try:
            with find_phones() as finder:
                phones = tuple(_asked(phone, open_phone, clock) for phone in finder.find())
        except LibraryMissing as error:
            facts = replace(facts, library_error=error)
        else:
            facts = replace(facts, phones=phones)
    if destination is not None:
        facts = replace(facts, destination=_place(destination, had_backup))
    return facts


def _asked(found: FoundPhone, open_phone: Callable[..., Phone], clock: Callable[[], float]) -> PhoneFacts:
    facts = PhoneFacts(found.identity)
    try:
        transport = found.open()
        try:
            phone = open_phone(transport)
        except BaseException:
            transport.close()
            raise
        with closing(phone):
            facts = replace(facts, identity=phone.identity, camera_mode=phone.camera_mode)
            storages = tuple(phone.storages())
            facts = replace(facts, storages=storages)
            if storages:
                facts = replace(facts, sample=_sample(phone, storages, clock))
    except MtpBackupError as error:
        _log.info("%s: %s", found.identity, error)
        facts = replace(facts, error=error)
    return facts


def _sample(phone: Phone, storages: Iterable[Storage], clock: Callable[[], float]) -> Sample:
    """Lists folders until a file turns up, and reads it for a second."""
    sample = Sample()
    began = clock()
    largest: Item | None = None
    try:
        for items in _folders(phone, storages):
            sample = replace(sample, items=sample.items + len(items), listing_seconds=clock() - began)
            files = [item for item in items if not item.is_folder and item.size]
            largest = max(files, key=lambda item: item.size, default=None)
            if largest is not None:
                break
    except MtpBackupError as error:
        return replace(sample, listing_error=error)
    if largest is None:
        return sample
    began, size = clock(), 0
    try:
        with closing(phone.read(largest, 0, min(largest.size, _MOST_BYTES))) as chunks:
            for chunk in chunks:
                size += len(chunk.data)
                chunk.release()
                if clock() - began > _LONGEST_READ:
                    break
    except MtpBackupError as error:
        return replace(sample, reading_error=error)
    return replace(sample, size=size, reading_seconds=clock() - began)


def _folders(phone: Phone, storages: Iterable[Storage]) -> Iterator[list[Item]]:
    """What lies in some folders, those with pictures first."""
    waiting: list[tuple[Storage, Item | None]] = [(storage, None) for storage in storages]
    for _ in range(_FOLDERS):
        if not waiting:
            return
        storage, folder = waiting.pop(0)
        items = phone.list_folder(storage, folder)
        yield items
        inside = [item for item in items if item.is_folder]
        likely = [item for item in inside if item.name in _LIKELY]
        others = [item for item in inside if item.name not in _LIKELY]
        waiting = [*((storage, item) for item in likely), *waiting, *((storage, item) for item in others)]


def _place(path: Path, had_backup: bool) -> DestinationFacts:
    """What can be said of the backup's folder; of the one in which it would be made, where it is not there."""
    has_backup = writable = False
    free = 0
    try:
        there = nearest_existing(path)
        writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
        free = shutil.disk_usage(there).free
        has_backup = (path / ".mtpbackup" / "archive.json").is_file()
    except OSError as error:  # a folder on the way that may not be entered, or a disk that fails
        _log.info("%s: %s", path, error)
        writable = False
    return DestinationFacts(path, has_backup, had_backup, writable, free)
