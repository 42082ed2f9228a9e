"""`python -m mtpbackup.virtual.functionfs`: a virtual phone on this machine's USB device controller."""

from __future__ import annotations

import argparse
import logging
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

from mtpbackup.transport.base import Speed
from mtpbackup.virtual.descriptors import UsbProfile
from mtpbackup.virtual.folder_store import FolderStore
from mtpbackup.virtual.functionfs.gadget import prepare_kernel
from mtpbackup.virtual.functionfs.phone import GadgetPhone
from mtpbackup.virtual.personas import PERSONAS
from mtpbackup.virtual.phone import VirtualPhone

_SPEEDS = {"full": Speed.FULL, "high": Speed.HIGH, "super": Speed.SUPER}
_CLASSES = {"image": (6, 1, 1), "vendor": (0xFF, 0xFF, 0)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mtpbackup.virtual.functionfs",
        description="Plugs a virtual phone into a USB device controller, until Ctrl-C. Needs root, configfs "
        "and FunctionFS. Where there is no controller dummy_hcd is loaded: this machine then is the host, too.",
        epilog="Example: sudo python -m mtpbackup.virtual.functionfs --name pixel --folder ~/Pictures",
    )
    parser.add_argument("--name", default="phone", help="name of the gadget (default: phone)")
    parser.add_argument("--persona", choices=sorted(PERSONAS), default="pixel", help="which phone")
    parser.add_argument(
        "--folder",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="shown as a storage, and written to; may be repeated (default: one empty storage in memory)",
    )
    parser.add_argument("--serial", default="", help="serial number in place of the persona's")
    parser.add_argument("--class", dest="interface", choices=_CLASSES, default="image", help="interface class")
    parser.add_argument("--udc", metavar="NAME", help="device controller (default: the first free one)")
    parser.add_argument("--speed", choices=_SPEEDS, default="high", help="of dummy_hcd, where it is loaded")
    parser.add_argument("--locked", action="store_true", help="the screen is locked: no storages are shown")
    parser.add_argument("--verbose", action="store_true", help="log what the phone does")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = _parser().parse_args(arguments)
    if options.verbose:
        logging.basicConfig(level=logging.DEBUG)
    missing = [str(folder) for folder in options.folder if not folder.is_dir()]
    if missing:
        print(f"not a folder: {', '.join(missing)}", file=sys.stderr)
        return 2
    stores = [FolderStore(folder, folder.name) for folder in options.folder]
    phone = VirtualPhone(options.persona, stores or None, locked=options.locked, serial=options.serial)
    profile = replace(
        UsbProfile.of(phone.persona.usb, phone.persona.interface_name),
        interface_class=_CLASSES[options.interface],
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: stop.set())
    try:
        prepare_kernel(_SPEEDS[options.speed])
        with GadgetPhone(options.name, phone, profile, options.udc) as gadget:
            gadget.plug()
            print(f"{profile.serial} is plugged into {gadget.gadget.controller}", flush=True)
            stop.wait()
    except (OSError, LookupError, subprocess.CalledProcessError) as error:
        print(f"cannot plug it in: {getattr(error, 'stderr', None) or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
