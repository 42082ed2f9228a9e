"""What to say of backups that begin by themselves: on the desktop, and where that can't be set up."""

from __future__ import annotations

from pathlib import Path

from mtpbackup.desktop import units
from mtpbackup.engine.reports import Planned, Summary, WaitingForPhone, WaitReason
from mtpbackup.messages.about_brands import how_to_unlock
from mtpbackup.messages.about_holders import OURSELVES, programs
from mtpbackup.messages.advice import Advice, ExitCode, says
from mtpbackup.messages.words import listing, number, place, plain, size

#: A notification: its title, and its text.
Bubble = tuple[str, str]


@says(units.NoUserManager)
def _no_manager(error: units.NoUserManager) -> Advice:
    said = (f"(systemd says: {plain(error.said)})",) if error.said else ()
    return Advice(
        "Backups can't begin by themselves here: there is no systemd session for you.",
        (
            "That is so in containers, after sudo or su, and on systems without systemd.",
            "Run  mtpbackup  by hand, or from a terminal of your desktop.",
            *said,
        ),
        ExitCode.ERROR,
    )


@says(units.UnitNotWritten)
def _not_written(error: units.UnitNotWritten) -> Advice:
    return Advice(f"{place(error.path)} can't be written: {plain(error.reason)}.", (), ExitCode.ERROR)


def hand_needed(event: WaitingForPhone, name: str) -> Bubble | None:
    """What a person has to do for it to go on; None where it is only a matter of time.

    Args:
        event: what is waited for.
        name: the phone's name.
    """
    shown = plain(event.name or name)
    match event.reason:
        case WaitReason.LOCKED:
            return f"Unlock {shown}", "Then its photos are backed up. " + " ".join(
                how_to_unlock(event.vendor_id)
            )
        case WaitReason.BUSY if set(event.holders) == {OURSELVES}:
            return None  # a person has begun one by hand
        case WaitReason.BUSY:
            who = listing(programs(event.holders)) or "another program"
            return (
                f"{shown} is in use",
                f"{who[:1].upper()}{who[1:]} is using it. Close it, and the backup begins.",
            )
        case WaitReason.NO_PERMISSION:
            return (
                f"{shown} can't be backed up",
                "This computer doesn't let you. In a terminal: mtpbackup setup",
            )
        case WaitReason.NO_ANSWER:
            return f"{shown} doesn't answer", "Unlock its screen, or plug it in again."
        case _:
            return None


def begun(plan: Planned) -> Bubble | None:
    """What is going to be copied; None where there is nothing to do."""
    copies = plan.new + plan.changed + plan.failing + plan.lost
    if not copies.items or not plan.fits:
        return None
    return f"Backing up {plain(plan.phone)}", f"{number(copies.items, 'file')}, {size(copies.bytes)}"


def queued(name: str) -> Bubble:
    """Another run works in the same backup."""
    return f"{plain(name)} is next", "Another backup is at work. This one begins when that is done."


def going_on(name: str) -> Bubble:
    """The phone is back, or unlocked again, in the middle."""
    return f"Backing up {plain(name)}", "Going on where it stopped."


def slipped(name: str) -> Bubble:
    """The phone went away in the middle."""
    return (
        f"{plain(name)} was unplugged",
        "What was copied is safe. Plug it in again, unlocked, and the backup continues.",
    )


def ended(summary: Summary) -> Bubble:
    """How it ended, where it ran to its end or was stopped by a person."""
    safe = summary.saved + summary.safe
    if summary.failures:
        return (
            f"{plain(summary.phone)}: {number(len(summary.failures), 'file')} could not be saved",
            f"{safe.items:,} are safe in {place(summary.folder)}. The next run tries the others again.",
        )
    if not summary.saved.items:
        return f"{plain(summary.phone)}: nothing new", f"All {safe.items:,} are safe."
    return (
        f"{plain(summary.phone)} is backed up",
        f"{number(summary.saved.items, 'file')} copied and checked. You may unplug it.",
    )


def stopped(advice: Advice, name: str) -> Bubble:
    """Why it ended early."""
    return f"{plain(name)} is not backed up", " ".join((advice.headline, *advice.what_to_do[:1]))


def broken(name: str, log: Path) -> Bubble:
    """A mistake of this program itself ended it."""
    return f"{plain(name)} is not backed up", f"mtpbackup made a mistake. What happened stands in {place(log)}."


def cannot_begin(advice: Advice) -> Bubble:
    """Why no backup begins by itself."""
    return "Phones are not backed up", " ".join((advice.headline, *advice.what_to_do[:1]))
