"""Phones without a responder: tests hold their ports themselves."""

from __future__ import annotations

import queue

from mtpbackup.transport.base import DevicePort
from mtpbackup.virtual.usbfs import UsbDevice, UsbProfile
from mtpbackup.virtual.usbfs.port import EmulatedPort

#: Seconds within which anything that ought to happen has happened.
SOON = 5.0


class BarePhone(UsbDevice):
    """A phone whose ports are for the test; one after the other, as the host makes it start anew."""

    def __init__(self, profile: UsbProfile | None = None, **others: object) -> None:
        self._ports: queue.SimpleQueue[EmulatedPort] = queue.SimpleQueue()
        super().__init__(profile or UsbProfile(), self._hand_over, **others)

    def _hand_over(self, port: DevicePort) -> None:
        assert isinstance(port, EmulatedPort)
        self._ports.put(port)
        port.wait_until_closed()

    def port(self) -> EmulatedPort:
        """The next port."""
        return self._ports.get(timeout=SOON)
