"""The checks, from the cable up: each turns facts into a finding, or into none where it does not apply.

All of them are pure. A check that cannot say anything because an earlier one failed says nothing: a person who
has to unlock the phone need not be told that it can't be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mtpbackup.engine.doctor.facts import DestinationFacts, Facts, PhoneFacts
from mtpbackup.engine.doctor.findings import Check, Finding, Level, Verdict
from mtpbackup.errors import AccessDenied, InterfaceBusy, PhoneGone
from mtpbackup.transport.base import Speed, UsbIdentity
from mtpbackup.transport.devices import UsbDevice, UsbMode, phones_on
from mtpbackup.transport.match import VENDORS

#: Bytes a second below which a person would rather try another cable: a quarter of what phones bring.
SLOW: Final = 8_000_000
#: Bytes and seconds of reading below which a rate says nothing.
_ENOUGH_TO_MEASURE: Final = 1_000_000
_LONG_ENOUGH: Final = 0.5
#: bcdUSB from which a device on a high-speed link may be able to do more. USB 3.2, section 9.6.1.
_CAN_DO_MORE: Final = 0x0210
#: Bytes free below which no backup is begun.
_LEAST_ROOM: Final = 100_000_000
_APPLE: Final = 0x05AC

_MODES: Final = {
    UsbMode.CHARGING: Verdict.ONLY_CHARGING,
    UsbMode.DEBUGGING: Verdict.ONLY_DEBUGGING,
    UsbMode.TETHERING: Verdict.ONLY_TETHERING,
    UsbMode.MIDI: Verdict.ONLY_MIDI,
}


def examine(facts: Facts) -> tuple[Finding, ...]:
    """All findings, in the order in which a person would look: from the cable up, then the disk."""
    return tuple(_examined(facts))


def _examined(facts: Facts) -> Iterator[Finding]:
    yield library(facts)
    yield cable(facts)
    for device in phones_on(facts.devices):
        if device.mode in _MODES:
            yield silent_phone(device)
    for phone in _phones(facts):
        device_of_it = next((one for one in facts.devices if one.node == phone.usb.node), None)
        asked = facts.phones is not None
        yield from mode(phone, device_of_it)
        if device_of_it is not None:
            yield from speed(device_of_it, facts.devices)
        yield from permission(phone, facts)
        yield from holder(phone, facts, asked=asked)
        if asked:
            yield from answer(phone)
            yield from storages(phone)
            yield from listing(phone)
            yield from reading(phone)
    if facts.destination is not None:
        yield destination(facts.destination)
        yield from room(facts.destination, _phones(facts))


def library(facts: Facts) -> Finding:
    """Whether libusb is there."""
    if facts.library_error is not None:
        return Finding(
            Check.LIBRARY, Level.PROBLEM, Verdict.LIBRARY_MISSING, details={"error": str(facts.library_error)}
        )
    return Finding(Check.LIBRARY, Level.GOOD, Verdict.LIBRARY_THERE)


def cable(facts: Facts) -> Finding:
    """Whether anything that may be a phone is on the bus at all."""
    names = [_name(phone) for phone in _phones(facts)]
    names += [_named(device) for device in phones_on(facts.devices) if device.mode in _MODES]
    if not names:
        return Finding(Check.CABLE, Level.PROBLEM, Verdict.NOTHING_PLUGGED_IN)
    return Finding(Check.CABLE, Level.GOOD, Verdict.PLUGGED_IN, details={"phones": names})


def silent_phone(device: UsbDevice) -> Finding:
    """A phone that offers no files on its cable."""
    assert device.mode is not None
    return Finding(Check.MODE, Level.PROBLEM, _MODES[device.mode], _named(device), _usb_details(device))


def mode(phone: PhoneFacts, device: UsbDevice | None) -> Iterator[Finding]:
    """Files, or only the camera's pictures."""
    photos = phone.camera_mode or (device is not None and device.mode is UsbMode.PHOTOS)
    # A camera, or an iPhone, has nothing else to offer.
    can_more = phone.usb.vendor_id in VENDORS and phone.usb.vendor_id != _APPLE
    details = _usb_details(phone.usb)
    if photos and can_more:
        yield Finding(Check.MODE, Level.HINT, Verdict.OFFERS_PHOTOS, _name(phone), details)
    else:
        yield Finding(Check.MODE, Level.GOOD, Verdict.OFFERS_FILES, _name(phone), details)


