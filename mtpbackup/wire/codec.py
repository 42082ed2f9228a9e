"""Bytes to values and back: the field types of PTP and MTP, and datasets declared as a list of fields.

Everything on the wire is little-endian. A field type knows how to read one value and how to append one; a
`Dataset` is a dataclass whose fields name their types (`on_wire`), and both directions walk that one list.

Two rules hold for everything built on this:

- Decoding any bytes gives a value or raises `WireError`, never another error, and takes memory in proportion to
  the bytes that are there (a few dozen times as much at worst), never to a count that they hold: one of 2**32-1
  is compared with what is left before anything is made.
- What was decoded can be encoded, and decodes to the same value again. A value of our own that the wire cannot
  carry (a name of 300 characters, a size of 5 GiB in 32 bits) raises `LocalProtocolError` when encoded.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Generic, Self, TypeAlias, TypeVar

from mtpbackup.errors import LocalProtocolError, WireError

#: What can be decoded: contiguous bytes.
Buffer: TypeAlias = bytes | bytearray | memoryview

T = TypeVar("T")
N = TypeVar("N", bound=int)

#: The most UTF-16 units of a string, without its NUL: the count before it is one byte. MTP 1.1, section 3.2.3.
MAX_STRING_UNITS = 254


class Reader:
    """A place in a buffer that moves forward, and never beyond the end.

    Attributes:
        view: the whole buffer.
        position: bytes read so far.
    """

    __slots__ = ("position", "view")

    def __init__(self, buffer: Buffer) -> None:
        self.view = memoryview(buffer)
        self.position = 0

    @property
    def remaining(self) -> int:
        """Bytes not read yet."""
        return len(self.view) - self.position

    def take(self, size: int) -> memoryview:
        """The next `size` bytes, as a slice of the buffer.

        Raises:
            WireError: fewer are left.
        """
        start = self.position
        end = start + size
        if end > len(self.view):
            raise WireError(f"cut off at byte {start}: {size} bytes wanted, {len(self.view) - start} left")
        self.position = end
        return self.view[start:end]

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        """The next values of a `struct` layout.

        Raises:
            WireError: the buffer ends before.
        """
        return layout.unpack(self.take(layout.size))


class FieldType(Generic[T]):
    """How one kind of value lies in the bytes.

    Attributes:
        default: the value of a dataset's field that is not given: 0, "" or ().
    """

    default: T

    def read(self, reader: Reader) -> T:
        """Takes one value.

        Raises:
            WireError: the bytes are cut off, or cannot be such a value.
        """
        raise NotImplementedError

    def write(self, value: T, out: bytearray) -> None:
        """Appends one value.

        Raises:
            LocalProtocolError: the wire cannot carry it.
        """
        raise NotImplementedError

    def decode(self, buffer: Buffer) -> T:
        """The value at the start of a buffer; what follows is not looked at.

        Raises:
            WireError: as `read`.
        """
        return self.read(Reader(buffer))

    def encode(self, value: T) -> bytes:
        """The bytes of one value.

        Raises:
            LocalProtocolError: as `write`.
        """
        out = bytearray()
        self.write(value, out)
        return bytes(out)


class Int(FieldType[N]):
    """An integer of 1, 2, 4 or 8 bytes, given as an `int` or as a member of an open enum."""

    def __init__(self, layout: str, kind: type[N]) -> None:
        """Takes a `struct` layout with its byte order, as `"<H"`, and the class of the values."""
        self.layout = struct.Struct(layout)
        self.size = self.layout.size
        self.kind = kind
        self.default = kind(0)

    def read(self, reader: Reader) -> N:
        """Takes one value, as `FieldType.read`."""
        (value,) = reader.unpack(self.layout)
        return self.kind(value)

    def write(self, value: N, out: bytearray) -> None:
        """Appends one value, as `FieldType.write`."""
        try:
            out += self.layout.pack(value)
        except struct.error as error:
            raise LocalProtocolError(f"{value!r} does not fit in {self.size} bytes ({error})") from None

    def read_many(self, count: int, reader: Reader) -> tuple[N, ...]:
        """Takes `count` values in one go."""
        # memoryview.cast knows native byte order only, hence a layout made for the count.
        values = reader.unpack(struct.Struct(f"<{count}{self.layout.format[1:]}"))
        if self.kind is int:
            return values
        # One member a number, however often it comes: pseudo-members are large next to two bytes on the wire.
        members = {value: self.kind(value) for value in set(values)}
        return tuple(members[value] for value in values)


class WideInt(FieldType[int]):
    """An integer of 16 bytes, which `struct` does not know."""

    size = 16
    default = 0

    def __init__(self, *, signed: bool) -> None:
        self.signed = signed

    def read(self, reader: Reader) -> int:
        """Takes one value, as `FieldType.read`."""
        return int.from_bytes(reader.take(self.size), "little", signed=self.signed)

    def write(self, value: int, out: bytearray) -> None:
        """Appends one value, as `FieldType.write`."""
        try:
            out += value.to_bytes(self.size, "little", signed=self.signed)
        except OverflowError as error:
            raise LocalProtocolError(f"{value!r} does not fit in {self.size} bytes ({error})") from None

    def read_many(self, count: int, reader: Reader) -> tuple[int, ...]:
        """Takes `count` values."""
        return tuple(self.read(reader) for _ in range(count))


class Nothing(FieldType[None]):
    """A value of data type 0: no bytes at all (ANDROID.md, GetObjectPropList)."""

    default = None

    def read(self, reader: Reader) -> None:
        """Takes nothing."""

    def write(self, value: None, out: bytearray) -> None:
        """Appends nothing."""


class Array(FieldType[tuple[N, ...]]):
    """A count of 32 bits, then so many integers. MTP 1.1, section 3.2.2."""

    default = ()

    def __init__(self, item: Int[N] | WideInt) -> None:
        self.item: Any = item

    def read(self, reader: Reader) -> tuple[N, ...]:
        """Takes one value, as `FieldType.read`."""
        count = U32.read(reader)
        # Before anything of that size is made: the count may be any number.
        if count * self.item.size > reader.remaining:
            raise WireError(f"array of {count} elements of {self.item.size} bytes in {reader.remaining} bytes")
        values: tuple[N, ...] = self.item.read_many(count, reader)
        return values

    def write(self, value: Iterable[N], out: bytearray) -> None:
        """Appends one value, as `FieldType.write`."""
        values = tuple(value)
        U32.write(len(values), out)
        for each in values:
            self.item.write(each, out)


class String(FieldType[str]):
    """A count of UTF-16 units in one byte, then the units, NUL included; no text is the count 0 alone.

    MTP 1.1, section 3.2.3. Emoji take two units, a surrogate pair. What phones may send beyond that:

    - Text ends at the first NUL, as for every NUL-terminated string; the count alone says where the next field
      begins. A missing NUL is not an error; of 255 units without NUL the last one is dropped, as it stands
      where the NUL has to be and could not be sent back.
    - A surrogate without its other half (half an emoji, where a phone cut a long name) becomes a character of
      the private use area, U+10F800 + (unit - 0xD800), and goes out again as the same unit. So every name
      survives the way to us and back, two different names stay different, and yet every `str` that leaves this
      module is real Unicode, which databases, JSON, file systems and terminals take without an error. Python's
      own escape ("surrogateescape", "surrogatepass") leaves strings that break all of those. The few real
      characters in that range (no one uses them) come as their two units, escaped one by one, so that the way
      back is still exact.
    """

    default = ""

    def read(self, reader: Reader) -> str:
        """Takes one value, as `FieldType.read`."""
        (count,) = reader.take(1)
        units = reader.take(2 * count)
        if count > MAX_STRING_UNITS:
            units = units[:-2]
        text = str(units, "utf-16-le", "surrogatepass").partition("\0")[0]
        return text if text.isascii() else _UNSPEAKABLE.sub(_escaped, text)

    def write(self, value: str, out: bytearray) -> None:
        """Appends one value, as `FieldType.write`."""
        if not value:
            out.append(0)
            return
        if "\0" in value:
            raise LocalProtocolError(f"NUL inside the string {value!r}")
        text = value if value.isascii() else _ESCAPED.sub(_unescaped, value)
        units = text.encode("utf-16-le", "surrogatepass")
        if len(units) > 2 * MAX_STRING_UNITS:
            raise LocalProtocolError(
                f"{len(units) // 2} UTF-16 units, {MAX_STRING_UNITS} is the most: {value!r}"
            )
        out.append(len(units) // 2 + 1)
        out += units + b"\0\0"


#: Where lone surrogates go: as many code points as there are surrogates, the last ones of Unicode.
_ESCAPES_BEGIN = 0x10F800
_SURROGATES_BEGIN = 0xD800
_UNSPEAKABLE = re.compile("[\ud800-\udfff\U0010f800-\U0010ffff]")
_ESCAPED = re.compile("[\U0010f800-\U0010ffff]")


def _escaped(match: re.Match[str]) -> str:
    units = memoryview(match[0].encode("utf-16-le", "surrogatepass"))
    return "".join(
        chr(int.from_bytes(units[at : at + 2], "little") - _SURROGATES_BEGIN + _ESCAPES_BEGIN)
        for at in range(0, len(units), 2)
    )


def _unescaped(match: re.Match[str]) -> str:
    return chr(ord(match[0]) - _ESCAPES_BEGIN + _SURROGATES_BEGIN)


U8 = Int("<B", int)
U16 = Int("<H", int)
U32 = Int("<I", int)
U64 = Int("<Q", int)
U128 = WideInt(signed=False)
I8 = Int("<b", int)
I16 = Int("<h", int)
I32 = Int("<i", int)
I64 = Int("<q", int)
I128 = WideInt(signed=True)
STR = String()

_WIRE_TYPE = "mtpbackup.wire"


def on_wire(kind: FieldType[T], default: T | None = None) -> T:
    """A field of a `Dataset`.

    Args:
        kind: how the field lies in the bytes.
        default: its value when none is given; else the type's own: 0, "" or ().

    Returns:
        For the type checker a value of the field's type, in truth a dataclass field.
    """
    value = kind.default if default is None else default
    made: Any = field(default=value, metadata={_WIRE_TYPE: kind})
    typed: T = made
    return typed


#: For fields that some phones send in another type: see `ObjectInfo`.
_UNCHANGED: Mapping[str, FieldType[Any]] = MappingProxyType({})

_LAYOUTS: dict[type[Any], tuple[tuple[str, FieldType[Any]], ...]] = {}


def _layout(dataset: type[Any]) -> tuple[tuple[str, FieldType[Any]], ...]:
    """Names and types of the fields, in the order of the bytes."""
    layout = _LAYOUTS.get(dataset)
    if layout is None:
        layout = tuple((each.name, each.metadata[_WIRE_TYPE]) for each in fields(dataset))
        _LAYOUTS[dataset] = layout
    return layout


@dataclass(frozen=True, slots=True)
class Dataset:
    """Base of structures that are a plain sequence of fields.

    Subclasses are frozen dataclasses, each field declared with `on_wire`, in the order of the specification.
    """

    @classmethod
    def decode(cls, buffer: Buffer) -> Self:
        """The dataset at the start of a buffer. Bytes after it are allowed: newer versions add fields.

        Raises:
            WireError: the bytes are cut off, or cannot be such a dataset.
        """
        return cls._read(Reader(buffer))

    def encode(self) -> bytes:
        """The bytes of the dataset.

        Raises:
            LocalProtocolError: a value that the wire cannot carry.
        """
        return self._written()

    @classmethod
    def _read(cls, reader: Reader, changes: Mapping[str, FieldType[Any]] = _UNCHANGED) -> Self:
        values = {}
        for name, kind in _layout(cls):
            try:
                values[name] = changes.get(name, kind).read(reader)
            except WireError as error:
                raise WireError(f"{cls.__name__}.{name}: {error}") from None
        return cls(**values)

    def _written(self, changes: Mapping[str, FieldType[Any]] = _UNCHANGED) -> bytes:
        out = bytearray()
        for name, kind in _layout(type(self)):
            try:
                changes.get(name, kind).write(getattr(self, name), out)
            except LocalProtocolError as error:
                raise LocalProtocolError(f"{type(self).__name__}.{name}: {error}") from None
        return bytes(out)
