"""What a phone says of an object, and arrays of handles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from mtpbackup.errors import WireError
from mtpbackup.wire.codec import STR, U32, U64, Array, Buffer, Dataset, Int, Reader, on_wire
from mtpbackup.wire.codes import AssociationType, ObjectFormat, ProtectionStatus

#: A size in `ObjectInfo` that says "4 GiB or more": the true one is `ObjectProperty.OBJECT_SIZE`.
SIZE_UNKNOWN = 0xFFFFFFFF

#: Some Samsung models send the size in 64 bits, and all that follows 4 bytes later (PHONES.md, section 2).
_WIDE_SIZE = {"object_compressed_size": U64}


@dataclass(frozen=True, slots=True)
class ObjectInfo(Dataset):
    """An object as the phone describes it, or as it is to become. MTP 1.1, section 5.3.1.

    Attributes:
        storage_id: where it lies.
        object_compressed_size: bytes; `SIZE_UNKNOWN` for 4 GiB or more.
        thumb_format, thumb_compressed_size, thumb_pix_width, thumb_pix_height: placeholders on Android.
        image_pix_width, image_pix_height, image_bit_depth: of pictures; 0 for "not said".
        parent_object: handle of the folder; 0 at the top of a storage.
        filename: without a folder; hostile input.
        date_created, date_modified: as the phone wrote them: see `dates`.
    """

    storage_id: int = on_wire(U32)
    object_format: ObjectFormat = on_wire(Int("<H", ObjectFormat))
    protection_status: ProtectionStatus = on_wire(Int("<H", ProtectionStatus))
    object_compressed_size: int = on_wire(U32)
    thumb_format: ObjectFormat = on_wire(Int("<H", ObjectFormat))
    thumb_compressed_size: int = on_wire(U32)
    thumb_pix_width: int = on_wire(U32)
    thumb_pix_height: int = on_wire(U32)
    image_pix_width: int = on_wire(U32)
    image_pix_height: int = on_wire(U32)
    image_bit_depth: int = on_wire(U32)
    parent_object: int = on_wire(U32)
    association_type: AssociationType = on_wire(Int("<H", AssociationType))
    association_desc: int = on_wire(U32)
    sequence_number: int = on_wire(U32)
    filename: str = on_wire(STR)
    date_created: str = on_wire(STR)
    date_modified: str = on_wire(STR)
    keywords: str = on_wire(STR)

    @classmethod
    def decode(cls, buffer: Buffer, *, wide_size: bool = False) -> Self:
        """The dataset at the start of a buffer.

        Args:
            buffer: the bytes.
            wide_size: whether the phone sends `object_compressed_size` in 64 bits.

        Raises:
            WireError: the bytes are cut off.
        """
        return cls._read(Reader(buffer), _WIDE_SIZE if wide_size else {})

    @classmethod
    def decode_as_sent(cls, buffer: Buffer) -> Self:
        """The dataset in a buffer, whichever size the phone gives it.

        Read in the wrong way the names begin 4 bytes early, in an empty sequence number, and much is left over.
        So it is read with 64 bits where 32 do not use all of it up and 64 do, exactly.

        Raises:
            WireError: the bytes are cut off.
        """
        reader = Reader(buffer)
        try:
            info = cls._read(reader)
            if not reader.remaining:
                return info
        except WireError:
            info = None
        wide_reader = Reader(buffer)
        try:
            wide = cls._read(wide_reader, _WIDE_SIZE)
            if not wide_reader.remaining and wide.filename:
                return wide
        except WireError:
            pass  # then it is none of these phones
        return cls.decode(buffer) if info is None else info

    def encode(self, *, wide_size: bool = False) -> bytes:
        """The bytes of the dataset.

        Args:
            wide_size: write `object_compressed_size` in 64 bits, as only a responder may.

        Raises:
            LocalProtocolError: a value that the wire cannot carry, such as a size of 4 GiB in 32 bits.
        """
        return self._written(_WIDE_SIZE if wide_size else {})


_HANDLES = Array(U32)


def decode_array(buffer: Buffer) -> tuple[int, ...]:
    """An array of 32-bit numbers: handles or storage ids.

    Raises:
        WireError: the buffer is shorter than the count says.
    """
    return _HANDLES.decode(buffer)


def encode_array(values: Iterable[int]) -> bytes:
    """The bytes of an array of 32-bit numbers.

    Raises:
        LocalProtocolError: a number of more than 32 bits.
    """
    return _HANDLES.encode(tuple(values))
