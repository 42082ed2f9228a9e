"""What is fuzzed: functions of bytes that may raise `WireError`, or an error that is documented, and no other.

A target looks at more than errors: what was decoded must be encoded to something that is decoded to the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from mtpbackup.errors import LocalProtocolError, MtpBackupError, WireError
from mtpbackup.phone import Item, Phone
from mtpbackup.wire import (
    STR,
    Array,
    CancelRequest,
    Command,
    ContainerEnd,
    ContainerParser,
    ContainerStart,
    DataType,
    DeviceInfo,
    DevicePropDesc,
    DeviceStatus,
    Event,
    Header,
    Int,
    ObjectInfo,
    ObjectPropDesc,
    OperationCode,
    Payload,
    Response,
    StorageInfo,
    decode_array,
    decode_property_list,
    encode_array,
    encode_property_list,
    format_date,
    parse_date,
    value_type,
)
from tests.fuzz.babbler import Babbler, FakeClock

_OPERATIONS = Array(Int("<H", OperationCode))

#: Every way into the package for bytes of a phone, with its way back. Property lists are a target of their own.
DECODERS = (
    (DeviceInfo.decode, DeviceInfo.encode),
    (StorageInfo.decode, StorageInfo.encode),
    (ObjectInfo.decode, ObjectInfo.encode),
    (lambda raw: ObjectInfo.decode(raw, wide_size=True), lambda info: info.encode(wide_size=True)),
    (DevicePropDesc.decode, DevicePropDesc.encode),
    (ObjectPropDesc.decode, ObjectPropDesc.encode),
    (CancelRequest.decode, CancelRequest.encode),
    (DeviceStatus.decode, DeviceStatus.encode),
    (decode_array, encode_array),
    (Header.decode, Header.encode),
    (Command.decode, Command.encode),
    (Response.decode, Response.encode),
    (Event.decode, Event.encode),
    (_OPERATIONS.decode, _OPERATIONS.encode),
    (STR.decode, STR.encode),
    *((value_type(data_type).decode, value_type(data_type).encode) for data_type in DataType),
)
#: Folders, items and bytes that are looked at on a babbling phone: enough to come everywhere, and to end.
MOST_FOLDERS, MOST_ITEMS, MOST_BYTES = 6, 12, 1 << 20


def datasets(data: bytes) -> None:
    """The first byte says which decoder gets the rest."""
    if not data:
        return
    decode, encode = DECODERS[data[0] % len(DECODERS)]
    try:
        value = decode(data[1:])
    except WireError:
        return
    assert decode(encode(value)) == value  # type: ignore[operator]


def properties(data: bytes) -> None:
    """A property list."""
    try:
        elements = list(decode_property_list(data))
    except WireError:
        return
    assert list(decode_property_list(encode_property_list(elements))) == elements


def dates(data: bytes) -> None:
    """A date as text."""
    date = parse_date(data.decode("utf-8", "replace"))
    if date is not None:
        again = parse_date(format_date(date.local.replace(microsecond=0)))
        assert again is not None and again.local == date.local.replace(microsecond=0)


def containers(data: bytes) -> None:
    """Reads of a transport: each a length (its highest bit: the transfer ended), and so many bytes."""
    parser = ContainerParser()
    for read, ended in _reads(data):
        taken = 0
        try:
            for part in parser.feed(memoryview(read), ended):
                match part:
                    case Payload(view):
                        taken += len(view)
                        assert bytes(read[part.offset : part.offset + len(view)]) == bytes(view)
                    case ContainerStart() | ContainerEnd():
                        pass
        except WireError:
            return
        assert taken <= len(read)
        assert parser.remaining is None or parser.remaining >= 0


def _reads(data: bytes) -> Iterator[tuple[bytes, bool]]:
    at = 0
    while at < len(data):
        size, ended = data[at] & 0x7F, bool(data[at] & 0x80)
        yield data[at + 1 : at + 1 + size], ended
        at += 1 + size


def phone(data: bytes) -> None:
    """A whole session with a phone that says whatever stands in the bytes: see `Babbler`.

    It ends: each answer uses up bytes, and when there are none left the phone is gone.
    """
    clock = FakeClock()
    try:
        with Phone.open(Babbler(data, clock), sleep=clock.sleep, clock=clock.read) as phone:
            for storage in phone.storages()[:3]:
                for folders, (_, items) in enumerate(phone.walk(storage)):
                    for item in items[:MOST_ITEMS]:
                        if not item.is_folder:
                            _read(phone, item)
                    if folders >= MOST_FOLDERS:
                        break
            phone.wait_for_change(1.0)
    except MtpBackupError:
        return


def _read(phone: Phone, item: Item) -> None:
    came = 0
    try:
        for chunk in phone.read(item):
            came += len(chunk.data)
            chunk.release()
            assert came <= item.size
            if came > MOST_BYTES:
                return
    except MtpBackupError:
        return


#: What is put on a babbling phone, in two parts.
_PARTS = (bytes(range(256)) * 100, bytes(range(256)) * 200)


def sending(data: bytes) -> None:
    """The same, and files are put on it, gone on with, looked at and deleted; the phone is what is wrong.

    Each step is taken whatever became of the one before, for as long as the phone has something to say.
    """
    clock = FakeClock()
    size = sum(map(len, _PARTS))
    with (
        contextlib.suppress(MtpBackupError),
        Phone.open(Babbler(data, clock), sleep=clock.sleep, clock=clock.read) as phone,
    ):
        for storage in phone.storages()[:2]:
            folder = None
            with _suppressed():
                phone.largest_file(storage)
            with _suppressed():
                folder = phone.make_folder(storage, None, "New")
            with _suppressed():
                item = phone.send_file(storage, folder, "a.jpg", size, datetime(2024, 5, 6), _PARTS)
                assert item.size == size
                with _suppressed():
                    phone.small_picture(item)
                with _suppressed():
                    phone.first_bytes(item, 1_000)
                if phone.can_continue:
                    with _suppressed():
                        phone.continue_file(item, len(_PARTS[0]), _PARTS[1:], size)
                phone.delete(item)


@contextlib.contextmanager
def _suppressed() -> Iterator[None]:
    """Documented errors, but not that we ourselves were wrong."""
    try:
        yield
    except LocalProtocolError:
        raise AssertionError("what was sent was right") from None
    except MtpBackupError:
        return


#: Every target by its name.
TARGETS: Mapping[str, Callable[[bytes], None]] = MappingProxyType(
    {each.__name__: each for each in (containers, datasets, properties, dates, phone, sending)}
)
