"""Opens what is to be put back: a backup by its catalog, or a plain folder of files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtpbackup.cli.opening import open_backup
from mtpbackup.cli.voice import Voice
from mtpbackup.errors import CatalogUnusable, NoArchive
from mtpbackup.messages import listing, place

if TYPE_CHECKING:
    from mtpbackup.archive import Archive, JournalRecord, Originals, PhoneFolder


@contextmanager
def opened(root: Path, phone: str, voice: Voice) -> Iterator[Originals]:
    """The files of a backup, or of a folder.

    Args:
        root: the folder.
        phone: whose files: a name, serial number or folder; empty for the only phone in the backup.
        voice: tells when the catalog cannot be used.

    Raises:
        NoArchive: there is no such folder.
        DestinationGone: the disk that the backup is on is not there.
        CatalogUnusable: it was made by a newer version of this program.
        click.UsageError: the backup holds several phones, or none of that name.
    """
    from mtpbackup.archive import BackedUp, PlainFolder  # noqa: PLC0415 - `--help` does without

    try:
        archive = open_backup(root)
    except NoArchive:
        pass  # a folder of files, then
    except CatalogUnusable as error:
        if error.version is not None:
            raise
        voice.notice(
            f"The list of what was saved in {place(root)} can't be read. Going by the files themselves."
        )
    else:
        with archive:
            yield BackedUp(archive, _whose(archive, phone), _journal(root))
        return
    if phone:
        raise click.UsageError(f"There is no list of phones in {place(root)}: --phone can't be used.")
    yield PlainFolder(root, _journal(root))


def _journal(root: Path) -> JournalRecord:
    """Where it is remembered what was sent from a folder that has no catalog to write to."""
    import platformdirs  # noqa: PLC0415 - `--help` does without

    from mtpbackup.archive import JournalRecord  # noqa: PLC0415

    name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:16]
    return JournalRecord(Path(platformdirs.user_state_dir("mtpbackup")) / "sent" / f"{name}.jsonl")


def _whose(archive: Archive, wanted: str) -> PhoneFolder:
    phones = archive.catalog.phones()
    if not phones:
        raise NoArchive(archive.root)
    names = [phone.folder for phone in phones]
    if not wanted:
        if len(phones) > 1:
            raise click.UsageError(
                f"The backup holds {len(phones)} phones: {listing(names)}. Say whose files:  --phone NAME"
            )
        return phones[0]
    folded = wanted.casefold()
    exact = [
        one for one in phones if folded in (one.folder.casefold(), one.name.casefold(), one.serial.casefold())
    ]
    fitting = exact or [one for one in phones if folded in one.name.casefold()]
    if len(fitting) != 1:
        raise click.UsageError(
            f'"{wanted}" fits {len(fitting)} phones of the backup, which holds {listing(names)}.'
        )
    return fitting[0]
