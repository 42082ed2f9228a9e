"""Telling programs that a device came or went: the messages of udev and of the kernel.

A program that listens for uevents has a netlink socket; libumockdev-preload makes it a datagram socket bound to
`ROOT/eventN`, N being its descriptor in that program, and lets all that arrives there look as if udev had sent
it.

- libudev, and so every libusb of a distribution, wants exactly that: udev's messages.
- A libusb built without libudev (as in the wheel of `libusb-package`) listens to the kernel and throws away
what
  comes from udev. In this process it can be helped: with the descriptor closed once and put back, the preload
  library does not know the socket any more, and the sender's address is ours to choose. One of the right length
  reads as netlink port 0, group 1: the kernel. Its messages must come from user 0, so this needs root.
"""

from __future__ import annotations

import itertools
import logging
import os
import socket
import stat
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mtpbackup.virtual.usbfs import preload

_log = logging.getLogger(__name__)

#: struct monitor_netlink_header of libudev: prefix, magic (network order), header size, offset and length of
#: the properties, hashes of subsystem and device type (network order), two halves of a tag filter.
_UDEV_HEADER: Final = struct.Struct("=8s4sIII4s4s8s")
_UDEV_MAGIC: Final = (0xFEEDCAFE).to_bytes(4, "big")

#: getsockopt() that tells of a filter on a socket; libudev sets one, libusb does not. asm-generic/socket.h.
_SO_GET_FILTER: Final = 26

#: Seconds for a program that does not empty its queue; then the message is lost, as with netlink.
_PATIENCE: Final = 1.0


class Announcer:
    """Sends uevents to every program that listens under one root."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._numbers = itertools.count(1000)
        self._names = itertools.count()
        (root / "listeners").mkdir()

    def collect(self) -> None:
        """Moves sockets of listeners to names of their own.

        The preload library names them by descriptor only, and so takes the name from another program that
        listens with the same one. Whoever was seen here is safe from that.
        """
        for place in self._root.glob("event[0-9]*"):
            number = int(place.name.removeprefix("event"))
            kind = "kernel" if self._leave_to_us(number) else "udev"
            place.rename(self._root / f"listeners/{kind}-{next(self._names)}")

    def announce(self, action: str, device_path: str, properties: Mapping[str, str]) -> None:
        """Sends one uevent.

        Args:
            action: "add", "bind", "unbind" or "remove".
            device_path: DEVPATH.
            properties: all others, DEVNAME as the kernel has it.
        """
        self.collect()
        number = next(self._numbers)
        everything = {
            "ACTION": action,
            "DEVPATH": device_path,
            "SUBSYSTEM": "usb",
            "SEQNUM": str(number),
            **properties,
        }
        messages = {
            "udev": udev_message(everything),
            "kernel": kernel_message(everything),
        }
        for place in sorted((self._root / "listeners").iterdir()):
            kind = place.name.partition("-")[0]
            self._send(messages[kind], place, as_kernel=kind == "kernel")

    def _send(self, message: bytes, place: Path, *, as_kernel: bool) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            if as_kernel:
                # A name in the abstract namespace that, laid over a struct sockaddr_nl, says port 0, group 1.
                # What is longer than that structure is cut off, and makes the name our own.
                mark = f"{os.getpid()}.{next(self._names)}".encode()
                sender.bind(b"\0\0" + struct.pack("@II", 0, 1) + mark)
            sender.settimeout(_PATIENCE)
            try:
                sender.sendto(message, str(place))
            except (ConnectionRefusedError, FileNotFoundError):
                place.unlink(missing_ok=True)  # that program has stopped listening
            except TimeoutError:
                _log.warning("a program does not read its uevents: one is lost")

    def _leave_to_us(self, descriptor: int) -> bool:
        """Takes a socket of libusb in this process out of the preload library's hands, if it is one."""
        if not preload.is_active():
            return False
        try:
            spare = os.dup(descriptor)
        except OSError:  # a number of another process
            return False
        try:
            if not _is_plain_socket(spare, f"{self._root}/event{descriptor}"):
                return False
            os.close(descriptor)
            os.dup2(spare, descriptor, inheritable=False)
            return True
        finally:
            os.close(spare)


def udev_message(properties: Mapping[str, str]) -> bytes:
    """A message as udev sends it once its rules have run."""
    if "DEVNAME" in properties:
        properties = dict(properties) | {"DEVNAME": "/dev/" + properties["DEVNAME"]}
    body = _lines(properties)
    header = _UDEV_HEADER.pack(
        b"libudev\0",
        _UDEV_MAGIC,
        _UDEV_HEADER.size,
        _UDEV_HEADER.size,
        len(body),
        hash_for_filter("usb"),
        hash_for_filter(properties["DEVTYPE"]),
        bytes(8),
    )
    return header + body


def kernel_message(properties: Mapping[str, str]) -> bytes:
    """A message as the kernel sends it. `lib/kobject_uevent.c`."""
    return f"{properties['ACTION']}@{properties['DEVPATH']}\0".encode() + _lines(properties)


def hash_for_filter(text: str) -> bytes:
    """The number by which listeners filter, big-endian: MurmurHash2, 32 bit, seed 0."""
    factor, mask = 0x5BD1E995, 0xFFFFFFFF
    data = text.encode()
    value = len(data)
    whole = len(data) - len(data) % 4
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        mixed = word * factor & mask
        value = value * factor & mask ^ (mixed ^ mixed >> 24) * factor & mask
    if data[whole:]:
        value = (value ^ int.from_bytes(data[whole:], "little")) * factor & mask
    value = (value ^ value >> 13) * factor & mask
    return (value ^ value >> 15).to_bytes(4, "big")


def _lines(properties: Mapping[str, str]) -> bytes:
    return b"".join(f"{key}={value}\0".encode() for key, value in properties.items())


def _is_plain_socket(descriptor: int, name: str) -> bool:
    """Whether it is a socket bound to a path, without a filter."""
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        return False
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        if copy.family != socket.AF_UNIX or copy.getsockname() != name:
            return False
        try:
            copy.getsockopt(socket.SOL_SOCKET, _SO_GET_FILTER)
        except OSError:  # "the filter is longer than the answer may be"
            return False
    return True
