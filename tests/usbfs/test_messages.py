"""What is told to programs about a device: descriptors, uevents, files under /sys."""

from __future__ import annotations

import struct
from pathlib import Path

from mtpbackup.transport.base import Speed, UsbIdentity
from mtpbackup.virtual.descriptors import UsbProfile, microsoft_compatible_id
from mtpbackup.virtual.usbfs.sysfs import Place, SysfsTree, device_properties
from mtpbackup.virtual.usbfs.uevents import hash_for_filter, kernel_message, udev_message

PLACE = Place(90, 3, 5)


def test_descriptors_of_a_high_speed_phone():
    """Golden bytes, by hand from USB 2.0, section 9.6."""
    profile = UsbProfile(0x18D1, 0x4EE1, "G", "P", "", 0x0440)
    assert profile.device() == bytes.fromhex("12 01 0002 00 00 00 40 d118 e14e 4004 01 02 00 01")
    assert profile.configuration() == bytes.fromhex(
        "09 02 2700 01 01 00 80 fa"
        "09 04 00 00 03 06 01 01 04"
        "07 05 81 02 0002 00"
        "07 05 01 02 0002 00"
        "07 05 82 03 1c00 06"
    )
    assert profile.string(0) == bytes.fromhex("04 03 0904")
    assert profile.string(1) == bytes.fromhex("04 03 4700")
    assert profile.string(3) is None
    assert profile.capabilities() is None


def test_descriptors_of_other_speeds():
    full, fast = UsbProfile(speed=Speed.FULL), UsbProfile(speed=Speed.SUPER)
    assert next(d[4:6] for d in full.interface() if d[1] == 5) == (64).to_bytes(2, "little")
    assert fast.device()[2:8] == bytes.fromhex("2003 00 00 00 09")
    # Each endpoint has a companion: length 6, type 48.
    assert [d[:2].hex() for d in fast.interface()] == ["0904", "0705", "0630", "0705", "0630", "0705", "0630"]
    whole = fast.configuration()
    assert struct.unpack_from("<H", whole, 2) == (len(whole),)
    store = fast.capabilities()
    assert store is not None
    assert struct.unpack_from("<H", store, 2) == (len(store),)


def test_windows_and_libmtp_are_told_that_it_speaks_mtp():
    assert UsbProfile().string(0xEE) == b"\x12\x03" + "MSFT100M".encode("utf-16-le")
    answer = microsoft_compatible_id()
    assert struct.unpack_from("<IHHB", answer) == (len(answer), 0x0100, 4, 1)
    assert answer[16:26] == b"\x00\x01MTP\x00\x00\x00\x00\x00"


def test_a_profile_of_an_identity():
    identity = UsbIdentity(1, 2, "m", "p", "s", speed=Speed.SUPER)
    assert UsbProfile.of(identity) == UsbProfile(1, 2, "m", "p", "s", speed=Speed.SUPER)
    assert UsbProfile.of(UsbIdentity(1, 2)).speed is Speed.HIGH


def test_messages_of_udev_and_of_the_kernel():
    properties = {"ACTION": "add", "DEVPATH": "/devices/x", "SUBSYSTEM": "usb", "SEQNUM": "7"}
    properties |= device_properties(PLACE, UsbProfile())
    from_udev, from_kernel = udev_message(properties), kernel_message(properties)
    prefix, magic, size, offset, length = struct.unpack_from("=8s4sIII", from_udev)
    assert (prefix, magic, size) == (b"libudev\0", bytes.fromhex("feedcafe"), 40)
    assert from_udev[offset:] == from_udev[-length:]
    assert b"DEVNAME=/dev/bus/usb/090/005\0" in from_udev
    assert from_kernel.startswith(b"add@/devices/x\0ACTION=add\0")
    assert b"DEVNAME=bus/usb/090/005\0" in from_kernel


def test_the_hash_that_listeners_filter_by():
    """As libudev 252 has them in the socket filter of a listener for USB devices (SO_GET_FILTER)."""
    assert [hash_for_filter(text).hex() for text in ("usb", "usb_device")] == ["0577c5e5", "27f8f50c"]
    assert hash_for_filter("") == bytes(4)


def test_nothing_is_left_under_sys_when_a_device_is_gone(tmp_path: Path):
    tree = SysfsTree(tmp_path)
    tree.add(PLACE, UsbProfile())
    device = tmp_path / "sys/bus/usb/devices/90-3"
    assert (device / "idVendor").read_text() == "18d1\n"
    assert (device / "90-3:1.0/interface").read_text() == "MTP\n"
    assert (device / "90-3:1.0/ep_81/wMaxPacketSize").read_text() == "0200\n"
    assert (tmp_path / f"sys/dev/char/189:{PLACE.minor}").resolve() == device.resolve()
    tree.remove(PLACE)
    assert not [path for path in tmp_path.rglob("*") if path.is_symlink() or not path.is_dir()]
