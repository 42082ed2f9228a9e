"""Reads udev rules as udev does, as far as ours go: enough to ask what a rules file makes of a device."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

_TOKEN = re.compile(r'([A-Z]+)(?:\{([^}]*)\})?(==|!=|\+=|=)"([^"]*)"(?:,\s*|$)')


@dataclass
class Verdict:
    """What the rules said."""

    tags: set[str] = field(default_factory=set)
    properties: dict[str, str] = field(default_factory=dict)
    group: str = ""
    mode: str = ""


@dataclass(frozen=True)
class Event:
    """What udev knows of a device when it reads the rules.

    Attributes:
        name: the device's, as "1-2".
        attributes: files of its folder in sysfs, those of folders inside too: "1-2:1.0/interface".
    """

    action: str = "bind"
    subsystem: str = "usb"
    name: str = "1-2"
    properties: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)


def apply(text: str, event: Event) -> Verdict:
    """Goes through the rules, top to bottom.

    Raises:
        ValueError: a line of a form that this reader does not know.
    """
    verdict = Verdict(properties=dict(event.properties))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    skip_to = ""
    for line in lines:
        tokens = _tokens(line)
        if skip_to:
            if ("LABEL", "", "=", skip_to) not in tokens:
                continue
            skip_to = ""
        if all(_holds(*token, event, verdict) for token in tokens if token[2] in ("==", "!=")):
            for token in tokens:
                if token[0] == "GOTO":
                    skip_to = token[3]
                elif token[2] in ("=", "+=") and token[0] != "LABEL":
                    _do(*token, verdict)
    if skip_to:
        raise ValueError(f"no label {skip_to}")
    return verdict


def _tokens(line: str) -> list[tuple[str, str, str, str]]:
    found, end = [], 0
    while end < len(line):
        match = _TOKEN.match(line, end)
        if match is None:
            raise ValueError(f"not understood: {line[end:]}")
        found.append((match[1], match[2] or "", match[3], match[4]))
        end = match.end()
    return found


def _holds(key: str, attribute: str, operator: str, value: str, event: Event, verdict: Verdict) -> bool:
    attribute, plain = attribute.replace("%k", event.name), value.replace("%k", event.name)
    if key == "TEST":
        return (plain in event.attributes) == (operator == "==")
    there: str | None
    match key:
        case "ACTION":
            there = event.action
        case "SUBSYSTEM":
            there = event.subsystem
        case "ENV":
            there = verdict.properties.get(attribute, "")
        case "ATTR":
            there = event.attributes.get(attribute)
            if there is None:  # an attribute that is not there matches nothing, not even "!="
                return False
        case _:
            raise ValueError(f"unknown key {key}")
    return any(fnmatchcase(there, pattern) for pattern in value.split("|")) == (operator == "==")


def _do(key: str, attribute: str, operator: str, value: str, verdict: Verdict) -> None:
    match key, operator:
        case "TAG", "+=":
            verdict.tags.add(value)
        case "ENV", "=" | "+=":
            verdict.properties[attribute] = value
        case "GROUP", "=":
            verdict.group = value
        case "MODE", "=":
            verdict.mode = value
        case _:
            raise ValueError(f"{key}{operator} is not done here")
