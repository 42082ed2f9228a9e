"""What is taken for a phone, and which of its interfaces."""

import pytest

from mtpbackup.transport.match import (
    VENDORS,
    EndpointDescription,
    InterfaceDescription,
    MtpInterface,
    mtp_interface,
    speaks_mtp,
)

BULK_IN = EndpointDescription(0x81, 2, 512)
BULK_OUT = EndpointDescription(0x02, 2, 512)
EVENT = EndpointDescription(0x83, 3, 28)


def interface(kind=(6, 1, 1), name="MTP", endpoints=(BULK_IN, BULK_OUT, EVENT), number=0, alternate=0):
    return InterfaceDescription(number, alternate, kind, name, tuple(endpoints))


ADB = interface((255, 66, 1), "ADB Interface", (BULK_IN, BULK_OUT), number=1)
STORAGE = interface((8, 6, 80), "", (BULK_IN, BULK_OUT), number=2)


@pytest.mark.parametrize(
    ("what", "vendor", "is_phone"),
    [
        (interface(), 0, True),
        (interface(name=""), 0, True),
        (interface(name="PTP"), 0x05AC, True),
        (interface((255, 255, 0)), 0, True),
        (interface((255, 255, 0), name="Samsung mtp"), 0, True),
        (interface((255, 255, 0), name="Modem"), 0x04E8, False),
        (interface((255, 255, 0), name=""), 0x04E8, False),
        (interface((255, 255, 0), name=None), 0x04E8, True),
        (interface((255, 255, 0), name=None), 0x1234, False),
        (interface((255, 255, 0), name=None, endpoints=(BULK_IN, BULK_OUT)), 0x04E8, False),
        (interface((255, 255, 255)), 0x04E8, False),
        (interface(endpoints=(BULK_IN, EVENT)), 0, False),
        (interface(alternate=1), 0, False),
        (ADB, 0x18D1, False),
        (STORAGE, 0x18D1, False),
    ],
)
def test_what_speaks_mtp(what, vendor, is_phone):
    assert speaks_mtp([what], vendor) is is_phone


def test_the_interface_named_mtp_is_preferred():
    camera = interface(name="PTP", number=0)
    chosen = mtp_interface([camera, ADB, interface((255, 255, 0), number=3)])
    assert chosen == MtpInterface(3, 0x81, 0x02, 0x83, 512, 28)
    assert mtp_interface([camera, ADB]).number == 0


def test_a_device_without_events_can_be_used():
    assert mtp_interface([interface(endpoints=(BULK_OUT, BULK_IN))]) == MtpInterface(
        0, 0x81, 0x02, None, 512, 0
    )


def test_nothing_is_no_phone():
    assert not speaks_mtp([])


def test_the_table_is_in_order_and_plausible():
    assert list(VENDORS) == sorted(VENDORS)
    assert all(0 < vendor < 0x10000 and name.strip() == name and name for vendor, name in VENDORS.items())
    assert VENDORS[0x18D1] == "Google"
