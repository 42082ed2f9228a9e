"""Renders udev's rules from the table of what is a phone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from mtpbackup.transport.match import STILL_IMAGE, VENDOR_SPECIFIC, VENDORS

#: The file's name. It must sort after 69-libmtp.rules, to have the last word on the group, and before
#: 73-seat-late.rules, which turns the tag "uaccess" into rights.
RULES_NAME: Final = "70-mtpbackup.rules"

#: The group that is let in beside the person at the screen: Debian's group for devices that are plugged in.
GROUP: Final = "plugdev"

#: The tag by which udev and logind let the person at the screen in.
SEAT_TAG: Final = "uaccess"

#: The property that our rules give to each phone, in udev's database.
MARK: Final = "ID_MTPBACKUP"

#: The unit of a person's own systemd that is wished for with each phone. systemd makes the device's path in
#: /sys its instance. Where nobody has such a unit, nothing happens.
USER_UNIT: Final = "mtpbackup-auto@.service"

#: Interfaces that are looked at: those of Android's one configuration, as many as phones were seen to have.
_CONFIGURATION: Final = 1
_INTERFACES: Final = 4

_VENDORS_A_LINE: Final = 10

_HEAD = """\
# Lets people use the phones they plug in without being root.  Written by mtpbackup (scripts/udev); do not edit.
#
# Who is let in: the person at the screen (the tag "{seat}"; systemd-logind sees to it){and_group}.
# Nobody else. Everybody may see that a phone is there, as with every USB device, but not talk to it.
#
# What is a phone: a device with a still image interface ({still_image}: MTP and PTP); one with a vendor's own
# interface ({vendor_specific}) that says "MTP"; one with such an interface without a name, of a maker of phones
# (mtpbackup --via libmtp knows some of these).

ACTION=="remove", GOTO="mtpbackup_end"
SUBSYSTEM!="usb", GOTO="mtpbackup_end"
ENV{{DEVTYPE}}!="usb_device", GOTO="mtpbackup_end"

ENV{{ID_USB_INTERFACES}}=="*:{still_image}:*", GOTO="mtpbackup_phone"
ENV{{ID_USB_INTERFACES}}!="*:{vendor_specific}:*", GOTO="mtpbackup_end"

# A device's interfaces are not there yet when it is added; they are when it is bound, a moment later.
"""

_TAIL = """\
GOTO="mtpbackup_end"

LABEL="mtpbackup_phone"
ENV{{{mark}}}="1", TAG+="{seat}"{group}
# Backup by itself, for those who have asked for it (mtpbackup auto on).
TAG+="systemd", ENV{{SYSTEMD_USER_WANTS}}+="{unit}"

LABEL="mtpbackup_end"
"""


def render_rules(group: str | None = GROUP) -> str:
    """The text of the rules file.

    Args:
        group: who is let in beside the person at the screen; None for nobody. A group that does not exist is an
            error for `udevadm verify`.
    """
    still_image, vendor_specific = _hex(STILL_IMAGE), _hex(VENDOR_SPECIFIC)
    and_group = f", and the group\n# {group}, for machines without a screen and people who come in by ssh"
    head = _HEAD.format(
        seat=SEAT_TAG,
        still_image=still_image,
        vendor_specific=vendor_specific,
        and_group=and_group if group else "",
    )
    # 0664 is also what systemd's defaults and libgphoto2's rules say; seeing what is there needs no more.
    tail = _TAIL.format(
        mark=MARK, seat=SEAT_TAG, unit=USER_UNIT, group=f', GROUP="{group}", MODE="0664"' if group else ""
    )
    return "\n".join([head + "\n".join(_named()), "", *_nameless(), "", *_vendors(), "", tail])


def _named() -> Iterator[str]:
    for interface in _interfaces():
        says_mtp = f'ATTR{{{interface}/interface}}=="*[Mm][Tt][Pp]*"'
        yield f'{_is_vendor_specific(interface)}, {says_mtp}, GOTO="mtpbackup_phone"'


def _nameless() -> Iterator[str]:
    for interface in _interfaces():
        like_mtp = f'ATTR{{{interface}/bNumEndpoints}}=="03", TEST!="{interface}/interface"'
        yield f'{_is_vendor_specific(interface)}, {like_mtp}, GOTO="mtpbackup_vendors"'
    yield 'GOTO="mtpbackup_end"'


def _vendors() -> Iterator[str]:
    yield 'LABEL="mtpbackup_vendors"'
    vendors = sorted(VENDORS)
    for start in range(0, len(vendors), _VENDORS_A_LINE):
        some = vendors[start : start + _VENDORS_A_LINE]
        yield f"# {', '.join(VENDORS[vendor] for vendor in some)}"
        yield f'ATTR{{idVendor}}=="{"|".join(f"{vendor:04x}" for vendor in some)}", GOTO="mtpbackup_phone"'


def _interfaces() -> Iterator[str]:
    """Folders of interfaces, as seen from the device's; %k is the device's own name."""
    for number in range(_INTERFACES):
        yield f"%k:{_CONFIGURATION}.{number}"


def _is_vendor_specific(interface: str) -> str:
    names = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
    return ", ".join(
        f'ATTR{{{interface}/{name}}}=="{number:02x}"'
        for name, number in zip(names, VENDOR_SPECIFIC, strict=True)
    )


def _hex(kind: Sequence[int]) -> str:
    """An interface's class, subclass and protocol, as udev has them in ID_USB_INTERFACES."""
    return "".join(f"{number:02x}" for number in kind)
