"""Properties: their values, lists of values of many objects, and their descriptions."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, TypeAlias

from mtpbackup.errors import LocalProtocolError, WireError
from mtpbackup.wire.codec import (
    I8,
    I16,
    I32,
    I64,
    I128,
    STR,
    U8,
    U16,
    U32,
    U64,
    U128,
    Array,
    Buffer,
    FieldType,
    Nothing,
    Reader,
)
from mtpbackup.wire.codes import DataType, DeviceProperty, FormFlag, GetSet, ObjectProperty

#: A property's value: a number, a string, an array of numbers; None for data type 0.
Value: TypeAlias = int | str | tuple[int, ...] | None

_VALUE_TYPES: dict[int, FieldType[Any]] = {
    DataType.UNDEFINED: Nothing(),
    DataType.INT8: I8,
    DataType.UINT8: U8,
    DataType.INT16: I16,
    DataType.UINT16: U16,
    DataType.INT32: I32,
    DataType.UINT32: U32,
    DataType.INT64: I64,
    DataType.UINT64: U64,
    DataType.INT128: I128,
    DataType.UINT128: U128,
    DataType.AINT8: Array(I8),
    DataType.AUINT8: Array(U8),
    DataType.AINT16: Array(I16),
    DataType.AUINT16: Array(U16),
    DataType.AINT32: Array(I32),
    DataType.AUINT32: Array(U32),
    DataType.AINT64: Array(I64),
    DataType.AUINT64: Array(U64),
    DataType.AINT128: Array(I128),
    DataType.AUINT128: Array(U128),
    DataType.STR: STR,
}


def value_type(data_type: int) -> FieldType[Any]:
    """How values of a data type lie in the bytes.

    Raises:
        WireError: the type is in no table, so nobody knows where its value ends.
    """
    try:
        return _VALUE_TYPES[data_type]
    except KeyError:
        raise WireError(f"data type {data_type:#06x} is unknown") from None


def decode_value(data_type: int, buffer: Buffer) -> Value:
    """A single value, as GetObjectPropValue and GetDevicePropValue bring it.

    Raises:
        WireError: an unknown type, or bytes cut off.
    """
    value: Value = value_type(data_type).decode(buffer)
    return value


def encode_value(data_type: int, value: Value) -> bytes:
    """The bytes of a single value.

    Raises:
        LocalProtocolError: the type cannot carry it.
        WireError: an unknown type.
    """
    return value_type(data_type).encode(value)


class PropertyElement(NamedTuple):
    """One property of one object in a property list. MTP 1.1, appendix E.

    Attributes:
        handle: the object.
        property: which property.
        data_type: the value's type; `DataType.UNDEFINED` when the phone does not know the property.
        value: the value; None with data type 0.
    """

    handle: int
    property: ObjectProperty
    data_type: DataType
    value: Value


_ELEMENT_HEAD = struct.Struct("<IHH")


def decode_property_list(buffer: Buffer) -> Iterator[PropertyElement]:
    """The elements of a property list, one by one: a list may describe 100,000 objects.

    Raises:
        WireError: an element that is cut off or of unknown type, when it is reached; at once where more
            elements are announced than could be in the buffer.
    """
    reader = Reader(buffer)
    count = U32.read(reader)
    if count * _ELEMENT_HEAD.size > reader.remaining:
        raise WireError(f"property list of {count} elements in {reader.remaining} bytes")
    return _elements(count, reader)


def _elements(count: int, reader: Reader) -> Iterator[PropertyElement]:
    for _ in range(count):
        handle, code, data_type = reader.unpack(_ELEMENT_HEAD)
        value = value_type(data_type).read(reader)
        yield PropertyElement(handle, ObjectProperty(code), DataType(data_type), value)


def encode_property_list(elements: Iterable[PropertyElement]) -> bytes:
    """The bytes of a property list.

    Raises:
        LocalProtocolError: a value that its type cannot carry.
        WireError: an unknown data type.
    """
    all_elements = tuple(elements)
    out = bytearray(U32.encode(len(all_elements)))
    for handle, code, data_type, value in all_elements:
        try:
            out += _ELEMENT_HEAD.pack(handle, code, data_type)
        except struct.error as error:
            raise LocalProtocolError(f"property element of object {handle}: {error}") from None
        value_type(data_type).write(value, out)
    return bytes(out)


@dataclass(frozen=True, slots=True)
class DevicePropDesc:
    """What a property of the phone is, and its value now. MTP 1.1, section 5.1.2.

    Attributes:
        property_code: which property.
        data_type: of its values.
        get_set: whether it may be written.
        default_value: its value after a reset.
        current_value: its value now.
        form_flag, form_values: which values it may have: see `FormFlag` and `read_form`.
    """

    property_code: DeviceProperty
    data_type: DataType
    get_set: GetSet = GetSet.GET
    default_value: Value = None
    current_value: Value = None
    form_flag: FormFlag = FormFlag.NONE
    form_values: tuple[Value, ...] = ()

    @classmethod
    def decode(cls, buffer: Buffer) -> Self:
        """The description in a buffer.

        Raises:
            WireError: cut off, or a data type that nobody knows.
        """
        reader = Reader(buffer)
        code, data_type, get_set = reader.unpack(_DESC_HEAD)
        kind = value_type(data_type)
        default, current = kind.read(reader), kind.read(reader)
        form_flag = FormFlag(U8.read(reader))
        form_values = read_form(form_flag, kind, reader)
        return cls(
            DeviceProperty(code), DataType(data_type), GetSet(get_set), default, current, form_flag, form_values
        )

    def encode(self) -> bytes:
        """The bytes of the description.

        Raises:
            LocalProtocolError: a value that the data type cannot carry.
        """
        kind = value_type(self.data_type)
        out = bytearray(_DESC_HEAD.pack(self.property_code, self.data_type, self.get_set))
        kind.write(self.default_value, out)
        kind.write(self.current_value, out)
        U8.write(self.form_flag, out)
        write_form(self.form_flag, kind, self.form_values, out)
        return bytes(out)


@dataclass(frozen=True, slots=True)
class ObjectPropDesc:
    """What a property of objects of one format is. MTP 1.1, section 5.3.2.

    Attributes:
        property_code: which property.
        data_type: of its values.
        get_set: whether it may be written.
        default_value: its value where nothing else is known.
        group_code: properties that are cheap to ask for together; 0 everywhere on Android.
        form_flag, form_values: which values it may have: see `FormFlag` and `read_form`.
    """

    property_code: ObjectProperty
    data_type: DataType
    get_set: GetSet = GetSet.GET
    default_value: Value = None
    group_code: int = 0
    form_flag: FormFlag = FormFlag.NONE
    form_values: tuple[Value, ...] = ()

    @classmethod
    def decode(cls, buffer: Buffer) -> Self:
        """The description in a buffer.

        Raises:
            WireError: cut off, or a data type that nobody knows.
        """
        reader = Reader(buffer)
        code, data_type, get_set = reader.unpack(_DESC_HEAD)
        kind = value_type(data_type)
        default = kind.read(reader)
        group_code = U32.read(reader)
        form_flag = FormFlag(U8.read(reader))
        form_values = read_form(form_flag, kind, reader)
        return cls(
            ObjectProperty(code),
            DataType(data_type),
            GetSet(get_set),
            default,
            group_code,
            form_flag,
            form_values,
        )

    def encode(self) -> bytes:
        """The bytes of the description.

        Raises:
            LocalProtocolError: a value that the data type cannot carry.
        """
        kind = value_type(self.data_type)
        out = bytearray(_DESC_HEAD.pack(self.property_code, self.data_type, self.get_set))
        kind.write(self.default_value, out)
        U32.write(self.group_code, out)
        U8.write(self.form_flag, out)
        write_form(self.form_flag, kind, self.form_values, out)
        return bytes(out)


#: Property code, data type, get/set: both kinds of description begin so.
_DESC_HEAD = struct.Struct("<HHB")

#: Forms that hold a single value of a type of their own. MTP 1.1, section 5.3.2.
_SINGLE_FORMS: dict[int, FieldType[Any]] = {
    FormFlag.FIXED_LENGTH_ARRAY: U16,
    FormFlag.REGULAR_EXPRESSION: STR,
    FormFlag.BYTE_ARRAY: U32,
    FormFlag.LONG_STRING: U32,
}


def read_form(flag: FormFlag, kind: FieldType[Any], reader: Reader) -> tuple[Value, ...]:
    """The values of a form.

    Returns:
        RANGE: smallest, largest, step. ENUMERATION: all that are allowed. REGULAR_EXPRESSION: the expression.
        FIXED_LENGTH_ARRAY, BYTE_ARRAY, LONG_STRING: the length. Else nothing, also for a flag that nobody
        knows: a form stands last, so nothing is lost with it but itself.

    Raises:
        WireError: cut off.
    """
    if flag == FormFlag.RANGE:
        return kind.read(reader), kind.read(reader), kind.read(reader)
    if flag == FormFlag.ENUMERATION:
        return tuple(kind.read(reader) for _ in range(U16.read(reader)))
    if flag in _SINGLE_FORMS:
        return (_SINGLE_FORMS[flag].read(reader),)
    return ()


def write_form(flag: FormFlag, kind: FieldType[Any], values: tuple[Value, ...], out: bytearray) -> None:
    """Appends the values of a form, as `read_form` gives them.

    Raises:
        LocalProtocolError: too few or too many values for the form, or one that the type cannot carry.
    """
    expected = {FormFlag.RANGE: 3, FormFlag.ENUMERATION: len(values)}.get(flag, int(flag in _SINGLE_FORMS))
    if len(values) != expected:
        raise LocalProtocolError(f"{len(values)} values for form {flag.name}")
    if flag == FormFlag.ENUMERATION:
        U16.write(len(values), out)
    for value in values:
        _SINGLE_FORMS.get(flag, kind).write(value, out)
