"""What FunctionFS is handed before a phone can be plugged in, and what it tells."""

from __future__ import annotations

import struct

from mtpbackup.virtual.descriptors import UsbProfile
from mtpbackup.virtual.functionfs.abi import EventKind, Setup, descriptors, parse_event, strings


def split(block: bytes, count: int) -> tuple[list[bytes], bytes]:
    """`count` descriptors, each beginning with its length, and what follows them."""
    found = []
    for _ in range(count):
        found.append(block[: block[0]])
        block = block[block[0] :]
    return found, block


def test_descriptors_of_three_speeds_and_the_one_for_windows():
    block = descriptors(UsbProfile(interface_class=(0xFF, 0xFF, 0)))
    magic, length, flags, *counts = struct.unpack_from("<7I", block)
    # FUNCTIONFS_DESCRIPTORS_MAGIC_V2; full, high and super speed, Microsoft's.
    assert (magic, length, flags, counts) == (3, len(block), 1 | 2 | 4 | 8, [4, 4, 7, 1])
    rest = block[28:]
    sizes = []
    for count in counts[:3]:
        found, rest = split(rest, count)
        assert found[0] == bytes((9, 4, 0, 0, 3, 0xFF, 0xFF, 0, 1))  # string 1 is the first that is handed over
        endpoints = [descriptor for descriptor in found if descriptor[1] == 5]
        assert [endpoint[2] for endpoint in endpoints] == [0x81, 0x01, 0x82]
        sizes.append([int.from_bytes(endpoint[4:6], "little") for endpoint in endpoints])
    assert sizes == [[64, 64, 28], [512, 512, 28], [1024, 1024, 28]]
    # struct usb_os_desc_header: its length leaves out the interface number before it.
    assert struct.unpack_from("<BIHHB", rest) == (0, len(rest) - 1, 1, 4, 1)
    assert rest[11:21] == b"\x00\x01MTP\x00\x00\x00\x00\x00"


def test_strings():
    block = strings(UsbProfile(interface_name="MTP"))
    assert struct.unpack_from("<4I", block) == (2, len(block), 1, 1)
    assert block[16:] == b"\x09\x04MTP\0"


def test_events():
    cancel = bytes.fromhex("21 64 0000 0000 0600") + b"\4\0\0\0"
    assert parse_event(cancel) == (EventKind.SETUP, Setup(0x21, 0x64, 0, 0, 6))
    assert parse_event(cancel)[1].is_class_request
    assert not parse_event(cancel)[1].to_host
    assert parse_event(bytes(8) + b"\2\0\0\0")[0] == EventKind.ENABLE
    assert not Setup(0xC0, 0x4D, 0, 4, 40).is_class_request
    assert Setup(0xA1, 0x67, 0, 0, 32).to_host
