"""The rules file: in step with the table, and saying of every device what the table says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.transport.match import (
    STILL_IMAGE,
    VENDOR_SPECIFIC,
    VENDORS,
    EndpointDescription,
    InterfaceDescription,
    speaks_mtp,
)
from mtpbackup.udev import MARK, RULES_NAME, USER_UNIT, render_rules
from tests.udev.rules_reader import Event, Verdict, apply

PROJECT = Path(__file__).parents[2]
SEAT_LATE = "73-seat-late.rules"
OTHERS = ("60-libgphoto2-6.rules", "69-libmtp.rules")

BULK_IN, BULK_OUT = EndpointDescription(0x81, 2, 512), EndpointDescription(0x02, 2, 512)
EVENTS = EndpointDescription(0x83, 3, 28)
MTP_PIPES = (BULK_IN, BULK_OUT, EVENTS)


def interface(number=0, kind=VENDOR_SPECIFIC, name: str | None = "MTP", endpoints=MTP_PIPES):
    return InterfaceDescription(number, 0, kind, name, endpoints)


def said_of(
    *interfaces: InterfaceDescription, vendor: int = 0x1234, text: str | None = None, **event: object
) -> Verdict:
    """What the rules say of a device, as udev sees it when it is bound."""
    kinds = ":".join("".join(f"{number:02x}" for number in each.kind) for each in interfaces)
    attributes = {"idVendor": f"{vendor:04x}"}
    if event.get("action") != "add":
        for each in interfaces:
            folder = f"1-2:1.{each.number}"
            names = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
            attributes |= {f"{folder}/{name}": f"{n:02x}" for name, n in zip(names, each.kind, strict=True)}
            attributes[f"{folder}/bNumEndpoints"] = f"{len(each.endpoints):02x}"
            if each.name is not None:
                attributes[f"{folder}/interface"] = each.name
    properties = {"DEVTYPE": event.pop("devtype", "usb_device"), "ID_USB_INTERFACES": f":{kinds}:"}
    return apply(text or render_rules(), Event(properties=properties, attributes=attributes, **event))


def lets_in(verdict: Verdict) -> bool:
    return "uaccess" in verdict.tags


def test_the_file_is_what_the_table_says():
    file = PROJECT / "udev" / RULES_NAME
    assert file.read_text() == render_rules(), "out of date: scripts/udev"
    assert subprocess.run([sys.executable, PROJECT / "scripts/udev", "--check"], check=False).returncode == 0


def test_its_name_comes_before_logind_s_and_after_other_phones_rules():
    assert sorted([SEAT_LATE, RULES_NAME, *OTHERS]) == [*OTHERS, RULES_NAME, SEAT_LATE]


def test_a_phone_gets_the_tag_the_group_the_mark_and_the_wish():
    verdict = said_of(interface(kind=STILL_IMAGE))
    assert verdict.tags == {"uaccess", "systemd"}
    assert (verdict.group, verdict.mode) == ("plugdev", "0664")
    assert verdict.properties[MARK] == "1"
    assert verdict.properties["SYSTEMD_USER_WANTS"] == USER_UNIT


def test_nothing_is_writable_for_everybody():
    assert int(said_of(interface()).mode, 8) & 0o002 == 0
    assert "0666" not in render_rules()


@pytest.mark.parametrize("action", ["add", "bind", "change"])
def test_it_holds_at_every_event(action):
    assert lets_in(said_of(interface(kind=STILL_IMAGE), action=action))


def test_a_vendor_s_interface_is_seen_as_soon_as_it_has_a_name():
    assert not lets_in(said_of(interface(), action="add"))
    assert lets_in(said_of(interface(), action="bind"))


def test_what_leaves_is_left_alone():
    assert not said_of(interface(kind=STILL_IMAGE), action="remove").tags


def test_interfaces_and_other_subsystems_are_left_alone():
    assert not said_of(interface(kind=STILL_IMAGE), devtype="usb_interface").tags
    assert not said_of(interface(kind=STILL_IMAGE), subsystem="block").tags


def test_without_a_group_only_the_person_at_the_screen_is_let_in():
    text = render_rules(None)
    verdict = said_of(interface(), text=text)
    assert verdict.tags == {"uaccess", "systemd"}
    assert (verdict.group, verdict.mode) == ("", "")
    assert "plugdev" not in text


@pytest.mark.parametrize(
    "stranger",
    [
        interface(kind=(255, 66, 1), name="ADB Interface"),
        interface(kind=(8, 6, 80), name=None),
        interface(kind=(3, 1, 1), name="SMTP keyboard"),
        interface(kind=(255, 255, 0), name="Fingerprint reader"),
        interface(kind=(255, 255, 255), name="MTP"),
    ],
)
def test_what_is_no_phone_is_left_alone(stranger):
    assert not said_of(stranger, vendor=0x18D1).tags


def test_a_name_of_another_interface_does_not_make_a_phone():
    assert not lets_in(said_of(interface(0, name="Modem"), interface(1, (3, 1, 1), "MTP")))


_kinds = st.sampled_from([STILL_IMAGE, VENDOR_SPECIFIC, (255, 66, 1), (8, 6, 80), (255, 255, 255)])
_names = st.sampled_from([None, "MTP", "mtp", "Android MTP device", "ADB Interface", "RNDIS"])
_pipes = st.sampled_from([MTP_PIPES, (BULK_IN, BULK_OUT)])
_vendors = st.sampled_from([0x1234, 0x046D, *VENDORS])


@given(st.lists(st.tuples(_kinds, _names, _pipes), min_size=1, max_size=4), _vendors)
def test_the_rules_and_the_table_agree(parts, vendor):
    interfaces = [interface(number, *part) for number, part in enumerate(parts)]
    assert lets_in(said_of(*interfaces, vendor=vendor)) == speaks_mtp(interfaces, vendor)


@pytest.mark.parametrize("group", ["plugdev", None])
def test_udevadm_finds_no_mistake(tmp_path, group):
    """As of 254, which has the command; tests/vm/test_setup.py has 252 read the rules."""
    udevadm = shutil.which("udevadm", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/bin")
    version = (
        subprocess.run([udevadm, "--version"], capture_output=True, text=True, check=True) if udevadm else None
    )
    if version is None or int(version.stdout.split(".")[0]) < 254:
        pytest.skip("no udevadm that can verify")
    file = tmp_path / RULES_NAME
    file.write_text(render_rules(group))
    said = subprocess.run([udevadm, "verify", file], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said
