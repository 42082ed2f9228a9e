"""What `mtpbackup devices` tells of libmtp's table, where libmtp is installed."""

import json

import pytest

from mtpbackup.cli import devices
from mtpbackup.errors import LibmtpCrashed
from mtpbackup.phone.libmtp import LibmtpFinder
from mtpbackup.phone.libmtp.finder import TableEntry


@pytest.fixture
def place(mtpbackup, phone):
    """Where the phone is."""
    from mtpbackup.virtual import VirtualFinder

    (found,) = VirtualFinder(phone).find()
    return found.identity.bus, found.identity.address


def entry(place, vendor="Google Inc", product="Pixel", flags=0x6) -> TableEntry:
    return TableEntry(*place, 0x18D1, 0x4EE1, vendor, product, flags)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "libmtp: Google Inc Pixel, 2 quirks (flags 0x00000006)"),
        ({"flags": 0}, "libmtp: Google Inc Pixel, 0 quirks"),
        ({"vendor": "(null)", "product": ""}, "libmtp: not in its table"),
    ],
)
def test_the_table_is_told(mtpbackup, place, monkeypatch, facts, words):
    known = entry(place, **facts)
    monkeypatch.setattr(devices, "libmtp_table", lambda: {place: known})
    assert words in mtpbackup("devices").output
    fact = json.loads(mtpbackup("devices", "--json").output.splitlines()[0])
    assert fact["libmtp"] == {"name": known.name, "flags": known.flags}


def test_nothing_is_told_of_what_libmtp_does_not_see(mtpbackup, place, monkeypatch):
    monkeypatch.setattr(devices, "libmtp_table", dict)
    assert "libmtp" not in mtpbackup("devices").output


def test_a_libmtp_that_crashes_takes_nothing_from_the_list(mtpbackup, place, monkeypatch):
    def crash(finder):
        raise LibmtpCrashed("detect", 11)

    monkeypatch.setattr(LibmtpFinder, "table", crash)
    result = mtpbackup("devices")
    assert result.exit_code == 0
    assert "ready" in result.output
