"""Package sources for the guest, taken from the host's own, so that a mirror or proxy set up there is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .places import RELEASE, LabError

_APT = Path("/etc/apt")
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Source:
    """One entry of the host's package sources."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    """The stanzas of a deb822 file; comment lines are dropped, folded lines joined."""
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        fields: dict[str, str] = {}
        name = ""
        for line in lines:
            if line[:1].isspace():
                fields[name] = f"{fields.get(name, '')}\n{line}"
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if fields:
            yield fields


def parse_deb822(text: str) -> list[Source]:
    """The binary-package sources of a `.sources` file that are switched on."""
    return [
        Source(
            tuple(fields.get("uris", "").split()),
            tuple(fields.get("suites", "").split()),
            tuple(fields.get("components", "").split()),
            fields.get("signed-by", ""),
        )
        for fields in _stanzas(text)
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no"
    ]


def parse_one_line(text: str) -> list[Source]:
    """The binary-package sources of a `.list` file."""
    found = []
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if match:
            options, uri, suite, components = match.groups()
            signed = re.search(r"signed-by=(\S+)", options or "")
            found.append(Source((uri,), (suite,), tuple(components.split()), signed[1] if signed else ""))
    return found


def host_release() -> str:
    """The host's code name.

    Raises:
        LabError: the host is not a Debian.
    """
    facts = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if line.count("=") == 1
    )
    if facts.get("ID", "").strip('"') != "debian" or "VERSION_CODENAME" not in facts:
        raise LabError("the lab's image is built from Debian packages, and so on a Debian system only")
    return facts["VERSION_CODENAME"].strip('"')


def guest_sources(apt: Path = _APT, host: str | None = None) -> str:
    """The guest's package sources as the text of a deb822 file.

    Those of the host that carry its own release (with -updates and -security), with the guest's in its place.

    Raises:
        LabError: the host has none.
    """
    host = host or host_release()
    entries: list[Source] = []
    lists = [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]
    for path in lists:
        if path.exists():
            entries += parse_one_line(path.read_text())
    for path in sorted(apt.glob("sources.list.d/*.sources")):
        entries += parse_deb822(path.read_text())

    known = {host, f"{host}-updates", f"{host}-security"}
    # The host may name its release by what it is rather than by its name.
    aliases = dict.fromkeys(("stable", "oldstable", "oldoldstable"), host)
    stanzas = []
    for entry in entries:
        suites = [
            re.sub(r"^\w+?(?=-|$)", lambda match: aliases.get(match[0], match[0]), name)
            for name in entry.suites
        ]
        chosen = [RELEASE + name.removeprefix(host) for name in suites if name in known]
        if chosen and "main" in entry.components:
            stanzas.append(
                f"Types: deb\nURIs: {' '.join(entry.uris)}\nSuites: {' '.join(chosen)}\n"
                f"Components: main\nSigned-By: {entry.signed_by or _KEYRING}\n"
            )
    if not stanzas:
        raise LabError(
            f"none of the package sources under {apt} carries {host}: apt cannot build the lab's image"
        )
    return "\n".join(stanzas)
