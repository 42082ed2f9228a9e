"""`mtpbackup ls`: what is in a folder of the phone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from mtpbackup.cli.narrator import BackupNarrator
from mtpbackup.cli.options import device_option, speaking_options, via_option, wait_option
from mtpbackup.cli.running import finish, holders_let_go, libmtp_phones, opener, speaking, usb_phones
from mtpbackup.cli.voice import Voice
from mtpbackup.errors import ItemVanished
from mtpbackup.messages import ExitCode, explain, plain

if TYPE_CHECKING:
    from mtpbackup.phone import Item, Phone, Storage


_LOOK: Final = "See what is there:  mtpbackup ls"


@click.command(
    epilog="""\b
Examples:
  mtpbackup ls
  mtpbackup ls DCIM/Camera
  mtpbackup ls "SD card/DCIM" """
)
@click.argument("path", default="")
@device_option
@wait_option
@via_option
@speaking_options
def ls(path: str, device: str | None, wait: float | None, via: str | None, quiet: bool, as_json: bool) -> None:
    """List a folder of the phone.

    Shows date, size and name. Without PATH: the top of every storage.

    PATH may begin with the name of a storage; else every storage is looked through.
    """
    from mtpbackup.engine.link import PhoneLink  # noqa: PLC0415 - `--help` does without

    names = tuple(name for name in path.split("/") if name)
    phones = libmtp_phones if via else usb_phones
    with (
        speaking(as_json=as_json, quiet=quiet, answers=True) as voice,
        holders_let_go(voice) as ask_holder,
        phones() as finder,
    ):
        link = PhoneLink(
            finder,
            wanted=device or "",
            patience=wait or 0.0,
            report=BackupNarrator(voice),
            open_phone=opener(via),
            ask_holder=ask_holder,
        )
        try:
            phone = link.connect()
            found = 0
            for storage in phone.storages():
                below = names[1:] if names[:1] == (storage.label,) else names
                found += _list(voice, phone, storage, below)
        finally:
            link.close()
        if not found:
            voice.bad(replace(explain(ItemVanished(path)), exit_code=ExitCode.ERROR, what_to_do=(_LOOK,)))
            finish(ExitCode.ERROR)
        voice.emit("summary", command="ls", found=found, exit_code=0)


def _list(voice: Voice, phone: Phone, storage: Storage, names: tuple[str, ...]) -> int:
    """Lists one folder, or one file; gives 0 when the storage has no such thing."""
    try:
        item = phone.find(storage.label, names) if names else None
    except ItemVanished:
        return 0
    if item is not None and not item.is_folder:
        _tell(voice, item)
        return 1
    voice.say(f"{plain(storage.label)}{''.join('/' + plain(name) for name in names)}:")
    for child in sorted(phone.list_folder(storage, item), key=lambda child: (not child.is_folder, child.name)):
        _tell(voice, child)
    return 1


def _tell(voice: Voice, item: Item) -> None:
    voice.emit(
        "status",
        event="item",
        storage=item.storage.label,
        path=item.shown_path,
        folder=item.is_folder,
        size=item.size,
        modified=item.modified.isoformat() if item.modified else None,
    )
    date = f"{item.modified:%Y-%m-%d %H:%M:%S}" if item.modified else ""
    amount = "" if item.is_folder else f"{item.size:,}"
    voice.data(f"{date:19}  {amount:>15}  {plain(item.name)}{'/' if item.is_folder else ''}")
