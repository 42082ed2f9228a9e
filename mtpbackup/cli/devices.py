"""`mtpbackup devices`: which phones are plugged in, and whether they can be used."""

from __future__ import annotations

import importlib.util
import logging
from typing import TYPE_CHECKING, Final

import click

from mtpbackup.cli.notes import in_words, notebook, notes_file
from mtpbackup.cli.options import speaking_options
from mtpbackup.cli.running import finish, speaking, usb_bus, usb_phones
from mtpbackup.cli.voice import Voice
from mtpbackup.errors import NoPhone, OffersNoFiles, PhoneLocked, TransportError
from mtpbackup.messages import ExitCode, explain, number, place, plain, size

if TYPE_CHECKING:
    from mtpbackup.phone.libmtp.finder import TableEntry
    from mtpbackup.phone.survey import PhoneSeen
    from mtpbackup.session import Learnt

_log = logging.getLogger(__name__)

_STATES: Final = {
    "ready": "ready",
    "locked": "locked, or only charging",
    "busy": "used by another program",
    "no_permission": "no permission",
    "no_answer": "doesn't answer",
}


@click.command(
    epilog="""\b
Example:
  mtpbackup devices"""
)
@speaking_options
def devices(quiet: bool, as_json: bool) -> None:
    """List the phones that are plugged in."""
    from mtpbackup.phone.survey import survey  # noqa: PLC0415 - `--help` does without

    with speaking(as_json=as_json, quiet=quiet, answers=True) as voice:
        with usb_phones() as finder:
            seen = survey(finder)
        if not seen:
            raise _nothing_usable()
        table = libmtp_table()
        for phone in seen:
            _tell(voice, phone, table.get((phone.usb.bus, phone.usb.address)))
        voice.emit("summary", command="devices", phones=len(seen), exit_code=int(_code(seen)))
        finish(_code(seen))


def _nothing_usable() -> NoPhone:
    """No phone at all, or one that offers no files."""
    from mtpbackup.transport.devices import UsbMode, phones_on  # noqa: PLC0415 - `--help` does without

    for device in phones_on(usb_bus()):
        if device.mode is not None and device.mode not in (UsbMode.FILES, UsbMode.PHOTOS):
            return OffersNoFiles(device.name, device.vendor_id, device.mode.value)
    return NoPhone()


def libmtp_table() -> dict[tuple[int, int], TableEntry]:
    """What libmtp's table says of what is plugged in, by bus and address; nothing where it is not installed."""
    if importlib.util.find_spec("pymtp") is None:
        return {}
    from mtpbackup.phone.libmtp import LibmtpFinder  # noqa: PLC0415 - few have it

    finder = LibmtpFinder()
    try:
        return {(entry.bus, entry.address): entry for entry in finder.table()}
    except TransportError as error:
        # Its opinion is an addition here: the list of phones does without.
        _log.info("libmtp says nothing of its table: %s", error)
        return {}
    finally:
        finder.close()


def _known(phone: PhoneSeen) -> Learnt | None:
    """What earlier runs have learnt of this model."""
    from mtpbackup.session import Model  # noqa: PLC0415 - `--help` does without

    who = phone.identity
    note = notebook().notes().get(Model(who.manufacturer, who.model, who.firmware)) if who is not None else None
    return None if note is None else note.learnt


def _tell(voice: Voice, phone: PhoneSeen, entry: TableEntry | None) -> None:
    learnt = _known(phone)
    voice.emit(
        "status",
        event="device",
        phone=phone.name,
        serial=phone.serial,
        state=phone.state.value,
        manufacturer=phone.identity.manufacturer if phone.identity else phone.usb.manufacturer,
        model=phone.identity.model if phone.identity else phone.usb.product,
        usb_id=f"{phone.usb.vendor_id:04x}:{phone.usb.product_id:04x}",
        usb_speed_mbit=int(phone.usb.speed),
        storages=[
            {"storage": storage.label, "bytes": storage.capacity, "bytes_free": storage.free}
            for storage in phone.storages
        ],
        libmtp={"name": entry.name, "flags": entry.flags} if entry is not None else None,
        remembered=None if learnt is None else {"in": str(notes_file()), "what": in_words(learnt)},
    )
    serial = f", serial number {plain(phone.serial)}" if phone.serial else ""
    voice.data(f"{plain(phone.name)}: {_STATES[phone.state.value]}{serial}")
    for storage in phone.storages:
        voice.data(f"  {plain(storage.label)}: {size(storage.free)} of {size(storage.capacity)} free")
    if entry is not None:
        voice.data(f"  libmtp: {_in_words(entry)}")
    if learnt is not None and (known := in_words(learnt)):
        voice.data(f"  Remembered of this model: {'; '.join(known)}.   ({place(notes_file())})")
    if phone.state.value == "locked":
        voice.bad(explain(PhoneLocked(phone.name, phone.usb.vendor_id)))
    elif phone.trouble is not None:
        voice.bad(explain(phone.trouble))


def _in_words(entry: TableEntry) -> str:
    if not entry.name:
        return "not in its table"
    quirks = entry.flags.bit_count()
    return f"{plain(entry.name)}, {number(quirks, 'quirk')}{f' (flags {entry.flags:#010x})' if quirks else ''}"


def _code(seen: list[PhoneSeen]) -> ExitCode:
    """OK when one of them can be used, else what is in the way of the first."""
    if any(phone.state.value == "ready" for phone in seen):
        return ExitCode.OK
    return explain(seen[0].trouble or PhoneLocked(seen[0].name)).exit_code
