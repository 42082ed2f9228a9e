"""Virtual phones on the emulated bus."""

from __future__ import annotations

from mtpbackup.virtual.descriptors import UsbProfile
from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.virtual.usbfs.bus import Bus
from mtpbackup.virtual.usbfs.device import UsbDevice


class PhoneOnBus(UsbDevice):
    """A `VirtualPhone` as a device for a `Bus`.

    Each life of its server is one `VirtualPhone.serve`, so handles are void after a reset. A persona that
    leaves the bus on a reset comes back by itself, under another address. `phone.unplug()` and the fault UNPLUG
    pull this cable; to plug it in again use the bus.

    Attributes:
        phone: the phone.
    """

    def __init__(
        self, bus: Bus, phone: VirtualPhone, profile: UsbProfile | None = None, *, rate: float | None = None
    ) -> None:
        """Makes the device; `bus.plug` plugs it in.

        Args:
            bus: where it is going to be plugged in.
            phone: must not be plugged into anything else.
            profile: what it says of itself over USB; what its persona says if None.
            rate: as `UsbDevice`.
        """
        super().__init__(
            profile or UsbProfile.of(phone.persona.usb, phone.persona.interface_name),
            lambda port: phone.serve(port, self._pull),
            on_restart=lambda: not phone.persona.leaves_on_reset,
            comes_back=True,
            rate=rate,
        )
        self.phone = phone
        self._bus = bus

    def _pull(self) -> None:
        self._bus.unplug(self)
