"""What is plugged in, phone or not, read from a folder like sysfs."""

import pytest

from mtpbackup.transport.devices import UsbMode, phones_on, usb_devices
from tests.transport.bus_tree import DEBUGGING, MIDI, RNDIS, STILL_IMAGE, VENDOR_MTP, BusTree

_ANY_VENDOR_CLASS = (255, 255, 255)


@pytest.fixture
def tree(tmp_path):
    return BusTree(tmp_path / "devices")


def test_everything_is_read(tree):
    node = tree.plug(
        "2-1.4", version=" 2.10", driver="usbfs", interfaces=((STILL_IMAGE, "MTP"), (DEBUGGING, "ADB"))
    )
    (device,) = phones_on(usb_devices(tree.root))
    assert (device.vendor_id, device.product_id, device.name) == (0x18D1, 0x4EE1, "Pixel 8")
    assert (device.serial, device.bus, device.node) == ("SERIAL-1", 2, node)
    assert (device.speed, device.version) == (480, 0x0210)
    assert [(one.kind, one.name, one.driver) for one in device.interfaces] == [
        (STILL_IMAGE, "MTP", "usbfs"),
        (DEBUGGING, "ADB", "usbfs"),
    ]


@pytest.mark.parametrize(
    ("interfaces", "mode"),
    [
        ([(STILL_IMAGE, "MTP")], UsbMode.FILES),
        ([(STILL_IMAGE, "")], UsbMode.FILES),
        ([(VENDOR_MTP, "MTP"), (DEBUGGING, "ADB Interface")], UsbMode.FILES),
        ([(STILL_IMAGE, "PTP")], UsbMode.PHOTOS),
        ([(DEBUGGING, "ADB Interface")], UsbMode.DEBUGGING),
        ([(RNDIS, ""), ((10, 0, 0), ""), (DEBUGGING, "ADB Interface")], UsbMode.TETHERING),
        ([((2, 13, 0), ""), ((10, 0, 1), "")], UsbMode.TETHERING),
        ([((1, 1, 0), ""), (MIDI, "MIDI function")], UsbMode.MIDI),
        ([(_ANY_VENDOR_CLASS, "")], UsbMode.CHARGING),
        ([], UsbMode.CHARGING),
    ],
)
def test_what_a_phone_offers_is_known(tree, interfaces, mode):
    tree.plug(interfaces=tuple(interfaces))
    (device,) = phones_on(usb_devices(tree.root))
    assert device.mode is mode


@pytest.mark.parametrize(
    ("vendor", "interfaces", "device_class"),
    [
        (0x046D, [((3, 1, 2), "")], 0),  # a mouse
        (0x04E8, [((8, 6, 80), "")], 0),  # a disk of a maker of phones
        (0x0FCE, [((3, 0, 0), "")], 0),  # its headset
        (0x0489, [((224, 1, 1), "")], 0xE0),  # Bluetooth in a laptop, of a maker in the table of phones
        (0x05C6, [(_ANY_VENDOR_CLASS, "")], 0),  # a modem with the chip of phones
        (0x1234, [(VENDOR_MTP, "")], 0),  # nobody knows
        (0x04E8, [], 9),  # a hub
    ],
)
def test_other_things_are_no_phones(tree, vendor, interfaces, device_class):
    tree.plug(vendor=vendor, interfaces=tuple(interfaces), device_class=device_class)
    assert phones_on(usb_devices(tree.root)) == []


def test_a_system_without_sysfs_has_no_devices(tmp_path):
    assert usb_devices(tmp_path / "none") == []


def test_what_leaves_while_it_is_read_is_left_out(tree):
    tree.plug()
    (tree.root / "1-2" / "idVendor").unlink()
    assert phones_on(usb_devices(tree.root)) == []
