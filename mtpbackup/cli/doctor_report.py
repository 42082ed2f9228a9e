"""The report of `mtpbackup doctor --report`: what a stranger needs to help, and nothing that is private.

Private are serial numbers, names that people gave (to phones, folders, computers, themselves) and file names.
None is put in; as a second net, those that are known are struck out of the finished text wherever they stand.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import platform
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from mtpbackup import __version__
from mtpbackup.engine.doctor import Facts, Finding
from mtpbackup.messages.about_doctor import LEVELS, diagnose
from mtpbackup.udev import GROUP, Person

#: Details of findings that are private, with what stands in their place.
_PRIVATE: Final[Mapping[str, object]] = {
    "serial": "[serial number]",
    "folder": "[folder]",
    "phones": ["[names]"],
    "storages": [],
    "users": ["[persons]"],
}
#: Details that may name a person; these do not.
_OWNERS: Final = {"owner": frozenset(("root",)), "group": frozenset(("root", GROUP))}
#: Errors whose text tells no names.
_HARMLESS: Final = frozenset(
    ("AccessDenied", "EndpointStalled", "InterfaceBusy", "OperationFailed", "PhoneGone", "TransportTimeout")
)
#: Shorter ones would be struck out of the middle of innocent words.
_SHORTEST: Final = 4


def report_text(facts: Facts, findings: Iterable[Finding]) -> str:
    """The report, ready to be shared."""
    lines = [
        "mtpbackup doctor: a report to share. Serial numbers and names are left out.",
        "",
        f"mtpbackup {__version__}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.release()}, {platform.machine()}",
        f"system: {_system()}",
        "",
        "On the bus:",
        *_bus(facts),
        "",
        "Findings:",
    ]
    for finding in findings:
        public = _public(finding)
        details = json.dumps(dict(public.details), ensure_ascii=False)
        lines.append(f"- {LEVELS[finding.level]}: {finding.verdict.value}: {details}")
        if finding.level:
            lines.append(f"    {diagnose(public).headline}")
    return _struck_out("\n".join(lines) + "\n", _secrets(facts))


def _public(finding: Finding) -> Finding:
    """A finding without what is private, for its words are made of its facts."""
    details: dict[str, object] = {}
    for name, value in finding.details.items():
        if name in _PRIVATE:
            details[name] = _PRIVATE[name] if value else value
        elif name in _OWNERS and value not in _OWNERS[name]:
            details[name] = f"[another {name}]"
        elif value != "":
            details[name] = value
    if details.get("error") not in _HARMLESS:
        details.pop("error_text", None)
    return replace(finding, phone="", details=details)


def _bus(facts: Facts) -> Iterator[str]:
    for device in facts.devices:
        kinds = " ".join("/".join(f"{part:02x}" for part in one.kind) for one in device.interfaces)
        drivers = ",".join(sorted({one.driver for one in device.interfaces if one.driver}))
        words = [
            f"{device.vendor_id:04x}:{device.product_id:04x}",
            f"{device.speed:g} Mbit/s",
            device.mode.value if device.mode is not None else "",
            f"interfaces {kinds or 'none'}",
            f"drivers {drivers}" if drivers else "",
        ]
        yield f"- bus {device.bus} device {device.address}: {', '.join(filter(None, words))}"
    if not facts.devices:
        yield "- nothing that can be seen"


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return "unknown"


def _secrets(facts: Facts) -> Iterator[tuple[str, str]]:
    """What must not be told, with what stands in its place; the longest first."""
    known: dict[str, str] = {}
    for device in facts.devices:
        known[device.serial] = "[serial number]"
    for phone in facts.phones or ():
        known[phone.usb.serial] = "[serial number]"
        if phone.identity is not None:
            known[phone.identity.serial] = "[serial number]"
            if phone.identity.friendly_name not in (phone.identity.model, phone.usb.product):
                known[phone.identity.friendly_name] = "[phone's name]"
    if facts.destination is not None:
        known[str(facts.destination.path)] = "[folder]"
    known[str(Path.home())] = "[home]"
    known[socket.gethostname()] = "[computer]"
    known[Person.current().name] = "[person]"  # behind sudo as well
    with contextlib.suppress(KeyError, OSError):  # a user without a name has none to hide
        known[getpass.getuser()] = "[person]"
    known.pop("root", None)
    yield from sorted(known.items(), key=lambda entry: -len(entry[0]))


def _struck_out(text: str, secrets: Iterable[tuple[str, str]]) -> str:
    for secret, instead in secrets:
        if len(secret) >= _SHORTEST:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", instead, text)
    return text
