"""What a phone says of itself: device and storages, and the answers to class requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from mtpbackup.wire.codec import STR, U16, U32, U64, Array, Buffer, Dataset, Int, Reader, on_wire
from mtpbackup.wire.codes import (
    AccessCapability,
    DeviceProperty,
    EventCode,
    FilesystemType,
    ObjectFormat,
    OperationCode,
    ResponseCode,
    StorageType,
)


@dataclass(frozen=True, slots=True)
class DeviceInfo(Dataset):
    """What the phone is and what it can do. MTP 1.1, section 5.1.1.

    Attributes:
        standard_version: of PTP, times 100.
        vendor_extension_id: 6 is Microsoft's, which means MTP.
        vendor_extension_version: of that extension, times 100.
        vendor_extension_desc: the sets of extensions, as "microsoft.com: 1.0; android.com: 1.0;".
        functional_mode: 0 is the normal one.
        operations_supported, events_supported, device_properties_supported: the codes that the phone offers;
            some phones offer what they do not list, and the other way round.
        capture_formats, playback_formats: formats it can take as a camera, and can hold.
        serial_number: not USB's iSerial on Android 9 and later (ANDROID.md, Device).
    """

    standard_version: int = on_wire(U16, 100)
    vendor_extension_id: int = on_wire(U32)
    vendor_extension_version: int = on_wire(U16)
    vendor_extension_desc: str = on_wire(STR)
    functional_mode: int = on_wire(U16)
    operations_supported: tuple[OperationCode, ...] = on_wire(Array(Int("<H", OperationCode)))
    events_supported: tuple[EventCode, ...] = on_wire(Array(Int("<H", EventCode)))
    device_properties_supported: tuple[DeviceProperty, ...] = on_wire(Array(Int("<H", DeviceProperty)))
    capture_formats: tuple[ObjectFormat, ...] = on_wire(Array(Int("<H", ObjectFormat)))
    playback_formats: tuple[ObjectFormat, ...] = on_wire(Array(Int("<H", ObjectFormat)))
    manufacturer: str = on_wire(STR)
    model: str = on_wire(STR)
    device_version: str = on_wire(STR)
    serial_number: str = on_wire(STR)


@dataclass(frozen=True, slots=True)
class StorageInfo(Dataset):
    """A storage as the phone describes it. MTP 1.1, section 5.2.2.

    Attributes:
        max_capacity, free_space_in_bytes: bytes.
        free_space_in_objects: how many more objects fit; 0xFFFFFFFF when the phone does not count so.
        storage_description: what the phone calls it, as "Internal shared storage"; may be empty.
        volume_identifier: meant to be unique, empty on Android.
    """

    storage_type: StorageType = on_wire(Int("<H", StorageType))
    filesystem_type: FilesystemType = on_wire(Int("<H", FilesystemType))
    access_capability: AccessCapability = on_wire(Int("<H", AccessCapability))
    max_capacity: int = on_wire(U64)
    free_space_in_bytes: int = on_wire(U64)
    free_space_in_objects: int = on_wire(U32)
    storage_description: str = on_wire(STR)
    volume_identifier: str = on_wire(STR)


@dataclass(frozen=True, slots=True)
class CancelRequest(Dataset):
    """What the class request Cancel carries. USB still image capture device definition 1.0, section 5.2.1.

    Attributes:
        cancellation_code: always `EventCode.CANCEL_TRANSACTION`.
        transaction_id: of the transaction to end.
    """

    cancellation_code: EventCode = on_wire(Int("<H", EventCode), EventCode.CANCEL_TRANSACTION)
    transaction_id: int = on_wire(U32)


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """The answer to the class request Get Device Status.

    USB still image capture device definition 1.0, section 5.2.4. Android's length counts what it sends, with
    padding; 4, 8 and 12 bytes have been seen (ANDROID.md, class requests).

    Attributes:
        code: OK, DEVICE_BUSY, or TRANSACTION_CANCELLED after a stall.
        parameters: the bytes after the code, meant to be the halted endpoints; not to be trusted.
    """

    code: ResponseCode = ResponseCode.OK
    parameters: bytes = b""

    @classmethod
    def decode(cls, buffer: Buffer) -> Self:
        """The status in a buffer.

        Raises:
            WireError: fewer than 4 bytes.
        """
        reader = Reader(buffer)
        length = U16.read(reader)
        code = Int("<H", ResponseCode).read(reader)
        return cls(code, bytes(reader.take(min(max(length - 4, 0), reader.remaining))))

    def encode(self) -> bytes:
        """The bytes, with a length that counts them all."""
        return U16.encode(4 + len(self.parameters)) + U16.encode(self.code) + self.parameters