def speed(device: UsbDevice, devices: tuple[UsbDevice, ...]) -> Iterator[Finding]:
    """Whether cable and port let the phone do what it can."""
    if not device.speed:
        return
    best = max((other.speed for other in devices), default=device.speed)
    details = {"usb_speed_mbit": int(device.speed), "computer_speed_mbit": int(best)}
    name = _named(device)
    if device.speed < Speed.HIGH:
        yield Finding(Check.SPEED, Level.HINT, Verdict.VERY_SLOW, name, details)
    elif device.speed < Speed.SUPER <= best and device.version >= _CAN_DO_MORE:
        yield Finding(Check.SPEED, Level.HINT, Verdict.COULD_BE_FASTER, name, details)
    else:
        yield Finding(Check.SPEED, Level.GOOD, Verdict.FAST, name, details)


def permission(phone: PhoneFacts, facts: Facts) -> Iterator[Finding]:
    """Whether this program may open the phone."""
    access = (facts.access or {}).get(phone.usb.node)
    details: dict[str, object] = {"node": phone.usb.node}
    if access is not None:
        details |= access.as_dict() | {"rules": facts.rules.value}
    if isinstance(phone.error, AccessDenied) or (access is not None and access.exists and not access.allowed):
        evidence = None if access is None or access.allowed else (access, facts.rules)
        yield Finding(Check.PERMISSION, Level.PROBLEM, Verdict.NOT_ALLOWED, _name(phone), details, evidence)
    elif access is not None or facts.phones is not None:
        yield Finding(Check.PERMISSION, Level.GOOD, Verdict.ALLOWED, _name(phone), details)


def holder(phone: PhoneFacts, facts: Facts, *, asked: bool) -> Iterator[Finding]:
    """Whether another program uses the phone."""
    names = set((facts.holders or {}).get(phone.usb.node, ()))
    if isinstance(phone.error, InterfaceBusy):
        names |= set(phone.error.holders)
    elif isinstance(phone.error, AccessDenied):
        return
    details = {"programs": sorted(names)}
    # A program may have the phone open and leave the interface alone; where we got it, it was free.
    if isinstance(phone.error, InterfaceBusy) or (names and not asked):
        yield Finding(Check.HOLDER, Level.PROBLEM, Verdict.HELD, _name(phone), details)
    elif asked or facts.holders is not None:
        yield Finding(Check.HOLDER, Level.GOOD, Verdict.FREE, _name(phone), details)


def answer(phone: PhoneFacts) -> Iterator[Finding]:
    """Whether it answers when it is spoken to."""
    if isinstance(phone.error, AccessDenied | InterfaceBusy):
        return
    if isinstance(phone.error, PhoneGone):
        yield Finding(Check.ANSWER, Level.PROBLEM, Verdict.LEFT, _name(phone), _error(phone.error))
    elif phone.error is not None:
        yield Finding(Check.ANSWER, Level.PROBLEM, Verdict.NO_ANSWER, _name(phone), _error(phone.error))
    elif phone.identity is not None:
        who = phone.identity
        details = {
            "manufacturer": who.manufacturer,
            "model": who.model,
            "firmware": who.firmware,
            "serial": who.serial,
        }
        yield Finding(Check.ANSWER, Level.GOOD, Verdict.ANSWERS, _name(phone), details)


def storages(phone: PhoneFacts) -> Iterator[Finding]:
    """Whether it shows anything: a locked phone hides all of it."""
    if phone.error is not None:
        return
    if not phone.storages:
        yield Finding(Check.STORAGES, Level.PROBLEM, Verdict.LOCKED, _name(phone), _usb_details(phone.usb))
        return
    details = {
        "storages": [
            {"storage": storage.label, "bytes": storage.capacity, "bytes_free": storage.free}
            for storage in phone.storages
        ]
    }
    yield Finding(Check.STORAGES, Level.GOOD, Verdict.SHOWS_STORAGES, _name(phone), details)


