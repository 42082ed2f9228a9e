"""Datasets: the structures that travel in data phases, in both directions.

`device` describes the phone and its storages, `objects` what lies on them, `properties` the values of single
properties and their descriptions. `mtpbackup.wire` re-exports all of it.
"""

from mtpbackup.wire.datasets.device import CancelRequest, DeviceInfo, DeviceStatus, StorageInfo
from mtpbackup.wire.datasets.objects import SIZE_UNKNOWN, ObjectInfo, decode_array, encode_array
from mtpbackup.wire.datasets.properties import (
    DevicePropDesc,
    ObjectPropDesc,
    PropertyElement,
    Value,
    decode_property_list,
    decode_value,
    encode_property_list,
    encode_value,
    value_type,
)

__all__ = [
    "SIZE_UNKNOWN",
    "CancelRequest",
    "DeviceInfo",
    "DevicePropDesc",
    "DeviceStatus",
    "ObjectInfo",
    "ObjectPropDesc",
    "PropertyElement",
    "StorageInfo",
    "Value",
    "decode_array",
    "decode_property_list",
    "decode_value",
    "encode_array",
    "encode_property_list",
    "encode_value",
    "value_type",
]
