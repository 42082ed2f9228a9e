"""What udev remembers of a device."""

from __future__ import annotations

from mtpbackup.udev.places import Places


def known_to_udev(node: str, places: Places) -> tuple[frozenset[str], dict[str, str]]:
    """Tags and properties of a node in udev's database; nothing where there is no udev."""
    bus, address = node.rsplit("/", 2)[-2:]
    try:
        # The minor numbers of usbfs: 128 for each bus. Linux, drivers/usb/core/usb.c.
        minor = (int(bus) - 1) * 128 + int(address) - 1
        lines = (places.database / f"c189:{minor}").read_text(errors="replace").splitlines()
    except (ValueError, OSError):
        return frozenset(), {}
    # "Q:" are tags of the last event, "G:" all there ever were; only these before systemd 247, which has "V:".
    kind = "Q:" if any(line.startswith("V:") for line in lines) else "G:"
    tags = frozenset(line[2:] for line in lines if line.startswith(kind))
    properties = dict(line[2:].split("=", 1) for line in lines if line.startswith("E:") and "=" in line)
    return tags, properties
