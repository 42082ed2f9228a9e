"""What libmtp opened is looked at before it is read: by its size, and by what is known of a new one."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

from mtpbackup.errors import LibmtpMismatch
from mtpbackup.phone.libmtp.structures import check_device

LIBC = ctypes.CDLL(None)
LIBC.calloc.restype, LIBC.calloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t, ctypes.c_size_t]
LIBC.free.restype, LIBC.free.argtypes = None, [ctypes.c_void_p]


class Storage(ctypes.Structure):
    _fields_ = (("id", ctypes.c_uint32), ("rest", ctypes.c_char * 64), ("prev", ctypes.c_void_p))


class Device(ctypes.Structure):
    _fields_ = (
        ("object_bitsize", ctypes.c_uint8),
        ("storage", ctypes.POINTER(Storage)),
        ("rest", ctypes.c_char * 80),
        ("cached", ctypes.c_int),
        ("next", ctypes.c_void_p),
    )


@pytest.fixture
def allocated() -> Iterator:
    """Allocates as libmtp does, of a size that may not be ours."""
    given = []

    def allocate(kind, size):
        given.append(LIBC.calloc(1, size))
        return ctypes.cast(given[-1], ctypes.POINTER(kind))

    yield allocate
    for each in given:
        LIBC.free(each)


def test_a_new_one_is_taken(allocated):
    device = allocated(Device, ctypes.sizeof(Device))
    device.contents.object_bitsize = 64
    check_device(device)
    device.contents.storage = allocated(Storage, ctypes.sizeof(Storage))
    check_device(device)


@pytest.mark.parametrize(("field", "value"), [("object_bitsize", 3), ("cached", 1), ("next", 1 << 20)])
def test_one_with_something_else_in_a_field_is_refused(allocated, field, value):
    device = allocated(Device, ctypes.sizeof(Device))
    device.contents.object_bitsize = 32
    setattr(device.contents, field, value)
    with pytest.raises(LibmtpMismatch) as caught:
        check_device(device)
    assert caught.value.structure == "LIBMTP_mtpdevice_t"


def test_one_that_is_too_small_is_refused_before_it_is_read(allocated):
    with pytest.raises(LibmtpMismatch) as caught:
        check_device(allocated(Device, ctypes.sizeof(Device) - 40))
    assert caught.value.structure == "LIBMTP_mtpdevice_t"
    device = allocated(Device, ctypes.sizeof(Device))
    device.contents.object_bitsize = 32
    device.contents.storage = allocated(Storage, ctypes.sizeof(Storage) - 40)
    with pytest.raises(LibmtpMismatch) as caught:
        check_device(device)
    assert caught.value.structure == "LIBMTP_devicestorage_t"
