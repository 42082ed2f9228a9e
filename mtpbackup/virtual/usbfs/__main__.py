"""`python -m mtpbackup.virtual.usbfs`: runs a program with a virtual phone plugged in."""

from __future__ import annotations

import argparse
import logging
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from mtpbackup.errors import LibraryMissing
from mtpbackup.transport.base import Speed
from mtpbackup.virtual.descriptors import UsbProfile
from mtpbackup.virtual.folder_store import FolderStore
from mtpbackup.virtual.personas import PERSONAS
from mtpbackup.virtual.phone import VirtualPhone
from mtpbackup.virtual.usbfs.bus import Bus
from mtpbackup.virtual.usbfs.phones import PhoneOnBus

_SPEEDS = {"full": Speed.FULL, "high": Speed.HIGH, "super": Speed.SUPER}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mtpbackup.virtual.usbfs",
        description="Runs a program that sees one virtual phone on its USB bus, and nothing else there. "
        "Ends with the program's exit code.",
        epilog="Example: python -m mtpbackup.virtual.usbfs --folder ~/Pictures -- mtp-files",
    )
    parser.add_argument(
        "--persona", choices=sorted(PERSONAS), default="pixel", help="which phone (default: pixel)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="shown as a storage, and written to; may be repeated (default: one empty storage in memory)",
    )
    parser.add_argument("--serial", default="", help="serial number in place of the persona's")
    parser.add_argument("--speed", choices=_SPEEDS, help="bus speed in place of the persona's")
    parser.add_argument(
        "--rate",
        type=float,
        metavar="MB",
        help="megabytes a second that the bus carries to the host, about 40 on USB 2 (default: what it can)",
    )
    parser.add_argument("--locked", action="store_true", help="the screen is locked: no storages are shown")
    parser.add_argument("--verbose", action="store_true", help="log what the phone does")
    parser.add_argument("command", nargs="+", metavar="CMD", help="the program and its arguments, after --")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code, 128 + N when signal N ended it."""
    options = _parser().parse_args(arguments)
    if options.verbose:
        logging.basicConfig(level=logging.DEBUG)
    for folder in options.folder:
        if not folder.is_dir():
            print(f"{folder} is not a folder", file=sys.stderr)
            return 2
    stores = [FolderStore(folder, _label(number)) for number, folder in enumerate(options.folder)]
    phone = VirtualPhone(options.persona, stores or None, locked=options.locked, serial=options.serial)
    profile = UsbProfile.of(phone.persona.usb, phone.persona.interface_name)
    if options.speed:
        profile = replace(profile, speed=_SPEEDS[options.speed])
    try:
        with Bus() as bus:
            rate = options.rate * 1e6 if options.rate else None
            bus.plug(PhoneOnBus(bus, phone, profile, rate=rate))
            return _run(options.command, bus.environment())
    except LibraryMissing as error:
        print(f"{error}: install the Debian package umockdev", file=sys.stderr)
        return 1


def _label(number: int) -> str:
    return "Internal shared storage" if number == 0 else "SD card" if number == 1 else f"SD card {number}"


def _run(command: list[str], environment: dict[str, str]) -> int:
    # Ctrl-C is for the program; we wait for its end.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        code = subprocess.run(command, env=environment, check=False).returncode
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
