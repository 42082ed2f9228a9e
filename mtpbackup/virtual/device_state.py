"""The phone's device properties: what they are, what they say now, and which may be set."""

from __future__ import annotations

from dataclasses import dataclass, field

from mtpbackup.virtual.personas import Persona
from mtpbackup.wire import DataType, DevicePropDesc, DeviceProperty, FormFlag, GetSet
from mtpbackup.wire.datasets import Value


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is the same for a property on every phone."""

    data_type: DataType
    default: Value
    writable: bool = False
    form_flag: FormFlag = FormFlag.NONE
    form_values: tuple[Value, ...] = ()


#: MTP 1.1, appendix C; which of them may be written: ANDROID.md, Device.
_KINDS: dict[int, _Kind] = {
    DeviceProperty.BATTERY_LEVEL: _Kind(DataType.UINT8, 100, False, FormFlag.RANGE, (0, 100, 1)),
    DeviceProperty.IMAGE_SIZE: _Kind(DataType.STR, "1080x2400"),
    DeviceProperty.SYNCHRONIZATION_PARTNER: _Kind(DataType.STR, "", True),
    DeviceProperty.DEVICE_FRIENDLY_NAME: _Kind(DataType.STR, "", True),
    DeviceProperty.SESSION_INITIATOR_VERSION_INFO: _Kind(DataType.STR, "", True),
    # 3 is a mobile phone.
    DeviceProperty.PERCEIVED_DEVICE_TYPE: _Kind(DataType.UINT32, 3),
}


@dataclass(slots=True)
class DeviceState:
    """Device properties of one phone; they outlive a replug.

    Attributes:
        persona: whose they are.
        values: those that differ from their default.
    """

    persona: Persona
    values: dict[int, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values.setdefault(DeviceProperty.DEVICE_FRIENDLY_NAME, self.persona.friendly_name)

    def knows(self, code: int) -> bool:
        """Whether the phone has a property."""
        return code in self.persona.device_properties and code in _KINDS

    def data_type(self, code: int) -> DataType:
        """The type of a property that it has."""
        return _KINDS[code].data_type

    def writable(self, code: int) -> bool:
        """Whether an initiator may set it."""
        return _KINDS[code].writable

    def value(self, code: int) -> Value:
        """What it says now."""
        return self.values.get(code, _KINDS[code].default)

    def description(self, code: int) -> DevicePropDesc:
        """The dataset that describes it."""
        kind = _KINDS[code]
        return DevicePropDesc(
            property_code=DeviceProperty(code),
            data_type=kind.data_type,
            get_set=GetSet.GET_SET if kind.writable else GetSet.GET,
            default_value=kind.default,
            current_value=self.value(code),
            form_flag=kind.form_flag,
            form_values=kind.form_values,
        )
