"""Puts our rules into the system, and takes them away. All that changes something needs root."""

from __future__ import annotations

import contextlib
import enum
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from mtpbackup import programs
from mtpbackup.errors import MtpBackupError
from mtpbackup.transport.devices import UsbDevice, UsbMode, usb_devices
from mtpbackup.udev import acl
from mtpbackup.udev.database import known_to_udev
from mtpbackup.udev.people import group_id
from mtpbackup.udev.places import HERE, Places
from mtpbackup.udev.rules import GROUP, MARK, RULES_NAME, SEAT_TAG, render_rules

log = logging.getLogger(__name__)

#: Runs a program and gives its exit code and what it said.
Run = Callable[[Sequence[str]], tuple[int, str]]

#: What systemd's own rules give a USB device's node, and what a node has where no rule says anything.
_DEFAULT_MODE: Final = 0o664


class Installed(enum.Enum):
    """Whether our rules are in the system."""

    MISSING = "missing"
    OUTDATED = "outdated"  #: of another version of the program, or edited
    CURRENT = "current"
    PACKAGED = "packaged"  #: current, and brought by a package of the system: not ours to remove


class RulesNotWritten(MtpBackupError):
    """The rules file cannot be written or removed.

    Attributes:
        path: the file.
        reason: the system's words.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class NoUdev(MtpBackupError):
    """There is no udevd here, or it does not answer: a container, or another device manager.

    Attributes:
        said: what udevadm said.
    """

    def __init__(self, said: str = "") -> None:
        super().__init__(said or "no udevd")
        self.said = said


class NotLetIn(MtpBackupError):
    """An account could not be made a member of the group that is let in.

    Attributes:
        account: its name.
        said: what the system's program said.
    """

    def __init__(self, account: str, said: str) -> None:
        super().__init__(f"{account}: {said}")
        self.account = account
        self.said = said


def run(command: Sequence[str]) -> tuple[int, str]:
    """Runs one of the system's programs, by the system's own PATH."""
    return programs.run(command, {})


def rules_for_here() -> str:
    """Our rules for this computer: without the group where there is none of that name."""
    return render_rules(GROUP if group_id(GROUP) is not None else None)


def installed(places: Places = HERE, text: str | None = None) -> Installed:
    """Whether our rules are in the system.

    Args:
        places: the system.
        text: what the file should say; None for `rules_for_here()`.
    """
    wanted = rules_for_here() if text is None else text
    own = _read(places.rules / RULES_NAME)
    if own is not None:
        return Installed.CURRENT if own == wanted else Installed.OUTDATED
    brought = _packaged(places)
    if brought is None:
        return Installed.MISSING
    return Installed.PACKAGED if brought in (wanted, *_of_packages()) else Installed.OUTDATED


def written_here(places: Places = HERE) -> bool:
    """Whether there is a rules file that `install` wrote, and not only one that a package brought."""
    return _read(places.rules / RULES_NAME) is not None


def _packaged(places: Places) -> str | None:
    """The rules that a package of the system brought, if one did."""
    texts = (_read(folder / RULES_NAME) for folder in places.packaged)
    return next((text for text in texts if text is not None), None)


def _of_packages() -> tuple[str, str]:
    """What packages bring: they name the group in any case, or in none."""
    return render_rules(), render_rules(None)


def plugged_phones(places: Places = HERE) -> list[UsbDevice]:
    """The phones and cameras that can be talked to, by permission or without."""
    return [device for device in usb_devices(places.usb) if device.mode in (UsbMode.FILES, UsbMode.PHOTOS)]


def install(places: Places = HERE, *, run: Run = run) -> list[UsbDevice]:
    """Writes our rules, unless a package brought them, and has udev apply them to the phones at hand.

    Returns:
        These phones.

    Raises:
        RulesNotWritten: the file cannot be written.
        NoUdev: it is written, and nobody reads it.
    """
    # A copy of a package's file would stay as it is when the package is updated, and win over it.
    if written_here(places) or _packaged(places) not in (rules_for_here(), render_rules()):
        _write(places)
    phones = plugged_phones(places)
    trigger(phones, places, run=run)
    return phones


def _write(places: Places) -> None:
    """Writes the rules file. Raises RulesNotWritten."""
    path, unfinished = places.rules / RULES_NAME, _unfinished(places)
    try:
        places.rules.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(rules_for_here())
        unfinished.chmod(0o644)
        unfinished.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise RulesNotWritten(path, error.strerror or str(error)) from error


def uninstall(places: Places = HERE, *, run: Run = run) -> bool:
    """Takes our rules away, and with them what they gave to phones that are plugged in.

    Returns:
        Whether there was something to take away.

    Raises:
        RulesNotWritten: the file cannot be removed.
        NoUdev: it is removed, and nobody heard of it.
    """
    path = places.rules / RULES_NAME
    there = path.exists()
    try:
        path.unlink(missing_ok=True)
        _unfinished(places).unlink(missing_ok=True)
    except OSError as error:
        raise RulesNotWritten(path, error.strerror or str(error)) from error
    # By udev's mark, not by the table: an older version's rules may have let in others.
    marked = [device for device in usb_devices(places.usb) if _is_marked(device, places)]
    if not there and not marked:
        return False
    if installed(places) is Installed.MISSING:
        reset(marked, places)
    trigger(marked, places, run=run)
    for device in marked:
        if SEAT_TAG not in known_to_udev(device.node, places)[0]:
            # Up to systemd 252 or so, rules that ask for a tag get it also where only an earlier event set it:
            # udev has let the person at the screen in once more.
            with contextlib.suppress(FileNotFoundError):
                acl.remove(places.node(device.node))
    return there


def reset(devices: Iterable[UsbDevice], places: Places = HERE) -> None:
    """Gives nodes back to root alone, as they are before any rule has seen them.

    udev sets what a rule names, and leaves the rest as it is: a group or a list of those let in would stay.
    """
    for device in devices:
        path = places.node(device.node)
        with contextlib.suppress(FileNotFoundError):
            acl.remove(path)
            os.chown(path, 0, 0)
            path.chmod(_DEFAULT_MODE)


def trigger(devices: Iterable[UsbDevice], places: Places = HERE, *, run: Run = run) -> None:
    """Has udev read its rules again and apply them to these devices; returns when it has.

    Raises:
        NoUdev: it did not.
    """
    if not places.control.exists():
        raise NoUdev
    folders = [str(device.folder.resolve()) for device in devices]
    commands = [["udevadm", "control", "--reload"]]
    if folders:
        commands.append(["udevadm", "trigger", "--action=bind", *folders])
    for command in commands:
        code, said = run(command)
        if code:
            raise NoUdev(said)
    if folders and run(["udevadm", "settle", "--timeout=20"])[0]:
        # It waits for all of the computer's devices. What became of ours is looked at afterwards anyway.
        log.info("udev is still busy")


def let_in(account: str, *, run: Run = run) -> None:
    """Makes an account a member of the group that our rules let in; makes the group where there is none.

    It counts from the account's next login on.

    Raises:
        NotLetIn: it did not work.
    """
    commands = [] if group_id(GROUP) is not None else [["groupadd", "--system", GROUP]]
    for command in [*commands, ["usermod", "--append", "--groups", GROUP, account]]:
        code, said = run(command)
        if code:
            raise NotLetIn(account, said)


def _is_marked(device: UsbDevice, places: Places) -> bool:
    return MARK in known_to_udev(device.node, places)[1]


def _unfinished(places: Places) -> Path:
    """The file while it is being written; udev reads only names that end in ".rules"."""
    return places.rules / f".{RULES_NAME}.new"


def _read(path: Path) -> str | None:
    """What a file says; None where there is none. One that cannot be read is not ours as we would write it."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        log.info("%s: %s", path, error)
        return ""