def listing(phone: PhoneFacts) -> Iterator[Finding]:
    """Whether it tells what lies in a folder."""
    sample = phone.sample
    if sample is None:
        return
    if sample.listing_error is not None:
        yield Finding(
            Check.LISTING, Level.PROBLEM, Verdict.CANNOT_LIST, _name(phone), _error(sample.listing_error)
        )
        return
    details = {"items": sample.items, "seconds": round(sample.listing_seconds, 3)}
    yield Finding(Check.LISTING, Level.GOOD, Verdict.LISTS, _name(phone), details)


def reading(phone: PhoneFacts) -> Iterator[Finding]:
    """Whether it gives the content of a file, and how fast."""
    sample = phone.sample
    if sample is None or sample.listing_error is not None:
        return
    if sample.reading_error is not None:
        yield Finding(
            Check.READING, Level.PROBLEM, Verdict.CANNOT_READ, _name(phone), _error(sample.reading_error)
        )
        return
    if not sample.size:
        yield Finding(Check.READING, Level.HINT, Verdict.NOTHING_TO_READ, _name(phone))
        return
    took = sample.reading_seconds
    measured = (sample.size >= _ENOUGH_TO_MEASURE and took > 0) or took >= _LONG_ENOUGH
    rate = round(sample.size / took) if measured else 0
    details = {"bytes": sample.size, "bytes_per_second": rate}
    if measured and rate < SLOW:
        yield Finding(Check.READING, Level.HINT, Verdict.READS_SLOWLY, _name(phone), details)
    else:
        yield Finding(Check.READING, Level.GOOD, Verdict.READS, _name(phone), details)


def destination(facts: DestinationFacts) -> Finding:
    """Whether the backup's folder can be used."""
    details = {"folder": str(facts.path)}
    if facts.had_backup and not facts.has_backup:
        return Finding(Check.DESTINATION, Level.PROBLEM, Verdict.DISK_GONE, details=details)
    if not facts.writable:
        return Finding(Check.DESTINATION, Level.PROBLEM, Verdict.NOT_WRITABLE, details=details)
    verdict = Verdict.HAS_BACKUP if facts.has_backup else Verdict.NEW_BACKUP
    return Finding(Check.DESTINATION, Level.GOOD, verdict, details=details)


def room(facts: DestinationFacts, phones: tuple[PhoneFacts, ...]) -> Iterator[Finding]:
    """Whether what is on the phones fits. What is saved already needs none."""
    if not facts.writable or (facts.had_backup and not facts.has_backup):
        return  # that is the room of another disk, or none that can be used
    used = sum(max(one.capacity - one.free, 0) for phone in phones for one in phone.storages)
    details = {"folder": str(facts.path), "bytes_free": facts.free, "bytes_on_phones": used}
    if facts.free < _LEAST_ROOM:
        yield Finding(Check.ROOM, Level.PROBLEM, Verdict.NO_ROOM, details=details)
    elif facts.free < used and not facts.has_backup:
        yield Finding(Check.ROOM, Level.HINT, Verdict.LITTLE_ROOM, details=details)
    else:
        yield Finding(Check.ROOM, Level.GOOD, Verdict.ENOUGH_ROOM, details=details)


def _phones(facts: Facts) -> tuple[PhoneFacts, ...]:
    """The phones that speak MTP: those that were asked, else those that the bus shows."""
    if facts.phones is not None:
        return facts.phones
    return tuple(
        PhoneFacts(
            UsbIdentity(
                vendor_id=device.vendor_id,
                product_id=device.product_id,
                manufacturer=device.manufacturer,
                product=device.product,
                serial=device.serial,
                bus=device.bus,
                address=device.address,
                node=device.node,
            )
        )
        for device in phones_on(facts.devices)
        if device.mode not in _MODES
    )


def _name(phone: PhoneFacts) -> str:
    if phone.identity is not None:
        return phone.identity.name
    usb = phone.usb
    return (
        usb.product
        or usb.manufacturer
        or VENDORS.get(usb.vendor_id, f"{usb.vendor_id:04x}:{usb.product_id:04x}")
    )


def _named(device: UsbDevice) -> str:
    return device.name or f"{device.vendor_id:04x}:{device.product_id:04x}"


def _usb_details(usb: UsbIdentity | UsbDevice) -> dict[str, object]:
    return {"usb_id": f"{usb.vendor_id:04x}:{usb.product_id:04x}", "maker": VENDORS.get(usb.vendor_id, "")}


def _error(error: BaseException) -> dict[str, object]:
    return {"error": type(error).__name__, "error_text": str(error)}
