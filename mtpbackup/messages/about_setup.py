"""What to say of the permission to use phones, and of getting it."""

from __future__ import annotations

from mtpbackup.messages.advice import Advice, ExitCode, says
from mtpbackup.messages.calling import called, called_as_root
from mtpbackup.messages.words import plain
from mtpbackup.udev import GROUP, Access, Installed, NotLetIn, NoUdev, RulesNotWritten


@says(NoUdev)
def _no_udev(error: NoUdev) -> Advice:
    said = (f"(For a bug report: {plain(error.said)})",) if error.said else ()
    return Advice(
        "The part of the system that gives out phones (udev) doesn't run here: is this a container?",
        ("Run the same command on the computer itself, outside of the container.", *said),
        ExitCode.ERROR,
    )


@says(RulesNotWritten)
def _not_written(error: RulesNotWritten) -> Advice:
    return Advice(
        f"{error.path} can't be written: {plain(error.reason)}.",
        (
            "Systems that are set up from one file (NixOS and others) take the rule there.",
            f"It is shown by:  {called('setup', '--print')}",
        ),
        ExitCode.ERROR,
    )


@says(NotLetIn)
def _not_let_in(error: NotLetIn) -> Advice:
    return Advice(
        f"{plain(error.account)} could not be added to the group {GROUP}.",
        (
            "On computers whose people are managed elsewhere (at work, at a school), ask who manages them.",
            f"(The system says: {plain(error.said)})",
        ),
        ExitCode.ERROR,
    )


def one_time_fix() -> str:
    """The one command that gives permission."""
    return f"One-time fix:   {called_as_root('setup')}"


def why_not(access: Access, rules: Installed, name: str) -> Advice:
    """Why a person may not use a phone, and what to do. For an access that is not allowed."""
    headline = f"This computer doesn't let you talk to {name} yet."
    what: tuple[str, ...]
    if not access.exists:
        headline = f"{name} was unplugged."
        what = ("Plug it in again.",)
    elif rules in (Installed.MISSING, Installed.OUTDATED):
        what = (one_time_fix(),)
    elif access.needs_login:
        what = ("You are let in from your next login on: log out and in again, or restart the computer.",)
    elif not access.marked and not access.tagged:
        what = ("Unplug the phone and plug it in again.",)
    elif not access.at_the_screen:
        what = (
            "Phones are for who sits at this computer's screen, and you came in another way (ssh?).",
            f"To be let in from here, too:   {called_as_root('setup', '--remote')}",
            f"It adds you to the group {GROUP}. It counts from your next login on.",
        )
    else:
        what = (
            "Unplug the phone and plug it in again.",
            f"If that doesn't help, a report for those who can:  {called('doctor')}",
        )
    return Advice(headline, what, ExitCode.NO_PERMISSION)
